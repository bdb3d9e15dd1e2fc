"""A message is handled once, however often and wherever it is delivered."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

import pytest

from shared.documents.port import Create, Delete, Patch, Replace, Upsert
from shared.errors import Conflict, Invalid, Rejected, Stale, Unavailable
from shared.events.envelope import Event, EventData
from shared.events.intake import IntakeEnded
from shared.messaging import MAX_ATTEMPTS, Decision, Outcome, handle_once
from shared.stores import Stores
from tests.kernel.embedded import (
    CONTAINER,
    NOW,
    PARTITION,
    Clock,
    Embedded,
    as_stores,
    creating,
    document,
    event,
    raising,
    with_failing,
)


def handled(
    stores: Stores, told: Event, decide: Callable[[], Decision], *, handler: str = "probe"
) -> Outcome:
    return handle_once(
        stores,
        told,
        handler=handler,
        container=CONTAINER,
        partition=PARTITION,
        decide=decide,
        now=NOW,
    )


@pytest.mark.parametrize("times", [2, 3])
def test_a_repeat_is_found_at_the_commit(
    house: Embedded, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Without a look before, the first handling reads no receipt, and a repeat changes nothing."""
    reads: list[str] = []
    get = house.documents.get

    def noted(container: str, partition: tuple[str, ...], document_id: str) -> object:
        reads.append(document_id)
        return get(container, partition, document_id)

    house.documents.commit(CONTAINER, PARTITION, [Create(document("counter", count=0))])
    monkeypatch.setattr(house.documents, "get", noted)

    def once() -> Outcome:
        return handle_once(
            as_stores(house),
            event(),
            handler="probe",
            container=CONTAINER,
            partition=PARTITION,
            decide=counting(house),
            now=NOW,
            looks_first=False,
        )

    assert once() == "done"
    assert reads == ["counter"]
    assert [once() for _ in range(times)] == ["repeated"] * times
    stored = get(CONTAINER, PARTITION, "counter")
    assert stored is not None
    assert stored.body["count"] == 1


def counting(house: Embedded) -> Callable[[], Decision]:
    """A decision that reads a counter and writes it one higher."""

    def decide() -> Decision:
        stored = house.documents.get(CONTAINER, PARTITION, "counter")
        assert stored is not None
        raised = stored.body | {"count": stored.body["count"] + 1}
        return Decision([Replace(raised, stored.etag)])

    return decide


def count(house: Embedded) -> int:
    stored = house.documents.get(CONTAINER, PARTITION, "counter")
    assert stored is not None
    return int(stored.body["count"])


def test_documents_receipt_and_events_are_written_together(house: Embedded) -> None:
    """The first delivery writes what was decided and sends its events."""
    assert handled(as_stores(house), event(), creating(events=2)) == "done"

    assert [body["id"] for body in house.kinds("probe")] == ["probe"]
    assert [body["outcome"] for body in house.kinds("receipt")] == ["done"]
    sent = [Event.read(delivery.body) for delivery in house.waiting()]
    assert [each.data["attempt"] for each in sent] == [1, 2]
    assert house.kinds("outbox") == []


def test_a_receipt_is_kept_for_a_month(clocked: Embedded, clock: Clock) -> None:
    """A receipt outlasts every redelivery and redrive of its time, and then makes room."""
    handled(as_stores(clocked), event(), creating())
    clock.seconds += 30 * 24 * 3600 - 1
    assert handled(as_stores(clocked), event(), creating("other")) == "repeated"
    clock.seconds += 2
    assert clocked.kinds("receipt") == []


def test_what_the_relay_sent_first_is_no_trouble(
    house: Embedded, caplog: pytest.LogCaptureFixture
) -> None:
    """When a relay forgets an event that was just sent, the others are forgotten all the same."""

    def as_a_relay(publish: Callable[..., None], *args: object) -> None:
        publish(*args)
        first = house.kinds("outbox")[0]["id"]
        house.documents.commit(CONTAINER, PARTITION, [Delete(first)])

    stores = with_failing(house, "bus", "publish", as_a_relay)
    assert handled(stores, event(), creating(events=3)) == "done"
    assert house.kinds("outbox") == []
    assert "outbox.left" not in caplog.text


def test_another_delivery_does_nothing(house: Embedded) -> None:
    """A repeated delivery neither decides again nor sends again."""
    handled(as_stores(house), event(), creating())
    house.waiting()

    def never() -> Decision:
        raise AssertionError("decided twice")

    assert handled(as_stores(house), event(), never) == "repeated"
    assert house.waiting() == []


