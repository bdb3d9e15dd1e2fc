"""What stands on a report's pages, part by part."""

from __future__ import annotations

from datetime import date
from typing import Any

from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Table, TableStyle

from functions.journey_summary.drawing.charts import score_chart, time_chart, week_chart
from functions.journey_summary.drawing.icons import icon_of
from functions.journey_summary.drawing.looks import (
    ACCENT,
    GOLD,
    GREY,
    LINE,
    SOFT,
    WHITE,
    paragraph,
)
from functions.journey_summary.drawing.text import marked, said
from functions.journey_summary.rules.report import LessonLine, Report
from shared.models.learning import CONTAINERS, SUBJECTS

_GAPS = 24
"""Space around headings, which their own heights leave out."""
_ANY_HEIGHT = 10_000.0


def story_of(report: Report, width: float) -> list[Flowable]:
    """All parts of a report, to be set in a column of this width (points)."""
    return [
        _tiles(report, width),
        *_glance(report, width),
        *_scores(report, width),
        *_skills(report, width),
        *_achievements(report, width),
        *_plan(report, width),
    ]


def _tiles(report: Report, width: float) -> Table:
    total = report.total
    score = f"{total.score:.0f} %" if total.questions else "–"
    tiles = [
        (score, "of the questions solved"),
        (f"{total.correct} / {total.questions}", "questions solved"),
        (_duration(report.minutes), "of work on questions"),
        (f"{report.xp:,}", "XP earned"),
    ]
    if report.level is not None:
        tiles.append((f"{report.level}", f"level, {report.tier}"))
    cells = [
        [paragraph(said(figure), "figure"), paragraph(said(caption), "caption")]
        for figure, caption in tiles
    ]
    table = Table([cells], colWidths=[width / len(cells)] * len(cells), spaceBefore=4)
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), SOFT),
                ("INNERGRID", (0, 0), (-1, -1), 3, WHITE),
                ("TOPPADDING", (0, 0), (-1, -1), 8),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        )
    )
    return table


def _glance(report: Report, width: float) -> list[Flowable]:
    first, last = report.days[0].day, report.days[-1].day
    active = sum(day.answers > 0 for day in report.days)
    words = (
        f"{day_words(first)} to {day_words(last)}: worked on this journey on {active} of 7 days."
    )
    if report.minutes_before >= 1:
        words += f" {_duration(report.minutes_before)} of work lie before this week."
    if report.streak_days > 1:
        words += f" {report.streak_days} days in a row so far."
    return [
        paragraph(said("The week at a glance"), "heading"),
        paragraph(said(words), "body"),
        week_chart(report.days, width),
        paragraph(said("Over the whole journey"), "subheading"),
        *(paragraph(said(f"• {each}"), "body", leftIndent=10, firstLineIndent=-8)
          for each in report.highlights),
    ]  # fmt: skip


def _scores(report: Report, width: float) -> list[Flowable]:
    heading = paragraph(said("Scores and time"), "heading")
    if not report.total.questions:
        words = "Nothing was answered, so there is nothing to draw here."
        return [KeepTogether([heading, paragraph(said(words), "body")])]
    words = "Percent of the questions that were solved, at whatever try."
    scores = [heading, paragraph(said(words), "body"), score_chart(report.lessons, width)]
    time = [paragraph(said("Time on questions"), "subheading"), time_chart(report.lessons, width)]
    table = [
        paragraph(said("Questions solved, and minutes"), "subheading"),
        _score_table(report, width),
    ]
    return [KeepTogether(scores), KeepTogether(time), KeepTogether(table)]


def _score_table(report: Report, width: float) -> Table:
    found = {(line.container, line.subject): line for line in report.lessons}
    rows = [[_cell(text, strong=True) for text in ("", *SUBJECTS)]]
    for container in CONTAINERS:
        lines = [found[container, subject] for subject in SUBJECTS]
        rows.append(
            [_cell(container, strong=True), *(_cell(_lesson_words(line)) for line in lines)]
        )
    table = Table(rows, colWidths=[0.2 * width] + [0.2 * width] * 4)
    table.setStyle(_ruled())
    return table


def _lesson_words(line: LessonLine) -> str:
    if line.score is None:
        return "not begun"
    return f"{line.correct} of {line.questions}, {line.minutes:.0f} min"


