"""Content of a tenant: stored in batches, read, listed, removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from functions.recommendations.rules.items import is_same, item
from functions.recommendations.service.candidates import forget_centroids
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create, Delete, Equals, Filter, Operation, Order, Replace
from shared.encoding import Encoder, Vector
from shared.errors import Conflict, Missing
from shared.messaging import Decision, announce_once
from shared.models.content import CONTAINER, RECIPES, Content, digest_of, encoded_text
from shared.models.tenant import PLATFORM
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

SOURCE = "recommendations"
MOST_OF_A_COMMIT = 20
"""Items that are written together: the longest of them stay under a commit's size."""

Outcome = Literal["created", "updated", "unchanged"]
Key = tuple[str, str]


@dataclass(frozen=True)
class StoredItem:
    """How storing an item ended."""

    content_type: str
    content_id: str
    outcome: Outcome


def store(
    stores: Stores,
    pseudonyms: Pseudonyms,
    encoder: Encoder,
    by: Principal,
    items: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
) -> list[StoredItem]:
    """Store items of the caller's tenant, in the order given; one that is there and says the same
    stays as it is, and a text that did not change keeps its vector.

    Items of one type are written in groups of :data:`MOST_OF_A_COMMIT`, each group whole or not at
    all: asked again after a failure, the rest follows. Raises ``Unavailable`` without an encoder.
    """
    by_type: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for fields in items:
        by_type[fields["content_type"]].append(fields)
    outcomes: dict[Key, Outcome] = {}
    for content_type, of_type in by_type.items():
        for start in range(0, len(of_type), MOST_OF_A_COMMIT):
            group = of_type[start : start + MOST_OF_A_COMMIT]
            outcomes |= _store_group(stores, pseudonyms, encoder, by, content_type, group, now=now)
    forget_centroids(stores, by.tenant_id)
    keys = [(fields["content_type"], fields["content_id"]) for fields in items]
    return [StoredItem(*key, outcomes[key]) for key in keys]


def _store_group(
    stores: Stores,
    pseudonyms: Pseudonyms,
    encoder: Encoder,
    by: Principal,
    content_type: str,
    group: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
) -> dict[Key, Outcome]:
    partition = (by.tenant_id, content_type)
    outcomes: dict[Key, Outcome] = {}
    vectors = Vectors(encoder)

    def decide() -> Decision:
        outcomes.clear()
        operations: list[Operation] = []
        found = {
            fields["content_id"]: stores.documents.get(CONTAINER, partition, fields["content_id"])
            for fields in group
        }
        held = {name: Content.of(stored.body) for name, stored in found.items() if stored}
        vectors.make(group, held)
        for fields in group:
            name = fields["content_id"]
            stored, before = found[name], held.get(name)
            after = item(
                by.tenant_id, content_type, fields, vectors.of(fields, before),
                model=encoder.model, created_at=before.created_at if before else now, now=now,
            )  # fmt: skip
            if stored is None or before is None:
                operations.append(Create(after.stored()))
                outcomes[(content_type, name)] = "created"
            elif is_same(before, after):
                outcomes[(content_type, name)] = "unchanged"
            else:
                operations.append(Replace(after.stored(), stored.etag))
                outcomes[(content_type, name)] = "updated"
        if not operations:
            return Decision()
        return Decision(
            operations, [noted(pseudonyms, by, "content.store", tenant_id=by.tenant_id)]
        )

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )
    return outcomes


class Vectors:
    """The vectors of texts, each made once, and none for a text that did not change."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._made: dict[str, Vector] = {}

    def make(self, items: Sequence[Mapping[str, Any]], held: Mapping[str, Content]) -> None:
        """Make the vectors of these items that ``held`` does not have, in one go. ``held`` are
        those that are there, by id. Raises ``Unavailable`` without an encoder."""
        missing = {}
        for fields in items:
            digest = self._digest(fields)
            before = held.get(fields["content_id"])
            if digest not in self._made and (before is None or before.digest != digest):
                missing[digest] = encoded_text(fields["title"], fields["text"])
        made = self._encoder.encode(list(missing.values()))
        self._made |= dict(zip(missing, made, strict=True))

    def of(self, fields: Mapping[str, Any], before: Content | None) -> Vector:
        """The vector of an item for which :meth:`make` was called."""
        digest = self._digest(fields)
        if before is not None and before.digest == digest:
            return before.embedding
        return self._made[digest]

    def _digest(self, fields: Mapping[str, Any]) -> str:
        return digest_of(self._encoder.model, fields["title"], fields["text"])


def read(stores: Stores, tenant_id: str, content_type: str, content_id: str) -> Content:
    """An item of a tenant, or of the platform where the tenant has none of its own in its place.

    Raises ``Missing``, also for one that was taken out of use.
    """
    found = find(stores, tenant_id, content_type, content_id)
    if found is None or not found.is_active:
        raise Missing("there is no content with this type and id")
    return found


def find(stores: Stores, tenant_id: str, content_type: str, content_id: str) -> Content | None:
    """An item of a tenant or of the platform, in use or not; None where there is none."""
    stored = stores.documents.get(CONTAINER, (tenant_id, content_type), content_id)
    if stored is None and content_type == RECIPES:
        stored = stores.documents.get(CONTAINER, (PLATFORM, content_type), content_id)
    return Content.of(stored.body) if stored else None


def listed(
    stores: Stores,
    tenant_id: str,
    *,
    content_type: str | None,
    limit: int,
    continuation: str | None,
) -> tuple[list[Content], str | None]:
    """Items of a tenant's own that are in use, by id, page by page."""
    where: list[Filter] = [Equals("kind", "content"), Equals("is_active", True)]
    page = stores.documents.query(
        CONTAINER,
        (tenant_id, content_type) if content_type else (tenant_id,),
        where=where,
        order=Order("content_id"),
        limit=limit,
        continuation=continuation,
    )
    return [Content.of(each.body) for each in page.items], page.continuation


def remove(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    content_type: str,
    content_id: str,
    *,
    now: datetime,
) -> None:
    """Remove an item of the caller's tenant with its vector.

    Raises ``Missing``, and ``Conflict`` for a recipe: it would come back as the seed has it.
    """
    if content_type == RECIPES:
        raise Conflict("recipes are kept by v1/recipes: take it out of use there")
    partition = (by.tenant_id, content_type)
    if stores.documents.get(CONTAINER, partition, content_id) is None:
        raise Missing("there is no content with this type and id")

    def decide() -> Decision:
        stored = stores.documents.get(CONTAINER, partition, content_id)
        if stored is None:
            return Decision()
        told = noted(pseudonyms, by, "content.remove", tenant_id=by.tenant_id)
        return Decision([Delete(content_id, stored.etag)], [told])

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )
    forget_centroids(stores, by.tenant_id)
