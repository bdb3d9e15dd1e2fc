"""What a running host exports: one trace from the first call or dropped file to the last hop."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from shared.events.envelope import Event
from shared.models.learning import CONTAINERS
from shared.telemetry import INSTRUMENTS
from tests.journeys.travellers import Learner
from tests.peers.lrs import KEY, SECRET, record_store
from tests.peers.otlp import Collector, ReceivedSpan, running_collector
from tests.peers.smtp import mail_server
from tests.running_host import RunningHost, free_port
from tools.sample_layouts import as_text
from tools.sample_resumes import make_resume

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "observability.md"
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_METRIC_EXPORT_INTERVAL": "300"}
NAME = "Wilhelmina Featherstonehaugh"
FILE = "wilhelmina-featherstonehaugh.txt"
RESUME = make_resume(901)


@dataclass(frozen=True)
class Watched:
    """A running host and the collector that it exports to."""

    host: RunningHost
    collector: Collector

    def trace(self, trace_id: str, *names: str) -> list[ReceivedSpan]:
        """A trace once all of these spans are in it and none lacks its parent."""

        def whole() -> bool:
            found = self.collector.trace(trace_id)
            ids = {span.span_id for span in found}
            orphans = [s for s in found if s.parent_id not in ids]
            return {*names} <= {span.name for span in found} and len(orphans) <= 1

        self.host.wait_for(whole, f"{names} in one tree", 60)
        return self.collector.trace(trace_id)

    def count(self, metric: str, **attributes: Any) -> float:
        """How many values of a metric had these attributes."""
        wanted = {name.replace("__", "."): value for name, value in attributes.items()}
        return sum(
            point.count
            for point in self.collector.points(metric)
            if wanted.items() <= point.attributes.items()
        )


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A host with a mail server and a record store beside it."""
    mails = mail_server(tmp_path_factory.mktemp("mail"))
    with running_collector() as collector, record_store() as store, mails as mail:
        environment = {
            **SOON,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_EXPORTER_OTLP_HEADERS": "x-team=a%20b",
            "WAYMARK_LRS_ENDPOINT": store.endpoint,
            "WAYMARK_LRS_KEY": KEY,
            "WAYMARK_LRS_SECRET": SECRET,
            **mail.environment(),
        }
        host = RunningHost(tmp_path_factory.mktemp("home"), environment=environment)
        host.make_tenant("demo")
        with host:
            yield Watched(host, collector)


@pytest.fixture(scope="module")
def dropped(watched: Watched) -> list[ReceivedSpan]:
    """The trace of a résumé that was dropped."""
    watched.host.drop(FILE, as_text(RESUME).encode())
    assert watched.host.intake_of(FILE)["state"] == "completed"

    def root() -> list[ReceivedSpan]:
        return [s for s in list(watched.collector.spans) if s.name == "intake_blob_trigger"]

    (begun,) = watched.host.wait_for(root, "the drop's span")
    return watched.trace(
        begun.trace_id,
        "intake_blob_trigger",
        "process intake_extract",
        "process intake_parse",
        "process intake_finalize",
        "process candidates/intake_finalize",
        "process candidates/candidates",
        "process intake/candidates",
        "process intake/intake_notify",
    )


@pytest.fixture(scope="module")
def travelled(watched: Watched) -> tuple[str, str, list[ReceivedSpan]]:
    """The trace of the call that completes a journey: its caller's ids, and the spans."""
    learner = Learner(watched.host, name=NAME)
    for container in CONTAINERS:
        learner.lessons(container)
        learner.complete(container)
    trace_id, caller = secrets.token_hex(16), secrets.token_hex(8)
    answer = learner.call(
        "POST",
        f"journeys/{learner.session}/complete",
        headers={"traceparent": f"00-{trace_id}-{caller}-01"},
    )
    assert answer.status_code == 200
    assert answer.headers["Traceparent"].startswith(f"00-{trace_id}-")
    found = watched.trace(
        trace_id,
        "POST /api/v1/journeys/{session_id}/complete",
        "process journeys/xp_award",
        "process journeys/journey_tracking",
        "process journey_tracking",
        "process journeys/journey_summary",
        "process journey_summary",
        "process summaries/intake_notify",
        "post record_store",
    )
    return trace_id, caller, found


