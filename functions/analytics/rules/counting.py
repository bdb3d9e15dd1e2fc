"""How facts are added to the counts of a group."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from functions.analytics.rules.documents import Aggregate
from functions.analytics.rules.facts import Fact, plus
from functions.analytics.rules.sketches import marked
from functions.analytics.rules.traits import marks_of


def day_key(day: int) -> str:
    """The prefix of a day's numbers: ``d07``."""
    return f"d{day:02}"


@lru_cache(maxsize=65_536)
def split_key(name: str) -> tuple[int, str]:
    """The day and the name of a sum: ``d07_first_correct`` is ``first_correct`` on the 7th."""
    return int(name[1:3]), name[4:]


def sums_of(facts: Iterable[Fact]) -> dict[str, int]:
    """The numbers of facts of one group, by day and name."""
    found: dict[str, int] = {}
    for fact in facts:
        key = day_key(fact.day.day)
        found = plus(found, {f"{key}_{name}": by for name, by in fact.counts.items()})
    return found


def new_sketches(
    aggregate: Aggregate, facts: Iterable[Fact], hashed: int | None
) -> dict[str, tuple[str, ...]]:
    """The days' sketches that are others once they have this person, and what they did."""
    if hashed is None:
        return {}
    marks: dict[str, int] = {}
    for fact in facts:
        key = day_key(fact.day.day)
        names = (name for name, number in fact.counts.items() if number)
        marks[key] = marks.get(key, 0) | marks_of(fact.view, names)
    found: dict[str, tuple[str, ...]] = {}
    for key, did in marks.items():
        before = aggregate.s.get(key, ())
        after = marked(before, hashed, did)
        if after != before:
            found[key] = after
    return found


def is_known(aggregate: Aggregate, hashed: int) -> bool:
    """Whether a person is in one of the days' sketches."""
    begin = f"{hashed:012x}"
    return any(each.startswith(begin) for sketch in aggregate.s.values() for each in sketch)


def counted(aggregate: Aggregate, facts: list[Fact], hashed: int | None) -> Aggregate:
    """The group with facts of one person, or of nobody."""
    sketches = {**aggregate.s, **new_sketches(aggregate, facts, hashed)}
    return aggregate.model_copy(update={"n": plus(aggregate.n, sums_of(facts)), "s": sketches})
