"""The column reader: segments of a page in the order in which a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from functions.intake_extract.rules.pages.gutters import Gutter, Kind, find_gutters
from functions.intake_extract.rules.pages.lines import Block, Line, rows_of, with_wrapped_cells
from functions.intake_extract.rules.pages.rails import with_labels
from functions.intake_extract.rules.pages.segments import Segment, same_row
from functions.intake_extract.rules.pages.tables import find_tables

_DEEPEST = 8
_FEWEST_IN_COLUMN = 3
_MOST_SEGMENTS = 600
"""A dense page has 150. Beyond this the search would take long and find nothing."""


@dataclass(slots=True)
class Column:
    """A part of the page that is read from top to bottom."""

    blocks: list[Block] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        """All lines, top to bottom."""
        return [line for block in self.blocks for line in block.lines]

    @property
    def x0(self) -> float:
        """Left edge."""
        return min(line.x0 for line in self.lines)

    @property
    def x1(self) -> float:
        """Right edge."""
        return max(line.x1 for line in self.lines)


@dataclass(slots=True)
class Zone:
    """A band of the page with one column, or several side by side."""

    columns: list[Column]


def read_page(segments: Sequence[Segment]) -> list[Zone]:
    """Return the zones of one page from top to bottom.

    A page with more pieces than any résumé has comes in the order of its
    content stream, which most programs write in reading order.
    """
    if not segments:
        return []
    if len(segments) > _MOST_SEGMENTS:
        return [Zone([Column([Block(_as_drawn(segments))])])]
    gutter = _column_gutter(segments)
    if gutter is None:
        return [Zone([Column(_joined(_blocks(segments, 0)))])]
    above, below = _outside(segments, gutter)
    columns = [Column(_joined(_blocks(side, 1))) for side in _sides(gutter)]
    return [*read_page(above), Zone(columns), *read_page(below)]


def _as_drawn(segments: Sequence[Segment]) -> list[Line]:
    """Join consecutive segments on one row into lines, in content-stream order."""
    lines: list[Line] = []
    for segment in segments:
        last = lines[-1].parts[-1] if lines else None
        if last is not None and same_row(last, segment) and last.x1 <= segment.x0:
            lines[-1].parts.append(segment)
        else:
            lines.append(Line([segment]))
    return lines


def _joined(blocks: list[Block]) -> list[Block]:
    """Join blocks between which the layout does not break."""
    joined: list[Block] = []
    for block in blocks:
        if joined and not block.apart:
            joined[-1].lines.extend(block.lines)
        elif block.lines:
            joined.append(block)
    return joined


def _begun(blocks: list[Block]) -> list[Block]:
    """Mark that the layout breaks before the first of these blocks."""
    if blocks:
        blocks[0].apart = True
    return blocks


def _column_gutter(segments: Sequence[Segment]) -> Gutter | None:
    for gutter in find_gutters(segments):
        if (
            gutter.kind is Kind.COLUMNS
            and min(len(gutter.left), len(gutter.right)) >= _FEWEST_IN_COLUMN
        ):
            return gutter
    return None


def _sides(gutter: Gutter) -> list[Sequence[Segment]]:
    """Return the columns that a gutter parts; the right side may hold further ones."""
    further = _column_gutter(gutter.right)
    if further is not None and len(further.left) + len(further.right) == len(gutter.right):
        return [gutter.left, *_sides(further)]
    return [gutter.left, gutter.right]


def _outside(segments: Sequence[Segment], gutter: Gutter) -> tuple[list[Segment], list[Segment]]:
    inside = {id(segment) for segment in (*gutter.left, *gutter.right)}
    middle = (gutter.top + gutter.bottom) / 2
    rest = [segment for segment in segments if id(segment) not in inside]
    return (
        [segment for segment in rest if segment.middle < middle],
        [segment for segment in rest if segment.middle >= middle],
    )


def _blocks(segments: Sequence[Segment], depth: int) -> list[Block]:
    """Read one region, cutting it further where it holds columns or a rail of its own."""
    if not segments:
        return []
    if depth < _DEEPEST:
        for table in find_tables(segments):
            top, bottom = table.top, table.bottom
            above = [segment for segment in segments if segment.middle < top]
            below = [segment for segment in segments if segment.middle > bottom]
            if len(above) + len(table.segments) + len(below) == len(segments):
                rows = [Line(parts) for parts in table.read]
                return [*_blocks(above, depth + 1), Block(rows), *_blocks(below, depth + 1)]
        gutters = find_gutters(segments)
        for gutter in gutters:
            few = min(len(gutter.left), len(gutter.right)) < _FEWEST_IN_COLUMN
            if gutter.kind is Kind.ROWS or (few and gutter.kind is Kind.COLUMNS):
                continue
            above, below = _outside(segments, gutter)
            if gutter.kind is Kind.COLUMNS:
                inner = [
                    *_begun(_blocks(gutter.left, depth + 1)),
                    *_begun(_blocks(gutter.right, depth + 1)),
                ]
                after = _begun(_blocks(below, depth + 1))
            else:
                inner = with_labels(gutter, _blocks(gutter.right, depth + 1))
                after = _blocks(below, depth + 1)
            return [*_blocks(above, depth + 1), *inner, *after]
    return [Block(with_wrapped_cells(rows_of(segments)))]
