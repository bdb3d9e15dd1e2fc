"""What is counted of what: a fact is some numbers, of one group of one view, on one day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from functions.analytics.rules.dimensions import Group, ViewName, month_of

Counts = Mapping[str, int]
"""Whole numbers by name. Sums of scores are in hundredths, of times in milliseconds: whole
numbers add up to the same in whatever order they come."""


@dataclass(frozen=True)
class Fact:
    """Something to be counted once."""

    view: ViewName
    group: Group
    day: date
    counts: Counts = field(default_factory=dict)


def day_of(moment: datetime) -> date:
    """The day of a moment, by UTC."""
    return moment.astimezone(UTC).date()


def hundredths(number: float) -> int:
    """A number as it is summed up."""
    return round(number * 100)


def plus(one: Counts, other: Counts) -> dict[str, int]:
    """The sums, without what is 0."""
    found = dict(one)
    for name, number in other.items():
        found[name] = found.get(name, 0) + number
    return {name: number for name, number in found.items() if number}


def together(facts: Iterable[Fact]) -> list[Fact]:
    """One fact for each view, group and day, with the sums; in the order of the first of each."""
    found: dict[tuple[ViewName, Group, date], Counts] = {}
    for fact in facts:
        key = (fact.view, fact.group, fact.day)
        found[key] = plus(found.get(key, {}), fact.counts)
    return [Fact(*key, counts) for key, counts in found.items()]


def by_month(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    """The facts of each month: each month is counted in partitions of its own."""
    found: dict[str, list[Fact]] = {}
    for fact in facts:
        found.setdefault(month_of(fact.day), []).append(fact)
    return found
