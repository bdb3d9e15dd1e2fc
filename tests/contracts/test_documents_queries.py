"""What every documents adapter promises of queries: filters and scope."""

from __future__ import annotations

from typing import Any

import pytest

from shared.documents.port import (
    Contains,
    Create,
    Equals,
    Json,
    Order,
    Partition,
    Prefix,
    Range,
)
from shared.errors import Invalid
from tests.contracts.documents_fixtures import DocumentStore
from tests.contracts.records import found, pages, write


def test_a_found_document_is_whole(store: DocumentStore) -> None:
    """A query gives bodies without the store's fields, and etags as reading does."""
    write(store, "a", text="x")

    (item,) = store.documents.query("records", (store.tenant,)).items

    assert item == store.documents.get("records", (store.tenant, "r1"), "a")


VALUES: dict[str, Any] = {
    "text": "7",
    "number": 7,
    "zero": 0,
    "one": 1,
    "float": 1.5,
    "true": True,
    "false": False,
    "null": None,
    "empty": "",
    "array": [7],
    "object": {"x": 7},
}


@pytest.mark.parametrize(
    "name", ["text", "number", "zero", "one", "float", "true", "false", "null", "empty"]
)
def test_equality_is_of_type_and_value(store: DocumentStore, name: str) -> None:
    """A value equals itself alone: no text is a number, no number a truth, absent is not null."""
    for other, value in VALUES.items():
        write(store, other, value=value)
    write(store, "absent")

    assert found(store, Equals("value", VALUES[name])) == [name]


def test_a_whole_number_equals_its_double(store: DocumentStore) -> None:
    """JSON knows one sort of number: 7 is 7.0."""
    write(store, "whole", value=7)
    write(store, "double", value=7.0)

    assert found(store, Equals("value", 7.0)) == ["double", "whole"]


def test_a_range_takes_its_lower_bound_and_not_its_upper(store: DocumentStore) -> None:
    """At least the one, below the other, of one type; either may be absent."""
    for number in (1, 2, 3, 4):
        write(store, f"n{number}", value=number)
        write(store, f"t{number}", value=f"{number}")
    write(store, "true", value=True)
    write(store, "null", value=None)

    assert found(store, Range("value", at_least=2, below=4)) == ["n2", "n3"]
    assert found(store, Range("value", below=2.5)) == ["n1", "n2"]
    assert found(store, Range("value", at_least="3")) == ["t3", "t4"]
    assert found(store, Range("value", at_least="2", below="3")) == ["t2"]


@pytest.mark.parametrize("bounds", [{}, {"at_least": 1, "below": "2"}, {"at_least": float("nan")}])
def test_a_range_without_sense_is_invalid(store: DocumentStore, bounds: dict[str, Any]) -> None:
    """A range has a bound, and its bounds are of one type."""
    with pytest.raises(Invalid):
        store.documents.query("records", (store.tenant,), where=[Range("value", **bounds)])


def test_a_prefix_is_of_text_and_case_counts(store: DocumentStore) -> None:
    """A prefix is plain text: no letter of it is a pattern."""
    texts = ["ab", "abc", "Abc", "a%c", "a_c", "a", "b", "\U0001f600x", ""]
    for at, text in enumerate(texts):
        write(store, f"{at}", value=text)
    write(store, "number", value=1)

    assert found(store, Prefix("value", "ab")) == ["0", "1"]
    assert found(store, Prefix("value", "a%")) == ["3"]
    assert found(store, Prefix("value", "a_")) == ["4"]
    assert found(store, Prefix("value", "\U0001f600")) == ["7"]
    assert found(store, Prefix("value", "")) == [str(at) for at in range(len(texts))]


@pytest.mark.parametrize("path", ["tags", "profile.tags"])
def test_contains_asks_the_members_of_an_array(store: DocumentStore, path: str) -> None:
    """A member counts by type and value, also deep inside; text is no array."""

    def holding(value: Any) -> Json:
        return {"tags": value} if path == "tags" else {"profile": {"tags": value}}

    write(store, "a", **holding(["x", "y"]))
    write(store, "b", **holding(["y", 1, True]))
    write(store, "c", **holding("x"))
    write(store, "d", **holding([["x"], {"x": "x"}, None]))
    write(store, "e", **holding([]))
    write(store, "f", **holding([2.0, -0.0]))

    assert found(store, Contains(path, 2)) == ["f"]
    assert found(store, Contains(path, 0)) == ["f"]
    assert found(store, Contains(path, False)) == []
    assert found(store, Contains(path, "x")) == ["a"]
    assert found(store, Contains(path, "y")) == ["a", "b"]
    assert found(store, Contains(path, 1)) == ["b"]
    assert found(store, Contains(path, 1.0)) == ["b"]
    assert found(store, Contains(path, True)) == ["b"]
    assert found(store, Contains(path, "1")) == []


def test_all_filters_hold(store: DocumentStore) -> None:
    """Several filters narrow one another, on dotted paths and words of a query language too."""
    write(store, "a", order={"value": 1}, group="x")
    write(store, "b", order={"value": 2}, group="x")
    write(store, "c", order={"value": 2}, group="y")
    write(store, "d", order=2, group="x")

    assert found(store, Equals("order.value", 2), Equals("group", "x")) == ["b"]


