"""What is near is found by its vector, the same on every store."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.documents.port import (
    Contains,
    Create,
    Delete,
    Equals,
    Filter,
    Json,
    Partition,
    Patch,
    Prefix,
    Replace,
    Upsert,
)
from shared.errors import Invalid
from tests.contracts.documents_fixtures import DocumentStore

EAST, NORTH, UP = [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]
NORTH_EAST, WEST = [1.0, 1.0, 0.0, 0.0], [-2.0, 0.0, 0.0, 0.0]


def place(store: DocumentStore, identity: str, vector: Any, **fields: Any) -> Json:
    body = {"id": identity, "tenant_id": store.tenant, "region": "r", "embedding": vector}
    return body | fields


def put(store: DocumentStore, identity: str, vector: Any, **fields: Any) -> None:
    body = place(store, identity, vector, **fields)
    key = (body["tenant_id"], body["region"])
    store.documents.commit("places", key, [Upsert(body)])


def near(
    store: DocumentStore,
    vector: Sequence[float] = EAST,
    *where: Filter,
    scope: Partition | None = None,
    limit: int = 50,
) -> list[str]:
    found = store.documents.nearest(
        "places", scope or (store.tenant,), vector, where=where, limit=limit
    )
    return [each.stored.body["id"] for each in found]


def test_the_nearest_come_first_with_their_cosine(store: DocumentStore) -> None:
    """Whatever their lengths; each whole, with an etag that holds."""
    for name, vector in (("west", WEST), ("north", NORTH), ("ne", NORTH_EAST), ("east", EAST)):
        put(store, name, vector, tags=[name])
    found = store.documents.nearest("places", (store.tenant, "r"), [3.0, 0.0, 0.0, 0.0])
    assert [each.stored.body["id"] for each in found] == ["east", "ne", "north", "west"]
    assert [each.similarity for each in found] == pytest.approx([1, sqrt(0.5), 0, -1], abs=1e-6)
    assert found[1].stored.body == place(store, "ne", NORTH_EAST, tags=["ne"])
    east = found[0].stored
    store.documents.commit("places", (store.tenant, "r"), [Replace(east.body, east.etag)])


def test_it_is_of_a_tenant_or_a_partition(store: DocumentStore) -> None:
    """Nobody else's; regions apart or together."""
    put(store, "here", EAST)
    put(store, "there", NORTH_EAST, region="q")
    put(store, "theirs", EAST, tenant_id=store.other_tenant)
    assert near(store) == ["here", "there"]
    assert near(store, scope=(store.tenant, "q")) == ["there"]
    assert near(store, scope=(store.other_tenant,)) == ["theirs"]
    assert near(store, scope=(store.tenant, "nowhere")) == []


def test_filters_hold_before_the_limit(store: DocumentStore) -> None:
    """The nearest of those that match, however many are nearer and do not."""
    for number in range(60):
        put(store, f"n{number:02}", [1.0, number / 100, 0.0, 0.0], tags=[f"t{number % 10}"],
            name=f"place {number}", open=number % 2 == 0)  # fmt: skip
    assert near(store, EAST, limit=3) == ["n00", "n01", "n02"]
    assert near(store, EAST, Contains("tags", "t7"), limit=3) == ["n07", "n17", "n27"]
    assert near(store, EAST, Prefix("name", "place 5"), limit=2) == ["n05", "n50"]
    assert near(store, EAST, Equals("open", False), Contains("tags", "t4")) == []
    assert len(near(store, EAST, limit=60)) == 60


def test_it_follows_every_change(store: DocumentStore) -> None:
    """A vector that is written anew, patched, taken away, and a document that is deleted."""
    key = (store.tenant, "r")
    for name, vector in (("a", EAST), ("b", NORTH_EAST), ("c", NORTH)):
        put(store, name, vector)
    assert near(store) == ["a", "b", "c"]
    put(store, "a", WEST)
    assert near(store) == ["b", "c", "a"]
    put(store, "b", None)
    store.documents.commit("places", key, [Upsert({"id": "b", "tenant_id": key[0], "region": "r"})])
    assert near(store) == ["c", "a"]
    put(store, "b", UP)
    store.documents.commit("places", key, [Delete("c")])
    assert near(store, UP) == ["b", "a"]


def test_a_patched_vector_is_found_anew(store: DocumentStore) -> None:
    """And a patch of something else leaves it where it is."""
    key = (store.tenant, "r")
    put(store, "a", EAST, seen=0)
    put(store, "b", NORTH, seen=0)
    store.documents.commit("places", key, [Patch("a", increment={"seen": 1})])
    assert near(store) == ["a", "b"]
    store.documents.commit("places", key, [Patch("a", set={"embedding": WEST})])
    assert near(store) == ["b", "a"]
    for wrong in ([1.0, 2.0], "east", [1.0, None, 0.0, 0.0]):
        with pytest.raises(ValueError, match="vector"):
            store.documents.commit("places", key, [Patch("a", set={"embedding": wrong})])


