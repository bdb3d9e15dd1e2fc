"""Hops and calls as spans and measurements: who is whose child, what counts as failed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from azure_functions_runtime.otel import configure_opentelemetry, update_opentelemetry_status
from opentelemetry import context

from shared import telemetry
from shared.delivery import deliver
from shared.documents.port import Create
from shared.errors import Exists, Rejected, Unavailable
from shared.events.envelope import Event
from shared.messaging import Outcome, handle_once
from shared.outbox import RELAY_AFTER, relay
from shared.stores import Stores
from shared.telemetry.hops import MOST_CALLS
from tests.kernel.embedded import (
    CONTAINER,
    NOW,
    PARTITION,
    QUEUE,
    Clock,
    Embedded,
    as_stores,
    creating,
    document,
    event,
    raising,
    with_failing,
)
from tests.kernel.recorded import CALLER, PARENT, SENT, TRACE, Recorded, recording
from tests.kernel.recorded import recorded as recorded
from tests.kernel.small_api import serving

ROOT = Path(__file__).resolve().parents[2]


def given(stores: Stores, told: Event, handle: object, *, count: int = 1) -> None:
    """Deliver an event of the queue."""
    deliver(
        stores,
        told.body(),
        entity=QUEUE,
        delivery_count=count,
        handle=handle,  # type: ignore[arg-type]  # of a test's own
        exhausted=lambda _event, _cause: None,
        now=NOW,
        flow="probe",
    )


def committing(stores: Stores) -> Outcome:
    """Commit a document and an event, as a handler does."""
    return handle_once(
        stores,
        event(2),
        handler="probe",
        container=CONTAINER,
        partition=PARTITION,
        decide=creating(),
        now=NOW,
    )


def test_a_hop_is_a_span_below_its_caller(recorded: Recorded) -> None:
    """Its ids are those that go onward, in logs and in events."""
    with telemetry.hop(
        traceparent=PARENT, request_id=None, name="n", kind="server", flow="f"
    ) as here:
        here.note({"http.response.status_code": 200})
    span = recorded.spans()["n"]
    assert (span.trace_id, span.parent_id, span.span_id) == (TRACE, CALLER, here.span_id)
    assert here.traceparent == f"00-{TRACE}-{here.span_id}-01"
    assert span.attributes == {"waymark.flow": "f", "http.response.status_code": 200}
    assert (span.kind, span.failed, span.resource["service.name"]) == (
        "server", False, "waymark-tests",
    )  # fmt: skip


def test_an_error_that_leaves_a_hop_is_told_by_its_type(recorded: Recorded) -> None:
    """The span is failed; the error's words and its traceback are nowhere."""
    with (
        pytest.raises(ValueError, match=SENT),
        telemetry.hop(traceparent=None, request_id=None, name="n"),
    ):
        raise ValueError(SENT)
    span = recorded.spans()["n"]
    assert (span.failed, span.attributes["error.type"]) == (True, "ValueError")
    assert (span.status_message, span.events) == ("", 0)


def test_an_event_sent_by_the_relay_still_belongs_to_who_committed_it(
    house: Embedded, recorded: Recorded
) -> None:
    """The relay's sending is of the relay's trace and linked to the hop that committed; who hears
    of the event is that hop's child."""
    telemetry.watch_bus(house.bus)
    away = with_failing(house, "bus", "publish", raising(Unavailable("away")))
    with telemetry.hop(traceparent=PARENT, request_id=None, name="commits") as here:
        committing(away)
    with telemetry.triggered("timer", "relays", flow="outbox_relay"):
        assert relay(as_stores(house), now=NOW + RELAY_AFTER + timedelta(seconds=1)) == 1
    (delivery,) = house.waiting()
    assert delivery.properties == dict.fromkeys(("traceparent", "Diagnostic-Id"), here.traceparent)
    given(as_stores(house), Event.read(delivery.body), lambda _: "done")
    spans = recorded.spans()
    sending, hearing = spans[f"send {QUEUE}"], spans[f"process {QUEUE}"]
    assert (hearing.trace_id, hearing.parent_id) == (TRACE, here.span_id)
    assert (sending.parent_id, sending.kind) == (spans["relays"].span_id, "producer")
    assert sending.trace_id != TRACE
    assert sending.links == ((TRACE, here.span_id),)


def test_what_the_relay_finds_is_measured(house: Embedded, recorded: Recorded) -> None:
    """How many were left, how many it sent, how many are still there, and the oldest's age."""
    away = with_failing(house, "bus", "publish", raising(Unavailable("away")))
    with telemetry.hop(traceparent=None, request_id=None, flow="probe"):
        committing(away)
    assert relay(away, now=NOW + timedelta(minutes=2)) == 0
    ((attributes, left),) = recorded.counts("waymark.outbox.left")
    assert attributes == {"db.collection.name": CONTAINER, "waymark.flow": "probe"}
    assert left == 1
    assert recorded.counts("waymark.outbox.unsent") == [({}, 1)]
    assert recorded.counts("waymark.outbox.oldest_age") == [({}, 120)]
    assert recorded.counts("waymark.outbox.relayed") == [({}, 0)]


