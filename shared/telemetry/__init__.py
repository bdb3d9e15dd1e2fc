"""What can be followed: structured logs, hops with the ids of one trace, spans and metrics.

Logs are always written. They, spans and metrics go to whom :func:`record_with` names, which the
runtime does when an exporter is configured; without one nothing of OpenTelemetry is loaded.
``docs/observability.md`` lists them all.
"""

from __future__ import annotations

from shared.telemetry.calls import calling, watch_blobs, watch_bus, watch_documents, watch_peer
from shared.telemetry.hops import Hop, current, flow_of, hop, triggered
from shared.telemetry.lines import JsonLines, configure, failure, log, timed
from shared.telemetry.recording import (
    BUS,
    INSTRUMENTS,
    Attributes,
    Instrument,
    Kind,
    Recorder,
    Span,
    measure,
    record_with,
    recorder,
)

__all__ = [
    "BUS",
    "INSTRUMENTS",
    "Attributes",
    "Hop",
    "Instrument",
    "JsonLines",
    "Kind",
    "Recorder",
    "Span",
    "calling",
    "configure",
    "current",
    "failure",
    "flow_of",
    "hop",
    "log",
    "measure",
    "record_with",
    "recorder",
    "timed",
    "triggered",
    "watch_blobs",
    "watch_bus",
    "watch_documents",
    "watch_peer",
]
