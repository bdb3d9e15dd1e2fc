"""Units: the pieces of an entry's head that separators, wide gaps and dates set apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache

from functions.intake_parse.rules.dates import Period
from functions.intake_parse.rules.lexicon import data, fold, words
from functions.intake_parse.rules.places import is_place, is_region
from functions.intake_parse.rules.rows import Row, cut
from functions.intake_parse.rules.titles import organisation_score, title_score

FIELD_LABEL = re.compile(
    r"^(?P<company>company|employer|organi[sz]ation|firm|client|unternehmen|arbeitgeber|firma|"
    r"entreprise|employeur|soci[eé]t[eé]|empresa|empleador|azienda|datore di lavoro|empregador|"
    r"nome e indirizzo del datore di lavoro|name and address of employer)\s*[:\t]\s*|"
    r"^(?P<title>title|job title|position|role|designation|occupation or position held|"
    r"position held|poste|fonction|puesto|cargo|funci[oó]n|posizione|ruolo|mansione|"
    r"lavoro o posizione ricoperti|fun[cç][aã]o|beruf oder funktion|t[aä]tigkeit)\s*[:\t]\s*|"
    r"^(?P<date>dates?|duration|period|from|time|zeitraum|dauer|p[eé]riode|dur[eé]e|fechas?|"
    r"periodo|per[ií]odo|date \(da ?[-–] ?a\)|datas?|tenure)\s*[:\t]\s*",
    re.IGNORECASE,
)
"""A label before a field of a job, as in forms: the group that matched names the field."""


NOISE = re.compile(
    r"^(?:page\s?\d+.*|\d+\s?/\s?\d+|seite\s\d+.*|pagina\s\d+.*|https?:\S+|www\.\S+|\S+@\S+)$",
    re.IGNORECASE,
)


_DURATION = re.compile(
    r"\(?\b\d{1,2}\s?(?:\+\s?)?(?:years?|yrs?|ans?|años?|jahre?|anos?|anni|months?|mos?|"
    r"mois|meses|monate|mesi)\b\.?"
    r"(?:\s?(?:,|and|y|et|und|e)?\s?\d{1,2}\s?(?:months?|mos?|mois|meses|monate|mesi))?\)?",
    re.IGNORECASE,
)


_STREET = re.compile(
    r"^(?:via|viale|piazza|rue|calle|c/|avenida|av\.|rua|corso|\d{1,5}\s\w+\s(?:street|st|"
    r"road|rd|avenue|ave|drive|lane|blvd))\b.*\d"
    r"|^\d{1,4},?\s(?:rue|avenue|av|boulevard|bd|place|chemin)\b|^[\w.-]+(?:straße|strasse|"
    r"str\.|weg|platz|allee)\s\d",
    re.IGNORECASE,
)


_HOUSE = re.compile(
    r"^\d{1,5}[a-z]?\s(?:[NSEW]{1,2}\.?\s)?(?:[\w.'’-]+\s){1,4}?(?:street|st|road|rd|avenue|ave|"
    r"drive|dr|lane|ln|blvd|boulevard|way|court|ct|place|pl|parkway|pkwy|highway|hwy|square|"
    r"terrace|crescent|close)\b\.?(?:\s(?:N|S|E|W|NE|NW|SE|SW)\b)?(?:,|$|\s(?:suite|ste|apt|unit|#))",
    re.IGNORECASE,
)


_SEPARATOR = re.compile(
    r"\s*\t\s*|\s{3,}|\s*[|•·●◦▪∙⋅■◆♦‣]\s*|\s+[–—―-]{1,2}\s+|(?<=\S)\s*[—―]\s*(?=\S)|"
    r"\s+//?\s+|\s+@\s+"
    r"|\s(?:at|bei|chez|presso|beim|at:)\s(?=[A-ZÀ-ÝŁ0-9])|\s*;\s+"
)


_STOPPED = re.compile(_SEPARATOR.pattern + r"|(?<=[^\W\d_]{4})\.\s+(?=[^\W\d_a-z])")
"""Separators of a row that parts all its pieces, the leading date too, with full stops."""


_FORM_ENDS = re.compile(
    r"\s(?:GmbH|AG|KG|SE|B\.?V\.?|N\.?V\.?|Ltd\.?|LLC|Inc\.?|PLC|AB|A/S|ApS|Oy|s\.\s?r\.\s?o\.|S\.?A\.?|"
    r"[Ss]p\.\s?z\s?o\.\s?o\.|S\.?R\.?L\.?|S\.?L\.?|S\.p\.A\.?|SARL|SAS|A\.Ş\.|Ltda\.?|Lda\.?)$"
)
_TOWN = re.compile(r"[^\W\d_a-zß-ÿ][^\W\d_]{2,}(?:[ -][^\W\d_]{2,}){0,2}")
"""A company's legal form, and what stands behind it and a comma: the town, known or not."""