def test_a_resend_is_another_child_of_the_same_hop(
    clocked: Embedded, clock: Clock, recorded: Recorded
) -> None:
    """Postponed and handled later, both deliveries hang below the hop that told the event."""

    def handle(told: Event) -> Outcome:
        if not told.resend:
            raise Unavailable("away")
        return "done"

    given(as_stores(clocked), event(traceparent=PARENT), handle)
    clock.seconds += 300
    (again,) = clocked.waiting()
    given(as_stores(clocked), Event.read(again.body), handle)
    first, second = recorded.in_order()
    assert first.parent_id == second.parent_id == CALLER
    assert [first.attributes["waymark.outcome"], second.attributes["waymark.outcome"]] == [
        "postponed", "done",
    ]  # fmt: skip
    assert (first.failed, first.attributes["error.type"]) == (True, "Unavailable")
    assert not second.failed
    ((attributes, count),) = recorded.counts("waymark.messages.postponed")
    assert (attributes["error.type"], count) == ("Unavailable", 1)


@pytest.mark.parametrize(
    ("error", "count", "outcome", "metric"),
    [
        (Rejected("no"), 1, "rejected", "waymark.messages.rejected"),
        (KeyError(SENT), 10**6, "exhausted", "waymark.messages.exhausted"),
    ],
)
def test_what_ends_a_message_is_counted(
    house: Embedded, recorded: Recorded, error: Exception, count: int, outcome: str, metric: str
) -> None:
    """Rejected is no failure; what goes to the dead letters is one."""

    def handle(_: Event) -> Outcome:
        raise error

    try:
        given(as_stores(house), event(resend=9), handle, count=count)
    except Exception:
        assert outcome == "exhausted"
    span = recorded.spans()[f"process {QUEUE}"]
    assert span.attributes["waymark.outcome"] == outcome
    assert span.failed == (outcome == "exhausted")
    assert span.attributes.get("error.type") == (None if outcome == "rejected" else "KeyError")
    ((attributes, counted),) = recorded.counts(metric)
    assert counted == 1
    assert attributes["waymark.event_type"] == "waymark.intake.accepted.v1"
    assert attributes["waymark.flow"] == "probe"


def test_calls_of_stores_are_children_of_the_hop(house: Embedded, recorded: Recorded) -> None:
    """Each with its system, operation and collection, and without ids or names."""
    telemetry.watch_documents(house.documents, "sqlite")
    telemetry.watch_blobs(house.blobs, "files")
    with telemetry.hop(traceparent=None, request_id=None, name="n", flow="f") as here:
        house.documents.commit(CONTAINER, PARTITION, [Create(document(SENT))])
        assert house.documents.get(CONTAINER, PARTITION, document_id=SENT)
        house.blobs.put("resumes", f"acme/{SENT}.txt", b"x")
        with house.blobs.open("resumes", f"acme/{SENT}.txt") as blob:
            assert blob.read() == b"x"
    spans = recorded.spans()
    assert {span.parent_id for name, span in spans.items() if name != "n"} == {here.span_id}
    assert spans[f"commit {CONTAINER}"].attributes == {
        "db.system.name": "sqlite",
        "db.operation.name": "commit",
        "db.collection.name": CONTAINER,
        "db.operation.batch.size": 1,
    }
    assert {"get intake", "put resumes", "open resumes"} <= spans.keys()
    assert SENT.encode() not in recorded.sent()
    flows = {a["waymark.flow"] for a, _ in recorded.counts("db.client.operation.duration")}
    assert flows == {"f"}


def test_a_refusal_is_an_outcome_and_an_absence_a_failure(
    house: Embedded, recorded: Recorded
) -> None:
    """A document that is there already is told as such; a store that is away is an error."""
    telemetry.watch_documents(house.documents, "sqlite")
    make = [Create(document("one"))]
    house.documents.commit(CONTAINER, PARTITION, make)  # outside of a hop: measured, no span
    object.__setattr__(house.blobs, "info", _away)
    telemetry.watch_blobs(house.blobs, "files")
    with telemetry.hop(traceparent=None, request_id=None, name="n"):
        with pytest.raises(Exists):
            house.documents.commit(CONTAINER, PARTITION, make)
        with pytest.raises(Unavailable):
            house.blobs.info("resumes", "acme/x")
    spans = recorded.spans()
    refused, away = spans[f"commit {CONTAINER}"], spans["info resumes"]
    assert (refused.failed, refused.attributes["waymark.outcome"]) == (False, "Exists")
    assert (away.failed, away.attributes["error.type"]) == (True, "Unavailable")
    assert not spans["n"].failed


def _away(*_: object) -> None:
    raise Unavailable("away")


