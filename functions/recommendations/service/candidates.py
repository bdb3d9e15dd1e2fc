"""Which content comes into question: near to a vector, of the tenant and of the platform."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import get_args

from functions.recommendations.rules.documents import LIST_SECONDS
from functions.recommendations.rules.taste import Vector, centroid
from shared.documents.port import Contains, Delete, Equals, Filter, Order, Partition, Upsert
from shared.errors import Missing
from shared.models.content import CONTAINER, RECIPES, Content
from shared.models.question_bank import Track
from shared.models.tenant import PLATFORM
from shared.stores import Stores

TRACKS: tuple[Track, ...] = get_args(Track)
CENTROIDS_TYPE = "~track_centroids"
"""Of no item's form: nobody can store content in its place."""
_CENTROIDS_ID = "centroids"
_SAMPLE = 200
"""Items of a track that its centroid is made of."""
_ACTIVE = (Equals("kind", "content"), Equals("is_active", True))


def nearest(
    stores: Stores,
    tenant_id: str,
    vector: Vector,
    *,
    content_type: str | None,
    where: Sequence[Filter] = (),
    most: int,
) -> list[tuple[Content, float]]:
    """The items in use that are nearest to a vector, with their cosine, the nearest first."""
    found: list[tuple[Content, float]] = []
    for scope in _scopes(tenant_id, content_type):
        neighbours = stores.documents.nearest(
            CONTAINER, scope, vector, where=[*_ACTIVE, *where], limit=most
        )
        found += [(Content.of(each.stored.body), each.similarity) for each in neighbours]
    found = _without_hidden(stores, tenant_id, found)
    found.sort(key=lambda each: (-each[1], each[0].key))
    return found[:most]


def holding(
    stores: Stores,
    tenant_id: str,
    condition: Contains,
    *,
    content_type: str | None,
    where: Sequence[Filter] = (),
    most: int,
) -> list[Content]:
    """Items in use that a condition holds for: ``most`` of the tenant's, and of the platform's."""
    found: list[tuple[Content, float]] = []
    for scope in _scopes(tenant_id, content_type):
        page = stores.documents.query(
            CONTAINER, scope, where=[condition, *_ACTIVE, *where], limit=most
        )
        found += [(Content.of(each.body), 0.0) for each in page.items]
    return [each for each, _ in _without_hidden(stores, tenant_id, found)]


def newest(stores: Stores, tenant_id: str, *, content_type: str | None, most: int) -> list[Content]:
    """Items in use, for who has no vector yet."""
    found: list[tuple[Content, float]] = []
    for scope in _scopes(tenant_id, content_type):
        page = stores.documents.query(
            CONTAINER, scope, where=_ACTIVE, order=Order("content_id"), limit=most
        )
        found += [(Content.of(each.body), 0.0) for each in page.items]
    return [each for each, _ in _without_hidden(stores, tenant_id, found)]


def centroids(stores: Stores, tenant_id: str, *, now: datetime) -> dict[Track, Vector]:
    """The mean direction of each track's content, at most an hour old."""
    partition = (tenant_id, CENTROIDS_TYPE)
    held = stores.documents.get(CONTAINER, partition, _CENTROIDS_ID)
    if held is not None:
        return {track: tuple(vector) for track, vector in held.body["centroids"].items()}
    found: dict[Track, Vector] = {}
    for track in TRACKS:
        items = holding(
            stores, tenant_id, Contains("tracks", track), content_type=None, most=_SAMPLE
        )
        middle = centroid([each.embedding for each in items])
        if middle is not None:
            found[track] = middle
    if not found:
        return found
    body = {
        "schema_version": 1, "id": _CENTROIDS_ID, "kind": "centroids", "tenant_id": tenant_id,
        "content_type": CENTROIDS_TYPE, "made_at": now.isoformat(), "ttl": LIST_SECONDS,
        "centroids": {track: list(vector) for track, vector in found.items()},
    }  # fmt: skip
    stores.documents.commit(CONTAINER, partition, [Upsert(body)])
    return found


def forget_centroids(stores: Stores, tenant_id: str) -> None:
    """Let the centroids be made anew, from content that was stored meanwhile."""
    with suppress(Missing):
        stores.documents.commit(CONTAINER, (tenant_id, CENTROIDS_TYPE), [Delete(_CENTROIDS_ID)])


def _scopes(tenant_id: str, content_type: str | None) -> list[Partition]:
    own: Partition = (tenant_id,) if content_type is None else (tenant_id, content_type)
    with_recipes = content_type in (None, RECIPES) and tenant_id != PLATFORM
    return [own, (PLATFORM, RECIPES)] if with_recipes else [own]


def _without_hidden(
    stores: Stores, tenant_id: str, found: list[tuple[Content, float]]
) -> list[tuple[Content, float]]:
    """What is left once a tenant's own items hide the platform's of the same name."""
    if all(each.tenant_id == tenant_id for each, _ in found):
        return found
    page = stores.documents.query(
        CONTAINER, (tenant_id, RECIPES), where=[Equals("overrides", True)], limit=1000
    )
    hidden = {stored.body["id"] for stored in page.items}
    return [
        (each, cosine)
        for each, cosine in found
        if each.tenant_id == tenant_id or each.content_id not in hidden
    ]