_GRADE_TAIL = re.compile(r"(?:,\s{0,3}\d[.,]\d{1,2}\.?|(?<=[^\W\d_A-Z]{4})\.)\s{0,9}$")


_CAMPUS = re.compile(r"\b(?:university|college|institute|school)\b", re.IGNORECASE)


_BRACKETED = re.compile(r"\([^()\t]{2,80}\)")


_BRACKET = re.compile(r"\(([^()]{2,60})\)")


@dataclass(slots=True)
class Entry:
    """One job, study or project: its head rows, the periods in them, and the rows beneath."""

    head: list[Row] = field(default_factory=list)
    periods: list[tuple[Row, Period]] = field(default_factory=list)
    body: list[Row] = field(default_factory=list)

    @property
    def period(self) -> tuple[Row, Period] | None:
        """The entry's own period: the first range, else the first date."""
        ranged = [item for item in self.periods if item[1].ranged]
        return next(iter(ranged or self.periods), None)


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a head row between separators: a title, a company, a place."""

    row: Row
    start: int
    end: int
    line: int
    """Position of its row in the head."""
    order: int
    """Position within the row."""
    after_at: bool = False
    """It follows "at", "@" or the like."""

    @property
    def text(self) -> str:
        """The words, blanks joined."""
        return " ".join(self.row.text[self.start : self.end].split())


@cache
def _moments() -> frozenset[str]:
    """Names of months and seasons: a piece of such a word alone is a date broken off."""
    tables = (data("words.json")["months"], data("words.json")["seasons"])
    return frozenset(fold(name) for table in tables for names in table.values() for name in names)


def units(entry: Entry, rows: Iterable[Row] | None = None) -> tuple[list[Unit], list[Unit]]:
    """Return the pieces of an entry's head without its dates, and the places among them."""
    found: list[Unit] = []
    located: list[Unit] = []
    for line, row in enumerate(entry.head if rows is None else rows):
        spans = sorted((p.start, p.end) for holder, p in entry.periods if holder.index == row.index)
        order = 0
        for start, end, at in _pieces(row, spans):
            unit = Unit(row, start, end, line, order, at)
            text = unit.text
            if (
                not text
                or NOISE.match(text)
                or _DURATION.fullmatch(text)
                or not re.search(r"\w", text)
            ):
                continue
            if fold(text).strip(" .()") in words("employment_types") - {
                "freelance"
            } or re.fullmatch(r"[\d\s.,/%+-]+", text):
                continue
            if fold(text).strip(" .") in _moments():
                continue
            if FIELD_LABEL.fullmatch(text + ":"):
                continue
            if _only_place(text) or _STREET.match(text) or _HOUSE.match(text):
                located.append(unit)
                continue
            trimmed, place = _without_place(unit)
            if place:
                located.append(place)
            found.append(trimmed)
            order += 1
    return found, located


def _only_place(text: str) -> bool:
    """Say whether a piece is a place and not an organisation with its place behind it."""
    if not is_place(text):
        return False
    parts = [p.strip() for p in text.split(",")]
    if len(parts) == 1:
        return True
    if organisation_score(parts[0]) >= 1.5 or title_score(parts[0]) >= 2:
        return False
    return is_place(parts[0]) or is_region(parts[1])


def _masked(text: str) -> str:
    """Return ``text`` with what stands in parentheses blotted out, so that no separator is seen."""
    return _BRACKETED.sub(lambda m: "(" + "x" * (len(m[0]) - 2) + ")", text)


