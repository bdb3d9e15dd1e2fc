"""Tables: rows of three cells and more that share their edges, drawn one row after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

from functions.intake_extract.rules.pages.segments import Segment, same_row

_FEWEST_COLUMNS = 3
_FEWEST_ROWS = 2
_PAIRED = 4
_SAME_EDGE = 2.0
_FARTHEST = 6.0
"""The next row begins at most so many em below."""
_SINGLE = 1.6
"""A cell goes on at most so many em below."""
_LONGEST_CELL = 3
"""A cell of more lines is read as text below its row."""


@dataclass(slots=True)
class TableRow:
    """The cells of a row, each with its lines."""

    cells: list[list[Segment]]

    @property
    def order(self) -> int:
        """Where in the content stream the last cell begins."""
        return max(cell[0].order for cell in self.cells)

    @property
    def segments(self) -> list[Segment]:
        """All lines of all cells."""
        return [segment for cell in self.cells for segment in cell]

    @property
    def rows(self) -> list[list[Segment]]:
        """The row as it is read: short cells whole, the lines of long ones below."""
        head: list[Segment] = []
        below: list[list[Segment]] = []
        for cell in self.cells:
            whole = len(cell) <= _LONGEST_CELL and not cell[-1].begins_with_bullet
            head.extend(cell if whole else cell[:1])
            below.extend([] if whole else ([line] for line in cell[1:]))
        return [head, *below]


@dataclass(slots=True)
class Table:
    """Consecutive rows that share their columns."""

    rows: list[TableRow] = field(default_factory=list)

    @property
    def read(self) -> list[list[Segment]]:
        """The rows as they are read; of two labels with their lists each on a row of its own."""
        if self._is_paired:
            halves = [half for row in self.rows for half in (row.cells[:2], row.cells[2:])]
            return [line for half in halves for line in TableRow(half).rows]
        return [line for row in self.rows for line in row.rows]

    @property
    def _is_paired(self) -> bool:
        """Whether the first and the third cell of each row are labels of the cells behind them."""
        if any(len(row.cells) != _PAIRED for row in self.rows):
            return False
        labels = [cell[0] for row in self.rows for cell in row.cells[::2]]
        lists = [cell[0] for row in self.rows for cell in row.cells[1::2]]
        if all(label.bold for label in labels) and not any(cell.bold for cell in lists):
            return True
        return not any("," in label.text for label in labels) and (
            2 * sum("," in cell.text for cell in lists) >= len(lists)
        )

    @property
    def segments(self) -> list[Segment]:
        """All lines of all cells."""
        return [segment for row in self.rows for segment in row.segments]

    @property
    def top(self) -> float:
        """Top edge."""
        return min(segment.top for segment in self.rows[0].segments)

    @property
    def bottom(self) -> float:
        """Bottom edge."""
        return max(segment.bottom for segment in self.segments)


def find_tables(segments: Sequence[Segment]) -> list[Table]:
    """Return the tables of a region, from top to bottom.

    Rows of independent columns may share their edges too; those are drawn
    column by column, a table row by row.
    """
    tables: list[Table] = []
    open_table: Table | None = None
    for row in _rows(segments):
        last = open_table.rows[-1] if open_table else None
        if last is not None and _goes_on(last, row):
            continue
        if open_table and last is not None and _follows(last, row):
            open_table.rows.append(TableRow([[cell] for cell in row]))
        elif len(row) >= _FEWEST_COLUMNS:
            open_table = Table([TableRow([[cell] for cell in row])])
            tables.append(open_table)
        else:
            open_table = None
    return [table for table in tables if len(table.rows) >= _FEWEST_ROWS]


def _rows(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Return what stands level, from top to bottom and from left to right."""
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda segment: segment.base):
        if rows and same_row(rows[-1][0], segment):
            rows[-1].append(segment)
        else:
            rows.append([segment])
    for row in rows:
        row.sort(key=lambda segment: segment.x0)
    return rows


def _follows(last: TableRow, row: Sequence[Segment]) -> bool:
    """Whether a row shares at least three columns with the one above and is drawn after it."""
    if len(row) < _FEWEST_COLUMNS or min(cell.order for cell in row) <= last.order:
        return False
    if row[0].base - last.segments[-1].base > _FARTHEST * row[0].size:
        return False
    shared = sum(any(_one_column(cell[0], other) for cell in last.cells) for other in row)
    return shared >= _FEWEST_COLUMNS


def _one_column(a: Segment, b: Segment) -> bool:
    """Whether two cells are aligned left, right or centred."""
    left, right = a.x0 - b.x0, a.x1 - b.x1
    return min(abs(left), abs(right), abs(left + right) / 2) <= _SAME_EDGE


def _goes_on(row: TableRow, segments: Sequence[Segment]) -> bool:
    """Add a line to the cells of the row above it where each piece goes on with one of them.

    It does where it is drawn before the next cell; behind the last cell, where
    it has the face of that cell and is not the first column.
    """
    homes: list[list[Segment]] = []
    for segment in segments:
        for index, (cell, beside) in enumerate(pairwise([*row.cells, []])):
            above = cell[-1]
            ends = beside[0].x0 if beside else inf
            drawn = segment.order < beside[0].order if beside else index > 0
            if (
                drawn
                and segment.order > above.order
                and _one_column(above, segment)
                and segment.x1 <= ends
                and segment.base - above.base <= _SINGLE * segment.size
                and above.bold == segment.bold
                and abs(above.size - segment.size) < 0.3
            ):
                homes.append(cell)
                break
    if len(homes) < len(segments):
        return False
    for cell, segment in zip(homes, segments, strict=True):
        cell.append(segment)
    return True
