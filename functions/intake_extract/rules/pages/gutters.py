"""White gutters between text that stands side by side, and what they part.

A gutter found on a résumé parts either two columns, each to be read to its
end before the other, or one row of text from the next thing on the same row:
dates in a margin, dates flushed right, labels beside their section, a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from statistics import median

from functions.intake_extract.rules.characters import is_date
from functions.intake_extract.rules.pages.headings import Headings
from functions.intake_extract.rules.pages.segments import Segment, beside, same_row
from functions.intake_extract.rules.pages.tables import find_tables

_NARROWEST = 0.55
"""A gutter is at least this wide, in multiples of the usual font size."""
_SAME_EDGE = 2.0
_FEWEST_LABELS = 3
_LONGEST_LABEL = 3
_CELL = 10.0
"""A line narrower than so many em may be a cell of a table."""


class Kind(Enum):
    """What a gutter parts."""

    COLUMNS = "columns"
    RAIL = "rail"
    """Labels or dates in the left margin, each belonging to the text beside it."""
    ROWS = "rows"
    """Parts of one row: right-flushed dates, table cells."""


@dataclass(frozen=True)
class Gutter:
    """A white strip and the segments that it parts."""

    x: float
    """Where the right side begins, in points."""
    top: float
    bottom: float
    left: tuple[Segment, ...]
    right: tuple[Segment, ...]
    kind: Kind


def _lines(segments: Sequence[Segment]) -> list[Segment]:
    """Return one segment for each row, the leftmost."""
    lines: list[Segment] = []
    for segment in sorted(segments, key=lambda segment: (segment.base, segment.x0)):
        if lines and same_row(lines[-1], segment):
            if segment.x0 < lines[-1].x0:
                lines[-1] = segment
        else:
            lines.append(segment)
    return lines


def _groups(lines: Sequence[Segment]) -> list[list[Segment]]:
    """Cut lines into groups where the distance is more than a line's."""
    groups: list[list[Segment]] = []
    for line in lines:
        if groups and line.base - groups[-1][-1].base <= 1.75 * max(line.size, groups[-1][-1].size):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _switches(left: Sequence[Segment], right: Sequence[Segment]) -> int:
    """How often the content stream changes sides."""
    sides = sorted(
        [(segment.order, segment.base, segment.x0, 0) for segment in left]
        + [(segment.order, segment.base, segment.x0, 1) for segment in right]
    )
    return sum(a[3] != b[3] for a, b in pairwise(sides))


def _dated(lines: Sequence[Segment], groups: Sequence[Sequence[Segment]]) -> float:
    """Return the share of lines that are dates; of small groups it is enough that one begins so."""
    share = sum(is_date(line.text) for line in lines) / len(lines)
    if len(groups) < _FEWEST_LABELS or any(len(group) > _LONGEST_LABEL for group in groups):
        return share
    return max(share, sum(is_date(group[0].text) for group in groups) / len(groups))


def _flushed(edges: Sequence[float]) -> float:
    """Return the share of edges that lie on the most common one."""
    counts: Counter[int] = Counter()
    for edge in edges:
        counts.update({round(edge), round(edge) + 1})
    return counts.most_common(1)[0][1] / len(edges)


def classify(left: Sequence[Segment], right: Sequence[Segment]) -> Kind | None:
    """Say what a gutter between two sides parts, or None when there is too little to tell."""
    lefts, rights = _lines(left), _lines(right)
    if not lefts or not rights:
        return None
    on_row_left = sum(any(same_row(a, b) for b in rights) for a in lefts) / len(lefts)
    on_row_right = sum(any(same_row(a, b) for a in lefts) for b in rights) / len(rights)
    left_groups, right_groups = _groups(lefts), _groups(rights)
    dates_left = _dated(lefts, left_groups)
    dates_right = sum(is_date(line.text) for line in rights) / len(rights)
    switches = _switches(left, right)
    share = switches / max(1, 2 * min(len(lefts), len(rights)))

    # A name or a heading over the rail is no label.
    labels = [group[0] for group in left_groups if group[0].bottom > rights[0].top]
    starts = [group[0] for group in right_groups]
    on_rows = sum(any(beside(label, b) for b in rights) for label in labels)
    on_heads = sum(any(beside(label, b) for b in starts) for label in labels)
    parted = _Parted(
        lefts=lefts,
        rights=rights,
        left_group=len(lefts) / len(left_groups),
        right_group=len(rights) / len(right_groups),
        heads_on_row=on_rows / len(labels) if labels else 0.0,
        heads_on_heads=on_heads / len(labels) if len(labels) >= _FEWEST_LABELS else 0.0,
        on_row_left=on_row_left,
        on_row_right=on_row_right,
        dates_left=dates_left,
        dates_right=dates_right,
        switches=switches,
        share=share,
    )
    scores = (
        (_as_columns(parted), 2, Kind.COLUMNS),
        (_as_rail(parted), 1, Kind.RAIL),
        (_as_rows(parted), 0, Kind.ROWS),
    )
    best = max(scores)
    return best[2] if best[0] > 0 else Kind.ROWS


