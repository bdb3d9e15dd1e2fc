"""An HTTP write with an idempotency key has one effect and one answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.documents.port import Create, Delete, Operation, Patch, Upsert
from shared.errors import Conflict, Stale, Unavailable, Unprocessable
from shared.events.envelope import Event
from shared.events.intake import IntakeAccepted
from shared.messaging import (
    Answer,
    Decision,
    IdempotencyKey,
    announce_once,
    answer_once,
    reply_once,
)
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
    raising,
    with_failing,
)

KEY = IdempotencyKey(scope="acme/anna/items_create", key="k-1", fingerprint="f")


def answered(
    stores: Stores, key: IdempotencyKey | None, decide: Callable[[], Answer]
) -> tuple[int, Any]:
    return answer_once(
        stores,
        key,
        source="probe",
        container=CONTAINER,
        partition=PARTITION,
        decide=decide,
        now=NOW,
    )


def adding(house: Embedded) -> Callable[[], Answer]:
    """Raise a counter by one, tell of it, and answer with the number of the call."""
    calls: list[int] = []

    def decide() -> Answer:
        calls.append(1)
        told = [IntakeAccepted(intake_id="file-1", attempt=1)]
        decision = Decision([Patch("counter", increment={"count": 1})], told)
        return Answer(201, {"call": len(calls)}, decision)

    house.documents.commit(CONTAINER, PARTITION, [Create(document("counter", count=0))])
    return decide


def count(house: Embedded) -> int:
    stored = house.documents.get(CONTAINER, PARTITION, "counter")
    assert stored is not None
    return int(stored.body["count"])


def test_the_same_request_gets_the_same_answer(house: Embedded) -> None:
    """A repeat with the same key gets the first answer and has no effect of its own."""
    decide = adding(house)
    first = answered(as_stores(house), KEY, decide)
    assert first == (201, {"call": 1})
    assert answered(as_stores(house), KEY, decide) == first
    assert count(house) == 1
    assert len(house.waiting()) == 1


def test_a_repeat_has_the_headers_of_the_first_answer(house: Embedded) -> None:
    """Where a thing was made and its version are told again, also from a receipt without any."""

    def replied(key: IdempotencyKey) -> Answer:
        return reply_once(
            as_stores(house),
            key,
            source="probe",
            container=CONTAINER,
            partition=PARTITION,
            decide=lambda: Answer(201, {}, headers={"Location": "/items/1", "ETag": '"1"'}),
            now=NOW,
        )

    assert replied(KEY).headers == replied(KEY).headers == {"Location": "/items/1", "ETag": '"1"'}
    (receipt,) = house.kinds("receipt")
    del receipt["headers"]
    house.documents.commit(CONTAINER, PARTITION, [Upsert(receipt)])
    assert replied(KEY) == Answer(201, {})


def test_a_repeat_makes_no_second_partition(house: Embedded) -> None:
    """A route that makes new things takes their ids from the key: a repeat finds the receipt."""

    def created(key: IdempotencyKey) -> tuple[int, Any]:
        new = key.new_id("item")
        partition = (PARTITION[0], new)
        return answer_once(
            as_stores(house),
            key,
            source="probe",
            container=CONTAINER,
            partition=partition,
            decide=lambda: Answer(201, {"id": new}, Decision([Create(document("x", partition))])),
            now=NOW,
        )

    assert created(KEY) == created(KEY)
    assert len(house.kinds("probe")) == 1
    with pytest.raises(Unprocessable):
        created(IdempotencyKey(KEY.scope, KEY.key, "another fingerprint"))
    others = [
        KEY.new_id("note"),
        IdempotencyKey(KEY.scope, "k-2", "f").new_id("item"),
        IdempotencyKey("acme/bert/items_create", KEY.key, "f").new_id("item"),
    ]
    assert len({KEY.new_id("item"), *others}) == 4


def test_an_answer_is_kept_for_a_day(clocked: Embedded, clock: Clock) -> None:
    """After a day a key may come again, as another request."""
    decide = adding(clocked)
    answered(as_stores(clocked), KEY, decide)
    clock.seconds += 24 * 3600 - 1
    answered(as_stores(clocked), KEY, decide)
    assert count(clocked) == 1
    clock.seconds += 2
    answered(as_stores(clocked), KEY, decide)
    assert count(clocked) == 2


def test_the_key_with_another_request_is_refused(house: Embedded) -> None:
    """A key that came with another request before is unprocessable, and nothing happens."""
    decide = adding(house)
    answered(as_stores(house), KEY, decide)
    other = IdempotencyKey(KEY.scope, KEY.key, "another fingerprint")
    with pytest.raises(Unprocessable):
        answered(as_stores(house), other, decide)
    assert count(house) == 1


def test_keys_of_other_callers_never_meet(house: Embedded) -> None:
    """The same key of another caller, or on another route, is another key."""
    decide = adding(house)
    answered(as_stores(house), KEY, decide)
    for scope in ("acme/bert/items_create", "acme/anna/items_delete"):
        answered(as_stores(house), IdempotencyKey(scope, KEY.key, "g"), decide)
    assert count(house) == 3


def test_two_at_once_have_one_effect_and_one_answer(house: Embedded) -> None:
    """Repeats at the same moment wait for each other's outcome and answer alike."""
    decide = adding(house)
    together = threading.Barrier(4)

    def call(_: int) -> tuple[int, Any]:
        together.wait(10)
        return answered(as_stores(house), KEY, decide)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(call, range(4)))
    assert len({str(answer) for answer in answers}) == 1
    assert count(house) == 1
    assert len(house.waiting()) == 1


