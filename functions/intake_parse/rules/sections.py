"""Sections: which rows are headings, and which rows stand under each.

The words of a heading are not enough where a page sets its headings apart: a candidate set
weaker than the page's surest headings is a line of the body, unless it stands in another column
whose headings are all set like it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from functions.intake_parse.rules.headings import MOST_WORDS, named, qualified, spaced_out, speaks
from functions.intake_parse.rules.rows import Row, cut
from shared.skills import taxonomy

HEADER = "header"
"""Kind of the rows before the first heading."""

_SURE = frozenset({"experience", "education", "skills", "languages", "projects"})
_LABEL = re.compile(r"\s*([^:]{2,45}?)\s*:\s*(?=\S)")
_INLINE = frozenset(
    {"skills", "languages", "certifications", "interests", "awards", "references", "coursework"}
)
_KEEPS_LABELS = frozenset(
    {"experience", "projects", "education", "volunteer", "involvement", "summary", "publications"}
)


_Look = tuple[int, bool, bool]


@dataclass(slots=True)
class Section:
    """Rows under one heading."""

    kind: str
    heading: Row | None
    rows: list[Row] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The heading in folded form, empty for the header."""
        return self.heading.folded if self.heading else ""


def _capital(text: str) -> bool:
    letters = [c for c in text if c.isalpha()]
    return bool(letters) and all(not c.islower() for c in letters)


def _titled(text: str) -> bool:
    strong = [w for w in text.split() if w[:1].isalpha() and len(w) > 3]
    return bool(strong) and sum(w[0].isupper() for w in strong) >= 0.6 * len(strong)


@dataclass(frozen=True, slots=True)
class _Candidate:
    row: Row
    kind: str
    exact: bool
    end: int
    """Offset behind the heading's words; content follows when it is not the row's end."""
    rail: bool = False
    beneath: Row | None = None
    """The row that follows."""

    @property
    def look(self) -> _Look:
        """Size in half points, weight, capitals."""
        words = self.row.text[self.row.body : self.end]
        return round(self.row.size * 2), self.row.bold or self.row.heading, _capital(words)


def _candidate(row: Row, following: Row | None) -> _Candidate | None:
    content = row.content
    if len(content) > 80 or len(content) < 2:
        return None
    glyph_only = row.bullet and row.text[: row.body].strip() not in {"-", "–", "•", "*", "o", "+"}
    if row.bullet and not glyph_only and not (row.bold or row.heading):
        return None
    words = content.split()
    letters = spaced_out(content)
    if len(words) <= MOST_WORDS or letters:
        kind = named(content)
        if kind and content[-1] not in ".,;":
            return _Candidate(row, kind, True, len(row.text.rstrip()), beneath=following)
        if not letters and content[-1] not in ".,;" and _titled(content):
            kind = qualified(content)
            if kind:
                return _Candidate(row, kind, False, len(row.text.rstrip()))
    return _rail(row, following)


def _rail(row: Row, following: Row | None) -> _Candidate | None:
    """A heading in the margin: the first cell of a row, or of two rows one above the other."""
    if len(row.cells) < 2 or row.bullet:
        return None
    start, end = row.cells[0]
    first = row.text[start:end]
    if first[:1].islower() or len(first) > 40:
        return None
    kind = named(first)
    if kind:
        return _Candidate(row, kind, True, end, rail=True)
    if following is not None and following.page == row.page:
        below = following.cells[0] if following.cells else (0, 0)
        kind = named(first + " " + following.text[below[0] : below[1]])
        same_margin = abs(following.x0 - row.x0) < 4
        if kind and same_margin and below[1] > below[0]:
            return _Candidate(row, kind, True, end, rail=True)
    return None


def _looks(candidates: list[_Candidate]) -> set[_Look]:
    exact = [c for c in candidates if c.exact and not c.rail]
    surest = {c.look for c in exact if c.kind in {"experience", "education"}}
    return surest or {c.look for c in exact if c.kind in _SURE}


def _weaker(look: _Look, sure: set[_Look]) -> bool:
    """Say whether a look is less than every look of the surest headings."""
    if not sure or look in sure:
        return False
    size, bold, capital = look

    def less(other: _Look) -> bool:
        if size and other[0] and size < other[0] - 1:
            return True
        same_size = not size or not other[0] or size <= other[0] + 1
        return same_size and ((other[1] and not bold) or (other[2] and not capital))

    return all(less(other) for other in sure)


def _in_own_column(candidates: list[_Candidate]) -> frozenset[int]:
    """Return the headings of a column whose headings are set smaller than the other column's.

    They stand at one left edge, far from the surest headings, and above rows of a lesser look.
    """
    exact = [c for c in candidates if c.exact and not c.rail and c.row.size and not c.row.bullet]
    sure = [c.row.x0 for c in exact if c.kind in {"experience", "education"}]
    groups: dict[tuple[_Look, int], list[_Candidate]] = {}
    for candidate in exact:
        groups.setdefault((candidate.look, round(candidate.row.x0 / 4)), []).append(candidate)
    found: set[int] = set()
    for (_, edge), members in groups.items():
        above = sum(_stands_out(c) for c in members)
        if len(members) < 2 or above < 0.6 * len(members):
            continue
        if sure and all(abs(x0 - 4 * edge) > 60 for x0 in sure):
            found.update(c.row.index for c in members)
    return frozenset(found)


def _stands_out(candidate: _Candidate) -> bool:
    """Say whether a row is larger, bolder or in capitals beside the row beneath it."""
    row, beneath = candidate.row, candidate.beneath
    if beneath is None:
        return False
    return (
        row.size > beneath.size + 0.7
        or (row.bold and not beneath.bold)
        or (candidate.look[2] and not _capital(beneath.content))
    )