def _pieces(row: Row, spans: list[tuple[int, int]]) -> list[tuple[int, int, bool]]:
    """Return ``(start, end, after "at")`` of what stands between separators and dates."""
    pieces: list[tuple[int, int, bool]] = []
    at = row.body
    masked = _masked(row.text)
    stops = bool(spans) and spans[0][0] == row.body and row.text[spans[0][1] :].lstrip()[:1] == "."
    separator = _STOPPED if stops else _SEPARATOR
    for start, end in [*spans, (len(row.text), len(row.text))]:
        begin, after = at, False
        for m in separator.finditer(masked, at, max(at, start)):
            if m[0].strip() == "/" and not _parts_roles(row.text, begin, m.start(), m.end()):
                continue
            if m[0].strip() == "at" and _CAMPUS.search(row.text, begin, m.start()):
                continue
            pieces.append((begin, m.start(), after))
            begin = m.end()
            after = bool(re.search(r"@|\b(?:at|bei|chez|presso|beim)\b", m[0]))
        pieces.append((begin, max(begin, start), after))
        at = end
    return [
        (*_trim(row.text, a, _without_grade(row.text, a, b)), after)
        for a, b, after in pieces
        if a < b
    ]


def _parts_roles(text: str, start: int, left: int, right: int) -> bool:
    """Say whether a slash parts a title from something else, not two names of one thing."""
    after = re.split(r"\t|\s[|–—/-]\s", text[right : right + 80])[0]
    before = title_score(text[start:left]) >= 2
    return before != (title_score(after) >= 2) or is_place(after)


def _without_grade(text: str, start: int, end: int) -> int:
    """Return the end of a piece without a closing full stop or a grade (", 1.3.")."""
    grade = _GRADE_TAIL.search(text[start:end])
    return start + grade.start() if grade and grade.start() else end


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Cut separators, blanks and unbalanced brackets off both ends."""
    changed = True
    while changed and start < end:
        changed = False
        if (text[start] in " \t,;:|·•–—―-/)]>" or text[start : start + 2] == ". ") or (
            text[start] in "([" and not set(")]") & set(text[start + 1 : end])
        ):
            start, changed = start + 1, True
        elif text[end - 1] in " \t,;:|·•–—―-/([" or (
            text[end - 1] in ")]" and not set("([") & set(text[start:end])
        ):
            end, changed = end - 1, True
    if (
        text[start:end].startswith("(")
        and text[start:end].endswith(")")
        and text[start:end].count("(") == 1
    ):
        start, end = start + 1, end - 1
    bracket = _BRACKET.search(text, start, end)
    if bracket and bracket.end() == end and bracket.start() > start:
        inside = fold(bracket[1]).strip()
        if (
            inside in words("employment_types")
            or is_place(bracket[1])
            or _DURATION.fullmatch(bracket[1])
        ):
            return cut(text, start, bracket.start())
    return start, end


def _without_place(unit: Unit) -> tuple[Unit, Unit | None]:
    """Cut a place off the end of a piece: "Acme, Austin, TX" is "Acme" and "Austin, TX"."""
    text = unit.row.text
    commas = [
        m.start()
        for m in re.finditer(r",\s|(?<=[a-z]{3})\.\s(?=[A-Z])", text[unit.start : unit.end])
    ]
    best: int | None = None
    for back in (1, 2, 3):
        if len(commas) < back:
            break
        at = unit.start + commas[-back]
        suffix = text[at + 1 : unit.end].strip()
        rest = text[unit.start : at].strip()
        behind_form = back == 1 and _FORM_ENDS.search(rest) and _TOWN.fullmatch(suffix)
        if not rest or not (is_place(suffix) or behind_form):
            continue
        if back >= 2:
            city = suffix.split(",")[0].strip()
            if organisation_score(city) >= 2 or title_score(city) >= 2:
                continue
            alone = "," not in rest and title_score(rest) >= 2
            if (
                alone
                and not is_place(city)
                and unit.row.text[unit.start : unit.end].count(",") <= 2
                and len(suffix.split(",")[-1].strip()) > 2
            ):
                continue
            if back == 3 and not (is_place(city) and is_place(suffix.split(",")[1].strip())):
                continue
        best = at
    if best is None:
        return unit, None
    start, end = cut(text, best + 1, unit.end)
    return replace(unit, end=cut(text, unit.start, best)[1]), replace(unit, start=start, end=end)
