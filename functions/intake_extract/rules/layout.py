"""The column reader: segments of a page in the order in which a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from functions.intake_extract.rules.characters import is_date
from functions.intake_extract.rules.gutters import (
    Gutter,
    Kind,
    beside,
    find_gutters,
    same_row,
)
from functions.intake_extract.rules.segments import Segment, dominant

_CELL_GAP = 1.1
"""From this gap on, in em, two parts of a row are parted by a tab."""
_DASHES = ("-", "–", "—")
_DEEPEST = 8
_FEWEST_IN_COLUMN = 3
_MOST_SEGMENTS = 600
"""A dense page has 150. Beyond this the search would take long and find nothing."""


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
            open_end = dated and last.text.endswith(_DASHES)
            text += ("\t" if (apart or dated) and not open_end else " ") + part.text
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
                inner = _with_rail(gutter, depth)
                after = _blocks(below, depth + 1)
            return [*_blocks(above, depth + 1), *inner, *after]
    return [Block(rows_of(segments))]


def _with_rail(gutter: Gutter, depth: int) -> list[Block]:
    """Read labels or dates in the left margin together with the text beside them.

    A date goes on the row of its entry; a label comes before its text, as a
    block of its own. A label beside table cells stays on their row.
    """
    blocks = _blocks(gutter.right, depth + 1)
    return [block for block in _tied(_labels(gutter), blocks) if block.lines]


def _labels(gutter: Gutter) -> list[list[Line]]:
    """Group the lines of the rail into labels, and dates with the place that stands below them."""
    labels: list[list[Line]] = []
    for line in rows_of(gutter.left):
        if labels and _belongs(labels[-1], line, gutter.right):
            labels[-1].append(line)
        else:
            labels.append([line])
    return labels


def _belongs(label: list[Line], line: Line, right: Sequence[Segment]) -> bool:
    """Whether a line of the rail goes on with what stands above it."""
    last = label[-1]
    if line.base - last.base > 1.75 * line.size:
        return False
    if last.text.endswith(_DASHES):
        return True
    if is_date(label[0].text) and not is_date(line.text):
        return line.bold == last.bold and line.size <= last.size + 0.3
    if is_date(label[0].text) != is_date(line.text):
        return False
    on_row = any(same_row(line.parts[0], other) for other in right)
    return not on_row or (not is_date(line.text) and _continues(last, line))


def _continues(last: Line, line: Line) -> bool:
    """Whether a label goes on in the next line: same face, single line spacing."""
    return (
        line.base - last.base <= 1.45 * line.size
        and last.bold == line.bold
        and abs(last.size - line.size) < 0.3
    )


def _tied(labels: list[list[Line]], blocks: list[Block]) -> list[Block]:
    tied: list[Block] = []
    pending = list(labels)
    for block in blocks:
        current = Block([], apart=block.apart)
        for line in block.lines:
            while pending and pending[0][0].base <= line.base + 0.35 * max(
                line.size, pending[0][0].size
            ):
                label = pending.pop(0)
                line, current = _tie(label, line, current, tied)
            current.lines.append(line)
        tied.append(current)
    tied.extend(Block(label, apart=True) for label in pending)
    return tied


def _tie(label: list[Line], line: Line, current: Block, tied: list[Block]) -> tuple[Line, Block]:
    """Put one label before a line, or on it; return the line and the block that goes on."""
    dates = _dates(label)
    parts = [part for row in dates for part in row.parts]
    if dates and (same_row(parts[0], line.parts[0]) or beside(parts[0], line.parts[0])):
        places = label[len(dates) :]
        dated = Line([*parts, *line.parts])
        if not places:
            return dated, current
        current.lines.append(dated)
        current.lines.extend(places[:-1])
        return places[-1], current
    cells = line.text.count("\t") >= 2 and len(label) == 1 and not label[0].bold
    if cells and same_row(label[0].parts[0], line.parts[0]):
        return Line([*label[0].parts, *line.parts]), current
    tied.append(current)
    tied.append(Block(label, apart=True))
    return line, Block([], apart=True)


def _dates(label: list[Line]) -> list[Line]:
    """Return the leading lines of a label that are one date, which may go on after a dash."""
    dates: list[Line] = []
    for line in label:
        open_end = bool(dates) and dates[-1].text.endswith(_DASHES)
        if not is_date(line.text) and not open_end:
            break
        dates.append(line)
    return dates
