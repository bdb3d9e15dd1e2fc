"""Where telemetry goes: a collector over OTLP (HTTP, protobuf), and Azure Monitor.

A destination that is away costs what was not sent: nobody waits for it, and it is told once in
the log, and once when it is back.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from shared.telemetry.lines import log

EXPORT_SECONDS = 5.0
"""How long one export may take, its repeats included."""


@dataclass(frozen=True)
class Destination:
    """The exporters of one destination, each of which tells how it goes."""

    spans: SpanExporter
    metrics: MetricExporter
    lines: LogRecordExporter


def otlp(endpoint: str, headers: str) -> Destination:
    """A collector that takes OTLP by HTTP below ``endpoint``; ``headers`` are written as
    ``name=value,name=value``, values percent-encoded."""
    base = endpoint.rstrip("/")
    given: dict[str, Any] = {
        "headers": _headers(headers),
        "timeout": EXPORT_SECONDS,
        "compression": Compression.Gzip,
    }
    return _telling(
        "otlp",
        OTLPSpanExporter(f"{base}/v1/traces", **given),
        OTLPMetricExporter(f"{base}/v1/metrics", **given),
        OTLPLogExporter(f"{base}/v1/logs", **given),
    )


def azure_monitor(connection_string: str) -> Destination:
    """An Application Insights, by its connection string."""
    from azure.monitor.opentelemetry.exporter import (
        AzureMonitorLogExporter,
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )

    # what could not be sent is not kept on a disk that is thrown away
    given: dict[str, Any] = {
        "connection_string": connection_string,
        "disable_offline_storage": True,
        "timeout": EXPORT_SECONDS,
    }
    return _telling(
        "azure_monitor",
        AzureMonitorTraceExporter(**given),
        AzureMonitorMetricExporter(**given),
        AzureMonitorLogExporter(**given),
    )


def _telling(
    name: str, spans: SpanExporter, metrics: MetricExporter, lines: LogRecordExporter
) -> Destination:
    return Destination(
        _ToldSpans(spans, _Told(name, "spans")),
        _ToldMetrics(metrics, _Told(name, "metrics")),
        _ToldLines(lines, _Told(name, "lines")),
    )


def _headers(text: str) -> Mapping[str, str]:
    """Headers written as ``name=value,name=value``, values percent-encoded."""
    pairs = (part.partition("=") for part in text.split(",") if "=" in part)
    return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}


class _Told:
    """Tells once that a destination takes none of a signal, and once that it does again."""

    def __init__(self, destination: str, signal: str) -> None:
        self._destination = destination
        self._signal = signal
        self._away = False
        self._lock = threading.Lock()

    def about(self, *, taken: bool, error: str | None = None) -> None:
        with self._lock:
            if taken is not self._away:
                return
            self._away = not taken
        log(
            "telemetry.exported_again" if taken else "telemetry.not_exported",
            level=logging.INFO if taken else logging.WARNING,
            destination=self._destination,
            signal=self._signal,
            error=error,
        )


_Result = TypeVar("_Result")


def _told(told: _Told, export: Callable[[], _Result], well: _Result, ill: _Result) -> _Result:
    """What an export came to, told; one that raises has failed."""
    try:
        result = export()
    except Exception as error:
        told.about(taken=False, error=type(error).__name__)
        return ill
    told.about(taken=result is well)
    return result


class _ToldSpans(SpanExporter):
    """An exporter of spans that tells how it goes."""

    def __init__(self, inner: SpanExporter, told: _Told) -> None:
        self._inner = inner
        self._told = told

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return _told(
            self._told,
            lambda: self._inner.export(spans),
            SpanExportResult.SUCCESS,
            SpanExportResult.FAILURE,
        )

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
        return _told(
            self._told,
            lambda: self._inner.export(metrics_data, timeout_millis, **more),
            MetricExportResult.SUCCESS,
            MetricExportResult.FAILURE,
        )

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return self._inner.force_flush(timeout_millis)

    def shutdown(self, timeout_millis: float = 30_000, **more: Any) -> None:
        self._inner.shutdown(timeout_millis, **more)


class _ToldLines(LogRecordExporter):
    """An exporter of log lines that tells how it goes."""

    def __init__(self, inner: LogRecordExporter, told: _Told) -> None:
        self._inner = inner
        self._told = told

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        return _told(
            self._told,
            lambda: self._inner.export(batch),
            LogRecordExportResult.SUCCESS,
            LogRecordExportResult.FAILURE,
        )

    def force_flush(self, timeout_millis: int = 10_000) -> bool:
        return self._inner.force_flush(timeout_millis)

    def shutdown(self) -> None:
        self._inner.shutdown()  # type: ignore[no-untyped-call]
