"""What every documents adapter promises of order and of pages."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Sequence
from typing import Any

import pytest

from shared.documents.port import (
    MAX_ORDER_CHARACTERS,
    Delete,
    Equals,
    Filter,
    Order,
    Partition,
    Patch,
)
from shared.errors import Invalid
from tests.contracts.documents_fixtures import DocumentStore
from tests.contracts.records import found, pages, write


@pytest.mark.parametrize("descending", [False, True])
def test_text_is_ordered_by_code_point(store: DocumentStore, descending: bool) -> None:
    """Capitals go before small letters, letters with marks after them; both ways."""
    texts = ["Zebra", "a", "b", "ab", "é", "", "10", "9", "\uff5e"]
    for at, text in enumerate(random.Random(7).sample(texts, len(texts))):
        write(store, f"{at}", at=text)

    page = store.documents.query(
        "records", (store.tenant,), order=Order("at", descending=descending)
    )

    ordered = [item.body["at"] for item in page.items]
    assert ordered == sorted(texts, reverse=descending)


@pytest.mark.parametrize("descending", [False, True])
def test_numbers_are_ordered_by_size(store: DocumentStore, descending: bool) -> None:
    """Negative, fractional and large numbers stand in one order, at a dotted path too."""
    numbers = [10, 9, -1, 0, 2.5, 1e20, -1e-5]
    for at, number in enumerate(numbers):
        write(store, f"{at}", profile={"score": number})

    page = store.documents.query(
        "records", (store.tenant,), order=Order("profile.score", descending=descending)
    )

    ordered = [item.body["profile"]["score"] for item in page.items]
    assert ordered == sorted(numbers, reverse=descending)


def test_documents_without_the_ordering_field_drop_out(store: DocumentStore) -> None:
    """A document in which the field is absent or null is not in an ordered answer."""
    write(store, "a", at="2")
    write(store, "b", at="1")
    write(store, "absent")
    write(store, "null", at=None)

    assert found(store, order=Order("at")) == ["b", "a"]


@pytest.mark.parametrize("descending", [False, True])
def test_ties_go_by_id_and_then_by_partition(store: DocumentStore, descending: bool) -> None:
    """Equal values stand by id, equal ids by partition, all in the same direction."""
    for record in ("r2", "r1", "r3"):
        for identity in ("b", "a"):
            write(store, identity, record=record, at="same")

    pages_of_two = pages(store, (store.tenant,), order=Order("at", descending=descending), limit=2)

    places = [(body["id"], body["record_id"]) for page in pages_of_two for body in page]
    expected = [(identity, record) for identity in "ab" for record in ("r1", "r2", "r3")]
    assert places == (expected[::-1] if descending else expected)


@pytest.mark.parametrize("limit", [1, 3, 7, 20, 21, 1000])
@pytest.mark.parametrize("order", [None, Order("at"), Order("at", descending=True)])
def test_pages_hold_every_document_once(
    store: DocumentStore, limit: int, order: Order | None
) -> None:
    """Page by page to the end gives each matching document once, whatever the limit."""
    for number in range(20):
        write(store, f"d{number}", record=f"r{number % 5}", at=f"{number % 4}", kept=True)
        write(store, f"x{number}", record=f"r{number % 5}", at=f"{number % 4}", kept=False)

    gathered = pages(store, (store.tenant,), order=order, limit=limit, where=[Equals("kept", True)])

    names = [body["id"] for page in gathered for body in page]
    assert sorted(names) == sorted(f"d{number}" for number in range(20))
    assert len(gathered) <= -(-20 // limit) + 1


@pytest.mark.parametrize("order", [None, Order("at"), Order("at", descending=True)])
def test_pages_stay_right_while_documents_come_and_go(
    store: DocumentStore, order: Order | None
) -> None:
    """Documents that are written or deleted between pages neither repeat nor hide others."""
    for number in range(12):
        write(store, f"d{number:02}", at=f"{number:02}")
    seen: list[str] = []
    continuation: str | None = None
    for turn in range(100):
        page = store.documents.query(
            "records", (store.tenant,), order=order, limit=3, continuation=continuation
        )
        seen += [item.body["id"] for item in page.items]
        continuation = page.continuation
        if continuation is None:
            break
        write(store, f"early{turn}", at="!")
        write(store, f"late{turn}", at="~")
    else:
        pytest.fail("the pages do not end")

    assert len(seen) == len(set(seen))
    assert {f"d{number:02}" for number in range(12)} <= set(seen)


def test_a_page_goes_on_after_a_document_that_is_gone(store: DocumentStore) -> None:
    """A continuation holds where the page ended, also when that document is deleted since."""
    for number in range(4):
        write(store, f"d{number}", at=f"{number}")
    first = store.documents.query("records", (store.tenant,), order=Order("at"), limit=2)
    store.documents.commit("records", (store.tenant, "r1"), [Delete("d1")])

    second = store.documents.query(
        "records",
        (store.tenant,),
        order=Order("at"),
        limit=2,
        continuation=first.continuation,
    )

    assert [item.body["id"] for item in second.items] == ["d2", "d3"]


def first_page(store: DocumentStore) -> str:
    """The continuation after the first of two documents."""
    write(store, "a", at="1")
    write(store, "b", at="2")
    page = store.documents.query("records", (store.tenant,), order=Order("at"), limit=1)
    assert page.continuation is not None
    return page.continuation


def test_the_longest_continuation_is_short_enough_for_a_url(store: DocumentStore) -> None:
    """The longest names and order values of letters from anywhere give at most 4,096 characters."""
    record = "語" * 255
    for number in range(2):
        write(store, f"{number}{'語' * 254}", record=record, at="東" * MAX_ORDER_CHARACTERS)
    page = store.documents.query("records", (store.tenant,), order=Order("at"), limit=1)
    assert page.continuation is not None
    assert len(page.continuation) <= 4096
    rest = store.documents.query(
        "records", (store.tenant,), order=Order("at"), limit=1, continuation=page.continuation
    )
    assert len({item.body["id"] for item in (*page.items, *rest.items)}) == 2


def test_longer_text_is_not_ordered_by(store: DocumentStore) -> None:
    """A field that is sorted by takes no text beyond its bound, set whole or by a patch."""
    long = "x" * (MAX_ORDER_CHARACTERS + 1)
    with pytest.raises(Invalid):
        write(store, "a", at=long)
    with pytest.raises(Invalid):
        write(store, "a", profile={"score": long})
    write(store, "a", at=long[1:], other=long, profile={"score": 1})
    for change in ({"at": long}, {"profile.score": long}, {"profile": {"score": long}}):
        with pytest.raises(Invalid):
            store.documents.commit("records", (store.tenant, "r1"), [Patch("a", set=change)])


def test_an_order_without_an_index_is_a_mistake(store: DocumentStore) -> None:
    """A field that topology.json does not order by is refused by every store alike."""
    write(store, "a", at="1", other="1")
    for path in ("other", "profile", "id"):
        with pytest.raises(ValueError, match="ordered_by"):
            store.documents.query("records", (store.tenant,), order=Order(path))


def test_a_continuation_of_another_query_is_invalid(store: DocumentStore) -> None:
    """A continuation belongs to its container, scope, filters and order, not to its limit."""
    continuation = first_page(store)

    def ask(scope: Partition, order: Order | None, where: Sequence[Filter] = ()) -> None:
        store.documents.query(
            "records", scope, where=where, order=order, limit=5, continuation=continuation
        )

    ask((store.tenant,), Order("at"))
    for scope, order, where in (
        ((store.other_tenant,), Order("at"), ()),
        ((store.tenant, "r1"), Order("at"), ()),
        ((), Order("at"), ()),
        ((store.tenant,), Order("at", descending=True), ()),
        ((store.tenant,), None, ()),
        ((store.tenant,), Order("at"), (Equals("kept", True),)),
    ):
        with pytest.raises(Invalid):
            ask(scope, order, where)


def forged(*values: Any) -> str:
    """A token of our making."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize(
    "token",
    ["", "x", "é", "\ud800", "=", forged(), forged("x", 1, 2, 3), forged({}), "A" * 100_000],
)
def test_a_broken_continuation_is_invalid(store: DocumentStore, token: str) -> None:
    """Whatever a caller sends back instead of a continuation is refused."""
    with pytest.raises(Invalid):
        store.documents.query("records", (store.tenant,), order=Order("at"), continuation=token)


@pytest.mark.parametrize("value", [None, True, [], {}, "\ud800", float("nan"), 2**60])
@pytest.mark.parametrize("at", [1, 2])
def test_a_tampered_continuation_is_invalid(store: DocumentStore, at: int, value: Any) -> None:
    """A continuation whose values no document could have is refused."""
    token = json.loads(base64.urlsafe_b64decode(first_page(store)))
    token[at] = value

    with pytest.raises(Invalid):
        store.documents.query(
            "records",
            (store.tenant,),
            order=Order("at"),
            continuation=base64.urlsafe_b64encode(json.dumps(token).encode()).decode(),
        )
