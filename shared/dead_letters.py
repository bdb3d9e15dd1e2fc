"""Messages that ended as dead letters: what an operator sees of them, and does with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal

from shared import audit, telemetry, topology
from shared.auth import Principal
from shared.bus.port import DeadLetter
from shared.errors import Conflict, Invalid, Missing
from shared.events.envelope import Event
from shared.messaging import RECEIPT_SECONDS
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

Action = Literal["redrive", "drop"]

PAGE = 100
MOST_COUNTED = 10_000
LAST_NUMBER = 2**63 - 1
LOOKED_AT = 100_000


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
        letters = _all(stores, entity)
        # what is counted keeps no bodies
        counted = [(each.subject, each.enqueued_at) for each in islice(letters, MOST_COUNTED)]
        if not counted:
            continue
        types = Counter(subject for subject, _ in counted)
        moments = [moment for _, moment in counted]
        found.append(
            Backlog(
                entity=entity,
                count=len(counted),
                is_more=next(letters, None) is not None,
                oldest_at=min(moments),
                newest_at=max(moments),
                by_type=dict(sorted(types.items(), key=lambda pair: (-pair[1], pair[0]))),
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


def read(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal | None,
    entity: str,
    sequence_number: int,
    *,
    now: datetime,
) -> DeadLetter:
    """Return one dead letter, and write down that somebody looked at it; ``by`` None is somebody
    at the command line. Raises ``Missing``."""
    checked_entity(entity)
    found: Sequence[DeadLetter] = ()
    if 0 < sequence_number <= LAST_NUMBER:
        found = stores.bus.dead_letters(entity, limit=1, after=sequence_number - 1)
    if not found or found[0].sequence_number != sequence_number:
        raise Missing(f"{entity} has no dead letter {sequence_number}")
    reason = f"{entity}: {sequence_number}"
    audit.record_act(stores, pseudonyms, by, "dead_letters.read", reason=reason, now=now)
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
    even_old: bool = False,
    most: int,
    now: datetime,
) -> tuple[int, int]:
    """Send dead letters of an entity back where they came from, or remove them for good; returns
    how many were wanted and how many were found.

    ``numbers`` None is every one, of one event type if it is given, the oldest ``most`` at once.
    Their numbers are taken before any is sent again: one that fails at once is not met twice. It
    is written to the audit log first; ``by`` None is somebody at the command line.

    A subscription's goes to its topic's others as well, whose receipts are kept for 30 days: older
    ones are sent back only with ``even_old``. Raises ``Conflict`` for such, and ``Missing`` for an
    unknown entity.
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
    if action == "redrive" and "/" in entity and not even_old:
        _check_young(stores, entity, wanted, now - timedelta(seconds=RECEIPT_SECONDS))
    reason = f"{entity}: {', '.join(map(str, wanted))}"
    audit.record_act(stores, pseudonyms, by, f"dead_letters.{action}", reason=reason, now=now)
    take = stores.bus.redrive if action == "redrive" else stores.bus.discard
    found = sum(take(entity, wanted[start : start + PAGE]) for start in range(0, len(wanted), PAGE))
    telemetry.log(f"dead_letters.{action}", entity=entity, asked=len(wanted), found=found)
    return len(wanted), found


def _check_young(stores: Stores, entity: str, wanted: Sequence[int], since: datetime) -> None:
    """Raise ``Conflict`` where some were sent so long ago that receipts of them have expired."""
    asked = set(wanted)
    letters = islice(_all(stores, entity, after=wanted[0] - 1), LOOKED_AT) if wanted else iter(())
    old = [
        each.sequence_number
        for each in letters
        if each.sequence_number in asked and each.enqueued_at < since
    ]
    if old:
        raise Conflict(
            f"{len(old)} of them are older than 30 days ({old[0]} is one): the topic's other "
            "subscriptions may do again what they did. Leave them out, or say even_old"
        )


def checked_entity(entity: str) -> str:
    """Return the name of a queue or subscription. Raises ``Missing`` for another."""
    if entity not in topology.load().receivers:
        raise Missing(f"{entity!r} is neither a queue nor a subscription (topic/subscription)")
    return entity


def _all(stores: Stores, entity: str, *, after: int = 0) -> Iterator[DeadLetter]:
    while letters := stores.bus.dead_letters(entity, limit=PAGE, after=after):
        yield from letters
        after = letters[-1].sequence_number
