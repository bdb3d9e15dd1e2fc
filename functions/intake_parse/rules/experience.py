"""Work experience: title, company, place and period of each job."""

from __future__ import annotations

import re

from functions.intake_parse.rules.dates import Moment, Period
from functions.intake_parse.rules.entries import group
from functions.intake_parse.rules.job_heads import Job, assign
from functions.intake_parse.rules.lexicon import fold
from functions.intake_parse.rules.rows import Row, cut, value
from functions.intake_parse.rules.titles import organisation_score, title_score
from functions.intake_parse.rules.units import Entry, Unit
from shared.models.resume import PartialDate, Position, Span, Value

MOST_HIGHLIGHTS = 40

_INDEPENDENT = re.compile(
    r"freelanc|self[- ]?employ|selbst[aä]ndig|independent|autonom|freiberuf|ind[eé]pendant|"
    r"libero prof",
    re.IGNORECASE,
)


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


def _jobs(entries: list[Entry]) -> list[Job]:
    jobs = [assign(entry) for entry in entries]
    votes = sum(_title_first(job) for job in jobs if job.sure and job.title and job.company)
    for job in jobs:
        if not job.sure and job.title and job.company and votes:
            first_is_title = _title_first(job) > 0
            if first_is_title != (votes > 0):
                job.title, job.company = job.company, job.title
    return _under_employers(jobs)


def _title_first(job: Job) -> int:
    if job.title is None or job.company is None:
        return 0
    before = (job.title.line, job.title.start) < (job.company.line, job.company.start)
    return 1 if before else -1


def _under_employers(jobs: list[Job]) -> list[Job]:
    """Give roles without a company the employer they stand under; drop the employer's own line."""
    kept: list[Job] = []
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


def _covers(banner: Job, role: Job) -> bool:
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


def _team_behind_title(job: Job, before: list[Job]) -> bool:
    """Say whether "Engineer, Payments" names a team: the role before stood under its employer."""
    if job.whole is None or not before or job.company is None:
        return False
    last = before[-1]
    stood_under = last.inherited or (
        last.company is not None and last.title is not None and last.company.line < last.title.line
    )
    return stood_under and organisation_score(job.company.text) < 3


def _believable(job: Job) -> bool:
    """Say whether an entry without a date is a job: words, not only look, must say so."""
    title = title_score(job.title.text) if job.title else 0
    company = organisation_score(job.company.text) if job.company and not job.inherited else 0
    return (
        title >= 2
        or (company >= 2 and job.title is not None)
        or (company >= 2 and bool(job.entry.body))
    )


def _field(unit: Unit | None, confidence: float) -> Value | None:
    if unit is None:
        return None
    return value(unit.row, unit.start, unit.end, confidence)


def _position(job: Job) -> Position:
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
