"""Messages to queues and topics.

Receiving belongs to the host's triggers, so the port only sends, and shows an
operator what ended in dead-letter queues. An entity that holds messages is a
queue (``"intake_parse"``) or a subscription (``"intake/intake_notify"``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.errors import Invalid, TooLarge

MAX_BODY_BYTES = 192 * 1024
MAX_ID_CHARACTERS = 128


@dataclass(frozen=True)
class Message:
    """One message on its way out.

    ``destination`` is a queue or a topic. ``message_id`` (1 to 128 characters)
    serves duplicate detection; ``subject`` is the event type that subscriptions
    filter on; ``session_id`` orders messages of one session (and must be given
    where the entity has sessions); ``not_before`` (UTC) delays delivery.
    """

    destination: str
    message_id: str
    body: bytes
    subject: str
    session_id: str | None = None
    correlation_id: str | None = None
    content_type: str = "application/cloudevents+json"
    not_before: datetime | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DeadLetter:
    """A message that ended in the dead-letter queue of ``entity``."""

    entity: str
    sequence_number: int
    message_id: str
    subject: str
    body: bytes
    reason: str
    description: str
    delivery_count: int
    enqueued_at: datetime


class Bus(Protocol):
    """Where messages go. Safe to use from several threads and processes."""

    def publish(self, messages: Sequence[Message]) -> None:
        """Send messages, in order for each destination.

        A message whose id the destination took within its duplicate-detection
        window is dropped silently. Either all messages of one destination are
        taken or the call raises; destinations are sent one after the other.

        Raises ``Missing`` for an unknown destination, ``Invalid`` for a message
        without a session where one is needed, ``TooLarge`` for a body above 192 KiB,
        ``Throttled`` or ``Unavailable`` when the broker does not take it.
        """

    def dead_letters(
        self, entity: str, *, limit: int = 100, after: int = 0
    ) -> tuple[DeadLetter, ...]:
        """Look at dead letters with a sequence number above ``after``, oldest first; takes none.

        Raises ``Missing`` for an unknown entity.
        """

    def redrive(self, entity: str, sequence_numbers: Sequence[int]) -> int:
        """Send these dead letters back where they came from; returns how many it found.

        The message keeps its body, subject, session and properties and gets a new
        message id (``<old, cut to 100 characters>~<sequence number>``), so that duplicate
        detection lets it through; its receipt, made from the event's own id, still makes
        it harmless. One of a subscription may reach the topic's other subscriptions again.
        A crash in the middle may send one twice, never lose one. Raises ``Missing`` for an
        unknown entity.
        """

    def discard(self, entity: str, sequence_numbers: Sequence[int]) -> int:
        """Remove these dead letters for good; returns how many it found.

        Raises ``Missing`` for an unknown entity.
        """

    def ping(self, destination: str, *, seconds: float) -> None:
        """Ask whether it would take messages for a queue or a topic. Sends none.

        Raises ``Missing`` for an unknown destination, ``Throttled`` or ``Unavailable`` where it
        does not let us in or gives no answer in ``seconds``.
        """

    def scrub(self) -> None:
        """Leave nothing of messages that are gone readable in what the bus itself keeps on disk.
        Raises ``Unavailable`` when it could not be done."""


def check_message(message: Message) -> None:
    """Raise ``Invalid`` or ``TooLarge`` for a message that some adapter cannot carry."""
    if not 0 < len(message.message_id) <= MAX_ID_CHARACTERS:
        raise Invalid(f"a message id has 1 to {MAX_ID_CHARACTERS} characters")
    if len(message.session_id or "") > MAX_ID_CHARACTERS:
        raise Invalid(f"a session id has at most {MAX_ID_CHARACTERS} characters")
    if message.not_before is not None and message.not_before.tzinfo is None:
        raise Invalid("not_before needs a time zone")
    if len(message.body) > MAX_BODY_BYTES:
        raise TooLarge(f"a message carries at most {MAX_BODY_BYTES:,} bytes")
