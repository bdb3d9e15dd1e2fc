"""Education: degree, institution, place and period of each course of study.

Rows are read one after the other into the current study; the kind of piece that
leads the section (date, degree or institution) opens the next one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from functions.intake_parse.rules.dates import Period
from functions.intake_parse.rules.entries import Entry, Unit, periods_in, units
from functions.intake_parse.rules.experience import bounds
from functions.intake_parse.rules.lexicon import fold
from functions.intake_parse.rules.rows import Row, cut, value
from functions.intake_parse.rules.titles import degrees, institution_score, level_of
from shared.models.resume import Span, Study, Value

_DETAIL = re.compile(
    r"^(?:c?gpa|grade|grades|coursework|relevant|courses|thesis|advis[eo]r|supervisor|honou?rs?\b(?!\s(?:degree|bachelor))|activities|"
    r"dean|note|voto|votazione|final|cumulative|abschlussnote|mention|average|percentage|overall|minor|major|"
    r"concentration|specialization|speciali[sz]ing|schwerpunkt|thema|titel|titolo tesi|tesi|tema|focus|score|rank|class rank|key|core|awards?|"
    r"societies|conc|study focus|graduated with|dissertation|modules?|subjects|vertiefung|abschlussarbeit|masterarbeit|bachelorarbeit|"
    r"diplomarbeit|m[eé]moire|option|sp[eé]cialit[eé]|trabajo de fin|promedio|nota|m[eé]dia|nf|details|sat|act)\b",
    re.IGNORECASE,
)
_GPA = re.compile(
    r"\b(?:c?gpa|cum laude|honou?rs|note|grade|average|%)\b|^\d[\d.,/ ]*$", re.IGNORECASE
)
_FROM = re.compile(
    r",\s+|\s(?:at|from|an der|am|à l['’]|à la|en la|en el|na|no|presso|bei)\s(?=[A-ZÀ-Ý])"
)
_LINKS = frozenset({"of", "at", "from", "-", "–", "—", "der", "della", "de", "the", "an", "|"})
_SCHOOL_LEADS = re.compile(
    r"\b(?:Università|Universidad|Université|Universidade|Universität|Universitat|University\sof|"
    r"Politecnico|Istituto|Institut|Instituto|École|Ecole|Escuela|Escola|Lycée|Liceo|Hochschule|"
    r"Technische|Fachhochschule)\b"
)
_DEPARTMENT = re.compile(
    r"(?:dep(?:artmen)?t|facult|school|college|institut|dipartiment|facolt|facultad|fakult|ufr|lehrstuhl|campus|center|centre)",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"(?:\b(?:in|of|de|en|di|du|des|für|and|und|y|et|e|del|the|da|do|em)|[-,&/])\s*$", re.IGNORECASE
)
_LABELS = re.compile(
    r"^(?:institution|university|school|college|universit[aä]t|hochschule|[eé]cole|universidad|centro|istituto|"
    r"degree|title of qualification awarded|qualification|abschluss|dipl[oô]me|t[ií]tulo|titolo della qualifica rilasciata|"
    r"name and type of organisation providing education and training|field of study|studiengang|fach|course|program)\s*[:\t]\s*",
    re.IGNORECASE,
)


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


@dataclass(slots=True)
class _Reading:
    row: Row
    degrees: list[Unit]
    institutions: list[Unit]
    unknown: list[Unit]
    places: list[Unit]
    periods: list[Period]
    order: str
    """The letters D, I, T, X in the order in which the pieces stand."""


def studies(rows: list[Row]) -> list[Study]:
    """Return the studies of one section in order."""
    return [_study(study) for study in _collect(rows) if study.degree or study.institution]


def _is_detail(row: Row, previous: Row | None) -> bool:
    content = row.content
    if _DETAIL.match(content) and not _strong_degree(content):
        return True
    if row.bullet and previous is not None and not _strong_degree(content):
        return True
    if len(content) > 130 or (len(content.split()) > 14 and not periods_in(row)):
        return True
    return content[0].islower() and len(content.split()) > 4 and not periods_in(row)


def _strong_degree(text: str) -> bool:
    found = degrees(text)
    return bool(found) and found[0][0] <= 2 and found[0][2] in {"doctorate", "master", "bachelor"}


def _read(row: Row) -> _Reading:
    periods = periods_in(row)
    entry = Entry(head=[row], periods=[(row, p) for p in periods])
    found, places = units(entry)
    reading = _Reading(row, [], [], [], places, periods, "")
    marks: list[tuple[int, str]] = [(p.start, "T") for p in periods]
    for unit in found:
        label = _LABELS.match(unit.row.text[unit.start : unit.end])
        if label and unit.start + label.end() < unit.end:
            unit = replace(unit, start=unit.start + label.end())
        if _GPA.search(unit.text) and len(unit.text) < 25 and not degrees(unit.text):
            continue
        for piece, kind in _parted(unit):
            {"D": reading.degrees, "I": reading.institutions, "X": reading.unknown}[kind].append(
                piece
            )
            marks.append((piece.start, kind))
    reading.order = "".join(kind for _, kind in sorted(marks))
    return reading


def _kind(text: str) -> str:
    """Classify a piece: D degree, I institution, X unknown."""
    found = degrees(text)
    school = institution_score(text)
    if found and school < 2:
        return "D"
    if school >= 2 and not found:
        return "I"
    if found and school >= 2:
        only_school = all(
            fold(text[a:b])
            in {
                "high school",
                "secondary school",
                "secondary",
                "highschool",
                "program",
                "technico",
                "tecnico",
                "training",
            }
            for a, b, _ in found
        )
        if only_school:
            return "I" if len(text.split()) > 2 else "D"
        first = found[0][0]
        return "D" if first <= 3 or found[0][2] in {"doctorate", "master", "bachelor"} else "I"
    return "X"


def _parted(unit: Unit) -> list[tuple[Unit, str]]:
    """Part a piece at commas and "at" where degree and institution share it."""
    text = unit.row.text
    whole = unit.text
    kind = _kind(whole)
    school = _SCHOOL_LEADS.search(text, unit.start + 4, unit.end)
    if school and "," not in text[unit.start : school.start()]:
        # "Laurea in Lettere Università di Bologna": the school's kind leads its name.
        before = text[unit.start : school.start()]
        last = fold(before).split()[-1:]
        if degrees(before) and len(before.split()) >= 2 and last[0] not in _LINKS:
            first = replace(unit, end=cut(text, unit.start, school.start())[1])
            return [(first, "D"), (replace(unit, start=school.start()), "I")]
    if not (degrees(whole) and ("," in whole or _FROM.search(whole))) and kind != "I":
        return [(unit, kind)]
    pieces: list[tuple[int, int]] = []
    at = unit.start
    for m in _FROM.finditer(text, unit.start, unit.end):
        if text[unit.start : m.start()].count("(") != text[unit.start : m.start()].count(")"):
            continue
        pieces.append((at, m.start()))
        at = m.end()
    pieces.append((at, unit.end))
    kinds = [_kind(" ".join(text[a:b].split())) for a, b in pieces]
    if not ("D" in kinds and "I" in kinds):
        if "D" in kinds and "I" not in kinds and kinds[0] == "X" and len(pieces) == 2:
            # "Caltech, Ph.D. in Mathematics"
            first, second = pieces
            return [
                (replace(unit, start=first[0], end=first[1]), "I"),
                (replace(unit, start=second[0], end=second[1]), "D"),
            ]
        if kinds[:2] == ["X", "I"] and not _DEPARTMENT.match(text[slice(*pieces[0])].strip()):
            # "Computer Science, Stanford University"
            first = (replace(unit, end=cut(text, *pieces[0])[1]), "X")
            return [first, (replace(unit, start=cut(text, pieces[1][0], unit.end)[0]), "I")]
        return [(unit, "D" if "D" in kinds and kind != "I" else kind)]
    # Unknown pieces belong to what stands before them.
    groups: list[tuple[int, int, str]] = []
    for (a, b), piece in zip(pieces, kinds, strict=True):
        if groups and (piece == "X" or piece == groups[-1][2]):
            groups[-1] = (groups[-1][0], b, groups[-1][2])
        elif piece == "X":
            groups.append((a, b, "?"))
        else:
            if groups and groups[-1][2] == "?" and piece == "D":
                groups[-1] = (groups[-1][0], b, piece)
                continue
            groups.append((a, b, piece))
    return [
        (replace(unit, start=cut(text, a, b)[0], end=cut(text, a, b)[1]), "X" if k == "?" else k)
        for a, b, k in groups
    ]


def _collect(rows: list[Row]) -> list[_Study]:
    bullets_lead = (
        bool(rows)
        and sum(row.bullet for row in rows) >= 0.6 * len(rows)
        and any(row.bullet and set(_read(row).order) & {"D", "I"} for row in rows[:2])
    )
    readings: list[_Reading] = []
    previous: Row | None = None
    for row in rows:
        lead_row = replace(row, bullet=False) if bullets_lead else row
        if not _is_detail(lead_row, previous):
            readings.append(_read(lead_row))
        previous = row
    readings = _joined([r for r in readings if r.order or r.places])
    readings = _without_prose(readings)
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


def _joined(readings: list[_Reading]) -> list[_Reading]:
    """Join a degree that a line break cut: "Bachelor of Science in" / "Computer Science"."""
    kept: list[_Reading] = []
    for reading in readings:
        last = kept[-1] if kept else None
        if (
            last is not None
            and last.degrees
            and last.degrees[-1].end >= len(last.row.text.rstrip()) - 1
            and not reading.row.bullet
            and reading.order[:1] in {"X", "D"}
            and reading.row.block == last.row.block
        ):
            degree = last.degrees[-1]
            first = (reading.unknown or reading.degrees)[0]
            open_end = _OPEN.search(last.row.text[: last.row.body + len(last.row.content)])
            if open_end and first.row.start > degree.row.start:
                last.degrees[-1] = _Joined(degree, first)
                rest = "".join(c for i, c in enumerate(reading.order) if i)
                (reading.unknown or reading.degrees).pop(0)
                last.institutions += reading.institutions
                last.unknown += reading.unknown
                last.places += reading.places
                last.order += rest
                if reading.periods and not last.periods:
                    kept.append(
                        replace(
                            reading, degrees=[], institutions=[], unknown=[], places=[], order="T"
                        )
                    )
                continue
        kept.append(reading)
    return kept


def _Joined(first: Unit, second: Unit) -> Unit:  # noqa: N802 - reads as a constructor
    return _Long(first.row, first.start, first.end, first.line, first.order, first.after_at, second)


@dataclass(frozen=True, slots=True)
class _Long(Unit):
    """A piece that goes on in another row."""

    more: Unit | None = None


def _without_prose(readings: list[_Reading]) -> list[_Reading]:
    """Drop rows of unknown words that are not set like the entries' first rows."""
    kept = []
    for reading in readings:
        only_unknown = set(reading.order) <= {"X"}
        if only_unknown and (
            reading.row.bullet or len(reading.row.content) > 80 or reading.row.content.endswith(".")
        ):
            continue
        kept.append(reading)
    return kept


def _opens(
    study: _Study,
    reading: _Reading,
    following: _Reading | None,
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
        return (
            not same
            and (lead == "I" or bool(study.degree))
            and not (
                lead != "I"
                and not reading.periods
                and study.degree is not None
                and study.institution.row.index == reading.row.index - 1
                and following is not None
                and "D" not in following.order[:1]
                and lead == "T"
            )
        )
    if "T" in order and study.periods:
        if lead == "T" and order[0] == "T":
            return True
        complete = bool(study.degree or study.unknown) and bool(study.institution or study.unknown)
        if complete and order != "T":
            return True
        return False
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


def _take(study: _Study, reading: _Reading) -> None:
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
            and not isinstance(degree, _Long)
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
    more = unit.more if isinstance(unit, _Long) else None
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
    """Confidence: 0.95 by its words (degree, school), 0.6 by order, 0.75 for an inherited school."""
    ranged = [item for item in study.periods if item[1].ranged]
    chosen = (ranged or study.periods or [None])[0]
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