def chain(spans: list[ReceivedSpan], name: str) -> list[str]:
    """The hops that led to a span, from the first."""
    by_id = {span.span_id: span for span in spans}
    (at,) = [span for span in spans if span.name == name]
    names = []
    while True:
        if at.kind in {"server", "consumer"}:
            names.append(at.name)
        if at.parent_id not in by_id:
            return names[::-1]
        at = by_id[at.parent_id]


def test_a_dropped_file_is_one_tree(dropped: list[ReceivedSpan]) -> None:
    """From the trigger to the last notification each span's parent is in the trace, and each hop
    is the child of the one that told it."""
    ids = [span.span_id for span in dropped]
    assert len(set(ids)) == len(ids)
    (root,) = [span for span in dropped if span.parent_id not in ids]
    assert (root.name, root.kind, root.parent_id) == ("intake_blob_trigger", "server", "")
    assert chain(dropped, "process intake/intake_notify") == [
        "intake_blob_trigger",
        "process intake_extract",
        "process intake_parse",
        "process intake_finalize",
        "process candidates/intake_finalize",
        "process intake/intake_notify",
    ]
    assert not any(span.failed for span in dropped)


def test_a_completed_journey_is_one_tree_below_its_caller(
    travelled: tuple[str, str, list[ReceivedSpan]],
) -> None:
    """XP, statements, the report and who is told hang below the request, and that below the
    span that the caller named."""
    _, caller, spans = travelled
    ids = {span.span_id for span in spans}
    (root,) = [span for span in spans if span.parent_id not in ids]
    assert (root.kind, root.parent_id) == ("server", caller)
    assert chain(spans, "process journey_tracking") == [
        "POST /api/v1/journeys/{session_id}/complete",
        "process journeys/journey_tracking",
        "process journey_tracking",
    ]
    assert root.attributes["http.response.status_code"] == 200
    assert root.attributes["waymark.tenant"] == "demo"
    assert root.resource["service.name"] == "waymark"
    assert root.resource["service.version"] == "0.1.0"


def test_log_lines_carry_the_ids_of_the_spans(
    watched: Watched, travelled: tuple[str, str, list[ReceivedSpan]]
) -> None:
    """Each line of the trace names a span that was exported, and is exported itself."""
    trace_id, _, spans = travelled
    lines = [
        json.loads(line)
        for line in (watched.host.home / "host.log").read_text(encoding="utf-8").splitlines()
        if trace_id in line
    ]
    assert len(lines) >= 6
    assert {line["span_id"] for line in lines} <= {span.span_id for span in spans}
    written = {(line["message"], line["span_id"]) for line in lines}

    def exported() -> bool:
        sent = list(watched.collector.lines)
        return written <= {(line.outcome, line.span_id) for line in sent}

    watched.host.wait_for(exported, "the lines", 30)


def test_metrics_count_what_happened(
    watched: Watched,
    dropped: list[ReceivedSpan],
    travelled: tuple[str, str, list[ReceivedSpan]],
) -> None:
    """As many requests, messages and drops as there were, by flow, in the conventions' buckets."""

    def counted() -> bool:
        return (
            watched.count("waymark.files.dropped") == 1
            and watched.count("messaging.process.duration", waymark__flow="intake_parse") == 1
            and watched.count(
                "http.server.request.duration",
                http__route="/api/v1/journeys/{session_id}/complete",
                http__response__status_code=200,
                waymark__flow="journey_tracking",
            )
            == 1
        )

    watched.host.wait_for(counted, "the counts", 30)
    assert watched.count("db.client.operation.duration", db__operation__name="commit") > 10
    assert watched.count("waymark.peer.call.duration", waymark__peer="record_store") >= 1
    watched.host.wait_for(
        lambda: watched.count("faas.invoke_duration", faas__name="outbox_relay"), "a sweep", 30
    )
    assert watched.count("waymark.outbox.unsent") == 0
    (point, *_) = watched.collector.points("http.server.request.duration")
    assert point.bounds == INSTRUMENTS["http.server.request.duration"].buckets
    assert watched.collector.metric_names <= INSTRUMENTS.keys()
    assert not any(
        "tenant" in name
        for metric in watched.collector.metric_names
        for each in watched.collector.points(metric)
        for name in each.attributes
    )


