"""AMQP 1.0 messages as bytes: taken apart when sent, put together anew for each delivery.

The bare message (properties and below) is kept byte for byte; header and message
annotations are the broker's to write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proton import Data, Described, int32, symbol, timestamp, uint, ulong

HEADER, DELIVERY_ANNOTATIONS, ANNOTATIONS = 0x70, 0x71, 0x72
PROPERTIES, APPLICATION, BODY_DATA, FOOTER = 0x73, 0x74, 0x75, 0x78
_SECTIONS = range(HEADER, FOOTER + 1)

# Positions in the properties section.
_MESSAGE_ID, _SUBJECT, _CONTENT_TYPE, _SESSION_ID = 0, 3, 6, 10

_NET_TICKS_AT_EPOCH = 621_355_968_000_000_000


@dataclass(frozen=True)
class Section:
    """One section of an AMQP message: its descriptor, its value and its own bytes."""

    code: int
    value: Any
    raw: bytes


@dataclass(frozen=True)
class Stamp:
    """What the broker writes on a message when it hands it out; times are epoch seconds."""

    sequence_number: int
    delivery_count: int
    state: int
    enqueued_at: float
    locked_until: float | None = None
    dead_letter: dict[str, str] | None = None


class WireMessage:
    """A message as its sender encoded it. Raises ``ValueError`` for bytes that are none."""

    def __init__(self, payload: bytes) -> None:
        sections = _sections(payload)
        values = {section.code: section.value for section in sections}
        properties = _padded(values.get(PROPERTIES))
        self.size = len(payload)
        self.header = _padded(values.get(HEADER))[:5]
        self.annotations: dict[Any, Any] = dict(values.get(ANNOTATIONS) or {})
        self.message_id: str = properties[_MESSAGE_ID] or ""
        self.subject: str = properties[_SUBJECT] or ""
        self.session_id: str | None = properties[_SESSION_ID]
        self._application: dict[Any, Any] = values.get(APPLICATION) or {}
        self._bare = [section for section in sections if section.code >= PROPERTIES]

    @property
    def scheduled_for(self) -> float | None:
        """When it may be delivered at the earliest, in epoch seconds."""
        due = self.annotations.get("x-opt-scheduled-enqueue-time")
        return None if due is None else due / 1000

    def encode(self, stamp: Stamp) -> bytes:
        """The message as a receiver gets it."""
        durable, priority, ttl, first, _ = self.header
        header = [bool(durable), priority, ttl, first, uint(stamp.delivery_count)]
        annotations = {symbol(str(name)): value for name, value in self.annotations.items()}
        annotations[symbol("x-opt-sequence-number")] = stamp.sequence_number
        annotations[symbol("x-opt-enqueued-time")] = milliseconds(stamp.enqueued_at)
        annotations[symbol("x-opt-message-state")] = int32(stamp.state)
        if stamp.locked_until is not None:
            annotations[symbol("x-opt-locked-until")] = milliseconds(stamp.locked_until)
        bare = {section.code: section.raw for section in self._bare if section.code != BODY_DATA}
        if stamp.dead_letter is not None:
            bare[APPLICATION] = _encoded(APPLICATION, {**self._application, **stamp.dead_letter})
        data = b"".join(section.raw for section in self._bare if section.code == BODY_DATA)
        above = b"".join(bare[code] for code in sorted(bare) if code < BODY_DATA)
        below = b"".join(bare[code] for code in sorted(bare) if code > BODY_DATA)
        return _encoded(HEADER, header) + _encoded(ANNOTATIONS, annotations) + above + data + below


def messages_in(payload: bytes) -> list[WireMessage]:
    """The messages of one transfer: one, or those of a batch.

    Proton does not show the transfer's message format, which marks a batch. So a batch is
    told by its shape: no subject and no content type on the envelope, and every data
    section a whole message. Raises ``ValueError`` for bytes that are no message.
    """
    sections = _sections(payload)
    bodies = [section.value for section in sections if section.code == BODY_DATA]
    properties = _padded(next((s.value for s in sections if s.code == PROPERTIES), None))
    if bodies and not properties[_SUBJECT] and not properties[_CONTENT_TYPE]:
        try:
            return [WireMessage(body) for body in bodies]
        except ValueError:
            pass
    return [WireMessage(payload)]


def milliseconds(seconds: float) -> timestamp:
    """Epoch seconds as an AMQP timestamp."""
    return timestamp(int(seconds * 1000))


def net_ticks(seconds: float) -> int:
    """Epoch seconds as .NET counts time: tenths of a microsecond since the year 1."""
    return int(seconds * 10**7) + _NET_TICKS_AT_EPOCH


def owned(value: Any) -> Any:
    """Copy what proton hands out as views over memory that dies with its owner."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, dict):
        return {name: owned(one) for name, one in value.items()}
    if isinstance(value, list):
        return [owned(one) for one in value]
    return value


def _sections(payload: bytes) -> list[Section]:
    found: list[Section] = []
    data = Data()
    position = 0
    while position < len(payload):
        data.clear()
        try:
            length = data.decode(payload[position:])
            data.rewind()
            data.next()
            described = data.get_py_described()
            code = int(described.descriptor)
        except Exception as error:
            raise ValueError("not an AMQP message") from error
        if code not in _SECTIONS:
            raise ValueError("not an AMQP message")
        raw = payload[position : position + length]
        found.append(Section(code, owned(described.value), raw))
        position += length
    if not found:
        raise ValueError("not an AMQP message")
    return found


def _padded(values: list[Any] | None) -> list[Any]:
    return [*(values or []), *[None] * 13][:13]


def _encoded(code: int, value: Any) -> bytes:
    data = Data()
    data.put_object(Described(ulong(code), value))
    return bytes(data.encode())
