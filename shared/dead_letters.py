"""Messages that ended as dead letters: what an operator sees of them, and does with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from shared import topology
from shared.bus.port import DeadLetter
from shared.errors import Invalid, Missing
from shared.events.envelope import Event
from shared.stores import Stores

PAGE = 100
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Backlog:
    """The dead letters of one entity. Beyond 10,000 they are not counted on."""

    entity: str
    count: int
    is_more: bool
    oldest_at: datetime
    newest_at: datetime
    by_type: dict[str, int]
    """How many of each event type, the most first."""


@dataclass(frozen=True)
class Letters:
    """A page of dead letters; ``continuation`` is None when there is no further page."""

    items: tuple[DeadLetter, ...]
    continuation: str | None


def entities() -> tuple[str, ...]:
    """Every queue and subscription, by name."""
    return tuple(sorted(topology.load().receivers))


def backlogs(stores: Stores) -> list[Backlog]:
    """Return what has gathered at each entity that has dead letters."""
    found = []
    for entity in entities():
        letters = _up_to(_all(stores, entity), MOST_COUNTED + 1)
        if not letters:
            continue
        counted = letters[:MOST_COUNTED]
        types = [each.subject for each in counted]
        found.append(
            Backlog(
                entity=entity,
                count=len(counted),
                is_more=len(letters) > MOST_COUNTED,
                oldest_at=min(each.enqueued_at for each in counted),
                newest_at=max(each.enqueued_at for each in counted),
                by_type=dict(
                    sorted(
                        {each: types.count(each) for each in set(types)}.items(),
                        key=lambda pair: (-pair[1], pair[0]),
                    )
                ),
            )
        )
    return found


def listed(
    stores: Stores,
    *,
    entity: str | None = None,
    event_type: str | None = None,
    limit: int = PAGE,
    continuation: str | None = None,
) -> Letters:
    """Return dead letters of one entity or of all, by entity, the oldest first.

    ``event_type`` None is every type. A page may hold fewer than ``limit`` only at the end.
    Raises ``Missing`` for an unknown entity, ``Invalid`` for a malformed continuation.
    """
    names = entities() if entity is None else (checked_entity(entity),)
    after = 0
    if continuation is not None:
        name, _, number = continuation.rpartition("@")
        if name not in names or not number.isdigit() or len(number) > 18:
            raise Invalid("continuation: give back what the page before said")
        names, after = names[names.index(name) :], int(number)
    found: list[DeadLetter] = []
    for name in names:
        for letter in _all(stores, name, after=after):
            if event_type is not None and letter.subject != event_type:
                continue
            if len(found) == limit:
                last = found[-1]
                return Letters(tuple(found), f"{last.entity}@{last.sequence_number}")
            found.append(letter)
        after = 0
    return Letters(tuple(found), None)


def read(stores: Stores, entity: str, sequence_number: int) -> DeadLetter:
    """Return one dead letter. Raises ``Missing``."""
    found = stores.bus.dead_letters(checked_entity(entity), limit=1, after=sequence_number - 1)
    if not found or found[0].sequence_number != sequence_number:
        raise Missing(f"{entity} has no dead letter {sequence_number}")
    return found[0]


def event_in(letter: DeadLetter) -> Event | None:
    """The event that a dead letter carries; None where it is not one of ours."""
    try:
        return Event.read(letter.body)
    except Invalid:
        return None


def redrive(stores: Stores, entity: str, sequence_numbers: Sequence[int]) -> int:
    """Send dead letters back where they came from; returns how many were found.

    Raises ``Missing`` for an unknown entity.
    """
    return _in_batches(stores.bus.redrive, entity, sequence_numbers)


def drop(stores: Stores, entity: str, sequence_numbers: Sequence[int]) -> int:
    """Remove dead letters for good; returns how many were found.

    Raises ``Missing`` for an unknown entity.
    """
    return _in_batches(stores.bus.discard, entity, sequence_numbers)


def numbers_of(stores: Stores, entity: str, *, event_type: str | None, most: int) -> list[int]:
    """The numbers of an entity's dead letters, of one event type or of all, the oldest first.

    They are taken before any of them is sent again: one that fails at once is not met twice.
    Raises ``Missing`` for an unknown entity.
    """
    letters = (
        each
        for each in _all(stores, checked_entity(entity))
        if event_type is None or each.subject == event_type
    )
    return [each.sequence_number for each in _up_to(letters, most)]


def _in_batches(
    act: Callable[[str, Sequence[int]], int], entity: str, sequence_numbers: Sequence[int]
) -> int:
    numbers = sorted(set(sequence_numbers))
    checked_entity(entity)
    return sum(act(entity, numbers[start : start + PAGE]) for start in range(0, len(numbers), PAGE))


def checked_entity(entity: str) -> str:
    """Return the name of a queue or subscription. Raises ``Missing`` for another."""
    if entity not in topology.load().receivers:
        raise Missing(f"{entity!r} is neither a queue nor a subscription (topic/subscription)")
    return entity


def _all(stores: Stores, entity: str, *, after: int = 0) -> Iterator[DeadLetter]:
    while letters := stores.bus.dead_letters(entity, limit=PAGE, after=after):
        yield from letters
        after = letters[-1].sequence_number


def _up_to(letters: Iterator[DeadLetter], most: int) -> list[DeadLetter]:
    return list(islice(letters, most))