HOSTILE = [
    "' OR 1=1 --",
    '" OR true OR "',
    '"] = c["x',
    "%",
    "*",
    "\\",
    "@p0",
    "$.x",
    "\u202e",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_value_is_never_a_part_of_the_query(store: DocumentStore, text: str) -> None:
    """Whatever a filter's value holds, it finds the documents with that value alone."""
    write(store, "same", value=text, tags=[text])
    write(store, "other", value="x", tags=["x"])

    assert found(store, Equals("value", text)) == ["same"]
    assert found(store, Prefix("value", text)) == ["same"]
    assert found(store, Range("value", at_least=text, below=text + "\x01")) == ["same"]
    assert found(store, Contains("tags", text)) == ["same"]


PATHS = [
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "a b",
    'a"]',
    "a'",
    "a[0]",
    "1a",
    "a-b",
    "_ts",
    "_etag.x",
    "é",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_malformed_path_is_invalid(store: DocumentStore, path: str) -> None:
    """A path is dotted plain names: everything else is refused, in filters and in the order."""
    for one in (Equals(path, 1), Prefix(path, "x"), Contains(path, "x"), Range(path, below=1)):
        with pytest.raises(Invalid):
            store.documents.query("records", (store.tenant,), where=[one])
    with pytest.raises(Invalid):
        store.documents.query("records", (store.tenant,), order=Order(path))


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_has_bounds(store: DocumentStore, limit: int) -> None:
    """A page has 1 to 1,000 documents."""
    with pytest.raises(Invalid):
        store.documents.query("records", (store.tenant,), limit=limit)


def test_a_tenant_sees_its_own_documents_alone(store: DocumentStore) -> None:
    """A tenant's query shows no other tenant's documents, whatever filters and names say."""
    write(store, "mine", at="1", owner=store.tenant)
    for tenant in (store.other_tenant, store.tenant + "x", store.tenant[:-1]):
        body: Json = {"id": "theirs", "tenant_id": tenant, "record_id": "r1"}
        body |= {"at": "1", "owner": store.tenant}
        store.documents.commit("records", (tenant, "r1"), [Create(body)])

    assert found(store, Equals("owner", store.tenant)) == ["mine"]
    assert found(store, Equals("tenant_id", store.other_tenant)) == []
    assert found(store, Prefix("tenant_id", ""), order=Order("at")) == ["mine"]
    assert found(store) == ["mine"]


def test_a_partition_is_a_scope(store: DocumentStore) -> None:
    """A whole partition as the scope shows its documents alone."""
    write(store, "a", record="r1", at="2")
    write(store, "b", record="r1", at="1")
    write(store, "c", record="r2", at="0")

    page = store.documents.query("records", (store.tenant, "r1"), order=Order("at"))
    unordered = store.documents.query("records", (store.tenant, "r2"))

    assert [item.body["id"] for item in page.items] == ["b", "a"]
    assert [item.body["id"] for item in unordered.items] == ["c"]


def test_a_sweep_sees_all_tenants(store: DocumentStore) -> None:
    """An empty scope pages through the documents of every tenant."""
    for tenant in (store.tenant, store.other_tenant):
        for record in ("r1", "r2"):
            body: Json = {"id": "a", "tenant_id": tenant, "record_id": record, "at": "1"}
            body |= {"mark": store.tenant}
            store.documents.commit("records", (tenant, record), [Create(body)])

    for order in (None, Order("at"), Order("at", descending=True)):
        gathered = pages(store, (), order=order, limit=1, where=[Equals("mark", store.tenant)])
        places = [(body["tenant_id"], body["record_id"]) for page in gathered for body in page]
        assert sorted(places) == [
            (tenant, record)
            for tenant in (store.tenant, store.other_tenant)
            for record in ("r1", "r2")
        ]


def test_a_container_with_one_key_field_has_one_scope(store: DocumentStore) -> None:
    """Where the tenant is the whole key, it is tenant and partition in one."""
    for tenant in (store.tenant, store.other_tenant):
        body: Json = {"id": "account", "tenant_id": tenant, "at": "1"}
        store.documents.commit("ledgers", (tenant,), [Create(body)])

    page = store.documents.query("ledgers", (store.tenant,), order=Order("at"))

    assert [item.body["tenant_id"] for item in page.items] == [store.tenant]


@pytest.mark.parametrize("scope", [("t", "r", "x"), ("t", "r", "x", "y")])
def test_a_scope_of_another_form_is_a_mistake(store: DocumentStore, scope: Partition) -> None:
    """A scope is empty, a tenant, or a whole partition."""
    with pytest.raises(ValueError, match="a scope"):
        store.documents.query("records", scope)


@pytest.mark.parametrize("value", ["\ud800", "a\x00", float("nan"), 2**60])
def test_a_filter_value_that_no_store_compares_is_invalid(store: DocumentStore, value: Any) -> None:
    """What cannot be written cannot be asked for either, nor can text with a zero character."""
    for one in (Equals("value", value), Contains("tags", value)):
        with pytest.raises(Invalid):
            store.documents.query("records", (store.tenant,), where=[one])
