"""How a delivered message meets its handler: postponed, refused, given up."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from datetime import timedelta

import pytest

from shared import telemetry, topology
from shared.delivery import MAX_RESENDS, MAX_RESENDS_OF_UNKNOWN, NotHandled, deliver
from shared.errors import Invalid, Problem, Rejected, Throttled, Unavailable
from shared.events.envelope import Event
from shared.events.intake import IntakeAccepted
from shared.messaging import Outcome
from shared.stores import Stores
from tests.kernel.embedded import (
    NOW,
    QUEUE,
    Clock,
    Embedded,
    as_stores,
    event,
    raising,
    with_failing,
)

LAST = topology.load().receivers[QUEUE].max_delivery


class Told:
    """Who is told of events that are given up."""

    def __init__(self) -> None:
        self.causes: list[str] = []

    def __call__(self, _event: Event, cause: str) -> None:
        self.causes.append(cause)


def failing(error: Exception) -> Callable[[Event], Outcome]:
    def handle(_: Event) -> Outcome:
        raise error

    return handle


def delivered(
    stores: Stores,
    body: bytes,
    handle: Callable[[Event], Outcome],
    *,
    count: int = 1,
    told: Callable[[Event, str], None] | None = None,
) -> None:
    deliver(
        stores,
        body,
        entity=QUEUE,
        delivery_count=count,
        handle=handle,
        exhausted=told or Told(),
        now=NOW,
    )


@pytest.mark.parametrize("error", [Unavailable("away"), Throttled("slow", retry_after=1)])
def test_a_store_that_is_away_postpones(clocked: Embedded, error: Problem) -> None:
    """The event is sent again later, as the same event with one more re-send counted."""
    told = Told()
    delivered(as_stores(clocked), event().body(), failing(error), told=told)
    assert clocked.waiting() == []  # not due yet
    assert clocked.bus.count(QUEUE) == 1
    assert told.causes == []


def test_delays_grow_and_are_bounded(clocked: Embedded, clock: Clock) -> None:
    """Each re-send waits longer than the one before, the last no more than five minutes."""
    delays = []
    for resend in range(MAX_RESENDS):
        message = event(resend=resend)
        delivered(as_stores(clocked), message.body(), failing(Unavailable("away")))
        began = clock.seconds
        while not (due := clocked.bus.receive(QUEUE)):
            clock.seconds += 1
            assert clock.seconds - began <= 300
        again = Event.read(due[0].body)
        assert (again.id, again.resend) == (message.id, resend + 1)
        assert due[0].message_id == f"{message.id}~{resend + 1}"
        clocked.bus.complete(due[0])
        delays.append(clock.seconds - began)
        clock.seconds = began
    assert delays == sorted(set(delays))


def test_a_peer_cannot_ask_for_a_delay_without_end(clocked: Embedded, clock: Clock) -> None:
    """However long a peer asks to be left alone, the event is due within five minutes."""
    slow = Throttled("slow", retry_after=86_400)
    delivered(as_stores(clocked), event().body(), failing(slow))
    clock.seconds += 299
    assert clocked.waiting() == []
    clock.seconds += 1
    assert len(clocked.waiting()) == 1


def test_an_unknown_error_waits_before_it_counts(clocked: Embedded, clock: Clock) -> None:
    """An unknown error postpones the event a few times, longer each time, then goes up."""
    body, delays = event().body(), []
    for _ in range(MAX_RESENDS_OF_UNKNOWN):
        delivered(as_stores(clocked), body, failing(KeyError("x")), count=LAST)
        began = clock.seconds
        while not (due := clocked.bus.receive(QUEUE)):
            clock.seconds += 1
        body = due[0].body
        clocked.bus.complete(due[0])
        delays.append(clock.seconds - began)
        clock.seconds = began
    assert delays[0] > 1
    assert delays == sorted(set(delays))
    with pytest.raises(NotHandled, match="KeyError"):
        delivered(as_stores(clocked), body, failing(KeyError("x")))
    assert clocked.bus.count(QUEUE) == 0


def misread(told: Event) -> Outcome:
    IntakeAccepted.model_validate(told.data | {"attempt": 0})
    return "done"


@pytest.mark.parametrize("handle", [failing(Invalid("not for us")), misread])
def test_a_wrong_event_does_not_wait(house: Embedded, handle: Callable[[Event], Outcome]) -> None:
    """What is wrong with the event itself is so the next time too: it goes up at once."""
    with pytest.raises(NotHandled):
        delivered(as_stores(house), event().body(), handle)
    assert house.bus.count(QUEUE) == 0


@pytest.mark.parametrize(
    ("error", "pauses"), [(Unavailable("away"), [0.2, 0.4, 0.8, 10.0]), (KeyError("x"), [])]
)
def test_a_session_is_not_overtaken(
    house: Embedded, monkeypatch: pytest.MonkeyPatch, error: Exception, pauses: list[float]
) -> None:
    """Where messages come in sessions a failing one goes up: sent again it would come late.

    When a store is away it waits first, or all deliveries would be used up within a moment.
    """
    waited: list[float] = []
    here, sleep = threading.get_ident(), time.sleep

    def wait(seconds: float) -> None:
        if threading.get_ident() == here:
            waited.append(seconds)
        else:  # a client of another test, which goes on in the background
            sleep(seconds)

    monkeypatch.setattr("shared.delivery.time.sleep", wait)
    declared = topology.load()
    ordered = declared.queues[QUEUE].model_copy(update={"sessions": True})
    changed = declared.model_copy(update={"queues": declared.queues | {QUEUE: ordered}})
    monkeypatch.setattr(topology, "load", lambda: changed)
    for count in (1, 2, 3, 18):
        with pytest.raises(NotHandled):
            delivered(as_stores(house), event().body(), failing(error), count=count)
    assert house.bus.count(QUEUE) == 0
    assert waited == pytest.approx(pauses)


def test_after_the_last_resend_it_goes_up(house: Embedded) -> None:
    """An event that was sent again often enough is left to the bus's own redelivery."""
    tired, told = event(resend=MAX_RESENDS), Told()
    with pytest.raises(NotHandled, match="Unavailable"):
        delivered(as_stores(house), tired.body(), failing(Unavailable("away")), told=told)
    assert house.bus.count(QUEUE) == 0
    assert told.causes == []


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (event(resend=MAX_RESENDS_OF_UNKNOWN), KeyError("missing")),
        (event(resend=MAX_RESENDS), Unavailable("away")),
        (event(), Invalid("not for us")),
    ],
)
def test_giving_up_is_told_once_on_the_last_delivery(
    house: Embedded, message: Event, error: Exception
) -> None:
    """Of all deliveries only the last tells that the event is given up, with its cause."""
    told = Told()
    for count in range(1, LAST + 1):
        with pytest.raises(NotHandled):
            delivered(as_stores(house), message.body(), failing(error), count=count, told=told)
        assert len(told.causes) == (count == LAST)
    assert told.causes == [type(error).__name__]