def test_a_failure_is_marked_by_its_type(watched: Watched) -> None:
    """What a handler cannot read is a failed span, without the error's words, and is counted; a
    later hop of an unsampled trace has no span."""
    trace_id = secrets.token_hex(16)
    for flags in ("01", "00"):
        event = Event(
            id=str(uuid4()),
            source="/waymark/tests",
            type="waymark.intake.extracted.v1",
            subject=NAME,
            time=datetime.now(UTC),
            data={"intake_id": NAME},
            tenantid="demo",
            partitionkey="x",
            traceparent=f"00-{trace_id}-{'cd' * 8}-{flags}",
        )
        answer = requests.post(
            f"{watched.host.url}/admin/functions/intake_parse",
            json={"input": event.body().decode()},
            timeout=10,
        )
        assert answer.status_code == 202

    def failures() -> float:
        return watched.count("messaging.process.duration", waymark__outcome="failed")

    watched.host.wait_for(lambda: failures() == 2, "the failures", 30)
    (span,) = watched.trace(trace_id, "process intake_parse")
    assert span.failed
    assert span.attributes["error.type"] == "Invalid"
    assert (span.status_message, span.events) == ("", 0)


def test_a_caller_that_does_not_sample_is_heeded(watched: Watched) -> None:
    """Its trace goes on through the answer, and no span of it is exported."""
    trace_id = secrets.token_hex(16)
    for flags in ("00", "01"):
        header = {"traceparent": f"00-{trace_id}-{'ab' * 8}-{flags}"}
        answer = watched.host.call("GET", "v1/candidates", headers=header)
        assert answer.headers["Traceparent"].startswith(f"00-{trace_id}-")
        assert answer.headers["Traceparent"].endswith(f"-{flags}")
    spans = watched.trace(trace_id, "GET /api/v1/candidates")
    assert [span.kind for span in spans].count("server") == 1


