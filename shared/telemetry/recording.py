"""Spans, measurements and log lines, as whoever records them takes them; and every instrument.

Names and bucket boundaries are those of OpenTelemetry's semantic conventions where they have one,
``waymark.…`` otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Attributes = Mapping[str, str | int | float | bool]
Kind = Literal["internal", "server", "client", "producer", "consumer"]


class Span(Protocol):
    """One span under way, with its ids as W3C Trace Context writes them."""

    trace_id: str
    span_id: str
    flags: str

    def note(self, attributes: Attributes) -> None:
        """Add attributes."""

    def end(self, error_type: str | None = None) -> None:
        """End it: with the type of an error, as failed."""


class Recorder(Protocol):
    """Takes spans, measurements and log lines. Safe to use from several threads; never raises,
    never waits."""

    def span(
        self,
        name: str,
        kind: Kind,
        attributes: Attributes,
        *,
        parent: str | None,
        links: Sequence[str] = (),
    ) -> Span:
        """Begin a span below ``parent``, or a trace without one. Both it and ``links`` are
        sound ``traceparent`` values."""

    def measure(self, instrument: Instrument, value: float, attributes: Attributes) -> None:
        """Record a value on an instrument."""

    def line(
        self, outcome: str, level: int, attributes: Attributes, *, traceparent: str | None
    ) -> None:
        """Record a log line of a level of :mod:`logging`, and of the hop that wrote it."""

    def ambient(self) -> str | None:
        """The ``traceparent`` that the process's host attached to this thread, if any."""

    def stop(self, seconds: float) -> bool:
        """Send what is left and record no more; returns whether that ended in time."""


@dataclass(frozen=True)
class Instrument:
    """A metric: what it counts or how its values are spread, its unit (UCUM), what it says."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    description: str
    buckets: tuple[float, ...] = ()


BUS = "servicebus"
"""The ``messaging.system`` of our bus, also where the embedded one stands in for it."""

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_STORE_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)
_RUN_SECONDS = (*_SECONDS, 30, 60, 120, 300, 600)

_ALL = (
    Instrument(
        "http.server.request.duration", "histogram", "s", "Answering a request", _SECONDS
    ),
    Instrument(
        "messaging.process.duration", "histogram", "s", "Handling a message", _RUN_SECONDS
    ),
    Instrument(
        "faas.invoke_duration", "histogram", "s", "A run of a timer or of a drop", _RUN_SECONDS
    ),
    Instrument(
        "db.client.operation.duration", "histogram", "s", "A call of documents", _STORE_SECONDS
    ),
    Instrument(
        "messaging.client.operation.duration", "histogram", "s", "A call of the bus", _SECONDS
    ),
    Instrument(
        "waymark.blob.operation.duration", "histogram", "s", "A call of blobs", _SECONDS
    ),
    Instrument(
        "waymark.peer.call.duration", "histogram", "s", "A call of another system", _RUN_SECONDS
    ),
    Instrument(
        "waymark.messages.postponed", "counter", "{message}", "Sent again later, with a delay"
    ),
    Instrument(
        "waymark.messages.rejected", "counter", "{message}", "Finished, for no retry can help"
    ),
    Instrument(
        "waymark.messages.exhausted", "counter", "{message}", "Failed on their last delivery"
    ),
    Instrument("waymark.files.dropped", "counter", "{file}", "Blobs that a trigger told of"),
    Instrument(
        "waymark.outbox.left", "counter", "{event}", "Committed and not sent at once"
    ),
    Instrument("waymark.outbox.relayed", "counter", "{event}", "Sent by the relay"),
    Instrument(
        "waymark.outbox.unsent", "gauge", "{event}", "Still there after the relay's last sweep"
    ),
    Instrument(
        "waymark.outbox.oldest_age", "gauge", "s", "Age of the oldest that the sweep found"
    ),
    Instrument("waymark.backups.finished", "counter", "{backup}", "Backups that were finished"),
)  # fmt: skip
INSTRUMENTS: Mapping[str, Instrument] = {each.name: each for each in _ALL}

_recorder: Recorder | None = None


def record_with(recorder: Recorder | None) -> None:
    """Give all spans, measurements and log lines to a recorder from now on, or to nobody."""
    global _recorder
    _recorder = recorder


def recorder() -> Recorder | None:
    """Who records, if anybody."""
    return _recorder


def measure(name: str, value: float, attributes: Attributes | None = None) -> None:
    """Record a value on the instrument of a name, if anybody records."""
    if _recorder is not None:
        _recorder.measure(INSTRUMENTS[name], value, attributes or {})
