"""The head of one job: which of its pieces are title, company and place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from functions.intake_parse.rules.lexicon import fold, matches, places, words
from functions.intake_parse.rules.places import is_place
from functions.intake_parse.rules.rows import cut
from functions.intake_parse.rules.titles import organisation_score, title_score
from functions.intake_parse.rules.units import FIELD_LABEL, Entry, Unit, units

_LEGAL = re.compile(
    r"^(?:inc|llc|ltd|gmbh|corp|co|s\.?a|plc|lp|llp|jr|sr|ii|iii|phd|md)\b\.?", re.IGNORECASE
)


@dataclass(slots=True)
class Job:
    """An entry of work experience with its pieces by their part."""

    entry: Entry
    title: Unit | None = None
    company: Unit | None = None
    place: Unit | None = None
    sure: bool = False
    """Title and company were told apart by their words, not by order alone."""
    inherited: bool = False
    whole: Unit | None = None
    """The piece that a comma parted into title and company without the words being sure."""


def assign(entry: Entry) -> Job:
    """Tell title, company and place apart among the pieces of an entry's head."""
    found, located = units(entry)
    if not found and entry.body:
        # A date as heading and the job in the first line beneath.
        found, place = units(entry, [entry.body[0]])
        if found and max(title_score(u.text) + organisation_score(u.text) for u in found) >= 2:
            located = located or place
            entry.body = entry.body[1:]
        else:
            found = []
    job = Job(entry, place=located[0] if located else None)
    found = _labelled(job, found)
    if job.title and job.company:
        job.sure = True
        return job
    if len(found) == 1:
        _single(job, found[0])
    elif found:
        _pair(job, found[:7])
    if job.title is None and job.company is not None and entry.body:
        _title_beneath(job)
    if job.company is None and job.place is not None:
        _company_before_place(job, job.place)
    return job


def _company_before_place(job: Job, place: Unit) -> None:
    """Read "Contoso, India" as company and country when nothing else is the company."""
    head, comma, tail = place.text.partition(",")
    if not comma or is_place(head):
        return
    if "," in tail or fold(tail.strip()) in places("countries") or organisation_score(head) >= 1:
        at = place.row.text.index(",", place.start)
        start, end = cut(place.row.text, at + 1, place.end)
        job.company = replace(place, end=at)
        job.place = replace(place, start=start, end=end)


def _labelled(job: Job, found: list[Unit]) -> list[Unit]:
    rest = []
    for unit in found:
        label = FIELD_LABEL.match(unit.text)
        if not label or not unit.text[label.end() :].strip():
            rest.append(unit)
            continue
        raw = FIELD_LABEL.match(unit.row.text[unit.start : unit.end])
        start = unit.start + (raw.end() if raw else 0)
        bare = replace(unit, start=cut(unit.row.text, start, unit.end)[0])
        if label["title"] and job.title is None:
            job.title = bare
        elif label["company"] and job.company is None:
            job.company = bare
    return rest


def _single(job: Job, unit: Unit) -> None:
    if job.title or job.company:
        if job.title is None:
            job.title = unit
        else:
            job.company = unit
        return
    parted = _comma(unit)
    if parted:
        job.title, job.company, job.sure = parted
        job.whole = unit if organisation_score(job.company.text) < 3 else None
        return
    run_on = _run_on(unit)
    if run_on:
        job.title, job.company = run_on
        return
    title, company = title_score(unit.text), organisation_score(unit.text)
    pieces = [p.strip() for p in unit.text.split(",")]
    if (
        max(title, company) < 0.8
        and len(pieces) == 3
        and all(1 <= len(p.split()) <= 4 for p in pieces)
    ):
        # No word tells: title, company and place in the order that most people write.
        first = unit.row.text.index(",", unit.start)
        second = unit.row.text.index(",", first + 1)
        job.title = replace(unit, end=first)
        job.company = replace(unit, start=first + 1, end=second)
        job.place = job.place or replace(unit, start=second + 1)
        return
    if title >= 0.8 and title >= company - 1:
        job.title = unit
    else:
        job.company = unit


