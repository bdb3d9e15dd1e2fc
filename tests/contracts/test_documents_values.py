"""What every documents adapter takes, gives back as it was, and refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.documents.port import (
    MAX_COMMIT_BYTES,
    MAX_INTEGER,
    Create,
    Partition,
    Patch,
    Upsert,
)
from shared.errors import Invalid, TooLarge
from tests.contracts.documents_fixtures import DocumentStore
from tests.contracts.records import commit, partition, read, record

TEXTS = [
    "plain",
    "Zoë Müller-Łukasz 東京 \U0001f600 \u202e",
    "a\x00b",
    "'; DROP TABLE records; --",
    '"]) OR 1=1 --',
    "\u2028\u2029\ufeff",
    "line\nbreak\ttab \\ slash / ' \"",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_comes_back_as_it_was(store: DocumentStore, text: str) -> None:
    """Text of any script, control characters and quotes are data, as names and as values."""
    body = record(store, "a", text=text, nested={text or "empty": [text]})

    commit(store, Create(body))

    assert read(store, "a").body == body


def test_numbers_come_back_as_they_were(store: DocumentStore) -> None:
    """Whole numbers up to 2^53 - 1 and every finite double are kept."""
    numbers = [0, -1, MAX_INTEGER, -MAX_INTEGER, 0.1, 1e308, 5e-324, 1.5]

    commit(store, Create(record(store, "a", numbers=numbers)))

    assert read(store, "a").body["numbers"] == numbers


NOT_VALUES: list[Any] = [
    MAX_INTEGER + 1,
    float("nan"),
    float("-inf"),
    "\ud800",
    {1: 2},
    {"\udfff": 1},
    object(),
    json.loads("[" * 70 + "]" * 70),
]


@pytest.mark.parametrize("value", NOT_VALUES, ids=[str(at) for at in range(len(NOT_VALUES))])
def test_a_value_that_would_not_come_back_is_invalid(store: DocumentStore, value: Any) -> None:
    """Numbers that lose digits, broken text, no JSON, and a bottomless nest are refused."""
    with pytest.raises(Invalid):
        commit(store, Create(record(store, "a", value=value)))


@pytest.mark.parametrize(
    "identity",
    ["a b", "100%", "%2e%2e", "a+b=c&d", "Zoë", "東京", "a:b;c,d", "~-_.!*'()", "a" * 255],
)
def test_an_id_of_any_other_characters_finds_its_document(
    store: DocumentStore, identity: str
) -> None:
    """Ids with spaces, percent signs and letters of any script are kept and found."""
    commit(store, Create(record(store, identity, n=1)))

    assert read(store, identity).body["n"] == 1


NOT_IDS = ["", ".", "..", "a/b", "a\\b", "a?b", "a#b", "a\x00b", " a", "a ", "\ud800", "a" * 256]


@pytest.mark.parametrize("identity", NOT_IDS)
def test_an_impossible_id_is_refused_and_never_found(store: DocumentStore, identity: str) -> None:
    """An id that could name something else in a URL cannot be written, and is not there."""
    for operation in (Create(record(store, identity)), Patch(identity, set={"n": 1})):
        with pytest.raises(Invalid):
            commit(store, operation)

    assert store.documents.get("records", partition(store), identity) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant_id": "another"},
        {"record_id": "another"},
        {"record_id": None},
        {"id": 7},
        {"ttl": 0},
        {"ttl": -2},
        {"ttl": None},
        {"ttl": "60"},
        {"ttl": True},
        {"_etag": "x"},
        {"_ts": 1},
    ],
)
def test_a_body_that_does_not_belong_there_is_a_mistake(
    store: DocumentStore, changes: dict[str, Any]
) -> None:
    """Key fields agree with the partition, ttl is seconds, the store's fields are its own."""
    with pytest.raises(ValueError, match="document"):
        commit(store, Create(record(store, "a") | changes))


@pytest.mark.parametrize("values", [("t",), ("t", "r", "x"), ("t", ""), ("", "r")])
def test_a_partition_of_another_form_is_a_mistake(store: DocumentStore, values: Partition) -> None:
    """A commit names every component of its partition, none of them empty."""
    body = {"id": "a", "tenant_id": "t", "record_id": "r"}

    with pytest.raises(ValueError, match="a partition here"):
        store.documents.commit("records", values, [Create(body)])


@pytest.mark.parametrize("value", ["\ud800", "x" * 256])
def test_a_partition_that_cannot_be_is_invalid(store: DocumentStore, value: str) -> None:
    """A partition's value may come from a caller: one that no document has is refused to them."""
    body = {"id": "a", "tenant_id": "t", "record_id": value}

    with pytest.raises(Invalid):
        store.documents.commit("records", ("t", value), [Create(body)])


def test_what_topology_does_not_know_is_a_mistake(store: DocumentStore) -> None:
    """A container that is not declared and a scope of another form are no caller's doing."""
    for container, scope in (("nowhere", ("t",)), ("records", ("t", "r", "x"))):
        with pytest.raises(ValueError, match=r"topology|scope"):
            store.documents.query(container, scope)
    with pytest.raises(ValueError, match="topology"):
        store.documents.get("nowhere", ("t",), "a")
    with pytest.raises(ValueError, match="topology"):
        store.documents.commit("nowhere", ("t",), [Create({"id": "a", "tenant_id": "t"})])


def test_a_commit_without_operations_or_with_an_id_twice_is_a_mistake(store: DocumentStore) -> None:
    """A commit has operations, each on a document of its own."""
    with pytest.raises(ValueError, match="at least one"):
        commit(store)
    with pytest.raises(ValueError, match="twice"):
        commit(store, Upsert(record(store, "a")), Patch("a", set={"n": 1}))


def test_a_commit_takes_a_hundred_operations_and_no_more(store: DocumentStore) -> None:
    """A hundred operations are one commit; one more is too large, and nothing is written."""
    commit(store, *(Create(record(store, f"a{number}")) for number in range(100)))

    with pytest.raises(TooLarge):
        commit(store, *(Create(record(store, f"b{number}")) for number in range(101)))

    assert read(store, "a99").body["id"] == "a99"
    assert store.documents.get("records", partition(store), "b0") is None


def test_a_commit_takes_two_megabytes_and_no_more(store: DocumentStore) -> None:
    """A commit close to the limit is written; one above it is too large."""
    half = "x" * (MAX_COMMIT_BYTES // 2 - 2048)
    commit(store, Create(record(store, "a", text=half)), Create(record(store, "b", text=half)))

    with pytest.raises(TooLarge):
        commit(
            store,
            Create(record(store, "c", text=half)),
            Create(record(store, "d", text=half + "x" * 4096)),
        )

    assert read(store, "b").body["text"] == half
    assert store.documents.get("records", partition(store), "c") is None