def test_giving_up_is_told_when_postponing_fails_too(house: Embedded) -> None:
    """When store and bus are both away on the last delivery, that is told as well."""
    stores, told = with_failing(house, "bus", "publish", raising(Unavailable("bus away"))), Told()
    with pytest.raises(NotHandled, match="Unavailable"):
        delivered(stores, event().body(), failing(Throttled("!", retry_after=1)), told=told)
    assert told.causes == []
    with pytest.raises(NotHandled, match="Unavailable"):
        delivered(stores, event().body(), failing(Unavailable("away")), count=LAST, told=told)
    assert told.causes == ["Unavailable"]


def test_what_goes_wrong_in_giving_up_does_not_hide_the_cause(house: Embedded) -> None:
    """The dead letter's reason is what the handler raised, not what telling of it raised."""

    def broken(_event: Event, _cause: str) -> None:
        raise RuntimeError("the store is away as well")

    tired = event(resend=MAX_RESENDS_OF_UNKNOWN)
    with pytest.raises(NotHandled, match="KeyError"):
        delivered(as_stores(house), tired.body(), failing(KeyError("x")), count=LAST, told=broken)


@pytest.mark.parametrize("count", [1, LAST])
def test_what_the_host_is_told_quotes_nobody(
    house: Embedded, caplog: pytest.LogCaptureFixture, count: int
) -> None:
    """Neither the raised error nor the log holds the words of what went wrong inside."""

    name = " ".join(["Anna", "Schmidt"])  # not in one piece in the source, which a trace shows

    def read(_: Event) -> Outcome:
        raise Invalid(f"{name} has no phone") from KeyError(name)

    told = Told()
    with caplog.at_level("INFO"), pytest.raises(NotHandled) as raised:
        delivered(as_stores(house), event().body(), read, count=count, told=told)
    text = "".join(traceback.format_exception(raised.value))
    logged = "".join(telemetry.JsonLines().format(record) for record in caplog.records)
    assert str(raised.value) == f"Invalid on event {event().id}"
    assert raised.value.__context__ is raised.value.__cause__ is None
    assert event().id in logged
    assert "Invalid" in logged
    for words in (text, logged, *told.causes):
        assert name not in words