def test_two_handlers_of_one_event_both_handle_it(house: Embedded) -> None:
    """A receipt is of one handler: another handler of the same event does its own work."""
    assert handled(as_stores(house), event(), creating("a"), handler="first") == "done"
    assert handled(as_stores(house), event(), creating("b"), handler="second") == "done"
    assert {body["id"] for body in house.kinds("probe")} == {"a", "b"}


def test_two_deliveries_at_once_have_one_effect(house: Embedded) -> None:
    """Deliveries of one event on several threads at the same moment raise a counter once."""
    house.documents.commit(CONTAINER, PARTITION, [Create(document("counter", count=0))])
    together = threading.Barrier(4)
    decide = counting(house)

    def waiting_for_all() -> Decision:
        decision = decide()
        with suppress(threading.BrokenBarrierError):
            together.wait(10)
            together.abort()  # only the first attempts wait for each other
        return decision

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(
            pool.map(lambda _: handled(as_stores(house), event(), waiting_for_all), range(4))
        )
    assert sorted(outcomes) == ["done", "repeated", "repeated", "repeated"]
    assert count(house) == 1


def test_different_events_at_once_all_take_effect(house: Embedded) -> None:
    """Events that change one document at the same time are all counted: stale ones read again."""
    house.documents.commit(CONTAINER, PARTITION, [Create(document("counter", count=0))])
    decide = counting(house)

    def until_done(number: int) -> Outcome:
        while True:  # a conflict goes up, and the bus delivers again
            try:
                return handled(as_stores(house), event(number), decide)
            except Conflict:
                continue

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(until_done, range(12)))
    assert outcomes == ["done"] * 12
    assert count(house) == 12


def test_stale_is_read_and_decided_again(house: Embedded) -> None:
    """A document that changed under a decision makes it decide anew, on what is there now."""
    house.documents.commit(CONTAINER, PARTITION, [Create(document("counter", count=0))])
    decide = counting(house)
    interfered: list[bool] = []

    def interfering() -> Decision:
        decision = decide()
        if not interfered:
            interfered.append(True)
            house.documents.commit(CONTAINER, PARTITION, [Patch("counter", set={"count": 40})])
        return decision

    assert handled(as_stores(house), event(), interfering) == "done"
    assert count(house) == 41


def test_a_taken_natural_id_is_a_repeat(house: Embedded) -> None:
    """A document that is its own receipt ends a second handling at once, with nothing written."""
    house.documents.commit(CONTAINER, PARTITION, [Create(document("entry", n=1))])
    calls: list[int] = []

    def decide() -> Decision:
        calls.append(1)
        writes = [Create(document("entry", n=2)), Create(document("beside"))]
        return Decision(writes, creating()().events, receipts={"entry"})

    assert handled(as_stores(house), event(), decide) == "repeated"
    assert len(calls) == 1
    assert [body["id"] for body in house.kinds("probe")] == ["entry"]
    assert house.kinds("receipt") == []
    assert house.waiting() == []


def test_another_taken_id_is_no_repeat(house: Embedded) -> None:
    """A taken id that is no receipt makes the handler decide anew, as ever."""
    house.documents.commit(CONTAINER, PARTITION, [Create(document("beside"))])

    def decide() -> Decision:
        operations = [Create(document("entry"))]
        if house.documents.get(CONTAINER, PARTITION, "beside") is None:
            return Decision(operations, receipts={"entry"})
        house.documents.commit(CONTAINER, PARTITION, [Delete("beside")])
        return Decision([*operations, Create(document("probe", n=1))], receipts={"entry"})

    house.documents.commit(CONTAINER, PARTITION, [Create(document("probe"))])
    assert handled(as_stores(house), event(), decide) == "done"
    assert {body["id"] for body in house.kinds("probe")} == {"probe", "entry"}


def test_endless_staleness_goes_up(house: Embedded) -> None:
    """After a bounded number of attempts a conflict goes up, and nothing was written."""
    calls = []

    def instead(*_: object) -> None:
        calls.append(1)
        raise Stale("always")

    stores = with_failing(house, "documents", "commit", instead)
    with pytest.raises(Conflict):
        handled(stores, event(), creating())
    assert len(calls) == MAX_ATTEMPTS
    assert house.kinds("receipt") == []


def test_rejected_is_recorded_with_its_reason(house: Embedded) -> None:
    """A rejected message leaves a receipt with the reason and is finished for good."""

    def reject() -> Decision:
        raise Rejected("the record is gone")

    assert handled(as_stores(house), event(), reject) == "rejected"
    (receipt,) = house.kinds("receipt")
    assert (receipt["outcome"], receipt["reason"]) == ("rejected", "the record is gone")
    assert handled(as_stores(house), event(), creating()) == "repeated"
    assert house.kinds("probe") == []


