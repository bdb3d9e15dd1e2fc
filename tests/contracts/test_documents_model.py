"""Any history of commits leaves a store as it would leave a plain dictionary."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.documents.port import (
    Create,
    Delete,
    Documents,
    Equals,
    Json,
    Operation,
    Order,
    Patch,
    Replace,
    Upsert,
)
from shared.errors import Exists, Missing, OnDocument, Stale
from tests.contracts.documents_fixtures import CosmosPeer, DocumentStore, as_store, sqlite_store

NAMES = ("a", "b", "c")
RECORDS = ("r1", "r2")
ETAGS = ("present", "former", "none")


@dataclass(frozen=True)
class Step:
    """An operation whose etag is chosen when it is known."""

    kind: str
    name: str
    etag: str
    value: int


@dataclass
class Model:
    """What is there, by record and name, and which etags a document had before."""

    bodies: dict[tuple[str, str], Json] = field(default_factory=dict)
    etags: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def outcome(self, record: str, steps: list[Step]) -> tuple[type[OnDocument], int] | None:
        """Which refusal the commit must meet, and at which operation."""
        for at, step in enumerate(steps):
            present = (record, step.name) in self.bodies
            if step.kind == "create" and present:
                return Exists, at
            if step.kind in {"replace", "patch", "delete"}:
                if not present:
                    return Missing, at
                if step.etag == "former":
                    return Stale, at
        return None

    def apply(self, record: str, steps: list[Step], bodies: list[Json | None]) -> None:
        """Take over a commit that succeeded."""
        for step, body in zip(steps, bodies, strict=True):
            place = (record, step.name)
            if step.kind == "delete":
                del self.bodies[place]
            elif step.kind == "patch":
                changed = self.bodies[place]
                changed["n"] += step.value
                changed["deep"]["seen"] = step.value
            elif body is not None:
                self.bodies[place] = body


STEPS = st.builds(
    Step,
    st.sampled_from(["create", "upsert", "replace", "patch", "delete"]),
    st.sampled_from(NAMES),
    st.sampled_from(ETAGS),
    st.integers(-3, 3),
)
COMMITS = st.tuples(
    st.sampled_from(RECORDS),
    st.lists(STEPS, min_size=1, max_size=3, unique_by=lambda step: step.name),
)
HISTORIES = st.lists(COMMITS, min_size=1, max_size=12)


def operation(
    model: Model, store: DocumentStore, record: str, step: Step
) -> tuple[Operation, Json | None]:
    """The operation of a step, and the body it writes whole."""
    known = model.etags.get((record, step.name), ["nobody's"])
    etag = known[-1] if step.etag != "former" else '"never"'
    asked = None if step.etag == "none" else etag
    body: Json = {"id": step.name, "tenant_id": store.tenant, "record_id": record}
    body |= {"n": step.value, "at": f"{step.value + 3}", "deep": {}}
    if step.kind == "create":
        return Create(body), body
    if step.kind == "upsert":
        return Upsert(body), body
    if step.kind == "replace":
        return Replace(body, etag), body
    if step.kind == "delete":
        return Delete(step.name, asked), None
    changes = {"deep.seen": step.value}
    return Patch(step.name, set=changes, increment={"n": step.value}, etag=asked), None


def state(documents: Documents, tenant: str, **query: Any) -> list[Json]:
    """All documents of a tenant, two on a page."""
    found: list[Json] = []
    continuation: str | None = None
    for _ in range(200):
        page = documents.query("records", (tenant,), limit=2, continuation=continuation, **query)
        found += [item.body for item in page.items]
        continuation = page.continuation
        if continuation is None:
            return found
    pytest.fail("the pages do not end")


@pytest.fixture(scope="module", params=["sqlite", "cosmos-peer"])
def documents(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Documents]:
    """The stores that do all of the contract, each once."""
    if request.param == "sqlite":
        with sqlite_store(tmp_path_factory.mktemp("model")) as (embedded, _):
            yield embedded
    else:
        peer: CosmosPeer = request.getfixturevalue("cosmos_peer")
        peer.faults()
        yield request.getfixturevalue("peer_documents")


@given(history=HISTORIES)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_store_is_as_a_dictionary_after_any_history(
    documents: Documents, history: list[tuple[str, list[Step]]]
) -> None:
    """Each commit succeeds or is refused as a dictionary says, and leaves what it says."""
    store = as_store("any", documents, None)
    model = Model()
    for record, steps in history:
        made = [operation(model, store, record, step) for step in steps]
        expected = model.outcome(record, steps)
        refused: OnDocument | None = None
        etags: tuple[str | None, ...] = ()
        try:
            etags = documents.commit("records", (store.tenant, record), [one for one, _ in made])
        except OnDocument as error:
            refused = error
        if refused is not None:
            assert expected == (type(refused), refused.operation)
            assert refused.document_id == steps[expected[1]].name
        else:
            assert expected is None
            model.apply(record, steps, [copy.deepcopy(body) for _, body in made])
            for step, etag in zip(steps, etags, strict=True):
                assert (etag is None) == (step.kind == "delete")
                model.etags.setdefault((record, step.name), []).append(etag or "gone")
        for name in NAMES:
            found = documents.get("records", (store.tenant, record), name)
            assert (found.body if found else None) == model.bodies.get((record, name))

    def by_place(body: Json) -> tuple[Any, ...]:
        return body["at"], body["id"], body["record_id"]

    everything = sorted(model.bodies.values(), key=by_place)
    assert state(documents, store.tenant, order=Order("at")) == everything
    backwards = state(documents, store.tenant, order=Order("at", descending=True))
    assert backwards == everything[::-1]
    some = state(documents, store.tenant, where=[Equals("n", 0)])
    assert sorted(some, key=by_place) == [body for body in everything if body["n"] == 0]