@dataclass(frozen=True)
class _Parted:
    """What can be measured on the two sides of a gutter; shares range from 0 to 1."""

    lefts: list[Segment]
    """One segment for each row of the left side."""
    rights: list[Segment]
    left_group: float
    """Mean lines in a paragraph of the left side."""
    right_group: float
    heads_on_row: float
    """Share of the left side's paragraphs that begin beside a line of the right side."""
    heads_on_heads: float
    """Share of those that begin beside the beginning of a paragraph; 0 for fewer than three."""
    on_row_left: float
    """Share of left lines with a right line on the same baseline."""
    on_row_right: float
    dates_left: float
    dates_right: float
    switches: int
    """How often the content stream changes sides."""
    share: float
    """The same, as a share of the most it could."""


def _ragged_left(lines: Sequence[Segment]) -> bool:
    """Whether lines share their right edge and not their left one."""
    if len(lines) < 3:
        return False
    return _flushed([s.x1 for s in lines]) > 0.7 > _flushed([s.x0 for s in lines])


def _listed(lines: Sequence[Segment]) -> bool:
    """Whether lines are the items of a list, each with its mark."""
    marked = sum(line.begins_with_bullet for line in lines)
    return marked >= 2 and marked >= 0.4 * len(lines)


def _as_rail(it: _Parted) -> float:
    """Score labels or dates in the left margin: short, sparse, each beside what it is about."""
    wide = median(s.x1 - s.x0 for s in it.lefts) > 14 * median(s.size for s in it.lefts)
    score = 0.0
    score += 3.0 if it.dates_left >= 0.6 else 1.5 if it.dates_left >= 0.35 else 0.0
    score += 1.5 if it.heads_on_row >= 0.8 else -1.5
    if it.heads_on_heads >= 0.7:
        score += 3.0
    else:
        score += 1.0 if it.left_group <= 2.2 else -1.5
    score += 1.0 if len(it.lefts) <= 0.6 * len(it.rights) else -1.0
    score += 1.0 if _ragged_left(it.lefts) else 0.0
    if it.share > 0.6:
        score += 0.5
    elif it.switches <= 2 and len(it.lefts) >= 5:
        score -= 1.5
    score -= 1.0 if wide else 0.0
    few = len(it.lefts) < _FEWEST_LABELS * it.left_group and it.dates_left < 0.35
    score -= 3.0 if few and not any(_stands_out(line, it.rights) for line in it.lefts) else 0.0
    return score


def _stands_out(label: Segment, lines: Sequence[Segment]) -> bool:
    """Whether a label looks like a heading beside lines."""
    if label.text.isupper():
        return True
    usual = median(line.size for line in lines)
    return label.size > usual + 0.3 or (label.bold and not all(line.bold for line in lines))


def _as_rows(it: _Parted) -> float:
    """Score parts of one row: right-flushed dates and places, table cells."""
    score = 0.0
    score += 3.0 if it.dates_right >= 0.5 else 0.0
    score += 1.5 if it.on_row_right >= 0.8 else -1.5
    score += 1.0 if len(it.rights) <= 0.6 * len(it.lefts) else -0.5
    score += 1.0 if min(it.on_row_left, it.on_row_right) >= 0.8 else 0.0
    score += 1.0 if _ragged_left(it.rights) else 0.0
    if it.share > 0.6:
        score += 0.5
    elif it.switches <= 2 and len(it.rights) >= 5:
        score -= 2.0
    score += 0.5 if it.right_group <= 2.2 else -1.0
    return score


def _as_columns(it: _Parted) -> float:
    """Score two columns: both dense, each with a rhythm and a stretch of the stream of its own."""
    fewest = min(len(it.lefts), len(it.rights))
    score = 1.5 if fewest >= 4 else -1.0
    if it.switches <= 3:
        score += 1.0
    elif it.share > 0.7:
        score -= 1.0
    score += 1.5 if max(it.on_row_left, it.on_row_right) < 0.6 else 0.0
    score += 0.5 if min(it.on_row_left, it.on_row_right) < 0.5 else 0.0
    score += 1.0 if min(it.left_group, it.right_group) >= 3 else 0.0
    score += 0.5 if _flushed([s.x0 for s in it.rights]) > 0.5 else -1.0
    widths = (median(s.x1 - s.x0 for s in side) for side in (it.lefts, it.rights))
    table = min(it.on_row_left, it.on_row_right) >= 0.9
    score -= 2.5 if table and min(widths) < _CELL * median(s.size for s in it.lefts) else 0.0
    score -= 1.5 if fewest <= 5 and max(it.on_row_left, it.on_row_right) > 0.6 else 0.0
    score += 4.0 if _listed(it.lefts) and _listed(it.rights) else 0.0
    score -= 2.0 if it.heads_on_heads >= 0.7 else 0.0
    score -= 2.5 * it.dates_left if it.dates_left >= 0.35 else 0.0
    score -= 2.5 * it.dates_right if it.dates_right >= 0.5 else 0.0
    return score


