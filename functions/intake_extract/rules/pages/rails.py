"""Labels and dates in the left margin, read together with the text beside them."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from functions.intake_extract.rules.characters import DASHES, date_goes_on, is_date
from functions.intake_extract.rules.pages.gutters import Gutter
from functions.intake_extract.rules.pages.lines import Block, Line, rows_of
from functions.intake_extract.rules.pages.segments import Segment, beside, same_row

_FEWEST_ROWS = 3
_MOSTLY = 0.7


def with_labels(gutter: Gutter, blocks: Sequence[Block]) -> list[Block]:
    """Put what stands on the left of a gutter to the blocks read on its right.

    A date goes on the row of its entry; a label comes before its text, as a
    block of its own. A label beside table cells stays on their row, and so do
    all labels of a table of two columns.
    """
    labels = _labels(gutter)
    table = _is_table(labels, gutter.right)
    return [block for block in _tied(labels, blocks, table) if block.lines]


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
    if last.text.endswith(DASHES) or date_goes_on(last.text, line.text):
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


def _is_table(labels: Sequence[list[Line]], right: Sequence[Segment]) -> bool:
    """Whether labels and what they are about are the two cells of rows, one line high each."""
    rows = rows_of(right)
    if sum(label[0].text.isupper() for label in labels) > 0.5 * len(labels):
        return all(row.text.isupper() for row in rows)
    heights = []
    for index, label in enumerate(labels):
        end = labels[index + 1][0].base if index + 1 < len(labels) else inf
        beside_it = [row for row in rows if label[0].top <= row.base < end - 1]
        if beside_it and _is_cell(label, beside_it[0]):
            heights.append(len(beside_it))
    return len(heights) >= _FEWEST_ROWS and heights.count(1) >= _MOSTLY * len(heights)


def _is_cell(label: list[Line], line: Line) -> bool:
    """Whether a label is a cell on the row of a line, and no heading beside it.

    A bold one is where the line is bold, as in a head row, or has cells itself.
    """
    first = label[0]
    alike = not first.bold or line.bold or "\t" in line.text
    plain = alike and first.size <= line.size + 0.3
    return (
        len(label) == 1
        and (plain or first.text.endswith(":"))
        and not is_date(first.text)
        and same_row(first.parts[0], line.parts[0])
    )


def _tied(labels: list[list[Line]], blocks: Sequence[Block], table: bool) -> list[Block]:
    tied: list[Block] = []
    pending = list(labels)
    for block in blocks:
        current = Block([], apart=block.apart)
        for line in block.lines:
            while pending and pending[0][0].base <= line.base + 0.35 * max(
                line.size, pending[0][0].size
            ):
                label = pending.pop(0)
                line, current = _tie(label, line, current, tied, table)
            current.lines.append(line)
        tied.append(current)
    tied.extend(Block(label, apart=True) for label in pending)
    return tied


def _tie(
    label: list[Line], line: Line, current: Block, tied: list[Block], table: bool
) -> tuple[Line, Block]:
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
    if (cells and same_row(label[0].parts[0], line.parts[0])) or (table and _is_cell(label, line)):
        return Line([*label[0].parts, *line.parts]), current
    tied.append(current)
    tied.append(Block(label, apart=True))
    return line, Block([], apart=True)


def _dates(label: list[Line]) -> list[Line]:
    """Return the leading lines of a label that are one date, which may go on in further lines."""
    dates: list[Line] = []
    for index, line in enumerate(label):
        above = dates[-1].text if dates else ""
        below = label[index + 1].text if index + 1 < len(label) else ""
        goes_on = above.endswith(DASHES) or date_goes_on(above, line.text)
        if not (is_date(line.text) or goes_on or date_goes_on(line.text, below)):
            break
        dates.append(line)
    return dates
