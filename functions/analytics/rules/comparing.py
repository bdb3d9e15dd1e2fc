"""Learners who used something before they achieved something, beside those who did not.

An association: who looks for help may be another sort of learner. The interval of the difference
of the two shares is Newcombe's hybrid of Wilson intervals (1998, "Interval estimation for the
difference between independent proportions", method 10), at 95 %.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import sqrt

from functions.analytics.rules.funnels import HELPS
from functions.analytics.rules.suppression import LEAST, few

_Z = 1.959964


@dataclass(frozen=True)
class Side:
    """Some learners, and how many of them achieved something."""

    learners: int
    achieved: int

    @property
    def share(self) -> float:
        return self.achieved / self.learners


@dataclass(frozen=True)
class Comparison:
    """Those who used something and those who did not; both None where one has too few, or would
    tell of too few."""

    help: str
    used: Side | None
    without: Side | None
    difference: float | None
    low: float | None
    high: float | None


def comparisons(counts: Mapping[str, int], silent: Collection[str] = ()) -> list[Comparison]:
    """What the counts of cohorts say of recipes, of coaching, and of either; nothing that leads to
    a count of a stage that is not told itself (``silent``).

    Of each side, of those of it who achieved something, and of those who did not, there are none
    or ten; so there are of those who used something, but too late to be on its side. Who used
    either less who used one of them is who used the other alone, and the three lead to who used
    both: where any of these, or those of them who achieved something or did not, are some and
    fewer than ten, either is left out.
    """
    found = [
        _hidden(help_)
        if any(stage in silent for stage in ("achieved", *stages))
        else _comparison(counts, help_)
        for help_, stages in HELPS.items()
    ]
    recipe, coaching, either = (_used(counts, each) for each in ("recipe", "coaching", "either"))
    parts = (
        _less(either, recipe),
        _less(either, coaching),
        Side(
            recipe.learners + coaching.learners - either.learners,
            recipe.achieved + coaching.achieved - either.achieved,
        ),
    )
    if any(_tells(part) for part in parts):
        return [_hidden(each.help) if each.help == "either" else each for each in found]
    return found


def _used(counts: Mapping[str, int], help_: str) -> Side:
    return Side(counts.get(f"with_{help_}", 0), counts.get(f"with_{help_}_achieved", 0))


def _less(one: Side, other: Side) -> Side:
    return Side(one.learners - other.learners, one.achieved - other.achieved)


def _tells(side: Side) -> bool:
    """Whether some learners, those who achieved something or those who did not are too few."""
    numbers = (side.learners, side.achieved, side.learners - side.achieved)
    return any(few(number) for number in numbers)


def _hidden(help_: str) -> Comparison:
    return Comparison(help_, None, None, None, None, None)


def _comparison(counts: Mapping[str, int], help_: str) -> Comparison:
    used = _used(counts, help_)
    without = _less(Side(counts.get("profiled", 0), counts.get("achieved", 0)), used)
    # of a recipe and of coaching a row says how many came to it at all
    late = counts.get(help_, used.learners) - used.learners
    if min(used.learners, without.learners) < LEAST or _tells(used) or _tells(without):
        return _hidden(help_)
    if few(late):
        return _hidden(help_)
    difference = used.share - without.share
    (low_1, high_1), (low_2, high_2) = _wilson(used), _wilson(without)
    below = sqrt((used.share - low_1) ** 2 + (high_2 - without.share) ** 2)
    above = sqrt((high_1 - used.share) ** 2 + (without.share - low_2) ** 2)
    return Comparison(help_, used, without, difference, difference - below, difference + above)


def _wilson(side: Side) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    n, p = side.learners, side.share
    middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return middle - half, middle + half
