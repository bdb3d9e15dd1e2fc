"""What a Service Bus namespace holds: queues, topics, subscriptions, and their rules.

No AMQP links here: a message goes in, is taken under a lock, and is settled.
"""

from __future__ import annotations

import time
from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID, uuid4

from tests.peers.service_bus_wire import Stamp, WireMessage

Outcome = Literal["complete", "abandon", "release", "defer", "dead-letter"]
State = Literal["active", "deferred", "scheduled"]
_STATE_NUMBERS: dict[State, int] = {"active": 0, "deferred": 1, "scheduled": 2}


class LockLost(Exception):
    """Nothing, or somebody else, holds what the caller says it holds."""


class Refused(Exception):
    """The broker does not take a message; ``condition`` is the AMQP error condition."""

    def __init__(self, condition: str, description: str) -> None:
        super().__init__(description)
        self.condition = condition
        self.description = description


class Clock:
    """The broker's own time, which tests may push forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        return time.time() + self._ahead

    def jump(self, seconds: float) -> None:
        self._ahead += seconds


@dataclass
class Held:
    """A message at rest in one entity, under lock when it has a token."""

    wire: WireMessage
    sequence_number: int
    enqueued_at: float
    state: State = "active"
    delivery_count: int = 0
    token: UUID | None = None
    locked_until: float | None = None
    dead_letter: dict[str, str] | None = None

    def encode(self) -> bytes:
        """As a receiver gets it now."""
        return self.wire.encode(
            Stamp(
                self.sequence_number,
                self.delivery_count,
                _STATE_NUMBERS[self.state],
                self.enqueued_at,
                self.locked_until,
                self.dead_letter,
            )
        )


class Entity:
    """A queue, a subscription, or the dead-letter queue of one.

    ``path`` is its AMQP address. ``dead_letters`` is None for a dead-letter queue.
    """

    def __init__(
        self,
        path: str,
        clock: Clock,
        *,
        lock_seconds: float,
        max_delivery: int | None,
        sessions: bool,
        dead_letters: Entity | None,
    ) -> None:
        self.path = path
        self.sessions = sessions
        self.dead_letters = dead_letters
        self.lock_seconds = lock_seconds
        self._clock = clock
        self._max_delivery = max_delivery
        self._messages: list[Held] = []
        self._last_number = 0
        self._session_locks: dict[str, float] = {}

    def add(self, wire: WireMessage) -> None:
        """Enqueue, or hold back until its time has come."""
        self._last_number += 1
        now = self._clock.now()
        due = wire.scheduled_for
        scheduled = due is not None and due > now
        at = due if scheduled and due is not None else now
        self._put(Held(wire, self._last_number, at, "scheduled" if scheduled else "active"))

    def take(self, session: str | None = None) -> Held | None:
        """Lock the oldest message that is due, in a session its oldest; None when none is."""
        for message in self._free():
            if not self.sessions or message.wire.session_id == session:
                self._lock(message)
                return message
        return None

    def take_deferred(self, numbers: list[int]) -> list[Held]:
        """Lock deferred messages by number. Raises ``LookupError`` unless all are there."""
        found = [
            message
            for message in self._messages
            if message.sequence_number in numbers
            and message.state == "deferred"
            and message.token is None
        ]
        if len(found) != len(set(numbers)):
            raise LookupError("com.microsoft:message-not-found")
        for message in found:
            self._lock(message)
        return found

    def settle(
        self, token: UUID, outcome: Outcome, reason: str = "", description: str = ""
    ) -> None:
        """End a lock. Raises ``LockLost``."""
        message = self._locked(token)
        if outcome == "complete":
            self._messages.remove(message)
        elif outcome == "dead-letter":
            message.delivery_count += 1
            self._bury(message, reason, description)
        elif outcome == "defer":
            message.state = "deferred"
            self._unlock(message, count=True)
        else:
            self._unlock(message, count=outcome == "abandon")

    def renew(self, token: UUID) -> float:
        """Lengthen a lock; returns until when. Raises ``LockLost``."""
        message = self._locked(token)
        message.locked_until = self._clock.now() + self.lock_seconds
        return message.locked_until

    def peek(self, first: int, limit: int, session: str | None) -> list[Held]:
        """Look at messages in any state, oldest first; locks none."""
        return [
            message
            for message in self._messages
            if message.sequence_number >= first
            and (session is None or message.wire.session_id == session)
        ][:limit]

    def free_session(self) -> str | None:
        """The session of the oldest message that is due in a session nobody holds."""
        for message in self._free():
            if message.wire.session_id not in self._session_locks:
                return message.wire.session_id
        return None

    def lock_session(self, session: str) -> float | None:
        """Hold a session; returns until when, None when somebody else holds it."""
        if session in self._session_locks:
            return None
        return self.renew_session(session)

    def renew_session(self, session: str) -> float:
        """Hold a session, and the messages taken in it, longer; returns until when."""
        until = self._clock.now() + self.lock_seconds
        self._session_locks[session] = until
        for message in self._messages:
            if message.token and message.wire.session_id == session:
                message.locked_until = until
        return until

    def release_session(self, session: str, *, expired: bool) -> None:
        """Let go of a session: only running out of time counts as a delivery."""
        if self._session_locks.pop(session, None) is None:
            return
        for message in list(self._messages):
            if message.token and message.wire.session_id == session:
                self._unlock(message, count=expired)

    def tick(self) -> list[str]:
        """Let time take effect; returns the sessions whose locks ran out."""
        now = self._clock.now()
        for message in list(self._messages):
            if message.state == "scheduled" and message.enqueued_at <= now:
                message.state = "active"
            if not self.sessions and message.locked_until and message.locked_until <= now:
                self._unlock(message, count=True)
        expired = [name for name, until in self._session_locks.items() if until <= now]
        for name in expired:
            self.release_session(name, expired=True)
        return expired

    def expire_locks(self) -> None:
        """Let every lock run out at the next tick."""
        for message in self._messages:
            if message.token:
                message.locked_until = 0.0001
        for session in self._session_locks:
            self._session_locks[session] = 0.0

    def counts(self) -> dict[str, int]:
        """How many messages there are, by state, and how many of them under lock."""
        states = [message.state for message in self._messages]
        locked = sum(message.token is not None for message in self._messages)
        return {**{state: states.count(state) for state in _STATE_NUMBERS}, "locked": locked}

    def clear(self) -> None:
        self._messages.clear()
        self._session_locks.clear()

    def _free(self) -> Iterator[Held]:
        return (one for one in self._messages if one.state == "active" and one.token is None)

    def _lock(self, message: Held) -> None:
        message.token = uuid4()
        session = message.wire.session_id if self.sessions else None
        message.locked_until = (
            self._session_locks[session]
            if session is not None
            else self._clock.now() + self.lock_seconds
        )

    def _locked(self, token: UUID) -> Held:
        for message in self._messages:
            if message.token == token and (message.locked_until or 0) > self._clock.now():
                return message
        raise LockLost

    def _unlock(self, message: Held, *, count: bool) -> None:
        message.token = message.locked_until = None
        message.delivery_count += count
        if self._max_delivery is not None and message.delivery_count >= self._max_delivery:
            self._bury(
                message,
                "MaxDeliveryCountExceeded",
                f"delivered {message.delivery_count} times without being settled",
            )

    def _bury(self, message: Held, reason: str, description: str) -> None:
        message.token = message.locked_until = None
        if self.dead_letters is None:
            return
        self._messages.remove(message)
        message.state = "active"
        message.dead_letter = {
            "DeadLetterReason": reason,
            "DeadLetterErrorDescription": description,
        }
        self.dead_letters._put(message)

    def _put(self, message: Held) -> None:
        insort(self._messages, message, key=lambda held: held.sequence_number)


class Destination:
    """A queue or a topic as senders see it: drops duplicates, spreads by subject."""

    def __init__(
        self, clock: Clock, window_seconds: float, outlets: list[tuple[Entity, frozenset[str]]]
    ) -> None:
        self._clock = clock
        self._window = window_seconds
        self._outlets = outlets
        self._seen: dict[str, float] = {}

    @property
    def entities(self) -> list[Entity]:
        return [entity for entity, _ in self._outlets]

    def send(self, wires: list[WireMessage]) -> None:
        """Take all of them or, raising ``Refused``, none; silently drop what was seen before."""
        for wire in wires:
            for entity in self._hearing(wire):
                if entity.sessions and not wire.session_id:
                    raise Refused("amqp:not-allowed", f"{entity.path} needs a session id")
        now = self._clock.now()
        self._seen = {name: until for name, until in self._seen.items() if until > now}
        for wire in wires:
            if wire.message_id in self._seen:
                continue
            self._seen[wire.message_id] = now + self._window
            for entity in self._hearing(wire):
                entity.add(wire)

    def clear(self) -> None:
        self._seen.clear()

    def _hearing(self, wire: WireMessage) -> list[Entity]:
        return [
            entity for entity, subjects in self._outlets if not subjects or wire.subject in subjects
        ]


class Namespace:
    """All entities and destinations that a topology document names, by AMQP address."""

    def __init__(self, topology: dict[str, Any], clock: Clock) -> None:
        self.clock = clock
        self.entities: dict[str, Entity] = {}
        self.destinations: dict[str, Destination] = {}
        for name, queue in topology["queues"].items():
            self._add(name, [(self._entity(name, queue), frozenset())], queue)
        for name, topic in topology["topics"].items():
            outlets = [
                (
                    self._entity(f"{name}/Subscriptions/{subscriber}", subscription),
                    frozenset(subscription["events"]),
                )
                for subscriber, subscription in topic["subscriptions"].items()
            ]
            self._add(name, outlets, topic)

    def entity(self, path: str) -> Entity | None:
        """Where to receive from; addresses are not case-sensitive."""
        return self.entities.get(path.lower())

    def destination(self, path: str) -> Destination | None:
        """Where to send to."""
        return self.destinations.get(path.lower())

    def clear(self) -> None:
        """Forget all messages, locks and duplicates."""
        for entity in self.entities.values():
            entity.clear()
        for destination in self.destinations.values():
            destination.clear()

    def _add(
        self, name: str, outlets: list[tuple[Entity, frozenset[str]]], source: dict[str, Any]
    ) -> None:
        window = source["duplicate_detection_seconds"]
        self.destinations[name.lower()] = Destination(self.clock, window, outlets)

    def _entity(self, path: str, source: dict[str, Any]) -> Entity:
        lock_seconds = source["lock_seconds"]
        dead_letters = Entity(
            f"{path}/$DeadLetterQueue",
            self.clock,
            lock_seconds=lock_seconds,
            max_delivery=None,
            sessions=False,
            dead_letters=None,
        )
        entity = Entity(
            path,
            self.clock,
            lock_seconds=lock_seconds,
            max_delivery=source["max_delivery"],
            sessions=source.get("sessions", False),
            dead_letters=dead_letters,
        )
        for one in (entity, dead_letters):
            self.entities[one.path.lower()] = one
        return entity
