"""Education: degree, institution, place and period of each course of study.

Rows are read one after the other into the current study; the kind of piece that
leads the section (date, degree or institution) opens the next one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from functions.intake_parse.rules.dates import Period
from functions.intake_parse.rules.education_rows import (
    LongUnit,
    Reading,
    is_detail,
    joined,
    read,
    without_prose,
)
from functions.intake_parse.rules.experience import bounds
from functions.intake_parse.rules.lexicon import fold
from functions.intake_parse.rules.rows import Row, cut, value
from functions.intake_parse.rules.titles import degrees, institution_score, level_of
from functions.intake_parse.rules.units import Unit
from shared.models.resume import Span, Study, Value


@dataclass(slots=True)
class _Study:
    degree: Unit | None = None
    degree_end: tuple[Row, int] | None = None
    """Where the degree ends when it goes on in the next row."""
    institution: Unit | None = None
    unknown: list[Unit] = field(default_factory=list)
    place: Unit | None = None
    periods: list[tuple[Row, Period]] = field(default_factory=list)
    inherited: bool = False


def studies(rows: list[Row]) -> list[Study]:
    """Return the studies of one section in order."""
    return [_study(study) for study in _collect(rows) if study.degree or study.institution]


def _collect(rows: list[Row]) -> list[_Study]:
    bullets_lead = (
        bool(rows)
        and sum(row.bullet for row in rows) >= 0.6 * len(rows)
        and any(row.bullet and set(read(row).order) & {"D", "I"} for row in rows[:2])
    )
    readings: list[Reading] = []
    previous: Row | None = None
    for row in rows:
        lead_row = replace(row, bullet=False) if bullets_lead else row
        if not is_detail(lead_row, previous):
            readings.append(read(lead_row))
        previous = row
    readings = joined([r for r in readings if r.order or r.places])
    readings = without_prose(readings)
    if not readings:
        return []
    lead = next((r.order[0] for r in readings if r.order), "D")
    styles = {r.row.style for r in readings}
    lead_style = readings[0].row.style if len(styles) > 1 else None
    found: list[_Study] = [_Study()]
    for position, reading in enumerate(readings):
        following = readings[position + 1] if position + 1 < len(readings) else None
        if _opens(found[-1], reading, following, lead, lead_style):
            found.append(_Study())
        _take(found[-1], reading)
    for study in found:
        _settle(study)
    _inherit(found)
    return found


def _opens(
    study: _Study,
    reading: Reading,
    following: Reading | None,
    lead: str,
    lead_style: tuple[bool, int] | None,
) -> bool:
    """Say whether a reading begins the next study."""
    if not (study.degree or study.institution or study.periods or study.unknown):
        return False
    order = reading.order
    if "D" in order and study.degree:
        return True
    if "I" in order and study.institution:
        if "D" in order:
            return True
        # A second name of the same school (faculty, repeated line) is no new study.
        rest = following.order if following is not None else ""
        if lead == "I" and study.degree and order == "I" and rest[:1] not in {"D", "T", "X"}:
            return False
        if rest[:1] == "D" and study.degree and lead == "I":
            return True
        same = fold(reading.institutions[0].text)[:12] == fold(study.institution.text)[:12]
        # Behind a date, a second line of names right under the school goes with it.
        under = lead == "T" and study.institution.row.index == reading.row.index - 1
        alone = not reading.periods and rest[:1] != "D" and following is not None
        return not same and (lead == "I" or bool(study.degree)) and not (under and alone)
    if "T" in order and study.periods:
        if lead == "T" and order[0] == "T":
            return True
        complete = bool(study.degree or study.unknown) and bool(study.institution or study.unknown)
        return bool(complete and order != "T")
    if lead == "T" and order.startswith("T") and (study.degree or study.institution):
        return True
    if order and set(order) <= {"X", "T"} and "X" in order:
        has = bool(study.degree) + bool(study.institution) + len(study.unknown)
        if has >= 2:
            looks = lead_style is None or reading.row.style == lead_style
            next_fits = following is not None and bool(set(following.order) & {"D", "I", "T"})
            return looks and (next_fits or "T" in order)
        return False
    if order.startswith("I") and lead == "I" and (study.degree or study.unknown):
        return True
    if order.startswith("D") and lead == "D" and (study.institution or len(study.unknown) > 1):
        return bool(study.degree or study.unknown)
    return False


def _take(study: _Study, reading: Reading) -> None:
    for degree in reading.degrees:
        if study.degree is None:
            study.degree = degree
    for institution in reading.institutions:
        if study.institution is None:
            study.institution = institution
    study.unknown.extend(reading.unknown)
    if reading.places and study.place is None:
        study.place = reading.places[0]
    study.periods.extend((reading.row, period) for period in reading.periods)


def _settle(study: _Study) -> None:
    """Give the pieces that no word told apart to what is missing."""
    for unit in study.unknown:
        degree = study.degree
        if (
            degree is not None
            and study.institution is not None
            and not isinstance(degree, LongUnit)
            and unit.row is degree.row
            and unit.order == degree.order + 1
            and re.fullmatch(r"\s*[–—,-]\s*", unit.row.text[degree.end : unit.start])
        ):
            # "Attestato - Office, Access": the second half belongs to the degree.
            study.degree = replace(degree, end=unit.end, order=unit.order)
            continue
        if study.degree is not None and study.institution is None:
            study.institution = unit
        elif study.institution is not None and study.degree is None and len(unit.text) > 2:
            study.degree = unit
    if study.degree is None and study.institution is None and len(study.unknown) >= 2:
        study.degree, study.institution = study.unknown[0], study.unknown[1]
    elif study.degree is None and study.institution is None and study.unknown and study.periods:
        study.institution = study.unknown[0]


def _inherit(found: list[_Study]) -> None:
    """A second degree under one school takes the school from the study before."""
    school: Unit | None = None
    for position, study in enumerate(found):
        if study.institution is not None:
            school = study.institution
        elif study.degree is not None and school is not None and position:
            study.institution, study.inherited = school, True
            if not study.periods:
                study.periods = found[position - 1].periods


def _field(unit: Unit | None, confidence: float) -> Value | None:
    if unit is None:
        return None
    more = unit.more if isinstance(unit, LongUnit) else None
    if more is None:
        return value(unit.row, unit.start, unit.end, confidence)
    first = value(unit.row, unit.start, unit.end, confidence)
    assert first.span is not None  # noqa: S101 - value() always sets it
    end = more.row.start + more.end
    return Value(
        value=f"{first.value} {more.text}",
        confidence=first.confidence,
        span=Span(page=first.span.page, start=first.span.start, end=end),
    )


def _study(study: _Study) -> Study:
    """Confidence: 0.95 by its words, 0.6 by order, 0.75 for an inherited school."""
    ranged = [item for item in study.periods if item[1].ranged]
    chosen = next(iter(ranged or study.periods), None)
    start, end, current = bounds(chosen)
    if chosen is not None and not chosen[1].ranged:
        start = None
    degree = _field(study.degree, 0.95 if study.degree and degrees(study.degree.text) else 0.6)
    sure = study.institution is not None and institution_score(study.institution.text) >= 2
    school = study.institution
    if school is not None:
        aside = re.search(r"\s\([^()]{26,}\)$", school.text)
        if aside and aside.start() > 3:
            at = school.row.text.rfind("(", school.start, school.end)
            study.institution = replace(school, end=cut(school.row.text, school.start, at)[1])
    institution = _field(study.institution, 0.75 if study.inherited else 0.95 if sure else 0.6)
    return Study(
        institution=institution,
        degree=degree,
        level=level_of(degree.value) if degree else None,
        location=_field(study.place, 0.85),
        start=start,
        end=end,
        current=current,
    )
