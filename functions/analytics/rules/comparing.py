"""Learners who used something before they achieved something, beside those who did not.

An association: who looks for help may be another sort of learner. The interval of the difference
of the two shares is Newcombe's hybrid of Wilson intervals (1998, "Interval estimation for the
difference between independent proportions", method 10), at 95 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from functions.analytics.rules.funnels import HELPS
from functions.analytics.rules.suppression import LEAST

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


def comparisons(counts: Mapping[str, int]) -> list[Comparison]:
    """What the counts of cohorts say of recipes, of coaching, and of either.

    Who used either less who used one of them is who used the other alone, and the three lead to
    who used both: where any of these are some and fewer than ten, either is left out.
    """
    found = [_comparison(counts, help_) for help_ in HELPS]
    recipe, coaching, either = (_number(counts, each) for each in ("recipe", "coaching", "either"))
    parts = (either - recipe, either - coaching, recipe + coaching - either)
    if any(0 < number < LEAST for number in parts):
        return [_hidden(each.help) if each.help == "either" else each for each in found]
    return found


def _number(counts: Mapping[str, int], help_: str) -> int:
    return counts.get(f"with_{help_}", 0)


def _hidden(help_: str) -> Comparison:
    return Comparison(help_, None, None, None, None, None)


def _comparison(counts: Mapping[str, int], help_: str) -> Comparison:
    number, achieved = _number(counts, help_), counts.get(f"with_{help_}_achieved", 0)
    used = Side(number, achieved)
    without = Side(counts.get("profiled", 0) - number, counts.get("achieved", 0) - achieved)
    if min(used.learners, without.learners) < LEAST:
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
