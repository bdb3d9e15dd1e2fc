"""Receiving as a host does it, the same for every adapter of the bus.

SQLite has its own receiving side; for Service Bus it is the SDK's receivers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from shared.topology import Topology
from tests.peers.service_bus_process import Peer

LOCK_SECONDS = 30
MAX_DELIVERY = 3
DUPLICATE_SECONDS = 60

_RECEIVER = {"lock_seconds": LOCK_SECONDS, "max_delivery": MAX_DELIVERY}
TOPOLOGY = Topology.model_validate(
    {
        "containers": {},
        "queues": {
            "plain": {**_RECEIVER, "duplicate_detection_seconds": DUPLICATE_SECONDS},
            "aside": {**_RECEIVER, "duplicate_detection_seconds": DUPLICATE_SECONDS},
            "talks": {
                **_RECEIVER,
                "sessions": True,
                "duplicate_detection_seconds": DUPLICATE_SECONDS,
            },
        },
        "topics": {
            "news": {
                "duplicate_detection_seconds": DUPLICATE_SECONDS,
                "subscriptions": {
                    "all": {**_RECEIVER, "events": ["good.v1", "bad.v1"]},
                    "good": {**_RECEIVER, "events": ["good.v1"]},
                    "told": {**_RECEIVER, "sessions": True, "events": ["told.v1"]},
                },
            },
        },
        "events": {
            "good.v1": {"to": "news"},
            "bad.v1": {"to": "news"},
            "told.v1": {"to": "news"},
        },
        "blob_containers": {},
        "storage_queues": {},
    }
)

# How long to look for a message or a session that may not come.
_GLANCE_SECONDS = 0.1
_REMOTE_GLANCE_SECONDS = 2.0


class LockGone(Exception):
    """The lock on a message or session is somebody else's, or nobody's."""


@dataclass(frozen=True)
class Session:
    """A session under lock; ``handle`` is the adapter's own."""

    entity: str
    session_id: str
    handle: Any


@dataclass(frozen=True)
class Received:
    """A message under lock, as both adapters know it; ``handle`` is the adapter's own."""

    message_id: str
    subject: str
    body: bytes
    session_id: str | None
    correlation_id: str | None
    content_type: str
    properties: dict[str, str]
    sequence_number: int
    delivery_count: int
    enqueued_at: float
    handle: Any


class Receiving(Protocol):
    """What a host does with an entity. Settling and renewing raise ``LockGone``."""

    def receive(self, entity: str, session: Session | None = None) -> Received | None:
        """Lock the next message that is due, None when none comes."""

    def accept_session(self, entity: str) -> Session | None:
        """Lock the next session that has a message due, None when none comes up."""

    def renew_session(self, session: Session) -> None: ...

    def release_session(self, session: Session) -> None: ...

    def complete(self, received: Received) -> None: ...

    def abandon(self, received: Received) -> None: ...

    def dead_letter(self, received: Received, reason: str, description: str) -> None: ...

    def renew(self, received: Received) -> None: ...

    def now(self) -> float:
        """The broker's clock, in epoch seconds."""

    def jump(self, seconds: float) -> None:
        """Push the broker's clock forward; skips the test where nobody can.

        Take what is due before: a message may be under lock for an earlier ``receive`` that
        came back empty, and would lose that lock.
        """

    def close(self) -> None: ...


class SqliteReceiving:
    """Receiving from the SQLite bus, by a clock that the test moves."""

    def __init__(self, bus: Any, clock: MovableClock) -> None:
        self._bus = bus
        self._clock = clock

    def receive(self, entity: str, session: Session | None = None) -> Received | None:
        from shared.bus.sqlite_rows import LockLost

        try:
            found = self._bus.receive(entity, session=session.handle if session else None)
        except LockLost as error:
            raise LockGone from error
        if not found:
            return None
        one = found[0]
        return Received(
            one.message_id,
            one.subject,
            one.body,
            one.session_id,
            one.correlation_id,
            one.content_type,
            dict(one.properties),
            one.sequence_number,
            one.delivery_count,
            one.enqueued_at,
            one,
        )

    def accept_session(self, entity: str) -> Session | None:
        lock = self._bus.accept_session(entity)
        return Session(entity, lock.session_id, lock) if lock else None

    def renew_session(self, session: Session) -> None:
        self._attempt(self._bus.renew_session, session)

    def release_session(self, session: Session) -> None:
        self._attempt(self._bus.release_session, session)

    def complete(self, received: Received) -> None:
        self._attempt(self._bus.complete, received)

    def abandon(self, received: Received) -> None:
        self._attempt(self._bus.abandon, received)

    def dead_letter(self, received: Received, reason: str, description: str) -> None:
        self._attempt(self._bus.dead_letter, received, reason, description)

    def renew(self, received: Received) -> None:
        self._attempt(self._bus.renew, received)

    def now(self) -> float:
        return self._clock()

    def jump(self, seconds: float) -> None:
        self._clock.ahead += seconds

    def close(self) -> None:
        """Nothing of its own is open."""

    @staticmethod
    def _attempt(action: Callable[..., Any], held: Received | Session, *values: str) -> None:
        from shared.bus.sqlite_rows import LockLost

        try:
            action(held.handle, *values)
        except LockLost as error:
            raise LockGone from error


