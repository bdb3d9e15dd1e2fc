"""Rows of a page: segments side by side, and where a row goes on below itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from functions.intake_extract.rules.characters import DASHES, date_goes_on, is_date
from functions.intake_extract.rules.pages.segments import Segment, dominant, same_row

_CELL_GAP = 1.1
"""From this gap on, in em, two parts of a row are parted by a tab."""
_SINGLE = 1.45
"""Lines of one cell follow each other at most so many em apart."""


@dataclass(slots=True)
class Line:
    """One row of text; points from the page's top left corner."""

    parts: list[Segment]

    @property
    def text(self) -> str:
        """The parts, joined by a tab where the gap is wide."""
        text = self.parts[0].text
        for last, part in pairwise(self.parts):
            gap = part.x0 - last.x1
            size = max(last.size, part.size)
            apart = gap > _CELL_GAP * size + 2 * min(last.tracking, part.tracking) or gap < -size
            dated = is_date(last.text)
            open_end = dated and last.text.endswith(DASHES)
            joined = open_end or _under(last, part)
            text += ("\t" if (apart or dated) and not joined else " ") + part.text
        return text

    @property
    def x0(self) -> float:
        """Left edge."""
        return min(part.x0 for part in self.parts)

    @property
    def x1(self) -> float:
        """Right edge."""
        return max(part.x1 for part in self.parts)

    @property
    def top(self) -> float:
        """Top edge."""
        return min(part.top for part in self.parts)

    @property
    def bottom(self) -> float:
        """Bottom edge."""
        return max(part.bottom for part in self.parts)

    @property
    def base(self) -> float:
        """Baseline of the first part."""
        return self.parts[0].base

    @property
    def _telling(self) -> list[Segment]:
        """The parts whose look tells what the line is: a date beside a title does not."""
        return [part for part in self.parts if not is_date(part.text)] or self.parts

    @property
    def size(self) -> float:
        """Font size of most characters, dates aside."""
        return dominant([(part.size, len(part.text)) for part in self._telling])

    @property
    def bold(self) -> bool:
        """Whether most characters are bold, dates aside."""
        bold = sum(len(part.text) for part in self._telling if part.bold)
        return 2 * bold > sum(len(part.text) for part in self._telling)


@dataclass(slots=True)
class Block:
    """Lines that follow each other in one column or cell."""

    lines: list[Line]
    apart: bool = False
    """The layout breaks before it: another column, a label beside its text."""


def rows_of(segments: Sequence[Segment]) -> list[Line]:
    """Join segments on one row into lines, from top to bottom."""
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda segment: segment.base):
        for row in reversed(rows[-4:]):
            if any(same_row(part, segment) for part in row) and not any(
                part.x0 < segment.x1 and segment.x0 < part.x1 for part in row
            ):
                row.append(segment)
                break
        else:
            rows.append([segment])
    for row in rows:
        row.sort(key=lambda part: part.x0)
    return [Line(row) for row in rows]


def _under(above: Segment, below: Segment) -> bool:
    """Whether a segment goes on with another one line further down."""
    size = max(above.size, below.size)
    return (
        0.5 * size < below.base - above.base <= _SINGLE * size
        and above.x0 < below.x1
        and below.x0 < above.x1
    )


def with_wrapped_cells(rows: Sequence[Line]) -> list[Line]:
    """Join a row whose date breaks off with the row below that finishes it, cell by cell.

    The cell before the date goes on below where the next word would not have
    fitted beside the date; else that word begins a row of its own.
    """
    joined: list[Line] = []
    for row in rows:
        if not (joined and _wraps(joined[-1].parts, row.parts)):
            joined.append(row)
            continue
        *cells, date = joined[-1].parts
        *rest, end = row.parts
        if rest and _fills(cells[-1], rest[0], min(date.x0, end.x0)):
            joined[-1] = Line([*cells, *rest, date, end])
        else:
            joined[-1] = Line([*cells, date, end])
            if rest:
                joined.append(Line(rest))
    return joined


def _wraps(above: Sequence[Segment], below: Sequence[Segment]) -> bool:
    return (
        len(above) >= 2
        and len(below) <= 2
        and _under(above[-1], below[-1])
        and date_goes_on(above[-1].text, below[-1].text)
    )


def _fills(cell: Segment, below: Segment, edge: float) -> bool:
    """Whether a cell goes on below since its next word would not have fitted before an edge."""
    word = below.words[0]
    return (
        _under(cell, below)
        and abs(cell.x0 - below.x0) < 2
        and cell.bold == below.bold
        and abs(cell.size - below.size) < 0.3
        and cell.x1 + (word.x1 - word.x0) + 0.25 * cell.size > edge - _CELL_GAP * cell.size
    )