def test_an_event_of_another_tenant_is_refused(house: Embedded) -> None:
    """An event can only write to partitions of the tenant it names."""
    with pytest.raises(Invalid):
        handled(as_stores(house), event(tenant="other"), creating())
    assert house.kinds("probe") == []
    assert house.kinds("receipt") == []


def test_an_error_in_the_decision_goes_up_and_writes_nothing(house: Embedded) -> None:
    """A defect in a handler leaves no receipt, so that the next delivery tries again."""

    def broken() -> Decision:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        handled(as_stores(house), event(), broken)
    assert house.kinds("receipt") == []
    assert handled(as_stores(house), event(), creating()) == "done"


def test_a_lost_answer_of_the_store_is_harmless(house: Embedded) -> None:
    """When the commit happened but its answer was lost, the next delivery finds the receipt."""

    def lose_answer(commit: Callable[..., object], *args: object) -> None:
        commit(*args)
        raise Unavailable("no answer")

    stores = with_failing(house, "documents", "commit", lose_answer)
    with pytest.raises(Unavailable):
        handled(stores, event(), creating())
    assert handled(as_stores(house), event(), creating()) == "repeated"
    assert len(house.kinds("probe")) == 1
    assert len(house.kinds("outbox")) == 1


def test_a_bus_that_is_away_does_not_undo_the_work(house: Embedded) -> None:
    """When events cannot be sent the work is done all the same, and they stay in the outbox."""
    stores = with_failing(house, "bus", "publish", raising(Unavailable("away")))
    assert handled(stores, event(), creating(events=2)) == "done"
    assert len(house.kinds("outbox")) == 2
    assert house.waiting() == []


def test_the_same_event_tells_the_same_events(house: Embedded) -> None:
    """The ids of outgoing events follow from the incoming one: a repeat would be the same."""
    stores = with_failing(house, "documents", "commit", raising(Unavailable("away"), times=1))
    with pytest.raises(Unavailable):
        handled(stores, event(), creating())
    handled(stores, event(), creating())
    handled(as_stores(house), event(2), creating("other"))
    first, second = (Event.read(delivery.body) for delivery in house.waiting())
    assert first.id != second.id
    assert (first.tenantid, first.partitionkey) == PARTITION


@dataclass(frozen=True)
class Nowhere:
    """Stands for the data of an event type that topology.json does not know."""

    type: str = "waymark.nothing.known.v1"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            IntakeEnded(intake_id="f", attempt=1, state="failed", reason="x" * 200_000),
            id="too large",
        ),
        pytest.param(cast(EventData, Nowhere()), id="unknown"),
    ],
)
def test_an_event_that_cannot_be_sent_is_not_committed(house: Embedded, data: EventData) -> None:
    """What the bus would never take is refused as a mistake of ours, and nothing is written."""
    with pytest.raises(ValueError, match="waymark"):
        handled(
            as_stores(house),
            event(),
            lambda: Decision([Create(document("probe"))], [data]),
        )
    assert house.kinds("probe") == house.kinds("outbox") == house.kinds("receipt") == []


@pytest.mark.parametrize(
    ("name", "session"),
    [
        ("file-1", "file-1"),
        ("f" * 128, "f" * 128),
        ("f" * 129, hashlib.sha256(b"f" * 129).hexdigest()),
    ],
)
def test_messages_of_one_partition_are_one_session(
    house: Embedded, name: str, session: str
) -> None:
    """The session is the partition, by its digest where the name is too long for a session."""
    partition = (PARTITION[0], name)
    handle_once(
        as_stores(house),
        event(),
        handler="probe",
        container=CONTAINER,
        partition=partition,
        decide=lambda: Decision([Create(document("p", partition))], creating()().events),
        now=NOW,
    )
    (delivery,) = house.waiting()
    assert delivery.session_id == session


def test_events_do_not_leave_from_where_no_sweep_looks(house: Embedded) -> None:
    """A container that the relay does not sweep refuses events rather than losing them."""
    decision = Decision(
        [Upsert({"id": "one", "tenant_id": "acme", "month": "2026-03", "schema_version": 1})],
        list(creating()().events),
    )
    with pytest.raises(ValueError, match="audit"):
        handle_once(
            as_stores(house),
            event(),
            handler="probe",
            container="audit",
            partition=("acme", "2026-03"),
            decide=lambda: decision,
            now=NOW,
        )
    assert house.documents.get("audit", ("acme", "2026-03"), "one") is None