def _skills(report: Report, width: float) -> list[Flowable]:
    story: list[Flowable] = [paragraph(said("Skills"), "heading")]
    story.append(paragraph(said("Mastered"), "subheading"))
    if report.mastered:
        cells = [
            paragraph(marked(each.name) + said(f" ({each.subject})"), "cell")
            for each in report.mastered
        ]
        story.append(_columns(cells, width))
    else:
        story.append(paragraph(said("None yet: a skill counts once it is sure."), "body"))
    if report.mastered_more:
        story.append(paragraph(said(f"and {report.mastered_more} more"), "small"))
    story.append(paragraph(said("To practise"), "subheading"))
    if not report.to_practise:
        story.append(paragraph(said("Nothing waits for practice."), "body"))
    for each in report.to_practise:
        about = [
            paragraph(marked(each.name, semibold=True) + said(f" · {each.subject}"), "cell"),
            paragraph(said(f"{each.mastery} % sure"), "small"),
        ]
        todo = [
            paragraph(
                marked(f"{each.activity.title}, {each.activity.minutes} minutes", semibold=True),
                "cell",
            ),
            paragraph(marked(each.steps, most=400), "cell"),
        ]
        row = Table([[about, todo]], colWidths=[0.3 * width, 0.7 * width])
        row.setStyle(_ruled(first=0))
        story.append(KeepTogether(row))
    if report.to_practise_more:
        words = f"and {report.to_practise_more} more that are not sure yet"
        story.append(paragraph(said(words), "small"))
    return story


def _achievements(report: Report, width: float) -> list[Flowable]:
    heading = paragraph(said("Achievements of these days"), "heading")
    if not report.badges:
        words = "No achievement in these days. The next one may be close."
        return [KeepTogether([heading, paragraph(said(words), "body")])]
    cells: list[list[Flowable]] = [
        [
            paragraph(marked(icon_of(each.icon)), "badge"),
            paragraph(said(each.name), "cell_strong", alignment=1),
            paragraph(said(each.text), "caption"),
        ]
        for each in report.badges
    ]
    across = 4
    rows = [cells[start : start + across] for start in range(0, len(cells), across)]
    rows[-1] += [[] for _ in range(across - len(rows[-1]))]
    table = Table(rows, colWidths=[width / across] * across)
    filled = [
        ("BACKGROUND", (position % across, position // across),
         (position % across, position // across), GOLD)
        for position in range(len(cells))
    ]  # fmt: skip
    table.setStyle(
        TableStyle(
            [
                *filled,
                ("INNERGRID", (0, 0), (-1, -1), 4, WHITE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
            ]
        )
    )
    story: list[Flowable] = [KeepTogether([heading, table])]
    if report.badges_more:
        story.append(paragraph(said(f"and {report.badges_more} more"), "small"))
    return story


def _plan(report: Report, width: float) -> list[Flowable]:
    first, last = report.plan[0].day, report.plan[-1].day
    words = (
        f"{day_words(first)} to {day_words(last)}. A quarter to half an hour a day is enough;"
        " what is not sure yet comes back after a day or two, for that is how it stays."
    )
    rows: list[list[Any]] = []
    for each in report.plan:
        day = [
            paragraph(said(f"{each.day:%A}"), "plan_strong"),
            paragraph(said(f"{each.day.day} {each.day:%B}"), "small"),
        ]
        minutes = f", {each.minutes} minutes" if each.minutes else ""
        todo = [
            paragraph(marked(each.focus, semibold=True), "plan"),
            paragraph(said(f"{each.title}{minutes}"), "plan_strong", textColor=ACCENT),
            paragraph(marked(each.steps, most=400), "plan"),
        ]
        if each.minutes:
            todo.append(paragraph(said(f"At hand: {each.needs}"), "small", textColor=GREY))
        rows.append([day, todo])
    table = Table(rows, colWidths=[0.18 * width, 0.82 * width])
    table.setStyle(_ruled(first=0))
    heading = [
        paragraph(said("Next week, day by day"), "heading"),
        paragraph(said(words), "body", spaceAfter=4),
    ]
    # in one piece, to be put up on a wall
    tall = sum(each.wrap(width, _ANY_HEIGHT)[1] for each in (*heading, table))
    return [CondPageBreak(tall + _GAPS), *heading, table]


def _columns(cells: list[Any], width: float) -> Table:
    """Cells in two columns, read downwards."""
    half = (len(cells) + 1) // 2
    rows = [
        [cells[row], cells[row + half] if row + half < len(cells) else ""] for row in range(half)
    ]
    table = Table(rows, colWidths=[width / 2] * 2)
    table.setStyle(
        TableStyle([("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
                    ("LEFTPADDING", (0, 0), (-1, -1), 0), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    )  # fmt: skip
    return table


def _ruled(first: int = 1) -> TableStyle:
    """Rules between rows; ``first`` 1 where the first row is a heading."""
    commands: list[Any] = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 3.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    if first:
        commands.append(("BACKGROUND", (0, 0), (-1, 0), SOFT))
    return TableStyle(commands)


def _cell(text: str, *, strong: bool = False) -> Flowable:
    return paragraph(said(text), "cell_strong" if strong else "cell")


def _duration(minutes: float) -> str:
    hours, left = divmod(round(minutes), 60)
    return f"{hours} h {left} min" if hours else f"{left} min"


def day_words(day: date) -> str:
    """A day as pages say it."""
    return f"{day.day} {day:%B %Y}"
