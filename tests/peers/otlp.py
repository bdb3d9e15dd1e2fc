"""A collector of OpenTelemetry's protocol over HTTP, on loopback in the test's own process.

Takes spans, metrics and log lines (``Export…ServiceRequest``) in protobuf, plain or by gzip, and
keeps what they hold.
"""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}


@dataclass(frozen=True)
class ReceivedSpan:
    """A span as it came."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    failed: bool
    status_message: str
    links: tuple[tuple[str, str], ...]
    events: int
    seconds: float


@dataclass(frozen=True)
class ReceivedLine:
    """A log line as it came."""

    outcome: str
    severity: tuple[str, int]
    seconds: float  # since the epoch
    trace_id: str
    span_id: str
    attributes: dict[str, Any]
    resource: dict[str, Any]


@dataclass(frozen=True)
class Point:
    """A value of a metric, or how many there were and their sum."""

    attributes: dict[str, Any]
    count: float
    total: float
    bounds: tuple[float, ...] = ()


@dataclass
class Collector:
    """What came in so far. ``status`` is what it answers, ``pause`` how long it waits before;
    paths in ``unknown`` are not found."""

    port: int = 0
    status: int = 200
    pause: float = 0.0
    unknown: set[str] = field(default_factory=set)
    headers: list[dict[str, str]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    spans: list[ReceivedSpan] = field(default_factory=list)
    lines: list[ReceivedLine] = field(default_factory=list)
    _metrics: dict[str, dict[str, list[Point]]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def trace(self, trace_id: str) -> list[ReceivedSpan]:
        """The spans of a trace."""
        return [span for span in list(self.spans) if span.trace_id == trace_id]

    def points(self, name: str) -> list[Point]:
        """The last points of a metric, which count from the process's start."""
        return [point for points in self._metrics.get(name, {}).values() for point in points]

    @property
    def metric_names(self) -> set[str]:
        return set(self._metrics)

    def take(self, path: str, body: bytes) -> bytes:
        """Keep a request's content and return the answer's."""
        self.raw.append(body)
        if path == "/v1/traces":
            self._take_spans(ExportTraceServiceRequest.FromString(body))
            return bytes(ExportTraceServiceResponse().SerializeToString())
        if path == "/v1/metrics":
            self._take_metrics(ExportMetricsServiceRequest.FromString(body))
            return bytes(ExportMetricsServiceResponse().SerializeToString())
        if path == "/v1/logs":
            self._take_lines(ExportLogsServiceRequest.FromString(body))
            return bytes(ExportLogsServiceResponse().SerializeToString())
        raise LookupError(path)

    def _take_lines(self, request: ExportLogsServiceRequest) -> None:
        for resource in request.resource_logs:
            about = _attributes(resource.resource.attributes)
            for scope in resource.scope_logs:
                for line in scope.log_records:
                    self.lines.append(
                        ReceivedLine(
                            outcome=line.body.string_value,
                            severity=(line.severity_text, line.severity_number),
                            seconds=line.time_unix_nano / 1e9,
                            trace_id=line.trace_id.hex(),
                            span_id=line.span_id.hex(),
                            attributes=_attributes(line.attributes),
                            resource=about,
                        )
                    )

    def _take_spans(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            about = _attributes(resource.resource.attributes)
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans.append(
                        ReceivedSpan(
                            name=span.name,
                            kind=KINDS[span.kind],
                            trace_id=span.trace_id.hex(),
                            span_id=span.span_id.hex(),
                            parent_id=span.parent_span_id.hex(),
                            attributes=_attributes(span.attributes),
                            resource=about,
                            failed=span.status.code == 2,
                            status_message=span.status.message,
                            links=tuple(
                                (link.trace_id.hex(), link.span_id.hex()) for link in span.links
                            ),
                            events=len(span.events),
                            seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                        )
                    )

    def _take_metrics(self, request: ExportMetricsServiceRequest) -> None:
        for resource in request.resource_metrics:
            process = str(_attributes(resource.resource.attributes))
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    points = [
                        Point(
                            _attributes(each.attributes),
                            each.count,
                            each.sum,
                            tuple(each.explicit_bounds),
                        )
                        for each in metric.histogram.data_points
                    ]
                    for value in (*metric.sum.data_points, *metric.gauge.data_points):
                        number = value.as_int or value.as_double
                        points.append(Point(_attributes(value.attributes), number, number))
                    self._metrics.setdefault(metric.name, {})[process] = points


def _attributes(given: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in given}


@contextmanager
def running_collector() -> Iterator[Collector]:
    """A collector that listens on a free port until the block ends."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if collector.pause:
                time.sleep(collector.pause)
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            collector.headers.append({k.lower(): v for k, v in self.headers.items()})
            status = 404 if self.path in collector.unknown else collector.status
            answer = collector.take(self.path, body) if status == 200 else b""
            self.send_response(status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing: a test reads what came."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
