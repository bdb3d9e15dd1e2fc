"""A bus together with what receives from it, and what tests do with the two."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from shared.bus.port import Bus, Message
from tests.contracts.bus_receiving import Received, Receiving, ServiceBusReceiving, Session
from tests.peers.service_bus_process import Peer

T = TypeVar("T")

# How long a message that must come may take.
PATIENCE_SECONDS = 15.0


@dataclass(frozen=True)
class Pair:
    """A bus and what receives from it. ``prefix`` makes a test's message ids its own."""

    bus: Bus
    receiving: Receiving
    prefix: str = field(default_factory=lambda: uuid4().hex[:8])

    def message(self, number: int = 1, destination: str = "plain", **changes: Any) -> Message:
        """A message to send, its id and body made from ``number``."""
        fields: dict[str, Any] = {
            "destination": destination,
            "message_id": f"{self.prefix}-{number}",
            "body": f"body {number}".encode(),
            "subject": "good.v1",
            **changes,
        }
        return Message(**fields)

    def send(self, *numbers: int, destination: str = "plain", **changes: Any) -> None:
        """Publish messages made from ``numbers``, in one call."""
        self.bus.publish([self.message(number, destination, **changes) for number in numbers])

    def take(self, entity: str, session: Session | None = None) -> Received:
        """Lock the next message of an entity, which must come."""
        return eventually(lambda: self.receiving.receive(entity, session))

    def accept(self, entity: str) -> Session:
        """Lock the next session of an entity, which must come up."""
        return eventually(lambda: self.receiving.accept_session(entity))

    def drain(self, entity: str, count: int, session: Session | None = None) -> list[bytes]:
        """Take and complete ``count`` messages, which must come, and what comes beyond them.

        Returns their bodies.
        """
        found: list[bytes] = []
        while True:
            sure = len(found) < count
            received = (
                self.take(entity, session) if sure else self.receiving.receive(entity, session)
            )
            if received is None:
                return found
            self.receiving.complete(received)
            found.append(received.body)

    def bury(
        self, entity: str, reason: str = "Broken", description: str = "as it was said"
    ) -> Received:
        """Dead-letter the next message of an entity."""
        received = self.take(entity)
        self.receiving.dead_letter(received, reason, description)
        return received


def eventually(look: Callable[[], T | None]) -> T:
    """What ``look`` finds, sooner or later; fails the test when it is too late."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
    pytest.fail(f"nothing came in {PATIENCE_SECONDS} seconds")


def utc(seconds: float) -> datetime:
    """Epoch seconds as a time with zone."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True)
class PeerPair(Pair):
    """The Service Bus adapter on the AMQP peer, which can be told to misbehave."""

    receiving: ServiceBusReceiving
    peer: Peer = field(kw_only=True)
