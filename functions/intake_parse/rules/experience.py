"""Work experience: title, company, place and period of each job."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from functions.intake_parse.rules.dates import Moment, Period
from functions.intake_parse.rules.entries import group
from functions.intake_parse.rules.lexicon import fold, matches, places, words
from functions.intake_parse.rules.places import is_place
from functions.intake_parse.rules.rows import Row, cut, value
from functions.intake_parse.rules.titles import organisation_score, title_score
from functions.intake_parse.rules.units import FIELD_LABEL, Entry, Unit, units
from shared.models.resume import PartialDate, Position, Span, Value

MOST_HIGHLIGHTS = 40

_INDEPENDENT = re.compile(
    r"freelanc|self[- ]?employ|selbst[aä]ndig|independent|autonom|freiberuf|ind[eé]pendant|"
    r"libero prof",
    re.IGNORECASE,
)
_LEGAL = re.compile(
    r"^(?:inc|llc|ltd|gmbh|corp|co|s\.?a|plc|lp|llp|jr|sr|ii|iii|phd|md)\b\.?", re.IGNORECASE
)


@dataclass(slots=True)
class _Job:
    entry: Entry
    title: Unit | None = None
    company: Unit | None = None
    place: Unit | None = None
    sure: bool = False
    """Title and company were told apart by their words, not by order alone."""
    inherited: bool = False
    whole: Unit | None = None
    """The piece that a comma parted into title and company without the words being sure."""


def partial(row: Row, moment: Moment | None) -> PartialDate | None:
    """Return the date with its place; confidence 0.95, 0.75 when parts were inferred."""
    if moment is None:
        return None
    return PartialDate(
        value=moment.value,
        confidence=0.95 if moment.certain else 0.75,
        span=Span(page=row.page, start=row.start + moment.start, end=row.start + moment.end),
    )


def bounds(found: tuple[Row, Period] | None) -> tuple[PartialDate | None, PartialDate | None, bool]:
    """Return start, end and whether it lasts; a single date counts as both start and end."""
    if found is None:
        return None, None, False
    row, period = found
    if not period.ranged:
        single = partial(row, period.finish)
        return single, single, False
    return partial(row, period.begin), partial(row, period.finish), period.current


def positions(rows: list[Row]) -> list[Position]:
    """Return the jobs of one section in order."""
    return [_position(job) for job in _jobs(group(rows))]


def _jobs(entries: list[Entry]) -> list[_Job]:
    jobs = [_assign(entry) for entry in entries]
    votes = sum(_title_first(job) for job in jobs if job.sure and job.title and job.company)
    for job in jobs:
        if not job.sure and job.title and job.company and votes:
            first_is_title = _title_first(job) > 0
            if first_is_title != (votes > 0):
                job.title, job.company = job.company, job.title
    return _under_employers(jobs)


def _title_first(job: _Job) -> int:
    if job.title is None or job.company is None:
        return 0
    before = (job.title.line, job.title.start) < (job.company.line, job.company.start)
    return 1 if before else -1


def _under_employers(jobs: list[_Job]) -> list[_Job]:
    """Give roles without a company the employer they stand under; drop the employer's own line."""
    kept: list[_Job] = []
    employer: Unit | None = None
    stands_under = False
    place: Unit | None = None
    for position, job in enumerate(jobs):
        following = jobs[position + 1] if position + 1 < len(jobs) else None
        if job.title is None and job.company is not None:
            employer, place = job.company, job.place
            if following is not None and _covers(job, following):
                following.title, following.company = following.whole or following.title, None
                stands_under = True
                continue
            banner = (
                following is not None and following.title is not None and following.company is None
            )
            if banner and not [r for r in job.entry.body if r.bullet]:
                continue
        elif employer and (_team_behind_title(job, kept) or (stands_under and job.whole)):
            job.title, job.company, job.inherited = job.whole, employer, True
        elif job.company is not None:
            employer, place, stands_under = job.company, job.place, False
        elif (
            job.title is not None
            and employer is not None
            and not _INDEPENDENT.search(job.title.text)
        ):
            job.company, job.inherited = employer, True
            job.place = job.place or place
        if job.title is None and job.company is None:
            continue
        if not job.entry.periods and not _believable(job):
            continue
        kept.append(job)
    return kept


def _covers(banner: _Job, role: _Job) -> bool:
    """Say whether an employer's own line with its whole period stands above a role within it."""
    if role.title is None or (role.company is not None and role.whole is None):
        return False
    outer, inner = bounds(banner.entry.period), bounds(role.entry.period)
    if outer[0] is None or inner[0] is None or [r for r in banner.entry.body if r.bullet]:
        return False
    within = outer[0].value[:4] <= inner[0].value[:4]
    if outer[2]:
        return within
    return (
        within
        and inner[1] is not None
        and outer[1] is not None
        and not inner[2]
        and (inner[1].value[:4] <= outer[1].value[:4])
    )