class MovableClock:
    """The time of day, pushed forward by ``ahead`` seconds."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class ServiceBusReceiving:
    """Receiving with the SDK's own receivers, one kept open per entity."""

    def __init__(self, connection_string: str, peer: Peer | None) -> None:
        from azure.servicebus import ServiceBusClient

        self._client = ServiceBusClient.from_connection_string(connection_string, retry_total=0)
        self._receivers: dict[str, Any] = {}
        self._sessions: list[Any] = []
        self._closing: list[threading.Thread] = []
        self._peer = peer
        self._glance = _GLANCE_SECONDS if peer else _REMOTE_GLANCE_SECONDS
        self._ahead = 0.0

    def receive(self, entity: str, session: Session | None = None) -> Received | None:
        from azure.servicebus.exceptions import ServiceBusError, SessionLockLostError

        receiver = session.handle if session else self._receiver(entity)
        try:
            found = receiver.receive_messages(1, max_wait_time=self._glance)
        except SessionLockLostError as error:
            raise LockGone from error
        except ServiceBusError:
            if session:
                raise
            # Its connection broke under a test; the next call opens another.
            self._close_later(self._receivers.pop(entity))
            return None
        if found:
            return self._received(receiver, found[0])
        # The request stays with the broker, which locks the next message for it as soon as
        # there is one; the next call here gets it.
        return None

    def accept_session(self, entity: str) -> Session | None:
        from azure.servicebus import NEXT_AVAILABLE_SESSION
        from azure.servicebus.exceptions import OperationTimeoutError

        receiver = self._open(
            entity, session_id=NEXT_AVAILABLE_SESSION, max_wait_time=2 * self._glance
        )
        try:
            receiver.__enter__()
        except OperationTimeoutError:
            return None
        chosen = receiver.session.session_id
        if not isinstance(chosen, str):
            # The link was opened and at once closed again: the broker's way to say no.
            self._close_later(receiver)
            return None
        self._sessions.append(receiver)
        return Session(entity, chosen, receiver)

    def renew_session(self, session: Session) -> None:
        self._attempt(session.handle.session.renew_lock)

    def release_session(self, session: Session) -> None:
        session.handle.close()

    def complete(self, received: Received) -> None:
        receiver, one = received.handle
        self._attempt(receiver.complete_message, one)

    def abandon(self, received: Received) -> None:
        receiver, one = received.handle
        self._attempt(receiver.abandon_message, one)

    def dead_letter(self, received: Received, reason: str, description: str) -> None:
        receiver, one = received.handle
        self._attempt(
            receiver.dead_letter_message, one, reason=reason, error_description=description
        )

    def renew(self, received: Received) -> None:
        receiver, one = received.handle
        self._attempt(receiver.renew_message_lock, one)

    def now(self) -> float:
        return time.time() + self._ahead

    def jump(self, seconds: float) -> None:
        if self._peer is None:
            pytest.skip("the clock of a real namespace cannot be moved")
        self._peer.ask("jump", seconds=seconds)
        self._ahead += seconds

    def forget(self, addresses: list[str]) -> None:
        """Drop all sessions, and the receivers at these AMQP addresses, where the broker has
        hung up."""
        for receiver in self._sessions:
            self._close_later(receiver)
        self._sessions.clear()
        for address in addresses:
            entity = address.replace("/Subscriptions/", "/")
            if entity in self._receivers:
                self._close_later(self._receivers.pop(entity))

    def close(self) -> None:
        self.forget(list(self._receivers))
        for thread in self._closing:
            thread.join()
        self._client.close()

    def empty(self) -> None:
        """Throw away all messages and dead letters of the topology's entities."""
        for entity, receiver in TOPOLOGY.receivers.items():
            self._discard(self._open(entity, sub_queue="deadletter"))
            if not receiver.sessions:
                self._discard(self._open(entity))
            while receiver.sessions and (session := self.accept_session(entity)):
                self._discard(session.handle)

    @staticmethod
    def _discard(receiver: Any) -> None:
        with receiver:
            while found := receiver.receive_messages(100, max_wait_time=2):
                for one in found:
                    receiver.complete_message(one)

    def _close_later(self, receiver: Any) -> None:
        """Close aside: it takes the SDK up to a second."""
        thread = threading.Thread(target=receiver.close)
        thread.start()
        self._closing.append(thread)

    def _receiver(self, entity: str) -> Any:
        if entity not in self._receivers:
            # Opened here: the time to open would count against the wait for a message.
            self._receivers[entity] = self._open(entity).__enter__()
        return self._receivers[entity]

    def _open(self, entity: str, **options: Any) -> Any:
        name, _, subscription = entity.partition("/")
        # A short wait on the socket, for closing takes as long as several of them.
        options["socket_timeout"] = 0.05
        if subscription:
            return self._client.get_subscription_receiver(name, subscription, **options)
        return self._client.get_queue_receiver(name, **options)

    @staticmethod
    def _received(receiver: Any, one: Any) -> Received:
        return Received(
            one.message_id,
            one.subject,
            b"".join(one.body),
            one.session_id,
            one.correlation_id,
            one.content_type,
            {
                name.decode(): value.decode()
                for name, value in (one.application_properties or {}).items()
            },
            one.sequence_number,
            # The SDK counts deliveries that failed before this one.
            one.delivery_count + 1,
            one.enqueued_time_utc.timestamp(),
            (receiver, one),
        )

    @staticmethod
    def _attempt(action: Callable[..., Any], *values: Any, **named: Any) -> None:
        from azure.servicebus.exceptions import MessageLockLostError, SessionLockLostError

        try:
            action(*values, **named)
        except (MessageLockLostError, SessionLockLostError) as error:
            raise LockGone from error