def test_every_timer_begins_a_trace_of_its_own(watched: Watched) -> None:
    """Fired by hand, each timer of the house is a root span, and measured."""
    program = (
        "from local.triggers import TimerFunction, load; "
        "print(*(each.name for each in load() if isinstance(each, TimerFunction)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    timers = ran.stdout.split()
    assert "outbox_relay" in timers
    for name in timers:
        answer = requests.post(f"{watched.host.url}/admin/functions/{name}", json={}, timeout=10)
        assert answer.status_code == 202

    def run() -> bool:
        roots = {span.name for span in list(watched.collector.spans) if not span.parent_id}
        return {*timers} <= roots and all(
            watched.count("faas.invoke_duration", faas__name=name) for name in timers
        )

    watched.host.wait_for(run, f"spans of {timers}", 60)


def test_nothing_personal_is_exported(
    watched: Watched,
    dropped: list[ReceivedSpan],
    travelled: tuple[str, str, list[ReceivedSpan]],
) -> None:
    """No byte of what was sent holds a name, an address, a number, a file's name, a question, a
    search or a token, in whatever letter case."""
    for path in (f"v1/candidates?q={NAME}", f"v1/candidates?email={RESUME.email}", f"x/{NAME}"):
        watched.host.call("GET", path)
    watched.host.wait_for(
        lambda: (
            watched.count(
                "http.server.request.duration",
                http__route="/api/v1/candidates",
                http__response__status_code=200,
            )
            >= 2
        ),
        "the searches",
        30,
    )
    sent = b"\n".join(watched.collector.raw).lower()
    assert b"outbox_relay" in sent
    for planted in (
        *NAME.split(), *RESUME.name.split(), RESUME.email, FILE, "pilot", "math.fractions", "eyj",
        SECRET, "nobody guesses", watched.host.settings.token_key.get_secret_value(),
    ):  # fmt: skip
        assert planted.lower().encode() not in sent, planted


def test_the_collectors_headers_are_sent(watched: Watched, dropped: list[ReceivedSpan]) -> None:
    """Each export carries what the settings say, decoded, and is compressed."""
    assert all(headers["x-team"] == "a b" for headers in watched.collector.headers)
    assert all(headers["content-encoding"] == "gzip" for headers in watched.collector.headers)


def test_every_span_is_in_the_manual(
    watched: Watched,
    dropped: list[ReceivedSpan],
    travelled: tuple[str, str, list[ReceivedSpan]],
) -> None:
    """docs/observability.md lists each name, its kind and its attributes."""
    text = PAGE.read_text(encoding="utf-8")
    table = text.split("\n## Spans\n")[1].split("\n## ")[0]
    listed = []
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            pattern = re.sub(r"\\{\w+\\}", r"[^ ]+", re.escape(cells[0].strip("`")))
            listed.append((re.compile(pattern), cells[1], {*re.findall(r"`([^`]+)`", cells[2])}))
    everywhere = {*re.findall(r"`([^`]+)`", table.split("Every span may have")[1].split("\n\n")[0])}
    for span in list(watched.collector.spans):
        rows = [row for row in listed if row[0].fullmatch(span.name) and row[1] == span.kind]
        assert rows, f"{span.name} ({span.kind}) is not listed"
        known = set().union(*(row[2] for row in rows)) | everywhere
        assert span.attributes.keys() <= known, (span.name, span.attributes.keys() - known)


def test_what_is_left_is_sent_when_the_host_stops(tmp_path: Path) -> None:
    """With hours between two sendings, an orderly stop sends all there is."""
    slowly = {"OTEL_BSP_SCHEDULE_DELAY": "3600000", "OTEL_METRIC_EXPORT_INTERVAL": "3600000"}
    with running_collector() as collector:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **slowly}
        with RunningHost(tmp_path, environment=environment) as host:
            host.call("GET", "v1/candidates")
            assert collector.raw == []
            assert host.stop() == 0
        assert "GET /api/v1/candidates" in {span.name for span in collector.spans}
        assert "http.server.request.duration" in collector.metric_names
        assert "request.answered" in {line.outcome for line in collector.lines}


@pytest.mark.parametrize("away", ["refuses", "hangs", "breaks"])
def test_a_collector_that_is_away_is_told_once_and_slows_nobody(tmp_path: Path, away: str) -> None:
    """Whether it refuses, hangs or answers 500: requests are answered, one warning is written for
    each of spans, metrics and lines at most, and the host stops in time."""
    with running_collector() as collector:
        collector.status, collector.pause = (500, 0.0) if away == "breaks" else (200, 60.0)
        url = f"http://127.0.0.1:{free_port()}" if away == "refuses" else collector.url
        environment = {**SOON, "OTEL_EXPORTER_OTLP_ENDPOINT": url}
        with RunningHost(tmp_path, environment=environment) as host:
            log = tmp_path / "host.log"

            def told() -> list[Any]:
                lines = map(json.loads, log.read_text(encoding="utf-8").splitlines())
                return [line for line in lines if line["message"] == "telemetry.not_exported"]

            for _ in range(20):
                answer = host.call("GET", "v1/candidates")
                assert answer.status_code == 200
                assert answer.elapsed.total_seconds() < 2
            host.wait_for(told, "the warning", 30)
            for _ in range(20):
                assert host.call("GET", "v1/candidates").status_code == 200
            assert host.stop() == 0
            ways = [(line["level"], line["destination"], line["signal"]) for line in told()]
            assert len(ways) == len(set(ways))
            assert {*ways} <= {("warning", "otlp", each) for each in ("spans", "metrics", "lines")}
            others = [
                line
                for line in map(json.loads, log.read_text(encoding="utf-8").splitlines())
                if line["level"] != "info" and line["message"] != "telemetry.not_exported"
            ]
            assert others == []
