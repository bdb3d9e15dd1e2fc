"""What leaves the process and what does not: log lines, and all in the form of Azure Monitor."""

from __future__ import annotations

import gzip
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from pydantic import BaseModel

from shared import telemetry
from shared.telemetry import export
from shared.telemetry.destinations import _Told, _ToldSpans
from shared.telemetry.export import Exporting, SdkRecorder
from tests.kernel.recorded import CALLER, PARENT, SENT, TRACE, Recorded, recording
from tests.kernel.recorded import recorded as recorded
from tests.peers.otlp import running_collector

ROOT = Path(__file__).resolve().parents[2]


def test_without_an_exporter_nothing_of_it_is_loaded(tmp_path: Path) -> None:
    """A process that exports nothing, and one that is told not to, loads no OpenTelemetry."""
    program = (
        "import sys; from pathlib import Path; from local.host import settings_of; "
        "from shared import runtime; "
        "made = settings_of(Path(sys.argv[1]), 0, dict(p.split('=') for p in sys.argv[2:])); "
        "runtime.start(made).documents.get('tenants', ('a',), 'a'); "
        "print(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    collector = "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1"
    for given, loads in (
        ([], False),
        ([collector, "OTEL_SDK_DISABLED=true"], False),
        ([collector], True),
    ):
        ran = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / str(len(given))), *given],
            cwd=ROOT, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert ran.stdout.strip() == str(loads), ran.stderr


def test_a_log_line_is_exported_with_the_ids_of_its_hop(recorded: Recorded) -> None:
    """The outcome is its body, its fields are attributes: plain ones as they are, others as JSON;
    what is below the level is written nowhere."""
    telemetry.configure("INFO")
    with telemetry.hop(traceparent=PARENT, request_id="r-1", name="n") as here:
        telemetry.log("thing.done", count=3, share=0.5, ok=True, of=["a"], at=None, name="x")
        telemetry.log("thing.seen", level=logging.DEBUG)
    telemetry.log("thing.failed", level=logging.ERROR, at=datetime(2026, 1, 2, tzinfo=UTC))
    done, failed = recorded.lines()
    assert done.outcome == "thing.done"
    assert (done.trace_id, done.span_id) == (TRACE, here.span_id)
    assert done.attributes == {
        "count": 3, "share": 0.5, "ok": True, "of": '["a"]', "name": "x", "request_id": "r-1",
    }  # fmt: skip
    assert done.resource["service.name"] == "waymark-tests"
    assert failed.outcome == "thing.failed"
    assert failed.trace_id == ""
    assert failed.attributes == {"at": '"2026-01-02 00:00:00+00:00"'}


def test_a_line_of_a_trace_that_is_not_sampled_is_exported_all_the_same() -> None:
    """Logs tell everything, whatever is sampled."""
    with recording(ratio=0.0) as recorded:
        with telemetry.hop(traceparent=None, request_id=None, name="n") as here:
            telemetry.log("thing.failed", level=logging.ERROR)
        (line,) = recorded.lines()
        assert (line.trace_id, line.span_id) == (here.trace_id, here.span_id)
        assert recorded.in_order() == []


def test_the_words_of_an_error_are_not_exported(recorded: Recorded) -> None:
    """Its type and where it was raised are."""
    try:
        int(SENT)
    except ValueError as error:
        telemetry.failure("thing.failed", error, id="i")
    (line,) = recorded.lines()
    assert line.attributes["error"] == "ValueError"
    assert __name__.rpartition(".")[2] in line.attributes["traceback"]
    assert SENT.encode() not in recorded.sent()


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        (logging.DEBUG, ("DEBUG", 5)),
        (logging.INFO, ("INFO", 9)),
        (logging.WARNING, ("WARN", 13)),
        (35, ("WARN", 13)),
        (logging.ERROR, ("ERROR", 17)),
        (logging.CRITICAL, ("FATAL", 21)),
    ],
)
def test_a_line_has_its_severity_and_its_time(
    recorded: Recorded, level: int, severity: tuple[str, int]
) -> None:
    """By OpenTelemetry's names and numbers; one between two levels has the lower's."""
    telemetry.configure("DEBUG")
    began = time.time()
    telemetry.log("thing.done", level=level)
    ended = time.time()
    (line,) = recorded.lines()
    assert line.severity == severity
    assert began - 0.001 <= line.seconds <= ended + 0.001


def test_a_value_of_any_kind_stops_no_caller(recorded: Recorded) -> None:
    """Not a key that is no text, a value within itself, bytes, or a number that is none."""
    telemetry.configure("INFO")
    endless: list[object] = []
    endless.append(endless)
    telemetry.log(
        "thing.done", keys={("a", 1): 2}, endless=endless, raw=b"x", nan=float("nan"), name="Zoë",
        names=["Zoë"],
    )  # fmt: skip
    telemetry.log("thing.done", huge=2**80, broken="\ud800")
    first, _ = recorded.lines()
    assert first.attributes["keys"] == "{('a', 1): 2}"
    assert first.attributes["names"] == '["Zoë"]'
    assert first.attributes.keys() == {"keys", "endless", "raw", "nan", "name", "names"}


