"""Messages that ended as dead letters: what an operator sees of them, and does with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

from shared import audit, telemetry, topology
from shared.auth import Principal
from shared.bus.port import DeadLetter
from shared.errors import Invalid, Missing
from shared.events.envelope import Event
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

Action = Literal["redrive", "drop"]

PAGE = 100
MOST_COUNTED = 10_000
LAST_NUMBER = 2**63 - 1


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
        letters = list(islice(_all(stores, entity), MOST_COUNTED + 1))
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
        if name not in names or not (number.isascii() and number.isdigit() and len(number) <= 18):
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
    checked_entity(entity)
    found: Sequence[DeadLetter] = ()
    if 0 < sequence_number <= LAST_NUMBER:
        found = stores.bus.dead_letters(entity, limit=1, after=sequence_number - 1)
    if not found or found[0].sequence_number != sequence_number:
        raise Missing(f"{entity} has no dead letter {sequence_number}")
    return found[0]


def event_in(letter: DeadLetter) -> Event | None:
    """The event that a dead letter carries; None where it is not one of ours."""
    try:
        return Event.read(letter.body)
    except Invalid:
        return None


def act(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal | None,
    action: Action,
    entity: str,
    numbers: Sequence[int] | None,
    *,
    event_type: str | None = None,
    most: int,
    now: datetime,
) -> tuple[int, int]:
    """Send dead letters of an entity back where they came from, or remove them for good; returns
    how many were wanted and how many were found.

    ``numbers`` None is every one, of one event type if it is given, the oldest ``most`` at once.
    Their numbers are taken before any is sent again: one that fails at once is not met twice. It
    is written to the audit log first; ``by`` None is somebody at the command line. Raises
    ``Missing`` for an unknown entity.
    """
    checked_entity(entity)
    if numbers is None:
        letters = (
            each
            for each in _all(stores, entity)
            if event_type is None or each.subject == event_type
        )
        numbers = [each.sequence_number for each in islice(letters, most)]
    wanted = sorted(set(numbers))
    reason = f"{len(wanted)} of {entity}"
    audit.record_act(stores, pseudonyms, by, f"dead_letters.{action}", reason=reason, now=now)
    take = stores.bus.redrive if action == "redrive" else stores.bus.discard
    found = sum(take(entity, wanted[start : start + PAGE]) for start in range(0, len(wanted), PAGE))
    telemetry.log(f"dead_letters.{action}", entity=entity, asked=len(wanted), found=found)
    return len(wanted), found


def checked_entity(entity: str) -> str:
    """Return the name of a queue or subscription. Raises ``Missing`` for another."""
    if entity not in topology.load().receivers:
        raise Missing(f"{entity!r} is neither a queue nor a subscription (topic/subscription)")
    return entity


def _all(stores: Stores, entity: str, *, after: int = 0) -> Iterator[DeadLetter]:
    while letters := stores.bus.dead_letters(entity, limit=PAGE, after=after):
        yield from letters
        after = letters[-1].sequence_number