def _run_on(unit: Unit) -> tuple[Unit, Unit] | None:
    """Part "MARKETING SPECIALIST ACME SPA" behind its title when an organisation follows."""
    text = unit.row.text[unit.start : unit.end]
    nouns = matches(fold(text), words("title_nouns"), 3)
    if not nouns or nouns[0][0] > 40:
        return None
    end = nouns[0][1]
    tail = text[end:].strip()
    if not tail or not tail[0].isupper() or organisation_score(tail) < 3 or title_score(tail) >= 2:
        return None
    at = unit.start + end
    return (
        replace(unit, end=cut(unit.row.text, unit.start, at)[1]),
        replace(unit, start=cut(unit.row.text, at, unit.end)[0]),
    )


def _comma(unit: Unit) -> tuple[Unit, Unit, bool] | None:
    """Part "Engineer, Acme Corp" or "Acme Corp, Engineer"; None when no part is a title."""
    text = unit.row.text
    commas = [
        m.start()
        for m in re.finditer(r",\s|\.\s(?=[A-Z][a-z]{3})", text[unit.start : unit.end])
        if not _LEGAL.match(text[unit.start + m.end() : unit.end].strip())
    ]
    best: tuple[float, Unit, Unit] | None = None
    for comma in commas[:5]:
        at = unit.start + comma
        left = replace(unit, end=cut(text, unit.start, at)[1])
        right = replace(unit, start=cut(text, at + 1, unit.end)[0])
        if not left.text or not right.text:
            continue
        lt, rt = title_score(left.text), title_score(right.text)
        lo, ro = organisation_score(left.text), organisation_score(right.text)
        for score, title, company in (
            (lt + min(ro, 3) - 0.7 * rt - 0.5 * lo, left, right),
            (rt + min(lo, 3) - 0.7 * lt - 0.5 * ro, right, left),
        ):
            if title_score(title.text) >= 2 and (best is None or score > best[0] + 0.01):
                best = (score, title, company)
    if best is None or best[0] < 0.8:
        return None
    return best[1], best[2], organisation_score(best[2].text) >= 2


def _pair(job: Job, found: list[Unit]) -> None:
    """Choose the best pair of title and company by their words, place and type."""
    if job.title or job.company:
        rest = max(
            found, key=lambda u: organisation_score(u.text) if job.title else title_score(u.text)
        )
        if job.title is None:
            job.title = rest
        else:
            job.company = rest
        return
    scores = [(title_score(u.text), organisation_score(u.text)) for u in found]
    best: tuple[float, int, int] | None = None
    for i, first in enumerate(found):
        for j, second in enumerate(found):
            if i == j:
                continue
            score = scores[i][0] - 0.5 * scores[i][1] + min(scores[j][1], 3.5) - 0.7 * scores[j][0]
            score -= 0.5 * (max(0, first.line - 1) + max(0, second.line - 1))
            score -= 0.6 * (max(0, first.order - 1) + max(0, second.order - 1))
            score -= 0.35 * (i + j - 1)
            score += 0.3 * (first.row.bold + second.row.bold)
            score += 2.0 * second.after_at - 1.0 * first.after_at
            if second.text[:1].islower():
                score -= 0.5
            if best is None or score > best[0] + 0.01:
                best = (score, i, j)
    if best is None:
        return
    _, i, j = best
    title, company = found[i], found[j]
    job.sure = scores[i][0] >= 2 and scores[j][0] < 2
    # "Engineer, Acme Corp" in one piece and something else in the other.
    if (
        scores[i][0] >= 2
        and not company.after_at
        and (scores[j][1] < 1 or company.line > title.line)
    ):
        parted = _comma(title)
        least = 2.0 if company.line >= title.line else 3.0
        if parted and organisation_score(parted[1].text) >= max(least, scores[j][1] + 0.5):
            job.title, job.company, job.sure = parted[0], parted[1], True
            return
    job.title, job.company = title, company


def _title_beneath(job: Job) -> None:
    """Take a title that stands as the first short line beneath the company."""
    first = job.entry.body[0]
    if first.bullet or len(first.content) > 70 or title_score(first.content) < 2.5:
        return
    if first.content.endswith(".") or len(first.content.split()) > 8:
        return
    start, end = cut(first.text, first.body, len(first.text))
    job.title = Unit(first, start, end, 9, 0)
    job.entry.body = job.entry.body[1:]
