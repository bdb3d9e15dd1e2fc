"""Certifications, projects and achievements: lists of named items, some with issuer and date."""

from __future__ import annotations

import re

from functions.intake_parse.rules.contact import link_key
from functions.intake_parse.rules.dates import find
from functions.intake_parse.rules.entries import group
from functions.intake_parse.rules.entry_rows import is_table_head, periods_in
from functions.intake_parse.rules.experience import highlights
from functions.intake_parse.rules.headings import named
from functions.intake_parse.rules.lexicon import fold
from functions.intake_parse.rules.rows import Row, cut, value
from functions.intake_parse.rules.sections import Section
from functions.intake_parse.rules.titles import organisation_score
from functions.intake_parse.rules.units import Entry, Unit, units
from shared.models.resume import Project, Span, Value

MOST = 60
"""Items kept of each kind."""

_LABEL = re.compile(
    r"\s*(?:certifications?|certificates?|licen[sc]es?|zertifikate|certificaciones|"
    r"certificazioni|certificados|certifica[cç][oõ]es)(?:\s*(?:&|and|y|et|und|"
    r"e)\s*\w+)?\s*:\s*",
    re.IGNORECASE,
)
_ISSUER = re.compile(
    r"\b(?:coursera|udemy|udacity|edx|linkedin learning|codecademy|codeacademy|pluralsight|"
    r"datacamp|freecodecamp|microsoft|google|amazon web services|"
    r"aws|oracle|cisco|comptia|pmi|project management institute|scrum alliance|scrum\.org|"
    r"isaca|isc2|\(isc\)²|ibm|salesforce|"
    r"hubspot|red cross|american red cross|american heart association|hackerrank|"
    r"linux foundation|the linux foundation|hashicorp|"
    r"issued by|issuer|issued|credential id|credential|license no|expires|valid until|"
    r"ausgestellt|délivré|emitido|rilasciato)\b",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://\S+|www\.\S+|github\.com/\S+", re.IGNORECASE)
_ONLY_DATE = re.compile(r"\(?(?:[a-z.]{3,10}\s)?(?:\d{1,2}[./-])?(?:19|20)\d\d\)?\.?")
_ITEMS = re.compile(r"\s*[;•|]\s*|,\s+(?=[A-Z(])")


def certifications(sections: list[Section]) -> tuple[Value, ...]:
    """Return the certifications; confidence 0.9 from a section, 0.8 behind a label elsewhere."""
    found: dict[str, Value] = {}
    for section in sections:
        if section.kind == "certifications":
            for item in _certificates(section.rows):
                found.setdefault(fold(item.value), item)
        elif section.kind in {"skills", "other", "education", "awards", "involvement", "summary"}:
            for row in section.rows:
                label = _LABEL.match(row.text, row.body)
                if label:
                    for a, b in _listed(row, label.end()):
                        item = value(row, a, b, 0.8)
                        found.setdefault(fold(item.value), item)
    return tuple(found.values())[:MOST]


def _listed(row: Row, start: int) -> list[tuple[int, int]]:
    pieces, at = [], start
    for m in _ITEMS.finditer(row.text, start):
        pieces.append((at, m.start()))
        at = m.end()
    pieces.append((at, len(row.text)))
    listed = []
    for a, b in pieces:
        dated = find(row.folded, a, b)
        end = dated[0].start if dated and not row.text[dated[-1].end : b].strip(" ).]") else b
        begin, end = cut(row.text, a, end)
        while end > begin and row.text[end - 1] in " ,([-–—":
            end -= 1
        if row.text[begin:end].strip(" ."):
            listed.append((begin, end))
    return listed


def _certificates(rows: list[Row]) -> list[Value]:
    """Name each certificate by its first piece; dates, issuers and descriptions fall away."""
    if not rows:
        return []
    bullets = [row for row in rows if row.bullet]
    found: list[Value] = []
    if len(bullets) >= 0.5 * len(rows) and rows[0].bullet:
        for row in bullets:
            item = _first_piece(row)
            if item:
                found.append(item)
        return found
    labelled = [
        row for row in rows if (m := re.match(r"([^:]{2,30}):\s\S", row.content)) and named(m[1])
    ]
    if len(labelled) == len(rows) and len(rows) <= 3:
        for row in rows:
            at = row.text.index(":", row.body) + 1
            found.extend(value(row, a, b, 0.85) for a, b in _listed(row, at))
        return found
    if len(rows) > 1 and is_table_head(rows[0]):
        rows = rows[1:]
    rows, wrapped = _without_dates_beneath(rows)
    several = [_several(row, len(rows) == 1) for row in rows]
    if any(several):
        return _in_order(rows, several)
    dated = [row for row in rows if periods_in(row) or row.index in wrapped]
    if len(rows) == 1 and rows[0].content.count(",") >= 1 and not dated:
        return [value(rows[0], a, b, 0.85) for a, b in _listed(rows[0], rows[0].body)]
    if dated and len(dated) < len(rows):
        for entry in group(rows):
            item = _entry_name(entry)
            if item:
                found.append(item)
        return found
    lead = rows[0].style
    mixed = any(row.style != lead for row in rows)
    for row in rows:
        if mixed and row.style != lead:
            continue
        if found and _is_issuer(row):
            continue
        if found and row.content[0].islower():
            continue
        item = _first_piece(row)
        if item:
            found.append(item)
    return found


def _without_dates_beneath(rows: list[Row]) -> tuple[list[Row], frozenset[int]]:
    """Drop the rows that hold only the date of the row above, which breaks off at a comma."""
    kept: list[Row] = []
    wrapped = set()
    for row in rows:
        only_date = _ONLY_DATE.fullmatch(row.folded.strip()) is not None
        if only_date and kept and kept[-1].content.endswith(","):
            wrapped.add(kept[-1].index)
            continue
        kept.append(row)
    return kept, frozenset(wrapped)


def _several(row: Row, alone: bool) -> list[tuple[int, int]]:
    """Return the certificates that share a row: parted by semicolons, or each with its own date."""
    if len(row.content) > 600:
        return []
    for separator in (r";", r"[|•·]", r"(?<=\d{4}),|(?<=\d{4}\)),"):
        pieces, at = [], row.body
        for m in [*re.finditer(separator, row.text[row.body :]), None]:
            stop = row.body + m.start() if m else len(row.text)
            pieces.append((at, stop))
            at = row.body + m.end() if m else stop
        pieces = [(a, b) for a, b in pieces if row.text[a:b].strip()]
        each_dated = all(_dated_name(row, a, b) for a, b in pieces)
        if len(pieces) > 1 and (
            separator == ";" or each_dated or (alone and separator == r"[|•·]")
        ):
            return [(a, b) for c, d in pieces for a, b in [_bare(row, c, d)] if a < b]
    return []


def _dated_name(row: Row, start: int, end: int) -> bool:
    found = find(row.folded, start, end)
    return bool(found) and len(row.text[start : found[0].start].strip(" (,-–—")) > 2


def _bare(row: Row, start: int, end: int) -> tuple[int, int]:
    """Return a piece without the date behind its name."""
    found = find(row.folded, start, end)
    if found and not row.text[found[-1].end : end].strip(" ).]"):
        end = found[0].start
    begin, end = cut(row.text, start, end)
    while end > begin and row.text[end - 1] in " ,([-–—":
        end -= 1
    return begin, end


def _in_order(rows: list[Row], several: list[list[tuple[int, int]]]) -> list[Value]:
    """Return the items of the rows that hold many and of those that hold one."""
    found: list[Value] = []
    for row, pieces in zip(rows, several, strict=True):
        found.extend(value(row, a, b, 0.85) for a, b in pieces)
        item = None if pieces else _first_piece(row)
        if item is not None:
            found.append(item)
    return found


def _is_issuer(row: Row) -> bool:
    m = _ISSUER.match(row.content)
    return bool(m) and len(row.content) - m.end() < 12 if m else False


def _entry_name(entry: Entry) -> Value | None:
    if not entry.head:
        return None
    pieces, _ = units(entry)
    pieces = [p for p in pieces if not _ISSUER.fullmatch(p.text)] or pieces
    if not pieces:
        return None
    return value(pieces[0].row, pieces[0].start, pieces[0].end, 0.9)


def _first_piece(row: Row) -> Value | None:
    entry = Entry(head=[row], periods=[(row, p) for p in find(row.folded, row.body)])
    pieces, _ = units(entry)
    pieces = [p for p in pieces if len(p.text) > 1]
    if not pieces:
        return None
    first = pieces[0]
    label = _LABEL.match(first.row.text[first.start : first.end])
    start = first.start + label.end() if label else first.start
    # "AWS Certified Architect – Professional": a short grade belongs to the name.
    end = first.end
    if len(pieces) > 1 and pieces[1].row is first.row and _GRADE.match(pieces[1].text):
        grade = _GRADE.match(pieces[1].text)
        end = pieces[1].start + (grade.end() if grade else 0)
    mark = _NUMBER.search(row.text, start, end)
    if mark and mark.start() > start:
        end = mark.start()
    comma = _issuer_tail(row, start, end)
    return value(row, start, comma, 0.9)


_NUMBER = re.compile(
    r"[,;(\s]{1,4}(?:licen[sc]e\s?(?:#|no|number)|exp(?:\.|ires|iration)|valid|credential|"
    r"#|issued|id:|"
    r"renewed)",
    re.IGNORECASE,
)
_GRADE = re.compile(
    r"(?:professional|associate|specialty|foundational|expert|practitioner|fundamentals|"
    r"level\s\w+|foundation|advanced|intermediate|administrator)\b(?:\s\(\w+\))?",
    re.IGNORECASE,
)


def _issuer_tail(row: Row, start: int, end: int) -> int:
    """Cut ", Issuer" off the end when it reads as an organisation."""
    at = row.text.rfind(", ", start, end)
    if at > start:
        tail = row.text[at + 2 : end]
        if _ISSUER.match(tail) or organisation_score(tail) >= 2:
            return at
    return end


def projects(sections: list[Section]) -> tuple[Project, ...]:
    """Return the projects: name 0.85, description joined from the lines beneath, link if any."""
    found: list[Project] = []
    for section in sections:
        if section.kind != "projects" or not section.rows:
            continue
        rows = section.rows
        if all(row.bullet for row in rows):
            entries = [Entry(head=[row]) for row in rows]
        else:
            entries = group(rows)
        for entry in entries:
            project = _project(entry)
            if project:
                found.append(project)
    return tuple(found)[:MOST]


def _project(entry: Entry) -> Project | None:
    pieces, _ = units(entry)
    pieces = [p for p in pieces if not _URL.fullmatch(p.text)]
    if not pieces:
        return None
    first: Unit = pieces[0]
    end = first.end
    colon = re.search(r":\s", first.row.text[first.start : end])
    if colon and colon.start() >= 2:
        end = first.start + colon.start()
    url = None
    for row in [*entry.head, *entry.body]:
        m = _URL.search(row.text)
        if m and link_key(m[0]):
            url = value(row, m.start(), m.end(), 0.9)
            break
    lines = highlights(entry.body)
    description = None
    if lines and lines[0].span and lines[-1].span:
        description = Value(
            value=" ".join(line.value for line in lines)[:2000],
            confidence=0.8,
            span=Span(
                page=lines[0].span.page,
                start=lines[0].span.start,
                end=max(line.span.end for line in lines if line.span),
            ),
        )
    return Project(name=value(first.row, first.start, end, 0.85), description=description, url=url)


def achievements(sections: list[Section]) -> tuple[Value, ...]:
    """Return the items of award and achievement sections, wrapped lines joined; confidence 0.85."""
    found: list[Value] = []
    for section in sections:
        if section.kind == "awards":
            found.extend(
                item.model_copy(update={"confidence": 0.85}) for item in highlights(section.rows)
            )
    return tuple(found)[:MOST]
