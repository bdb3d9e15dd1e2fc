"""The relay sends what a crash left in the outboxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from shared import topology
from shared.bus.port import Message
from shared.documents.port import Create, Operation
from shared.errors import Problem, Throttled, TooLarge, Unavailable
from shared.events.envelope import Event
from shared.messaging import Decision, handle_once
from shared.outbox import RELAY_AFTER, relay
from shared.stores import Stores
from tests.kernel.embedded import (
    CONTAINER,
    NOW,
    Clock,
    Embedded,
    as_stores,
    creating,
    document,
    ended_event,
    event,
    raising,
    with_failing,
)

LATER = NOW + RELAY_AFTER + timedelta(seconds=1)


def leave(
    house: Embedded,
    number: int,
    *,
    decide: Callable[[], Decision] | None = None,
    at: datetime = NOW,
    tenant: str = "acme",
) -> None:
    """Commit events while the bus is away, so that they stay in the outbox."""
    partition = (tenant, f"file-{number}")
    made: list[Operation] = [Create(document("probe", partition))]
    handle_once(
        with_failing(house, "bus", "publish", raising(Unavailable("away"))),
        event(number, tenant=tenant),
        handler="probe",
        container=CONTAINER,
        partition=partition,
        decide=decide or (lambda: Decision(made, creating()().events)),
        now=at,
    )


def test_what_was_left_is_sent_and_forgotten(house: Embedded) -> None:
    """Events of every tenant's outbox are sent once and leave it."""
    leave(house, 1)
    leave(house, 2, tenant="other")
    assert relay(as_stores(house), now=LATER) == 2
    assert {Event.read(d.body).tenantid for d in house.waiting()} == {"acme", "other"}
    assert house.kinds("outbox") == house.kinds("outbox", "other") == []


def test_an_unsent_event_outlasts_its_containers_documents(clocked: Embedded, clock: Clock) -> None:
    """Where documents expire by default, an event that nobody could send waits all the same."""
    container, partition = "notifications", ("acme", "role:recruiter")
    expiring = topology.load().containers[container].default_ttl_seconds
    assert expiring is not None
    body = {"id": "n", "schema_version": 1, "tenant_id": "acme", "audience": "role:recruiter"}
    handle_once(
        with_failing(clocked, "bus", "publish", raising(Unavailable("away"))),
        event(),
        handler="probe",
        container=container,
        partition=partition,
        decide=lambda: Decision([Create(body)], creating()().events),
        now=NOW,
    )
    clock.seconds += expiring + 1
    assert clocked.documents.get(container, partition, "n") is None
    assert relay(as_stores(clocked), now=LATER) == 1
    assert len(clocked.waiting()) == 1


def test_a_second_relay_finds_nothing(house: Embedded) -> None:
    """Relaying twice is harmless."""
    leave(house, 1)
    assert relay(as_stores(house), now=LATER) == 1
    assert relay(as_stores(house), now=LATER) == 0
    assert len(house.waiting()) == 1


def test_young_events_are_left_to_who_committed_them(house: Embedded) -> None:
    """An event younger than the waiting time is not touched, one just older is."""
    leave(house, 1)
    assert relay(as_stores(house), now=NOW + RELAY_AFTER - timedelta(milliseconds=1)) == 0
    assert relay(as_stores(house), now=NOW + RELAY_AFTER) == 0
    assert relay(as_stores(house), now=NOW + RELAY_AFTER + timedelta(milliseconds=1)) == 1


def test_one_refused_event_does_not_hold_up_others(house: Embedded) -> None:
    """An event that the bus refuses stays, and those before and after it are sent."""
    for number in range(1, 4):
        leave(house, number)
    refused = sorted(body["id"] for body in house.kinds("outbox"))[1]

    def refuse_one(publish: Callable[..., None], messages: Sequence[Message]) -> None:
        if any(f"outbox:{message.message_id}" == refused for message in messages):
            raise TooLarge("too large")
        publish(messages)

    stores = with_failing(house, "bus", "publish", refuse_one)
    assert relay(stores, now=LATER) == 2
    assert [body["id"] for body in house.kinds("outbox")] == [refused]
    assert relay(as_stores(house), now=LATER) == 1


