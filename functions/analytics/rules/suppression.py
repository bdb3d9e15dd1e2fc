"""Which groups are shown: none of fewer than ten people, and none that leads to one of these.

Small groups show no numbers (a minimum group size, as in disclosure control of official
statistics: Hundepool et al. 2012, "Statistical Disclosure Control", ch. 4: primary suppression).
Beside a total, what is hidden is the total less what is shown. So more are hidden, the smallest
first, until that difference is of two groups and of ten people at least; where that would leave
nothing to show, there is no total instead (secondary suppression). This holds within one answer:
who subtracts the answers to overlapping questions can come nearer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from functions.analytics.rules.cells import Cell, Key, sum_of

LEAST = 10
"""People a group needs to be shown."""


@dataclass(frozen=True)
class Shown:
    """The groups that are shown, how many are not, and whether a total can stand beside them."""

    cells: Mapping[Key, Cell]
    hidden: int
    with_total: bool


def shown(cells: Mapping[Key, Cell]) -> Shown:
    """Hide what is of too few people, and what would tell it."""
    sizes = {key: cell.learners for key, cell in cells.items()}
    hidden = {key for key, size in sizes.items() if size < LEAST}
    rest = sorted(cells.keys() - hidden, key=lambda key: (sizes[key], _sortable(key)))
    together = sum_of(cells[key] for key in hidden)
    while _tells(hidden, together) and len(rest) > 1:
        smallest = rest.pop(0)
        hidden.add(smallest)
        together.take(cells[smallest])
    with_total = bool(cells) and not _tells(hidden, together)
    kept = {key: cell for key, cell in cells.items() if key not in hidden}
    return Shown(kept, len(hidden), with_total)


def _tells(hidden: Collection[Key], together: Cell) -> bool:
    """Whether a total would tell of what is hidden."""
    return bool(hidden) and (len(hidden) == 1 or together.learners < LEAST)


def _sortable(key: Key) -> tuple[str, ...]:
    return tuple(part or "" for part in key)
