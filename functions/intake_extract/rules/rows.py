"""Lines of formats that flow, without pages: how they are gathered, and how they become text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from functions.intake_extract.rules.characters import is_date
from functions.intake_extract.rules.limits import ExtractLimits
from shared.models.text import ExtractedText, PageLink, TextLine

_LINK = re.compile(r'HYPERLINK\s+(?:\\[a-z]\s+)*(?:"([^"]+)"|([^\s"\\]\S*))', re.IGNORECASE)
_LINKS = 2_000
_LONGEST = 100_000
"""Characters of one line; nobody's paragraph is as long."""


@dataclass(slots=True)
class Row:
    """One line of text with its look."""

    text: str = ""
    faces: Counter[tuple[float, bool]] = field(default_factory=Counter)
    heading: bool = False
    indent: float = 0.0
    links: list[tuple[str, str]] = field(default_factory=list)

    @property
    def look(self) -> tuple[float, bool]:
        """Size and boldness of most characters."""
        return self.faces.most_common(1)[0][0] if self.faces else (0.0, False)

    def write(self, text: str, size: float, *, bold: bool, url: str | None = None) -> None:
        """Append text of one look, below a link if there is one."""
        if len(self.text) > _LONGEST:
            return
        self.text += text.replace("\n", " ")
        visible = len(text) - text.count(" ")
        if visible:
            self.faces[(size, bold)] += visible
        if url:
            if self.links and self.links[-1][0] == url:
                self.links[-1] = (url, self.links[-1][1] + text)
            else:
                self.links.append((url, text))


Block = list[Row]


def text_of(media_type: str, blocks: Sequence[Block], limits: ExtractLimits) -> ExtractedText:
    """Return blocks as the text of one page, what is beyond the limits left out with a warning.

    The language is still undecided.
    """
    lines: list[TextLine] = []
    links: list[PageLink] = []
    warnings = []
    budget = limits.max_chars
    for number, block in enumerate(blocks):
        for row in block:
            budget -= len(row.text) + 1
            if budget < 0:
                break
            size, bold = row.look
            links.extend(
                PageLink(url=url, page=1, text=text, line=len(lines)) for url, text in row.links
            )
            lines.append(
                TextLine(
                    text=row.text,
                    page=1,
                    block=number,
                    x0=round(row.indent, 1),
                    size=size,
                    bold=bold,
                    heading=row.heading,
                )
            )
    if budget < 0:
        warnings.append(f"text beyond {limits.max_chars} characters was left out")
    if len(links) > _LINKS:
        warnings.append(f"links beyond the first {_LINKS} were left out")
    return ExtractedText(
        media_type=media_type,
        page_count=1,
        lines=tuple(lines),
        links=tuple(links[:_LINKS]),
        warnings=tuple(warnings),
    )


def _join(rows: Sequence[Row]) -> Row:
    faces: Counter[tuple[float, bool]] = Counter()
    for row in rows:
        faces.update(row.faces)
    return Row(
        text="\t".join(row.text for row in rows),
        faces=faces,
        heading=all(row.heading for row in rows),
        indent=rows[0].indent,
        links=[link for row in rows for link in row.links],
    )


def field_url(code: str) -> str | None:
    """Return the address in the code of a field, None when it is no link."""
    found = _LINK.search(code)
    if found is None:
        return None
    return (found.group(1) or found.group(2) or "").strip()[:2_048] or None


def table_row(cells: Sequence[list[Block]], blocks: list[Block]) -> None:
    """Append a row of a table to blocks: one line with tabs if each cell is one, else cell by cell.

    ``blocks`` is not empty; empty cells are left out.
    """
    filled = [cell for cell in cells if cell]
    joined = one_row(filled)
    if joined is not None:
        blocks[-1].append(joined)
        return
    blocks.extend(block for cell in dated(filled) for block in cell)
    blocks.append([])


def one_row(cells: list[list[Block]]) -> Row | None:
    """Join the cells of a row into one line when each of them is one line."""
    rows = [[row for block in cell for row in block] for cell in cells]
    if not rows or any(len(cell) != 1 for cell in rows):
        return None
    return _join([cell[0] for cell in rows])


def dated(cells: list[list[Block]]) -> list[list[Block]]:
    """Put a cell that holds only a date on the first line of the cell beside it."""
    if len(cells) != 2:
        return cells
    for date, entry, first in ((cells[0], cells[1], True), (cells[1], cells[0], False)):
        lines = [row for block in date for row in block]
        if len(lines) == 1 and is_date(lines[0].text):
            head = entry[0][0]
            joined = _join([lines[0], head] if first else [head, lines[0]])
            return [[[joined, *entry[0][1:]], *entry[1:]]]
    return cells
