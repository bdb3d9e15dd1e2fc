"""Builds boards from a stream of members, in memory that their number does not matter to.

What is kept is a histogram for each board, and the highest places. Blocks of neighbours are
filled in passes over what was noted of the stream on disk, a bounded number of places each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from functions.leaderboard_timer.rules.documents import (
    CRITERIA,
    EVERYBODY,
    WINDOWS,
    Block,
    BlockRange,
    Board,
    Criterion,
    Place,
    Window,
    block_id_of,
    board_id_of,
)
from functions.leaderboard_timer.rules.histogram import Histogram
from functions.leaderboard_timer.rules.members import Member, Windows

TOP = 100
MOST_CAREERS = 200
"""Careers that get boards of their own in a tenant."""
BLOCK_PLACES = 500
"""Places of a block, unless more learners have one score."""
MOST_TIED = 2000
"""Places that are kept of learners with one score: who got there first."""
PASS_PLACES = 500_000
"""Places that one pass keeps in memory."""

Key = tuple[str, Criterion, Window]


def in_order(place: Place) -> tuple[int, str, str]:
    """The order on a board: the highest score, then who got there first, then the id."""
    return (-place.score, place.since, place.handle)


@dataclass
class Tally:
    """The first pass: histograms and highest places of all boards."""

    counts: dict[Key, Counter[int]] = field(default_factory=dict)
    tops: dict[Key, list[Place]] = field(default_factory=dict)
    members: int = 0
    _careers: set[str] = field(default_factory=set)

    def add(self, members: Sequence[Member]) -> None:
        """Count a portion of members."""
        self.members += len(members)
        for scope, some in self._by_scope(members).items():
            for criterion in CRITERIA:
                for window in WINDOWS:
                    self._add_to_board((scope, criterion, window), some)

    def _by_scope(self, members: Sequence[Member]) -> dict[str, list[Member]]:
        found: dict[str, list[Member]] = {}
        for member in members:
            for scope in member.scopes:
                if not scope.startswith("career:") or self._has_room(scope):
                    found.setdefault(scope, []).append(member)
        return found

    def _has_room(self, career: str) -> bool:
        if career not in self._careers and len(self._careers) < MOST_CAREERS:
            self._careers.add(career)
        return career in self._careers

    def _add_to_board(self, key: Key, members: Sequence[Member]) -> None:
        _, criterion, window = key
        board = (criterion, window)
        self.counts.setdefault(key, Counter()).update(
            score for member in members if (score := member.scores[board]) > 0
        )
        top = self.tops.setdefault(key, [])
        least = top[-1].score if len(top) == TOP else 1
        risen = [
            member.place(criterion, window) for member in members if member.scores[board] >= least
        ]
        if risen:
            top[:] = sorted((*top, *risen), key=in_order)[:TOP]

    @property
    def scopes(self) -> list[str]:
        """Every scope that somebody is in."""
        return sorted({scope for scope, _, _ in self.counts})


def blocks_of(counts: Counter[int]) -> tuple[BlockRange, ...]:
    """Cut a board into blocks of about :data:`BLOCK_PLACES`; one score is never in two."""
    found: list[BlockRange] = []
    scores = sorted(counts, reverse=True)
    begun, size = 0, 0
    for position, score in enumerate(scores):
        size += min(counts[score], MOST_TIED)
        if size >= BLOCK_PLACES or position == len(scores) - 1:
            found.append(BlockRange(highest=scores[begun], lowest=score, places=size))
            begun, size = position + 1, 0
    return tuple(found)


def passes_of(blocks: Mapping[Window, Sequence[BlockRange]]) -> Iterator[dict[Window, range]]:
    """The blocks of each window, by number, that one pass over its notes fills: as many as
    :data:`PASS_PLACES` allows."""
    now: dict[Window, range] = {}
    kept = 0
    for window, ranges in blocks.items():
        for number, block in enumerate(ranges):
            if now and kept + block.places > PASS_PLACES:
                yield now
                now, kept = {}, 0
            begun = now[window].start if window in now else number
            now[window] = range(begun, number + 1)
            kept += block.places
    if now:
        yield now


class Filling:
    """Fills some blocks of a window's board from a stream of all its learners.

    Of more than :data:`MOST_TIED` learners with one score those are kept who got there first.
    """

    def __init__(self, blocks: Sequence[BlockRange], numbers: range) -> None:
        self._blocks, self._numbers = blocks, numbers
        self._highest = blocks[numbers[0]].highest
        self._lowest = blocks[numbers[-1]].lowest
        # since when, and the handle: bare, for there are many
        self._by_score: dict[int, list[tuple[str, str]]] = {}

    def takes(self, score: int) -> bool:
        """Whether a score is in one of these blocks."""
        return self._lowest <= score <= self._highest

    def add(self, score: int, since: str, handle: str) -> None:
        """Take a place whose score :meth:`takes` names."""
        tied = self._by_score.setdefault(score, [])
        tied.append((since, handle))
        if len(tied) >= 2 * MOST_TIED:
            tied[:] = sorted(tied)[:MOST_TIED]

    def filled(self, *, tenant_id: str, version: str, window: Window) -> Iterator[Block]:
        """The blocks with their places."""
        scores = sorted(self._by_score)  # taken from the end, the highest first
        for number in self._numbers:
            inside: list[Place] = []
            while scores and scores[-1] >= self._blocks[number].lowest:
                score = scores.pop()
                inside += [
                    Place(handle=handle, score=score, since=since)
                    for since, handle in sorted(self._by_score[score])[:MOST_TIED]
                ]
            yield Block(
                id=block_id_of(version, window, number),
                tenant_id=tenant_id,
                scope=EVERYBODY,
                places=tuple(inside),
            )


def boards_of(
    tally: Tally,
    scope: str,
    windows: Windows,
    blocks: dict[Window, tuple[BlockRange, ...]],
    *,
    tenant_id: str,
    version: str,
    now: datetime,
) -> list[Board]:
    """The boards of a scope; those of XP over everybody know their blocks."""
    found = []
    for criterion in CRITERIA:
        for window in WINDOWS:
            key = (scope, criterion, window)
            histogram = Histogram.of(tally.counts.get(key, Counter()))
            has_blocks = scope == EVERYBODY and criterion == "xp"
            found.append(
                Board(
                    id=board_id_of(criterion, window),
                    tenant_id=tenant_id,
                    scope=scope,
                    criterion=criterion,
                    window=window,
                    window_start=windows.starts[window],
                    version=version,
                    histogram=histogram.encoded(),
                    members=histogram.members,
                    top=tuple(tally.tops.get(key, ())),
                    blocks=blocks.get(window, ()) if has_blocks else (),
                    built_at=now,
                )
            )
    return found