def _team_behind_title(job: _Job, before: list[_Job]) -> bool:
    """Say whether "Engineer, Payments" names a team: the role before stood under its employer."""
    if job.whole is None or not before or job.company is None:
        return False
    last = before[-1]
    stood_under = last.inherited or (
        last.company is not None and last.title is not None and last.company.line < last.title.line
    )
    return stood_under and organisation_score(job.company.text) < 3


def _believable(job: _Job) -> bool:
    """Say whether an entry without a date is a job: words, not only look, must say so."""
    title = title_score(job.title.text) if job.title else 0
    company = organisation_score(job.company.text) if job.company and not job.inherited else 0
    return (
        title >= 2
        or (company >= 2 and job.title is not None)
        or (company >= 2 and bool(job.entry.body))
    )


def _assign(entry: Entry) -> _Job:
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
    job = _Job(entry, place=located[0] if located else None)
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


def _company_before_place(job: _Job, place: Unit) -> None:
    """Read "Contoso, India" as company and country when nothing else is the company."""
    head, comma, tail = place.text.partition(",")
    if not comma or is_place(head):
        return
    if "," in tail or fold(tail.strip()) in places("countries") or organisation_score(head) >= 1:
        at = place.row.text.index(",", place.start)
        start, end = cut(place.row.text, at + 1, place.end)
        job.company = replace(place, end=at)
        job.place = replace(place, start=start, end=end)


def _labelled(job: _Job, found: list[Unit]) -> list[Unit]:
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


def _single(job: _Job, unit: Unit) -> None:
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


def _pair(job: _Job, found: list[Unit]) -> None:
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


def _title_beneath(job: _Job) -> None:
    """Take a title that stands as the first short line beneath the company."""
    first = job.entry.body[0]
    if first.bullet or len(first.content) > 70 or title_score(first.content) < 2.5:
        return
    if first.content.endswith(".") or len(first.content.split()) > 8:
        return
    start, end = cut(first.text, first.body, len(first.text))
    job.title = Unit(first, start, end, 9, 0)
    job.entry.body = job.entry.body[1:]


def _field(unit: Unit | None, confidence: float) -> Value | None:
    if unit is None:
        return None
    return value(unit.row, unit.start, unit.end, confidence)


def _position(job: _Job) -> Position:
    """Confidence: 0.95 by its words, 0.85 a company beside a sure title, 0.6 by order alone."""
    start, end, current = bounds(job.entry.period)
    title = title_score(job.title.text) if job.title else 0.0
    company = organisation_score(job.company.text) if job.company else 0.0
    company_confidence = 0.95 if company >= 2 else 0.85 if title >= 2 else 0.6
    return Position(
        title=_field(job.title, 0.95 if title >= 2 else 0.6),
        company=_field(job.company, company_confidence - (0.1 if job.inherited else 0)),
        location=_field(job.place, 0.85),
        start=start,
        end=end,
        current=current,
        highlights=tuple(highlights(job.entry.body)),
    )


def highlights(body: list[Row]) -> list[Value]:
    """Return the bullets or sentences beneath an entry, wrapped lines joined; confidence 0.9."""
    found: list[Value] = []
    for row in body:
        start, end = cut(row.text, row.body, len(row.text))
        if start >= end:
            continue
        text = row.content
        if found and not row.bullet and found[-1].span is not None:
            last = found[-1]
            wrapped = text[0].islower() or not last.value.endswith((".", "!", ";"))
            gap = row.start - last.span.end if last.span else 9
            if wrapped and gap <= 4 and any(r.bullet for r in body) and last.span:
                found[-1] = last.model_copy(
                    update={
                        "value": f"{last.value} {' '.join(text.split())}",
                        "span": last.span.model_copy(update={"end": row.start + end}),
                    }
                )
                continue
        found.append(value(row, start, end, 0.9))
    return found[:MOST_HIGHLIGHTS]


def looks_like_work(rows: list[Row]) -> bool:
    """Say whether rows under no heading, or a foreign one, hold dated jobs."""
    jobs = [job for job in _jobs(group(rows)) if job.entry.periods and job.title and job.company]
    return any(
        job.entry.period is not None
        and job.entry.period[1].ranged
        and title_score(job.title.text if job.title else "") >= 2
        and fold(job.company.text if job.company else "") != ""
        for job in jobs
    )