def test_a_timers_reads_have_no_spans(house: Embedded, recorded: Recorded) -> None:
    """A sweep that finds nothing is one span; what it writes is another. All is measured."""
    telemetry.watch_documents(house.documents, "sqlite")
    with telemetry.triggered("timer", "sweeps", flow="f"):
        house.documents.query(CONTAINER, ())
        house.documents.commit(CONTAINER, PARTITION, [Create(document("one"))])
    assert recorded.spans().keys() == {"sweeps", f"commit {CONTAINER}"}
    assert len(recorded.counts("db.client.operation.duration")) == 2
    ((attributes, count),) = recorded.counts("faas.invoke_duration")
    assert attributes == {"faas.trigger": "timer", "faas.name": "sweeps", "waymark.flow": "f"}
    assert count == 1


def test_a_hop_of_very_many_calls_shows_the_first(recorded: Recorded) -> None:
    """And says how many it leaves out; all are measured."""
    told = {"db.system.name": "q"}
    with telemetry.hop(traceparent=None, request_id=None, name="n"):
        for _ in range(MOST_CALLS + 7):
            with telemetry.calling("get x", "db.client.operation.duration", told):
                pass
    spans = recorded.in_order()
    assert len(spans) == MOST_CALLS + 1
    assert spans[-1].attributes == {"waymark.calls_left_out": 7}
    assert recorded.counts("db.client.operation.duration") == [(told, MOST_CALLS + 7)]


def test_a_timer_that_fails_is_measured_so(recorded: Recorded) -> None:
    """By the type of what it raised."""
    with pytest.raises(KeyError), telemetry.triggered("timer", "sweeps", flow="f"):
        raise KeyError(SENT)
    assert recorded.spans()["sweeps"].failed
    ((attributes, _),) = recorded.counts("faas.invoke_duration")
    assert attributes["error.type"] == "KeyError"


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_a_new_trace_is_recorded_or_not_as_a_whole(house: Embedded, ratio: float) -> None:
    """The ratio decides for new traces alone, and all of a trace follows its first hop."""
    with recording(ratio=ratio) as recorded:
        telemetry.watch_documents(house.documents, "sqlite")
        with telemetry.hop(traceparent=None, request_id=None, name="first") as first:
            house.documents.query(CONTAINER, ())
        with telemetry.hop(traceparent=first.traceparent, request_id=None, name="second") as second:
            pass
        with telemetry.hop(traceparent=PARENT, request_id=None, name="asked for"):
            pass
        assert first.is_sampled is second.is_sampled is bool(ratio)
        assert second.trace_id == first.trace_id
        assert second.span_id != first.span_id
        spans = recorded.spans()
        expected = {"asked for"} | ({"first", "second", "query intake"} if ratio else set())
        assert spans.keys() == expected
        assert recorded.counts("db.client.operation.duration") != []


def test_the_hosts_span_stands_in_for_a_caller(recorded: Recorded) -> None:
    """Where the Functions worker attached its host's span, as its own code does here, a hop without
    a caller is its child; a caller's own header comes first."""
    host = SimpleNamespace(trace_parent=f"00-{'12' * 16}-{'34' * 8}-01", trace_state="")
    token = context.attach(context.get_current())
    try:
        update_opentelemetry_status()
        configure_opentelemetry(SimpleNamespace(trace_context=host))
        with telemetry.triggered("timer", "sweeps", flow="f"):
            pass
        with telemetry.hop(traceparent=PARENT, request_id=None, name="asked for"):
            pass
    finally:
        context.detach(token)
    spans = recorded.spans()
    assert (spans["sweeps"].trace_id, spans["sweeps"].parent_id) == ("12" * 16, "34" * 8)
    assert spans["asked for"].trace_id == TRACE


def test_a_request_is_a_server_span_by_its_route(tmp_path: Path) -> None:
    """Named by method and route, never by the path; 4xx is an outcome, 5xx a failure; both are
    measured by route and status."""
    with serving(tmp_path) as small, recording() as recorded:
        small.call("GET", "/api/v1/errors/missing", headers={"traceparent": PARENT})
        small.call("GET", "/api/v1/errors/defect")
        small.call("GET", "/api/v1/trace")
        small.call("GET", f"/api/v1/errors/defect?name={SENT}")
        first, second, third, _ = (s for s in recorded.in_order() if s.kind == "server")
    assert first.name == second.name == "GET /api/v1/errors/{name}"
    assert (first.trace_id, first.parent_id, first.failed) == (TRACE, CALLER, False)
    assert first.attributes["waymark.outcome"] == "Missing"
    assert first.attributes["http.response.status_code"] == 404
    assert (second.failed, second.attributes["error.type"]) == (True, "ZeroDivisionError")
    assert second.attributes["http.response.status_code"] == 500
    assert third.attributes == {
        "http.request.method": "GET",
        "http.route": "/api/v1/trace",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "faas.trigger": "http",
        "faas.name": "trace",
    }
    assert SENT.encode() not in recorded.sent()
    counted = {
        (at["http.route"], at["http.response.status_code"], at.get("error.type")): count
        for at, count in recorded.counts("http.server.request.duration")
    }
    assert counted == {
        ("/api/v1/errors/{name}", 404, None): 1,
        ("/api/v1/errors/{name}", 500, "ZeroDivisionError"): 1,
        ("/api/v1/errors/{name}", 400, None): 1,
        ("/api/v1/trace", 200, None): 1,
    }