def test_rejected_is_finished(house: Embedded) -> None:
    """A rejected message is settled: neither raised nor sent again nor told as given up."""
    told = Told()
    delivered(
        as_stores(house), event().body(), failing(Rejected("too late")), count=LAST, told=told
    )
    assert house.bus.count(QUEUE) == 0
    assert told.causes == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"specversion": "1.0"}',
        b"[" * 100_000,
        event().body().replace(b'"1.0"', b'"2.0"'),
        event().body().replace(b"acme", b""),
        event().body().replace(b"event-1", b"\\ud800"),
        event().body().replace(b"2026-03-01T12:00:00Z", b"2026-03-01T12:00:00"),
    ],
)
def test_a_malformed_body_goes_up(house: Embedded, body: bytes) -> None:
    """A body that is no event of ours is never handed over: it ends as a dead letter."""

    def never(_: Event) -> Outcome:
        raise AssertionError("handled")

    with pytest.raises(Invalid):
        delivered(as_stores(house), body, never)


def test_unknown_fields_are_ignored(house: Embedded) -> None:
    """Readers take events of newer writers: fields they do not know change nothing."""
    seen = []

    def handle(told: Event) -> Outcome:
        seen.append(told)
        return "done"

    newer = event().body().replace(b'{"specversion"', b'{"comesnext":[1],"specversion"')
    delivered(as_stores(house), newer, handle)
    assert seen == [event()]


def test_the_handler_runs_in_the_events_trace(house: Embedded) -> None:
    """A handler's hop has the trace and the request id of the event, and a span of its own."""
    parent = f"00-{'a' * 32}-{'b' * 16}-01"
    seen = []

    def handle(_: Event) -> Outcome:
        seen.append(telemetry.current())
        return "done"

    delivered(as_stores(house), event(traceparent=parent, requestid="request-1").body(), handle)
    (here,) = seen
    assert here is not None
    assert (here.trace_id, here.request_id) == ("a" * 32, "request-1")
    assert here.span_id != "b" * 16
    assert telemetry.current() is None


def test_a_postponed_event_is_handled_when_its_store_is_back(
    clocked: Embedded, clock: Clock
) -> None:
    """The re-send reaches the handler as the same event, once."""
    delivered(as_stores(clocked), event().body(), failing(Unavailable("away")))
    clock.seconds += timedelta(minutes=5).total_seconds()
    (again,) = clocked.waiting()
    seen = []

    def handle(told: Event) -> Outcome:
        seen.append(told.id)
        return "done"

    delivered(as_stores(clocked), again.body, handle)
    assert seen == [event().id]
