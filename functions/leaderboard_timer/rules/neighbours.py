"""Who stands around a learner on a board."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from functions.leaderboard_timer.rules.building import in_order
from functions.leaderboard_timer.rules.documents import BlockRange, Place
from functions.leaderboard_timer.rules.histogram import Histogram


@dataclass(frozen=True)
class Ranked:
    """A place with its competition rank."""

    rank: int
    place: Place


@dataclass(frozen=True)
class Standing:
    """Where a score stands: its rank, among how many, and the next higher score."""

    rank: int
    members: int
    next_score: int | None


def standing_of(histogram: Histogram, score: int) -> Standing | None:
    """Where a live score stands on a board, whether or not the board knows it yet; None for a
    score of 0 or less, which is on no board."""
    if score <= 0:
        return None
    rank = histogram.rank(score)
    return Standing(rank, max(histogram.members, rank), histogram.next_above(score))


def ranked(histogram: Histogram, places: Sequence[Place]) -> list[Ranked]:
    """Places with their ranks; equal scores share one."""
    return [Ranked(histogram.rank(place.score), place) for place in places]


def block_of(blocks: Sequence[BlockRange], score: int) -> int | None:
    """The number of the block in which a score is, or would be; None without blocks."""
    if not blocks:
        return None
    for number, block in enumerate(blocks):
        if score >= block.lowest:
            return number
    return len(blocks) - 1


def around(places: Sequence[Place], own: Place, size: int) -> list[Place]:
    """Up to ``size`` places before and after one's own, which stands among them as it is now.

    ``places`` are the board's around it, in their order; an older place of one's own is left
    out.
    """
    others = [each for each in places if each.handle != own.handle]
    position = bisect_left(others, in_order(own), key=in_order)
    before = others[max(0, position - size) : position]
    return [*before, own, *others[position : position + size]]
