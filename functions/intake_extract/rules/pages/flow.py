"""Pages put together: columns that go on over pages, running heads, the name on top."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import median
from typing import Any

from functions.intake_extract.rules.pages.layout import Column, Zone, read_page
from functions.intake_extract.rules.pages.lines import Block, Line
from functions.intake_extract.rules.pages.segments import Segment
from shared.models.text import TextLine

_EDGE_OF_PAGE = 0.1
"""Running heads stand within this share of the page's height from its top or bottom."""
_SAME_COLUMN = 14.0
_NAME_SIZE = 1.25
"""A name on top is at least this much larger than the usual text."""
_LONGEST_BANNER = 6


@dataclass(slots=True)
class Page:
    """The upright and the rotated text of one page."""

    number: int
    height: float
    segments: list[Segment]
    turned: list[Segment]
    """Rotated text, in content-stream order."""


@dataclass(slots=True)
class PlacedBlock:
    """A block with the pages on which its lines stand."""

    lines: list[tuple[int, Line]]


@dataclass(slots=True)
class _Flow:
    """A column as it goes on over pages."""

    x0: float
    x1: float
    blocks: list[PlacedBlock]


def in_reading_order(pages: Sequence[Page]) -> list[PlacedBlock]:
    """Return all blocks of a document in reading order.

    A sidebar that goes on over several pages is read to its end before the
    column beside it goes on. A line repeated at the edge of several pages is
    kept once, at the end; so is rotated text.
    """
    heads = _take_running_heads(pages)
    read: list[PlacedBlock] = []
    flows: list[_Flow] = []

    def flush() -> None:
        for flow in flows:
            read.extend(flow.blocks)
        flows.clear()

    first = True
    for page in pages:
        zones = read_page(page.segments)
        if first and zones:
            first = False
            banner = _lift_banner(zones[0])
            if banner is not None:
                read.append(_placed(banner, page.number))
        for index, zone in enumerate(zones):
            if index > 0 or not _goes_on(flows, zone, page.number):
                flush()
                flows.extend(_Flow(column.x0, column.x1, []) for column in zone.columns)
                for flow, column in zip(flows, zone.columns, strict=True):
                    flow.blocks.extend(_placed(block, page.number) for block in column.blocks)
    flush()
    read.extend(heads)
    read.extend(
        PlacedBlock([(page.number, Line([segment])) for segment in page.turned])
        for page in pages
        if page.turned
    )
    return read


def numbered(blocks: Sequence[PlacedBlock]) -> tuple[list[TextLine], list[tuple[int, Any]]]:
    """Return the lines with block numbers, and for each its page and parts."""
    lines, boxes = [], []
    for number, block in enumerate(blocks):
        for page, line in block.lines:
            lines.append(
                TextLine(
                    text=line.text,
                    page=page,
                    block=number,
                    x0=round(line.x0, 1),
                    y0=round(line.top, 1),
                    x1=round(line.x1, 1),
                    y1=round(line.bottom, 1),
                    size=max(0.0, line.size),
                    bold=line.bold,
                )
            )
            boxes.append((page, line.parts))
    return lines, boxes


def _placed(block: Block, page: int) -> PlacedBlock:
    return PlacedBlock([(page, line) for line in block.lines])


def _goes_on(flows: list[_Flow], zone: Zone, page: int) -> bool:
    """Append a page's first zone to the columns that the last page ended with, if it fits."""
    if len(flows) < 2:
        return False
    homes = []
    for column in zone.columns:
        home = [
            flow
            for flow, edge in zip(flows, _right_edges(flows), strict=True)
            if column.x0 >= flow.x0 - _SAME_COLUMN
            and (
                column.x1 <= flow.x1 + _SAME_COLUMN
                or (column.x0 <= flow.x0 + _SAME_COLUMN and column.x1 < edge)
            )
        ]
        others = [
            flow
            for flow in flows
            if flow not in home and flow.x0 < column.x1 - 1 and column.x0 + 1 < flow.x1
        ]
        if len(home) != 1 or others or home[0] in homes:
            return False
        homes.append(home[0])
    for column, flow in zip(zone.columns, homes, strict=True):
        for block in column.blocks:
            placed = _placed(block, page)
            if block is column.blocks[0] and not block.apart and flow.blocks:
                flow.blocks[-1].lines.extend(placed.lines)
            else:
                flow.blocks.append(placed)
    return True


def _right_edges(flows: Sequence[_Flow]) -> list[float]:
    """Return for each column how far it may reach where its lines are longer: to the next one."""
    return [min((other.x0 for other in flows if other.x0 > flow.x1), default=inf) for flow in flows]


def _lift_banner(zone: Zone) -> Block | None:
    """Take the name and what belongs to it off the top of a column that is not read first."""
    if len(zone.columns) < 2:
        return None
    lines = [line for column in zone.columns for line in column.lines]
    usual = median(line.size for line in lines)
    largest = max(lines, key=lambda line: (round(line.size, 1), -line.top))
    home = next(column for column in zone.columns if any(line is largest for line in column.lines))
    at = next(index for index, line in enumerate(home.lines) if line is largest)
    if home is zone.columns[0] or at > 2 or largest.size < _NAME_SIZE * usual:
        return None
    head = home.lines[: at + _LONGEST_BANNER + 1]
    gaps = [(head[below].top - head[below - 1].bottom, below) for below in range(at + 1, len(head))]
    banner = head[: max(gaps)[1]] if gaps else head
    _drop(home, len(banner))
    if not home.blocks:
        zone.columns.remove(home)
    return Block(banner)


def _drop(column: Column, count: int) -> None:
    """Take the first lines off a column."""
    while count and column.blocks:
        block = column.blocks[0]
        taken = min(count, len(block.lines))
        del block.lines[:taken]
        count -= taken
        if not block.lines:
            column.blocks.pop(0)


def _take_running_heads(pages: Sequence[Page]) -> list[PlacedBlock]:
    """Take what repeats at the edges of pages out of them; return one copy of each.

    What stands at the top of the first page stays there: it is the letterhead.
    """
    places: dict[tuple[str, int], list[tuple[Page, Segment]]] = defaultdict(list)
    for page in pages:
        for segment in page.segments:
            edge = min(segment.top, page.height - segment.bottom)
            if edge <= _EDGE_OF_PAGE * page.height:
                key = re.sub(r"\d+", "#", segment.text)
                places[(key, round(segment.base / 8))].append((page, segment))
    heads = []
    for found in places.values():
        if len({page.number for page, _ in found}) < 2:
            continue
        page, segment = found[0]
        letterhead = page is pages[0] and segment.top < page.height / 2
        if not letterhead:
            heads.append((page.number, segment))
        for place, repeated in found[1:] if letterhead else found:
            place.segments.remove(repeated)
    heads.sort(key=lambda head: (head[0], head[1].base, head[1].x0))
    return [PlacedBlock([(number, Line([segment]))]) for number, segment in heads]