class Hollow(BaseModel):
    """A form that takes a number."""

    a: int


def fall(steps: int) -> None:
    """Raise an error of a library at the end of so many frames of ours."""
    if steps:
        fall(steps - 1)
    Hollow.model_validate({"a": "x"})


def test_a_traceback_names_no_folder_of_a_machine(recorded: Recorded) -> None:
    """Files of ours are named within the app, others within their package; of a long one the end
    is kept, where the error was raised."""
    try:
        fall(300)
    except ValueError as error:
        telemetry.failure("thing.failed", error)
    (line,) = recorded.lines()
    where = line.attributes["traceback"]
    assert 'File "tests/kernel/test_exporting.py"' in where
    assert 'File "pydantic/main.py"' in where[-800:]
    assert str(ROOT) not in where
    assert 1000 < len(where) < 8192


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """What was told of destinations, with the signal."""
    return [
        (each.getMessage(), vars(each)["waymark"]["signal"])
        for each in caplog.records
        if each.getMessage().startswith("telemetry.")
    ]


def test_a_collector_without_a_place_for_lines_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And takes spans as ever."""
    telemetry.configure("INFO")
    with running_collector() as collector:
        collector.unknown = {"/v1/logs"}
        recorder = SdkRecorder(Exporting("w", "1", otlp_endpoint=collector.url))
        telemetry.record_with(recorder)
        with telemetry.hop(traceparent=None, request_id=None, name="n"):
            telemetry.log("thing.done")
        telemetry.record_with(None)
        assert recorder.stop(10)
        assert [span.name for span in collector.spans] == ["n"]
        assert told(caplog) == [("telemetry.not_exported", "lines")]


def test_what_goes_wrong_with_a_destination_is_told_by_signal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Once when it begins, and once when it is over; an exporter that raises has failed as well."""
    telemetry.configure("INFO")
    answers: Iterator[SpanExportResult | Exception] = iter(
        [SpanExportResult.FAILURE, KeyError(SENT), SpanExportResult.SUCCESS]
    )

    class Fickle(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

    exporter = _ToldSpans(Fickle(), _Told("otlp", "spans"))
    assert [exporter.export([]) for _ in range(3)] == [
        SpanExportResult.FAILURE, SpanExportResult.FAILURE, SpanExportResult.SUCCESS,
    ]  # fmt: skip
    assert told(caplog) == [
        ("telemetry.not_exported", "spans"), ("telemetry.exported_again", "spans"),
    ]  # fmt: skip


def test_what_waits_leaves_also_where_no_thread_begins_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in Python 3.12 while it ends."""

    class Refusing(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't create new thread at interpreter shutdown")

    telemetry.configure("INFO")
    with running_collector() as collector:
        recorder = SdkRecorder(Exporting("w", "1", otlp_endpoint=collector.url))
        telemetry.record_with(recorder)
        telemetry.log("thing.done")
        telemetry.record_with(None)
        monkeypatch.setattr(export, "threading", SimpleNamespace(Thread=Refusing))
        assert recorder.stop(10)
        assert [line.outcome for line in collector.lines] == ["thing.done"]


def test_azure_monitor_gets_spans_with_their_ids() -> None:
    """A hop becomes a request of Application Insights, a call in it a dependency, a line in it a
    trace of a severity, of one operation."""
    taken: list[dict[str, Any]] = []

    class Ingestion(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            envelopes = json.loads(body)
            taken.extend(envelopes)
            told = {"itemsReceived": len(envelopes), "itemsAccepted": len(envelopes), "errors": []}
            answer = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ingestion)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    connection = (
        f"InstrumentationKey={uuid4()};IngestionEndpoint=http://127.0.0.1:{server.server_port}/"
    )
    recorder = SdkRecorder(Exporting("waymark-tests", "1", azure_monitor=connection))
    telemetry.record_with(recorder)
    try:
        told = {"db.system.name": "q"}
        with (
            telemetry.hop(traceparent=PARENT, request_id=None, name="n", kind="server"),
            telemetry.calling("get x", "db.client.operation.duration", told),
        ):
            telemetry.log("backup.failed", level=logging.ERROR, backup="b-1")
    finally:
        telemetry.record_with(None)
        recorder.stop(10)
        server.shutdown()
        server.server_close()
    named = {
        (each["data"]["baseType"], each["data"]["baseData"].get("name")): each["tags"]
        for each in taken
    }
    for kind in (("RequestData", "n"), ("RemoteDependencyData", "get x")):
        assert named[kind]["ai.operation.id"] == TRACE
        assert named[kind]["ai.cloud.role"] == "waymark-tests"
    assert named["RequestData", "n"]["ai.operation.parentId"] == CALLER
    assert any(kind == "MetricData" for kind, _ in named)
    (line,) = [each for each in taken if each["data"]["baseType"] == "MessageData"]
    assert line["tags"]["ai.operation.id"] == TRACE
    said = line["data"]["baseData"]
    assert (said["message"], said["severityLevel"]) == ("backup.failed", 3)
    assert said["properties"]["backup"] == "b-1"