def test_without_a_key_each_call_is_one_of_its_own(house: Embedded) -> None:
    """Calls without a key that write the very same have each its effect and its event."""
    decide = adding(house)
    for _ in range(3):
        answered(as_stores(house), None, decide)
    assert count(house) == 3
    ids = {Event.read(delivery.body).id for delivery in house.waiting()}
    assert len(ids) == 3


def test_what_the_decision_raises_is_not_kept(house: Embedded) -> None:
    """A refused request leaves no receipt: the same key may be tried again."""

    def refuse() -> Answer:
        raise Conflict("not now")

    with pytest.raises(Conflict):
        answered(as_stores(house), KEY, refuse)
    assert answered(as_stores(house), KEY, adding(house)) == (201, {"call": 1})


def test_stale_is_decided_again(house: Embedded) -> None:
    """A commit that came too late is decided again, and the last decision answers."""
    decide = adding(house)
    stores = with_failing(house, "documents", "commit", raising(Stale("late"), times=2))
    assert answered(stores, KEY, decide) == (201, {"call": 3})
    assert count(house) == 1


def test_an_answer_has_no_other_receipt(house: Embedded) -> None:
    """An HTTP write cannot name receipts of its own: a repeat would have no answer."""
    decision = Decision([Create(document("entry"))], receipts={"entry"})
    with pytest.raises(ValueError, match="receipt of its own"):
        answered(as_stores(house), KEY, lambda: Answer(201, {}, decision))
    assert house.kinds("probe") == []


def test_an_answer_without_effect_needs_no_commit(house: Embedded) -> None:
    """Without a key and without operations nothing is written."""
    stores = with_failing(house, "documents", "commit", raising(AssertionError("committed")))
    assert answered(stores, None, lambda: Answer(200, {"same": True})) == (200, {"same": True})


def announced(stores: Stores, decide: Callable[[], Decision]) -> None:
    announce_once(
        stores, source="probe", container=CONTAINER, partition=PARTITION, decide=decide, now=NOW
    )


def test_announcing_writes_no_receipt(house: Embedded) -> None:
    """A decision with natural ids is its own receipt; its events are sent."""
    announced(as_stores(house), creating())
    assert house.kinds("receipt") == []
    assert len(house.kinds("probe")) == 1
    assert len(house.waiting()) == 1


def test_announcing_nothing_writes_nothing(house: Embedded) -> None:
    """An empty decision is no commit."""
    stores = with_failing(house, "documents", "commit", raising(AssertionError("committed")))
    announced(stores, Decision)


def test_events_without_documents_are_not_announced(house: Embedded) -> None:
    """Events alone are a mistake that is told, not one that is dropped."""
    with pytest.raises(ValueError, match="no document"):
        announced(as_stores(house), lambda: Decision([], creating()().events))


@pytest.mark.parametrize(
    "operation",
    [Patch("counter", increment={"count": 1}), Upsert(document("counter", count=1))],
)
def test_commits_of_the_same_words_tell_events_of_their_own(
    house: Embedded, operation: Operation
) -> None:
    """What can be committed again and again tells another event each time, sent or not."""
    house.documents.commit(CONTAINER, PARTITION, [Create(document("counter", count=0))])
    away = with_failing(house, "bus", "publish", raising(Unavailable("away")))
    for stores in (as_stores(house), away, away, as_stores(house)):
        announced(stores, lambda: Decision([operation], creating()().events))
    assert len(house.waiting()) == 2
    assert len(house.kinds("outbox")) == 2


def test_a_document_as_it_was_read_tells_its_event_once(house: Embedded) -> None:
    """A change that holds an etag can succeed once: its event has one id, sent twice or not."""
    (etag,) = house.documents.commit(CONTAINER, PARTITION, [Create(document("counter"))])
    decision = Decision([Patch("counter", set={"n": 1}, etag=etag)], creating()().events)
    left: list[str] = []
    for _ in range(2):

        def lose(_commit: Callable[..., object], *args: Any) -> None:
            left.extend(one.body["id"] for one in args[2] if isinstance(one, Create))
            raise Unavailable("no answer")

        with pytest.raises(Unavailable):
            announced(with_failing(house, "documents", "commit", lose), lambda: decision)
    assert len(left) == 2
    assert len(set(left)) == 1


def test_the_same_decision_in_two_containers_tells_two_events(house: Embedded) -> None:
    """Partitions of the same name in two containers are two, and so are their events."""
    body = document("probe") | {"candidate_id": PARTITION[1]}
    for container in (CONTAINER, "candidates"):
        announce_once(
            as_stores(house),
            source="probe",
            container=container,
            partition=PARTITION,
            decide=lambda: Decision([Create(body)], creating()().events),
            now=NOW,
        )
    assert len(house.waiting()) == 2


def test_announcing_decides_again_when_somebody_was_faster(house: Embedded) -> None:
    """Who comes second finds the document and may decide on nothing."""
    runs = []

    def decide() -> Decision:
        runs.append(1)
        if house.documents.get(CONTAINER, PARTITION, "probe") is not None:
            return Decision()
        decision = creating()()
        if len(runs) == 1:
            house.documents.commit(CONTAINER, PARTITION, [Create(document("probe"))])
        return decision

    announced(as_stores(house), decide)
    assert len(runs) == 2
    assert house.waiting() == []


def test_the_same_commit_announces_the_same_event(house: Embedded) -> None:
    """A commit repeated word for word tells the event it told before: the bus drops it."""
    announced(as_stores(house), creating())
    assert len(house.waiting()) == 1
    house.documents.commit(CONTAINER, PARTITION, [Delete("probe")])
    announced(as_stores(house), creating())
    assert len(house.kinds("probe")) == 1
    assert house.waiting() == []
