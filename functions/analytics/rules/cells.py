"""What a view adds up: the numbers of a group and how many people they are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import nsmallest

from functions.analytics.rules.sketches import K, estimate

_MOST_HELD = 16 * K

Key = tuple[str | None, ...]
"""The values of what a view is grouped by, in its order."""

Voice = tuple[str, str, int]
"""Somebody of a group, who has said what it is called: the month, their shard, their hash."""


@dataclass
class Cell:
    """The numbers of a group. ``people`` are those that are known to be different ones; others
    are told apart by their hashes, shard by shard, each with marks of what they did.
    ``updated_at`` is when something was last counted among it. ``voices`` are some of its people,
    and ``names`` what the catalogue calls it."""

    counts: dict[str, int] = field(default_factory=dict)
    hashes: dict[str, dict[int, int]] = field(default_factory=dict)
    people: int = 0
    updated_at: datetime | None = None
    voices: set[Voice] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)

    def add(self, counts: Mapping[str, int]) -> None:
        """Add numbers."""
        held = self.counts
        for name, number in counts.items():
            held[name] = held.get(name, 0) + number

    def see(self, shard: str, marked: Iterable[tuple[int, int]]) -> None:
        """Add people of a shard, by hash, each with marks."""
        held = self.hashes.setdefault(shard, {})
        for hashed, marks in marked:
            held[hashed] = held.get(hashed, 0) | marks
        if len(held) > _MOST_HELD:
            self.hashes[shard] = {hashed: held[hashed] for hashed in nsmallest(K, held)}

    def touch(self, at: datetime | None) -> None:
        """Something was counted then."""
        if at is not None:
            self.updated_at = max(at, self.updated_at or at)

    def take(self, other: Cell) -> None:
        """Add all of another group but its names; ``people`` are taken to be others than here."""
        self.add(other.counts)
        self.people += other.people
        self.touch(other.updated_at)
        for shard, marked in other.hashes.items():
            self.see(shard, marked.items())

    def call(self, other: Cell) -> None:
        """Add the names of another group, and of whom they can be heard."""
        self.voices |= other.voices
        self.names |= other.names

    @property
    def learners(self) -> int:
        """How many people the numbers are of: exact while each shard has fewer than 64."""
        seen = sum(
            len(held) if len(held) < K else estimate(tuple(nsmallest(K, held)))
            for held in self.hashes.values()
        )
        return self.people + round(seen)

    def crowd(self) -> Counter[int]:
        """How many people are known with each combination of marks: all of them while each shard
        has fewer than 64, beyond that a random sample of 64 a shard."""
        found: Counter[int] = Counter()
        for held in self.hashes.values():
            # what is beyond the smallest may lack marks: other days' sketches did not keep it
            known = held if len(held) <= K else nsmallest(K, held)
            found.update(held[hashed] for hashed in known)
        return found


def sum_of(cells: Iterable[Cell]) -> Cell:
    """The numbers of several groups, and whom they are of together."""
    total = Cell()
    for cell in cells:
        total.take(cell)
    return total