@pytest.mark.parametrize("error", [Unavailable("away"), Throttled("slow", retry_after=1)])
def test_a_bus_that_is_away_is_asked_once(house: Embedded, error: Problem) -> None:
    """A run ends at the first event that finds nobody there, and the next one sends all."""
    for number in range(4):
        leave(house, number)
    asked: list[int] = []

    def away(publish: Callable[..., None], messages: Sequence[Message]) -> None:
        asked.append(1)
        if len(asked) > 1:
            raise error
        publish(messages)

    assert relay(with_failing(house, "bus", "publish", away), now=LATER) == 1
    assert len(asked) == 2
    assert relay(as_stores(house), now=LATER) == 3


def test_an_event_of_an_unknown_type_does_not_hold_up_others(house: Embedded) -> None:
    """An outbox document that nobody can send is logged and left; the others go."""
    partition = ("acme", "file-9")
    broken = document("outbox:broken", partition, created_at=NOW.isoformat()) | {
        "kind": "outbox",
        "event": {"type": "waymark.nothing.known.v1"},
    }
    house.documents.commit(CONTAINER, partition, [Create(broken)])
    leave(house, 1)
    assert relay(as_stores(house), now=LATER) == 1
    assert [body["id"] for body in house.kinds("outbox")] == ["outbox:broken"]


def test_a_crash_after_sending_sends_again_the_same(house: Embedded) -> None:
    """When the outbox document could not be removed the event goes again under its own id,
    and the bus drops the repeat."""
    leave(house, 1)

    def no_delete(_commit: Callable[..., object], *_: object) -> None:
        raise Unavailable("away")

    assert relay(with_failing(house, "documents", "commit", no_delete), now=LATER) == 0
    assert len(house.kinds("outbox")) == 1
    assert relay(as_stores(house), now=LATER) == 1
    assert len(house.waiting()) == 1


def test_two_relays_at_once_send_each_event_once(house: Embedded) -> None:
    """Relays that meet do not trip over each other's deletions, nor send twice."""
    for number in range(20):
        leave(house, number)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: relay(as_stores(house), now=LATER), range(3)))
    assert house.kinds("outbox") == []
    assert len(house.waiting()) == 20


def test_a_limit_leaves_the_rest_for_the_next_run(house: Embedded) -> None:
    """A run sends about as many as it was told, in whole pages, and the next one goes on."""
    for number in range(130):
        leave(house, number)
    first = relay(as_stores(house), now=LATER, limit=50)
    assert 50 <= first < 130
    assert first + relay(as_stores(house), now=LATER) == 130
    assert len(house.waiting()) == 130


def test_an_event_keeps_its_time_trace_and_request(house: Embedded) -> None:
    """What the relay sends is the event as it was committed, not as of the sending."""
    leave(house, 1, at=NOW)
    relay(as_stores(house), now=LATER)
    (delivery,) = house.waiting()
    assert Event.read(delivery.body).time == NOW


def test_an_event_to_a_topic_reaches_its_listeners(house: Embedded) -> None:
    """An event whose type goes to a topic waits at each subscription that hears it."""
    made: list[Operation] = [Create(document("probe", ("acme", "file-1")))]
    leave(house, 1, decide=lambda: Decision(made, [ended_event()]))
    assert relay(as_stores(house), now=LATER) == 1
    assert len(house.waiting("intake/intake_notify")) == 1


@pytest.mark.parametrize("microsecond", [0, 1, 999_999])
def test_times_with_and_without_fractions_compare(house: Embedded, microsecond: int) -> None:
    """Whether a moment has fractions of a second does not change what is old enough."""
    leave(house, 1, at=NOW.replace(microsecond=microsecond))
    stores: Stores = as_stores(house)
    exact = NOW.replace(microsecond=microsecond) + RELAY_AFTER
    assert relay(stores, now=exact) == 0
    assert relay(stores, now=exact + timedelta(microseconds=1)) == 1
