"""Records with OpenTelemetry's SDK, and exports over OTLP (HTTP, protobuf) and to Azure Monitor.

Spans wait in a bounded queue and leave from a thread of their own, metrics at an interval. A
collector that is away costs what was not sent: nobody waits for it, and it is told once in the
log, and once when it is back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)
from opentelemetry.trace import Span as SdkSpan

from shared.telemetry.lines import log
from shared.telemetry.recording import INSTRUMENTS, Attributes, Instrument, Kind, Span

EXPORT_SECONDS = 5.0
"""How long one export may take, its repeats included."""
MOST_WAITING = 4096
"""Spans that wait; with more, those that came first are dropped."""
_KINDS = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
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
        readers = []
        for destination, spans, metrics in _exporters(exporting):
            told = _Told(destination)
            self._spans.add_span_processor(
                BatchSpanProcessor(
                    _ToldSpans(spans, told),
                    max_queue_size=MOST_WAITING,
                    schedule_delay_millis=exporting.span_delay_ms,
                )
            )
            readers.append(
                PeriodicExportingMetricReader(
                    _ToldMetrics(metrics, told),
                    export_interval_millis=exporting.metric_interval_ms,
                    export_timeout_millis=EXPORT_SECONDS * 1000,
                )
            )
        self._metrics = MeterProvider(
            metric_readers=readers, resource=resource, shutdown_on_exit=False
        )
        self._running: tuple[TracerProvider | MeterProvider, ...] = (self._spans, self._metrics)
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

    def ambient(self) -> str | None:
        found = trace.get_current_span(contexts.get_current()).get_span_context()
        if not found.is_valid:
            return None
        return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"

    def stop(self, seconds: float) -> bool:
        providers, self._running = self._running, ()
        # the SDK's own bounds add up, provider by provider and exporter by exporter
        stopping = [threading.Thread(target=each.shutdown, daemon=True) for each in providers]
        for thread in stopping:
            thread.start()
        until = time.monotonic() + seconds
        for thread in stopping:
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


def _exporters(exporting: Exporting) -> list[tuple[str, SpanExporter, MetricExporter]]:
    found: list[tuple[str, SpanExporter, MetricExporter]] = []
    if exporting.otlp_endpoint is not None:
        base = exporting.otlp_endpoint.rstrip("/")
        options: dict[str, Any] = {
            "headers": _headers(exporting.otlp_headers),
            "timeout": EXPORT_SECONDS,
            "compression": Compression.Gzip,
        }
        found.append(
            (
                "otlp",
                OTLPSpanExporter(f"{base}/v1/traces", **options),
                OTLPMetricExporter(f"{base}/v1/metrics", **options),
            )
        )
    if exporting.azure_monitor is not None:
        from azure.monitor.opentelemetry.exporter import (
            AzureMonitorMetricExporter,
            AzureMonitorTraceExporter,
        )

        # what could not be sent is not kept on a disk that is thrown away
        given: dict[str, Any] = {
            "connection_string": exporting.azure_monitor,
            "disable_offline_storage": True,
            "timeout": EXPORT_SECONDS,
        }
        found.append(
            (
                "azure_monitor",
                AzureMonitorTraceExporter(**given),
                AzureMonitorMetricExporter(**given),
            )
        )
    return found


def _headers(text: str) -> Mapping[str, str]:
    """Headers written as ``name=value,name=value``, values percent-encoded."""
    pairs = (part.partition("=") for part in text.split(",") if "=" in part)
    return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}


class _Told:
    """Tells once that a destination takes nothing, and once that it does again."""

    def __init__(self, destination: str) -> None:
        self._destination = destination
        self._away = False
        self._lock = threading.Lock()

    def about(self, *, taken: bool, signal: str) -> None:
        with self._lock:
            if taken is not self._away:
                return
            self._away = not taken
        log(
            "telemetry.exported_again" if taken else "telemetry.not_exported",
            level=logging.INFO if taken else logging.WARNING,
            destination=self._destination,
            signal=signal,
        )


class _ToldSpans(SpanExporter):
    """An exporter of spans that tells how it goes."""

    def __init__(self, inner: SpanExporter, told: _Told) -> None:
        self._inner = inner
        self._told = told

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._inner.export(spans)
        self._told.about(taken=result is SpanExportResult.SUCCESS, signal="spans")
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()


class _ToldMetrics(MetricExporter):
    """An exporter of metrics that tells how it goes."""

    def __init__(self, inner: MetricExporter, told: _Told) -> None:
        super().__init__(
            preferred_temporality=inner._preferred_temporality,
            preferred_aggregation=inner._preferred_aggregation,
        )
        self._inner = inner
        self._told = told

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **more: Any
    ) -> MetricExportResult:
        result = self._inner.export(metrics_data, timeout_millis, **more)
        self._told.about(taken=result is MetricExportResult.SUCCESS, signal="metrics")
        return result

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return self._inner.force_flush(timeout_millis)

    def shutdown(self, timeout_millis: float = 30_000, **more: Any) -> None:
        self._inner.shutdown(timeout_millis, **more)
