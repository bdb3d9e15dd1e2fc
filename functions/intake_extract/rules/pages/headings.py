"""Headings over the full width, also short ones: what stands beside each other ends at them."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from functions.intake_extract.rules.pages.segments import Segment, dominant

_LARGER = 1.08
_FEWEST = 2
_OVERLAP = 0.15
"""Boxes of neighbouring lines may overlap by so many em."""
_LEVEL = 0.3


class Headings:
    """The lines of a region that look like section headings and have nothing beside them."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        """Find them; ``segments`` are sorted by their middles."""
        self._segments = segments
        self._middles = [segment.middle for segment in segments]
        usual = dominant([(segment.size, len(segment.text)) for segment in segments])
        looks: dict[tuple[float, bool], list[Segment]] = defaultdict(list)
        for segment in segments:
            if segment.bold or segment.size >= _LARGER * usual:
                looks[(round(segment.size, 1), segment.bold)].append(segment)
        self._looks = [
            alike
            for alike in looks.values()
            if len(alike) >= _FEWEST and all(self._alone(segment) for segment in alike)
        ]

    def _alone(self, segment: Segment) -> bool:
        """Whether nothing stands level with a line, not even in part."""
        room = _OVERLAP * segment.size
        at = bisect_left(self._middles, segment.middle)
        for near in (self._segments[max(0, at - 2) : at], self._segments[at : at + 3]):
            for other in near:
                if other is not segment and (
                    other.top < segment.bottom - room and segment.top + room < other.bottom
                ):
                    return False
        return True

    def over(self, edge: float, width: float) -> set[int]:
        """Return the ids of the headings that stand over both sides of an edge.

        They do where all of one look begin on the left, and where what follows
        each begins on one row on both sides: columns that have nothing to do
        with each other do not stop and start at the same heights.
        """
        found: set[int] = set()
        for heads in self._looks:
            if all(head.x0 < edge - 1 for head in heads) and self._rows_below(heads, edge, width):
                found.update(id(head) for head in heads)
        return found

    def _rows_below(self, heads: Sequence[Segment], edge: float, width: float) -> bool:
        ends = [bisect_left(self._middles, head.middle) for head in heads]
        begun = 0
        for start, end in pairwise([*ends, len(self._segments)]):
            between = self._segments[start + 1 : end]
            left = [s for s in between if s.x1 <= edge - width]
            right = [s for s in between if s.x0 >= edge - 1]
            if not left or not right:
                continue
            fewer, more = (left, right) if len(left) <= len(right) else (right, left)
            first = min(fewer, key=lambda segment: segment.base)
            if not any(
                abs(first.base - other.base) <= _LEVEL * min(first.size, other.size)
                for other in more
            ):
                return False
            begun += 1
        return begun > 0
