"""What is left out of views: numbers of fewer than ten people, and what would lead to these.

It is decided on cells: a group by *everything* that a view counts by, whatever is asked for
(primary suppression: Hundepool et al. 2012, "Statistical Disclosure Control", ch. 4). A cell of
fewer than ten people is left out of rows and totals alike. Rows of any grouping are sums of the
cells that are left, so groupings of one range of days lead to those alone.

Grouped by a period, a cell has parts. What is left out of them is the cell less the parts that
are shown, and a cell is told without periods as well. So more parts are left out, the smallest
first, until those left out are two and of ten people together, over the range and, for days, in
each month and week (secondary suppression). So no two answers to one range differ by fewer than
ten people. Who subtracts answers to ranges that overlap, or puts days, weeks and months together,
can still come nearer.

A row that is shown says how many of its people did something. Each of these numbers is held to
:func:`few` as well; :mod:`functions.analytics.rules.figures` says of whom each is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from functions.analytics.rules.cells import Cell, sum_of
from functions.analytics.rules.dimensions import Group, month_of, period_of

LEAST = 10
"""People that something told has to be of."""

Parts = Mapping[str, Cell]
"""A cell by period; under one name where it is not parted."""


@dataclass(frozen=True)
class Shown:
    """The parts of cells that are shown, and how many are not."""

    cells: Mapping[Group, Parts]
    hidden: int


def shown(cells: Mapping[Group, Parts], *, alone: bool = False) -> Shown:
    """Leave out what is of too few people, and what would tell it.

    With ``alone`` parts are never put together but with those that are shown themselves, so each
    stands for itself.
    """
    found: dict[Group, Parts] = {}
    hidden = 0
    for group, parts in cells.items():
        left_out = _small(parts) if alone else _left_out(parts)
        hidden += len(left_out)
        if len(left_out) < len(parts):
            found[group] = {at: cell for at, cell in parts.items() if at not in left_out}
    return Shown(found, hidden)


def _small(parts: Parts) -> set[str]:
    return {at for at, cell in parts.items() if cell.learners < LEAST}


def _left_out(parts: Parts) -> set[str]:
    hidden = _small(parts)
    if not hidden:
        return hidden
    if sum_of(parts.values()).learners < LEAST:
        return set(parts)
    sizes = {at: cell.learners for at, cell in parts.items()}
    spans = _spans(parts)
    changed = True
    while changed:
        changed = False
        for span in spans:
            rest = sorted(span - hidden, key=lambda at: (sizes[at], at))
            while rest and _tells(parts, span & hidden):
                hidden.add(rest.pop(0))
                changed = True
    return hidden


def _spans(parts: Collection[str]) -> list[set[str]]:
    """Which parts are told together elsewhere: all of them, and days by month and by week."""
    spans: dict[str, set[str]] = {"": set(parts)}
    for at in parts:
        if len(at) == len("2026-03-01"):
            day = date.fromisoformat(at)
            for name in (month_of(day), period_of(day, "week")):
                spans.setdefault(name, set()).add(at)
    return list(spans.values())


def _tells(parts: Parts, hidden: Collection[str]) -> bool:
    """Whether the sum of these parts would tell of too few."""
    if not hidden:
        return False
    return len(hidden) == 1 or sum_of(parts[at] for at in hidden).learners < LEAST


def few(people: int) -> bool:
    """Whether a number tells of some people, and of too few. It is the rule for every number that
    is published, and for every one that is the difference of two that are in its row."""
    return 0 < people < LEAST


def left_out_parts(
    numbers: Mapping[str, int],
    people: Callable[[Collection[str]], int],
    held: Collection[str] = (),
) -> set[str]:
    """Which of the parts of a published number are not told: those of few, those that are held
    back, and so many others, the smallest first, that what is left out is two parts and of ten
    people together. ``people`` says of how many people some parts are together."""
    left_out = {name for name in numbers if name in held or people([name]) < LEAST}
    rest = sorted(numbers.keys() - left_out, key=lambda name: (numbers[name], name))
    while left_out and rest and (len(left_out) == 1 or people(left_out) < LEAST):
        left_out.add(rest.pop(0))
    return left_out


def joined_bins(
    numbers: Sequence[int], people: Callable[[int, int], int], open_: Collection[int] = ()
) -> list[int | None]:
    """Numbers by size, of which none tells of few: a bin of few is joined to those after it until
    they are of ten people, what is left at the end to those before it. The sum stands at the last
    of the joined ones, None at the others; all are None where there are too few for one.

    ``people`` says of how many people the bins from one to below another are; after the bins in
    ``open_`` no other begins.
    """
    joined: list[tuple[int, int]] = []
    begin = 0
    for end in range(1, len(numbers) + 1):
        number = sum(numbers[begin:end])
        if end - 1 not in open_ and (not number or people(begin, end) >= LEAST):
            joined.append((begin, end))
            begin = end
    while begin < len(numbers) and joined:
        begin, _ = joined.pop()
        if people(begin, len(numbers)) >= LEAST:
            joined.append((begin, len(numbers)))
            break
    found: list[int | None] = [None] * len(numbers)
    for first, end in joined:
        found[end - 1] = sum(numbers[first:end])
    return found