def test_a_refused_commit_changes_no_vector(store: DocumentStore) -> None:
    """All of a commit or nothing: vectors too."""
    put(store, "a", EAST)
    assert near(store) == ["a"]
    with pytest.raises(Exception, match="there already"):
        store.documents.commit(
            "places",
            (store.tenant, "r"),
            [Create(place(store, "b", EAST)), Create(place(store, "a", WEST))],
        )
    assert near(store) == ["a"]


def test_what_has_expired_is_not_near(store: DocumentStore) -> None:
    """From the moment on in which it is gone for every other reader."""
    if store.advance is None:
        pytest.skip("nobody moves the clock of this store")
    put(store, "short", EAST, ttl=60)
    put(store, "long", NORTH)
    assert near(store) == ["short", "long"]
    store.advance(61)
    assert near(store) == ["long"]


@pytest.mark.parametrize("vector", [[], [1.0], [1.0] * 5, "east", [True, 1.0, 0.0, 0.0], [0.0] * 4])
def test_a_document_with_another_vector_is_refused(store: DocumentStore, vector: Any) -> None:
    """Of another dimension, of no length, or no vector at all: nothing is written."""
    with pytest.raises((ValueError, Invalid)):
        put(store, "wrong", vector)
    assert store.documents.get("places", (store.tenant, "r"), "wrong") is None


def test_a_question_of_another_form_is_refused(store: DocumentStore) -> None:
    """Code's mistakes and a caller's, told apart."""
    ask = store.documents.nearest
    tenant = (store.tenant,)
    mistakes: list[tuple[str, Partition, list[float], str]] = [
        ("places", (), EAST, "scope"),
        ("places", ("a", "b", "c"), EAST, "scope"),
        ("places", tenant, [1.0], "dimensions"),
        ("records", tenant, EAST, "no vectors"),
        ("nowhere", tenant, EAST, "container"),
    ]
    for container, scope, vector, why in mistakes:
        with pytest.raises(ValueError, match=why):
            ask(container, scope, vector)
    nan, infinite = float("nan"), float("inf")
    for wrong in ([0.0] * 4, [nan, 1.0, 0.0, 0.0], [infinite, 1.0, 0.0, 0.0]):
        with pytest.raises(Invalid):
            ask("places", tenant, wrong)
    for limit in (0, 1001):
        with pytest.raises(Invalid):
            ask("places", tenant, EAST, limit=limit)
    with pytest.raises(Invalid):
        ask("places", tenant, EAST, where=[Equals("a'b", 1)])


COORDINATES = st.integers(-3, 3).map(float)
VECTORS = st.lists(COORDINATES, min_size=4, max_size=4).filter(any)
STEPS = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.one_of(st.none(), VECTORS), st.sampled_from("xy")),
    max_size=14,
)


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    product = sum(a * b for a, b in zip(one, other, strict=True))
    return product / sqrt(sum(a * a for a in one) * sum(b * b for b in other))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, asked=VECTORS, limit=st.integers(1, 6), kept=st.sampled_from(["x", "y", ""]))
def test_it_is_what_looking_at_every_vector_finds(
    store: DocumentStore, steps: list[tuple[str, list[float] | None, str]], asked: list[float],
    limit: int, kept: str,
) -> None:  # fmt: skip
    """After any history of writes and deletes, with and without a filter."""
    tenant = f"t-{uuid4().hex}"
    known: dict[str, tuple[list[float], str]] = {}
    for name, vector, tag in steps:
        if vector is not None:
            put(store, name, vector, tenant_id=tenant, tags=[tag])
            known[name] = (vector, tag)
        elif name in known:
            store.documents.commit("places", (tenant, "r"), [Delete(name)])
            del known[name]
    where = [Contains("tags", kept)] if kept else []
    found = store.documents.nearest("places", (tenant,), asked, where=where, limit=limit)
    expected = sorted(
        (cosine(vector, asked) for vector, tag in known.values() if kept in ("", tag)),
        reverse=True,
    )[:limit]
    assert [each.similarity for each in found] == pytest.approx(expected, abs=1e-5)
    for each in found:
        vector, tag = known[each.stored.body["id"]]
        assert each.similarity == pytest.approx(cosine(vector, asked), abs=1e-5)
        assert kept in ("", tag)