def _trimmed(
    left: Sequence[Segment],
    right: Sequence[Segment],
    above: Segment | None,
    below: Segment | None,
) -> tuple[float, float]:
    """Return the vertical range in which the two sides stand beside each other.

    ``above`` and ``below`` are the lines over the full width that bound the
    gutter. Lines next to those that have nothing beside them may belong to
    them: they go with them up to the widest vertical gap.
    """
    lines = _lines([*left, *right])
    top = min(line.top for line in lines)
    bottom = max(line.bottom for line in lines)
    if above is not None:
        shared = max(min(s.top for s in left), min(s.top for s in right))
        head = [above, *(line for line in lines if line.top <= shared + 1)]
        gaps = [(b.top - a.bottom, b.top) for a, b in pairwise(head)]
        top = max(gaps)[1] if gaps else top
    if below is not None:
        shared = min(max(s.bottom for s in left), max(s.bottom for s in right))
        tail = [*(line for line in lines if line.bottom >= shared - 1), below]
        gaps = [(b.top - a.bottom, a.bottom) for a, b in pairwise(tail)]
        bottom = max(gaps)[1] if gaps else bottom
    return top, bottom


def find_gutters(segments: Sequence[Segment]) -> list[Gutter]:
    """Return the gutters between the segments of one region, the most telling first.

    Candidates are the left edges that two or more segments share; each gutter
    reaches as far up and down as no segment crosses it.
    """
    if len(segments) < 4:
        return []
    segments = sorted(segments, key=lambda segment: segment.middle)
    width = _NARROWEST * median(segment.size for segment in segments)
    starts = sorted(segment.x0 for segment in segments)
    edges: list[float] = []
    for first, second in pairwise(starts):
        if second - first <= _SAME_EDGE and (not edges or first - edges[-1] > _SAME_EDGE):
            edges.append(first)
    headings = Headings(segments)
    cells = {id(cell) for table in find_tables(segments) for cell in table.segments}
    found = []
    for edge in edges[1:] if edges and edges[0] - starts[0] < width else edges:
        found.extend(_gutters_at(edge, width, segments, headings.over(edge, width) | cells))
    found.sort(
        key=lambda gutter: min(len(gutter.left), len(gutter.right)) * (gutter.bottom - gutter.top),
        reverse=True,
    )
    return found


def _stretches(
    edge: float, width: float, segments: Sequence[Segment], ends: set[int]
) -> Iterator[tuple[Segment | None, list[Segment], Segment | None]]:
    """Yield what stands between one segment that crosses an edge and the next, top to bottom.

    ``ends`` are the ids of segments that end what stands above them though they do not cross.
    ``segments`` are sorted by their middles; what stands level with one that
    crosses belongs to its row.
    """
    above: Segment | None = None
    inside: list[Segment] = []
    for segment in segments:
        crosses = segment.x0 < edge - 1 and segment.x1 > edge - width
        if crosses or id(segment) in ends:
            while inside and inside[-1].middle >= segment.middle:
                inside.pop()
            yield above, inside, segment
            above, inside = segment, []
        elif above is None or segment.middle > above.middle:
            inside.append(segment)
    yield above, inside, None


def _gutters_at(
    edge: float, width: float, segments: Sequence[Segment], ends: set[int]
) -> list[Gutter]:
    gutters = []
    for above, inside, below in _stretches(edge, width, segments, ends):
        left = [s for s in inside if s.x1 <= edge - width]
        right = [s for s in inside if s.x0 >= edge - 1]
        if not left or not right:
            continue
        top, bottom = _trimmed(left, right, above, below)
        left = [s for s in left if top - 0.5 <= s.middle <= bottom + 0.5]
        right = [s for s in right if top - 0.5 <= s.middle <= bottom + 0.5]
        kind = classify(left, right) if left and right else None
        if kind is not None:
            gutters.append(Gutter(edge, top, bottom, tuple(left), tuple(right), kind))
    return gutters
