"""Rows of an education section, read into degrees, institutions, places and periods."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from functions.intake_parse.rules.dates import Period
from functions.intake_parse.rules.entry_rows import periods_in
from functions.intake_parse.rules.lexicon import fold, words
from functions.intake_parse.rules.rows import Row, cut
from functions.intake_parse.rules.titles import degrees, institution_score
from functions.intake_parse.rules.units import Entry, Unit, units

_DETAIL = re.compile(
    r"^(?:c?gpa|grade|grades|coursework|relevant|courses|thesis|advis[eo]r|supervisor|"
    r"honou?rs?\b(?!\s(?:degree|bachelor))|activities|"
    r"dean|note|voto|votazione|final|cumulative|abschlussnote|mention|average|percentage|"
    r"overall|minor|major|"
    r"concentration|specialization|speciali[sz]ing|schwerpunkt|thema|titel|titolo tesi|"
    r"tesi|tema|focus|score|rank|class rank|key|core|awards?|"
    r"societies|conc|study focus|graduated with|dissertation|modules?|subjects|vertiefung|"
    r"abschlussarbeit|masterarbeit|bachelorarbeit|"
    r"diplomarbeit|m[eé]moire|option|sp[eé]cialit[eé]|trabajo de fin|promedio|nota|"
    r"m[eé]dia|nf|details|sat|act)\b",
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
    r"(?:dep(?:artmen)?t|facult|school|college|institut|dipartiment|facolt|facultad|fakult|"
    r"ufr|lehrstuhl|campus|center|centre)",
    re.IGNORECASE,
)


_OPEN = re.compile(
    r"(?:\b(?:in|of|de|en|di|du|des|für|and|und|y|et|e|del|the|da|do|em)|[-,&/])\s*$", re.IGNORECASE
)


_LABELS = re.compile(
    r"^(?:institution|university|school|college|universit[aä]t|hochschule|[eé]cole|"
    r"universidad|centro|istituto|"
    r"degree|title of qualification awarded|qualification|abschluss|dipl[oô]me|t[ií]tulo|"
    r"titolo della qualifica rilasciata|"
    r"name and type of organisation providing education and training|field of study|"
    r"studiengang|fach|course|program)\s*[:\t]\s*",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Reading:
    row: Row
    degrees: list[Unit]
    institutions: list[Unit]
    unknown: list[Unit]
    places: list[Unit]
    periods: list[Period]
    order: str
    """The letters D, I, T, X in the order in which the pieces stand."""


def is_detail(row: Row, previous: Row | None) -> bool:
    content = row.content
    if len(row.cells) >= 3 and set(re.findall(r"[a-z]+", row.folded)) <= words("table_heads"):
        return True
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


def read(row: Row) -> Reading:
    periods = periods_in(row)
    entry = Entry(head=[row], periods=[(row, p) for p in periods])
    found, places = units(entry)
    reading = Reading(row, [], [], [], places, periods, "")
    marks: list[tuple[int, str]] = [(p.start, "T") for p in periods]
    for unit in _with_abbreviation(found):
        label = _LABELS.match(unit.row.text[unit.start : unit.end])
        if label and unit.start + label.end() < unit.end:
            unit = replace(unit, start=unit.start + label.end())
        if _GPA.search(unit.text) and len(unit.text) < 25 and not degrees(unit.text):
            continue
        aside = re.search(r"[.;]\s+", unit.row.text[unit.start : unit.end])
        if aside and _DETAIL.match(unit.row.text[unit.start + aside.end() : unit.end]):
            unit = replace(unit, end=unit.start + aside.start())
        for piece, kind in _parted(unit):
            {"D": reading.degrees, "I": reading.institutions, "X": reading.unknown}[kind].append(
                piece
            )
            marks.append((piece.start, kind))
    reading.order = "".join(kind for _, kind in sorted(marks))
    return reading


def _with_abbreviation(found: list[Unit]) -> list[Unit]:
    """Join a degree with its own abbreviation behind a dash: "Master of Arts - MA, Dance"."""
    kept: list[Unit] = []
    for unit in found:
        last = kept[-1] if kept else None
        if last is not None and last.row is unit.row and degrees(last.text):
            between = unit.row.text[last.end : unit.start].strip()
            short = degrees(unit.text)
            if between in {"-", "–", "—"} and short and short[0][0] == 0 and short[0][1] <= 7:
                kept[-1] = replace(last, end=unit.end)
                continue
        kept.append(unit)
    return kept


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
                "erasmus",
                "ihk",
            }
            for a, b, _ in found
        )
        if only_school:
            return "I" if len(text.split()) > 2 or fold(text).startswith("ihk ") else "D"
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
            (a, b), (c, d) = pieces
            return [(replace(unit, start=a, end=b), "I"), (replace(unit, start=c, end=d), "D")]
        if kinds[:2] == ["X", "I"] and not _DEPARTMENT.match(text[slice(*pieces[0])].strip()):
            # "Computer Science, Stanford University"
            subject = (replace(unit, end=cut(text, *pieces[0])[1]), "X")
            return [subject, (replace(unit, start=cut(text, pieces[1][0], unit.end)[0]), "I")]
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


def joined(readings: list[Reading]) -> list[Reading]:
    """Join a degree that a line break cut: "Bachelor of Science in" / "Computer Science"."""
    kept: list[Reading] = []
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
                last.degrees[-1] = _long(degree, first)
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


def _long(first: Unit, second: Unit) -> Unit:
    return LongUnit(
        first.row, first.start, first.end, first.line, first.order, first.after_at, second
    )


@dataclass(frozen=True, slots=True)
class LongUnit(Unit):
    """A piece that goes on in another row."""

    more: Unit | None = None


def without_prose(readings: list[Reading]) -> list[Reading]:
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
