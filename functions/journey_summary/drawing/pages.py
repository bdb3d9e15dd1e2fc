"""A report as a PDF: two to four pages."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    PageTemplate,
)

from functions.journey_summary.drawing.looks import (
    ACCENT,
    LINE,
    MARGIN,
    page_size,
    paragraph,
)
from functions.journey_summary.drawing.story import day_words, story_of
from functions.journey_summary.drawing.text import Marked, marked, said
from functions.journey_summary.rules.report import Report

LANGUAGE = "en"
_BAND_HEIGHT = 158
_FOOTER = 30
_NAME_SIZES = ((22, 30), (30, 24), (44, 19))
_drawing_now = threading.Lock()
"""reportlab keeps the fonts of a document in the process: one is drawn after the other."""


@dataclass(frozen=True)
class Pages:
    """A finished PDF."""

    content: bytes
    count: int


def drawn(report: Report) -> Pages:
    """Draw a report."""
    with _drawing_now:
        out = BytesIO()
        width, height = page_size(report.time_zone)
        inner = width - 2 * MARGIN
        document = BaseDocTemplate(
            out,
            pagesize=(width, height),
            title=f"Learning journey of {report.learner}",
            author="Waymark",
            subject=f"Journey as {report.career}, completed on {day_words(report.completed_on)}",
            lang=LANGUAGE,
            pageCompression=1,
            invariant=1,  # drawn again it is the same, byte for byte
        )
        document.addPageTemplates(
            [
                PageTemplate("cover", [_frame(width, height, top=_BAND_HEIGHT + 10)],
                             onPage=lambda canvas, _: _cover(canvas, report, width, height),
                             autoNextPageTemplate="inside"),
                PageTemplate("inside", [_frame(width, height, top=MARGIN - 6)]),
            ]
        )  # fmt: skip
        numbered = _numbering(_footer(report), width)
        document.build(story_of(report, inner), canvasmaker=numbered)
        return Pages(out.getvalue(), document.page)


def _frame(width: float, height: float, *, top: float) -> Frame:
    bottom = _FOOTER + 12
    return Frame(
        MARGIN, bottom, width - 2 * MARGIN, height - top - bottom,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip


def _numbering(footer: Marked, width: float) -> Any:
    """A canvas that writes the footer once it knows how many pages there are."""

    class Numbered(Canvas):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.setViewerPreference("DisplayDocTitle", "true")
            self._finished: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802  reportlab's name
            self._finished.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]  # the stubs leave it out

        def save(self) -> None:
            for number, page in enumerate(self._finished, start=1):
                self.__dict__.update(page)
                self._write_footer(f"Page {number} of {len(self._finished)}")
                super().showPage()
            super().save()

        def _write_footer(self, place: str) -> None:
            self.setStrokeColor(LINE)
            self.setLineWidth(0.5)
            self.line(MARGIN, _FOOTER, width - MARGIN, _FOOTER)
            for text, anchor in ((footer, 0), (said(place), 2)):
                small = paragraph(text, "small", alignment=anchor)
                small.wrap(width - 2 * MARGIN, _FOOTER)
                small.drawOn(self, MARGIN, _FOOTER - 14)

    return Numbered


def _footer(report: Report) -> Marked:
    version = "" if report.version == 1 else f", version {report.version}"
    made = f" · made on {day_words(report.made_on)}{version}"
    return marked(report.learner, most=50) + said(made)


def _cover(canvas: Canvas, report: Report, width: float, height: float) -> None:
    canvas.saveState()
    canvas.setFillColor(ACCENT)
    canvas.rect(0, height - _BAND_HEIGHT, width, _BAND_HEIGHT, stroke=0, fill=1)
    name = marked(report.learner, semibold=True)
    size = next((size for most, size in _NAME_SIZES if len(report.learner) <= most), 15)
    lines = [
        (paragraph(said("LEARNING JOURNEY REPORT"), "kicker"), 0),
        # letters that join have marks far above and below the line
        (paragraph(name, "name", fontSize=size, leading=(1.5 if name.joins else 1.2) * size), 6),
        (
            paragraph(
                said("On the way to: ") + marked(report.career, semibold=True, most=60), "cover"
            ),
            0,
        ),
        (paragraph(said("Companion: ") + marked(report.companion, most=60), "cover"), 0),
        (paragraph(said(f"Grade {report.grade_level} · {_span(report)}"), "cover"), 0),
    ]
    top = height - 20.0
    for line, gap in lines:
        _, tall = line.wrap(width - 2 * MARGIN, _BAND_HEIGHT)
        top -= tall
        line.drawOn(canvas, MARGIN, top)
        top -= gap
    canvas.restoreState()


def _span(report: Report) -> str:
    if report.started_on == report.completed_on:
        return day_words(report.completed_on)
    return f"{day_words(report.started_on)} to {day_words(report.completed_on)}"
