"""Records with OpenTelemetry's SDK: spans, metrics and log lines.

Spans and lines wait in bounded queues and leave from threads of their own, metrics at an interval.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)
from opentelemetry.trace import Span as SdkSpan

from shared.telemetry.destinations import EXPORT_SECONDS, Destination, azure_monitor, otlp
from shared.telemetry.recording import INSTRUMENTS, Attributes, Instrument, Kind, Span

MOST_WAITING = 4096
"""Spans, and log lines, that wait; with more, those that came first are dropped."""
_KINDS = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_SEVERITIES = (
    (logging.CRITICAL, SeverityNumber.FATAL),
    (logging.ERROR, SeverityNumber.ERROR),
    (logging.WARNING, SeverityNumber.WARN),
    (logging.INFO, SeverityNumber.INFO),
)
# They write a line for each batch; ours is one for each time that a collector is away.
_TALKATIVE = (
    "opentelemetry.exporter",
    "opentelemetry.sdk._shared_internal",
    "azure.monitor.opentelemetry.exporter",
    "azure.core.pipeline.policies.http_logging_policy",
)


@dataclass(frozen=True)
class Exporting:
    """Where to and how. ``ratio`` is the share of new traces that are recorded, 0 to 1."""

    service_name: str
    version: str
    otlp_endpoint: str | None = None
    otlp_headers: str = ""
    azure_monitor: str | None = None
    ratio: float = 1.0
    span_delay_ms: int = 5000
    metric_interval_ms: int = 60_000


class SdkRecorder:
    """The :class:`~shared.telemetry.recording.Recorder` port on OpenTelemetry's SDK."""

    def __init__(self, exporting: Exporting) -> None:
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        resource = Resource.create(
            {"service.name": exporting.service_name, "service.version": exporting.version}
        )
        self._spans = TracerProvider(
            resource=resource,
            sampler=ParentBased(TraceIdRatioBased(exporting.ratio)),
            shutdown_on_exit=False,
        )
        self._lines = LoggerProvider(resource=resource, shutdown_on_exit=False)
        readers = []
        waiting: dict[str, Any] = {
            "max_queue_size": MOST_WAITING,
            "schedule_delay_millis": exporting.span_delay_ms,
        }
        for each in _destinations(exporting):
            self._spans.add_span_processor(BatchSpanProcessor(each.spans, **waiting))
            self._lines.add_log_record_processor(BatchLogRecordProcessor(each.lines, **waiting))
            readers.append(
                PeriodicExportingMetricReader(
                    each.metrics,
                    export_interval_millis=exporting.metric_interval_ms,
                    export_timeout_millis=EXPORT_SECONDS * 1000,
                )
            )
        self._metrics = MeterProvider(
            metric_readers=readers, resource=resource, shutdown_on_exit=False
        )
        self._running: tuple[TracerProvider | MeterProvider | LoggerProvider, ...] = (
            self._spans,
            self._metrics,
            self._lines,
        )
        self._logger = self._lines.get_logger("waymark", exporting.version)
        self._tracer = self._spans.get_tracer("waymark", exporting.version)
        meter = self._metrics.get_meter("waymark", exporting.version)
        self._record = {each.name: _recording(meter, each) for each in INSTRUMENTS.values()}

    def span(
        self,
        name: str,
        kind: Kind,
        attributes: Attributes,
        *,
        parent: str | None,
        links: Sequence[str] = (),
    ) -> Span:
        context = Context()
        if parent is not None:
            context = trace.set_span_in_context(NonRecordingSpan(_context_of(parent)), context)
        span = self._tracer.start_span(
            name,
            context,
            _KINDS[kind],
            dict(attributes),
            links=[Link(_context_of(link)) for link in links],
            record_exception=False,
        )
        return _Recorded(span)

    def measure(self, instrument: Instrument, value: float, attributes: Attributes) -> None:
        self._record[instrument.name](value, dict(attributes))

    def line(
        self, outcome: str, level: int, attributes: Attributes, *, traceparent: str | None
    ) -> None:
        severity = _severity(level)
        of = INVALID_SPAN if traceparent is None else NonRecordingSpan(_context_of(traceparent))
        self._logger.emit(
            LogRecord(
                timestamp=time.time_ns(),
                context=trace.set_span_in_context(of, Context()),
                severity_text=severity.name,
                severity_number=severity,
                body=outcome,
                attributes=dict(attributes),
            )
        )

    def ambient(self) -> str | None:
        found = trace.get_current_span(contexts.get_current()).get_span_context()
        if not found.is_valid:
            return None
        return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"

    def stop(self, seconds: float) -> bool:
        providers, self._running = self._running, ()
        # the SDK's own bounds add up, provider by provider and exporter by exporter
        stopping = [threading.Thread(target=each.shutdown, daemon=True) for each in providers]
        until = time.monotonic() + seconds
        for each, thread in zip(providers, stopping, strict=True):
            try:
                thread.start()
            except RuntimeError:  # Python 3.12 starts none while it ends
                each.shutdown()
        for thread in stopping:
            if thread.ident is not None:
                thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in stopping)


class _Recorded:
    """A span of the SDK, recorded or, where its trace is not sampled, only named."""

    def __init__(self, span: SdkSpan) -> None:
        found = span.get_span_context()
        self._span = span
        self.trace_id = f"{found.trace_id:032x}"
        self.span_id = f"{found.span_id:016x}"
        self.flags = f"{found.trace_flags:02x}"

    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(dict(attributes))

    def end(self, error_type: str | None = None) -> None:
        if error_type is not None:
            self._span.set_attribute("error.type", error_type)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


def _severity(level: int) -> SeverityNumber:
    return next((name for least, name in _SEVERITIES if level >= least), SeverityNumber.DEBUG)


def _context_of(traceparent: str) -> SpanContext:
    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(
        int(trace_id, 16),
        int(span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(int(flags, 16)),
    )


def _recording(meter: Any, instrument: Instrument) -> Any:
    """What records a value on an instrument of the SDK."""
    told = {"unit": instrument.unit, "description": instrument.description}
    if instrument.kind == "counter":
        return meter.create_counter(instrument.name, **told).add
    if instrument.kind == "gauge":
        return meter.create_gauge(instrument.name, **told).set
    return meter.create_histogram(
        instrument.name, explicit_bucket_boundaries_advisory=list(instrument.buckets), **told
    ).record


def _destinations(exporting: Exporting) -> list[Destination]:
    found = []
    if exporting.otlp_endpoint is not None:
        found.append(otlp(exporting.otlp_endpoint, exporting.otlp_headers))
    if exporting.azure_monitor is not None:
        found.append(azure_monitor(exporting.azure_monitor))
    return found
