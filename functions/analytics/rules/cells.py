"""What a view adds up: the numbers of a group and how many people they are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from functions.analytics.rules.sketches import K, estimate, united

_MOST_HELD = 16 * K

Key = tuple[str | None, ...]
"""The values of what a view is grouped by, in its order."""


@dataclass
class Cell:
    """The numbers of a group. ``people`` are those that are known to be different ones; others
    are told apart by their hashes, shard by shard. ``updated_at`` is when something was last
    counted among it."""

    counts: dict[str, int] = field(default_factory=dict)
    hashes: dict[str, set[int]] = field(default_factory=dict)
    people: int = 0
    updated_at: datetime | None = None

    def add(self, counts: Mapping[str, int]) -> None:
        """Add numbers."""
        for name, number in counts.items():
            self.counts[name] = self.counts.get(name, 0) + number

    def see(self, shard: str, hashes: Iterable[int]) -> None:
        """Add people of a shard."""
        held = self.hashes.setdefault(shard, set())
        held.update(hashes)
        if len(held) > _MOST_HELD:
            self.hashes[shard] = set(united(held))

    def touch(self, at: datetime | None) -> None:
        """Something was counted then."""
        if at is not None:
            self.updated_at = max(at, self.updated_at or at)

    def take(self, other: Cell) -> None:
        """Add all of another group; ``people`` are taken to be others than here."""
        self.add(other.counts)
        self.people += other.people
        self.touch(other.updated_at)
        for shard, hashes in other.hashes.items():
            self.see(shard, hashes)

    @property
    def learners(self) -> int:
        """How many people the numbers are of: exact while each shard has fewer than 64."""
        seen = sum(estimate(united(held)) for held in self.hashes.values())
        return self.people + round(seen)


def sum_of(cells: Iterable[Cell]) -> Cell:
    """The numbers of several groups, and whom they are of together."""
    total = Cell()
    for cell in cells:
        total.take(cell)
    return total
