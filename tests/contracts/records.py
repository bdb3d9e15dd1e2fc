"""Writing and reading the documents of a test's tenant, in the container ``records``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from shared.documents.port import (
    Create,
    Filter,
    Json,
    Operation,
    Order,
    Partition,
    Stored,
)
from tests.contracts.documents_fixtures import DocumentStore


def partition(store: DocumentStore) -> Partition:
    """The partition that most tests write to."""
    return (store.tenant, "r1")


def record(store: DocumentStore, identity: str, **fields: Any) -> Json:
    """A document of that partition."""
    return {"id": identity, "tenant_id": store.tenant, "record_id": "r1", **fields}


def commit(store: DocumentStore, *operations: Operation) -> tuple[str | None, ...]:
    """Commit to that partition."""
    return store.documents.commit("records", partition(store), operations)


def read(store: DocumentStore, identity: str) -> Stored:
    """The document, which must be there."""
    found = store.documents.get("records", partition(store), identity)
    assert found is not None
    return found


def write(store: DocumentStore, identity: str, *, record: str = "r1", **fields: Any) -> None:
    """Create one document of the tenant, in the partition of ``record``."""
    body: Json = {"id": identity, "tenant_id": store.tenant, "record_id": record, **fields}
    store.documents.commit("records", (store.tenant, record), [Create(body)])


def found(store: DocumentStore, *where: Filter, order: Order | None = None) -> list[str]:
    """The ids of the tenant's documents that match, sorted unless an order is given."""
    page = store.documents.query("records", (store.tenant,), where=where, order=order)
    assert page.continuation is None
    names = [item.body["id"] for item in page.items]
    return names if order else sorted(names)


def pages(
    store: DocumentStore,
    scope: Partition,
    *,
    order: Order | None = None,
    limit: int,
    where: Sequence[Filter] = (),
) -> list[list[Json]]:
    """All pages to the end."""
    gathered: list[list[Json]] = []
    continuation: str | None = None
    for _ in range(200):
        page = store.documents.query(
            "records",
            scope,
            where=where,
            order=order,
            limit=limit,
            continuation=continuation,
        )
        gathered.append([item.body for item in page.items])
        assert len(page.items) <= limit
        continuation = page.continuation
        if continuation is None:
            return gathered
    pytest.fail("the pages do not end")