def _margin(row: Row, end: int) -> Row:
    """Return the row without its first cell, the margin heading."""
    start, _ = cut(row.text, end, len(row.text))
    cells = tuple(cell for cell in row.cells if cell[0] >= start)
    return replace(row, body=start, cells=cells, bullet=False)


def split(rows: list[Row]) -> list[Section]:
    """Return the sections in reading order; the first is of kind :data:`HEADER`."""
    candidates: dict[int, _Candidate] = {}
    for position, row in enumerate(rows):
        following = rows[position + 1] if position + 1 < len(rows) else None
        found = _candidate(row, following)
        if found:
            candidates[row.index] = found
    sure = _looks(list(candidates.values()))
    own = _in_own_column(list(candidates.values()))
    sections = [Section(HEADER, None)]
    current = sections[-1]
    skip_cell: str | None = None
    previous: Row | None = None
    for row in rows:
        before, previous = previous, row
        found = candidates.get(row.index)
        if found and (row.index in own or _accepted(found, sure, current)):
            skip_cell = None
            if found.rail:
                first = row.text[slice(*row.cells[0])]
                skip_cell = None if named(first) else first
            current = Section(found.kind, row, [_margin(row, found.end)] if found.rail else [])
            sections.append(current)
            continue
        if skip_cell is not None:
            # The second line of a two-line margin heading.
            if len(row.cells) > 1:
                current.rows.append(_margin(row, row.cells[0][1]))
            skip_cell = None
            continue
        inline = _inline(row, current)
        if inline:
            kind, end = inline
            start, _ = cut(row.text, end, len(row.text))
            cells = tuple((max(a, start), b) for a, b in row.cells if b > start)
            current = Section(kind, row, [replace(row, body=start, cells=cells, bullet=False)])
            sections.append(current)
            continue
        current = _resumed(row, before, current, sections) or current
        current.rows.append(row)
    return sections


def _resumed(
    row: Row, before: Row | None, current: Section, sections: list[Section]
) -> Section | None:
    """Return the section that goes on at the top of a page, in another column than before."""
    if before is None or row.page != before.page + 1 or row.x1 <= row.x0:
        return None
    if current.heading is None or abs(row.x0 - current.heading.x0) <= 60:
        return None
    for section in sections[:-60:-1]:
        if section.heading is not None and abs(section.heading.x0 - row.x0) < 20:
            return section
    return None


def _accepted(
    found: _Candidate,
    sure: set[_Look],
    current: Section,
) -> bool:
    row = found.row
    if found.rail:
        if current.kind == "skills" and found.kind in {"skills", "languages"}:
            # "Languages | Python, R" in a skill table names a row of it.
            return found.kind == "languages" and speaks(row.folded[found.end :])
        return not sure or not _weaker(found.look, sure)
    if _weaker(found.look, sure):
        return _label_line(found, current) or _large(found, sure)
    size, bold, capital = found.look
    if not found.exact:
        distinct = found.look in sure or ((bold or capital or row.heading) and bool(sure))
        return distinct or (not sure and (bold or capital))
    if found.kind in _SURE or bold or capital or (found.look in sure and size):
        return True
    # A page without type sizes: a lower word in a list is not a heading.
    return current.kind not in {"skills", "interests"} or taxonomy.exact(row.content) is None


def _label_line(found: _Candidate, current: Section) -> bool:
    """Say whether "Languages:" alone on its line, in a list of skills, opens what it names."""
    if not found.row.content.endswith(":") or not found.exact or found.beneath is None:
        return False
    if current.kind not in {"skills", "languages", "other", "certifications", "interests"}:
        return False
    if found.kind == "languages":
        return speaks(found.beneath.folded)
    return found.kind in {"interests", "certifications", "other", "references"} - {current.kind}


def _large(found: _Candidate, sure: set[_Look]) -> bool:
    """Say whether a main heading is only in other letters than the rest: as large and as bold."""
    size, bold, _ = found.look
    return (
        found.exact
        and found.kind in _SURE
        and found.beneath is not None
        and found.row.size > found.beneath.size + 1
        and any(abs(other[0] - size) <= 1 and other[1] == bold for other in sure)
    )


def _inline(row: Row, current: Section) -> tuple[str, int] | None:
    """Read "Languages: English, French" as a heading with its content on the same row."""
    label = _LABEL.match(row.text, row.body)
    if not label or current.kind in _KEEPS_LABELS:
        if not (label and (row.bold or _capital(label[1])) and _capital(label[1])):
            return None
        if current.kind == HEADER and len(label[1]) < 4:
            return None
    assert label is not None  # noqa: S101 - narrowed above
    kind = named(label[1])
    if kind is None or kind not in _INLINE | ({"personal"} if current.kind == HEADER else set()):
        return None
    if kind == "personal":
        return None
    if current.kind == "skills" and kind in {"skills", "languages", "interests"}:
        return None
    if current.kind == kind:
        return None
    return kind, label.end()


def from_name(sections: list[Section], start: int) -> list[Section]:
    """Return the sections with a new header section where the name stands in another one's rows.

    A sidebar read first ends where the main column begins with the name. ``start`` is the
    name's offset in the text.
    """
    parted: list[Section] = []
    for section in sections:
        at = next(
            (
                i
                for i, row in enumerate(section.rows)
                if row.start <= start < row.start + len(row.text)
            ),
            None,
        )
        apart = section.kind not in {HEADER, "personal", "summary", "references"}
        if at is None or not apart:
            parted.append(section)
            continue
        parted.append(Section(section.kind, section.heading, section.rows[:at]))
        parted.append(Section(HEADER, None, section.rows[at:]))
    return parted
