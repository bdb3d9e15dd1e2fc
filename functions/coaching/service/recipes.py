"""Recipes of a tenant: laid over the seed's, written by admins, used and rated by learners."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from functions.coaching.rules.catalogue import Recipe, laid_over, recipe_of
from functions.coaching.rules.documents import RecipeUse, use_id_of
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create, Equals, Operation, Replace, Stored
from shared.erasures import erased_at
from shared.errors import Conflict, Exists, Missing, Stale
from shared.events.recipes import RecipeUsed, RecipeWritten
from shared.messaging import Answer, Decision, IdempotencyKey, announce_once, answer_once
from shared.models.recipes import CONTAINER, RECIPE_ID, RecipeContent, RecipeRecord, seed
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

SOURCE = "coaching"
MOST_OWN = 1000
"""Recipes that a tenant has beside the seed's, or has changed of it."""
_PAGE = 500


def all_recipes(stores: Stores, tenant_id: str) -> list[Recipe]:
    """Every recipe of a tenant, by slug, those out of use too."""
    return laid_over(_records(stores, tenant_id))


def read(stores: Stores, tenant_id: str, slug: str) -> tuple[Recipe, str | None]:
    """A recipe of a tenant and its etag, None for one of the seed that nobody has touched.

    Raises ``Missing``.
    """
    stored = _stored(stores, (tenant_id, slug))
    recipe = recipe_of(slug, RecipeRecord.of(stored.body) if stored else None)
    if recipe is None:
        raise _missing()
    return recipe, stored.etag if stored else None


def add(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    slug: str,
    content: RecipeContent,
    *,
    shown: Callable[[Recipe], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Add a recipe of the tenant's own.

    Raises ``Exists`` where there is one with this slug, and ``Conflict`` above :data:`MOST_OWN`.
    """
    partition = (by.tenant_id, slug)

    def decide() -> Answer:
        if slug in seed() or _stored(stores, partition) is not None:
            raise Exists("there is a recipe with this slug; choose another, or change that one")
        if len(_records(stores, by.tenant_id)) >= MOST_OWN:
            raise Conflict(f"a tenant has {MOST_OWN} recipes of its own at most")
        record = RecipeRecord(tenant_id=by.tenant_id, slug=slug, content=content, updated_at=now)
        recipe = recipe_of(slug, record)
        assert recipe is not None  # noqa: S101  it has content
        told = noted(pseudonyms, by, "recipe.add", tenant_id=by.tenant_id)
        decision = Decision([Create(record.stored())], [told, RecipeWritten(slug=slug)])
        return Answer(201, shown(recipe), decision)

    return answer_once(
        stores,
        idempotency,
        source=SOURCE,
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )


def change(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    slug: str,
    write: Callable[[RecipeRecord], RecipeRecord],
    *,
    action: str,
    if_match: str | None,
    now: datetime,
) -> tuple[Recipe, str | None]:
    """Write a recipe anew, the seed's as the tenant has it; returns it with its etag.

    Uses and ratings stay. Raises ``Missing``, and ``Stale`` when it was written since
    ``if_match``.
    """
    partition = (by.tenant_id, slug)

    def decide() -> Decision:
        record, stored = _held(stores, partition, now)
        if if_match is not None and (stored is None or stored.etag.strip('"') != if_match):
            raise Stale("somebody has changed this recipe; read it again")
        later = write(record).model_copy(update={"updated_at": now})
        told = noted(pseudonyms, by, action, tenant_id=by.tenant_id)
        return Decision([_written(later, stored)], [told, RecipeWritten(slug=slug)])

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )
    return read(stores, by.tenant_id, slug)


def use(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    slug: str,
    rating: int | None,
    *,
    now: datetime,
) -> RecipeUse:
    """Note that the caller has used a recipe, and what they think of it, counted once.

    A rating given again takes the former one's place; one that is left out leaves it. Raises
    ``Missing``, also for a recipe out of use, and ``Conflict`` for somebody who was erased.
    """
    partition = (by.tenant_id, slug)
    kept: list[RecipeUse] = []

    def decide() -> Decision:
        if erased_at(stores, pseudonyms, by.tenant_id, "user", by.user_id):
            raise Conflict("your account was erased, and stays so")
        record, stored = _held(stores, partition, now)
        if not record.is_active:
            raise _missing()
        before = stores.documents.get(CONTAINER, partition, use_id_of(by.user_id))
        former = RecipeUse.of(before.body) if before else None
        given = rating if rating is not None else (former.rating if former else None)
        after = RecipeUse(
            id=use_id_of(by.user_id),
            tenant_id=by.tenant_id,
            slug=slug,
            user_id=by.user_id,
            rating=given,
            used_at=former.used_at if former else now,
            updated_at=now,
        )
        kept[:] = [after]
        if former is not None and former.rating == given:
            return Decision()
        counted = record.model_copy(
            update={
                "usage_count": record.usage_count + (former is None),
                "ratings": record.ratings
                + (given is not None)
                - (former is not None and former.rating is not None),
                "rating_sum": record.rating_sum
                + (given or 0)
                - (former.rating or 0 if former else 0),
                "updated_at": now,
            }
        )
        noted_use: Operation = (
            Create(after.stored()) if before is None else Replace(after.stored(), before.etag)
        )
        first = RecipeUsed(slug=slug, user_id=by.user_id, used_at=now)
        return Decision([_written(counted, stored), noted_use], [first] if former is None else [])

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )
    return kept[0]


def _records(stores: Stores, tenant_id: str) -> list[RecipeRecord]:
    found: list[RecipeRecord] = []
    continuation = None
    while True:
        page = stores.documents.query(
            CONTAINER,
            (tenant_id,),
            where=[Equals("kind", "recipe")],
            limit=_PAGE,
            continuation=continuation,
        )
        found += [RecipeRecord.of(item.body) for item in page.items]
        continuation = page.continuation
        if continuation is None:
            return found


def _stored(stores: Stores, partition: tuple[str, str]) -> Stored | None:
    return stores.documents.get(CONTAINER, partition, RECIPE_ID)


def _held(
    stores: Stores, partition: tuple[str, str], now: datetime
) -> tuple[RecipeRecord, Stored | None]:
    """A tenant's document of a recipe, or the one that it gets at its first change."""
    stored = _stored(stores, partition)
    if stored is not None:
        return RecipeRecord.of(stored.body), stored
    tenant_id, slug = partition
    if slug not in seed():
        raise _missing()
    return RecipeRecord(tenant_id=tenant_id, slug=slug, updated_at=now), None


def _written(record: RecipeRecord, stored: Stored | None) -> Operation:
    return Create(record.stored()) if stored is None else Replace(record.stored(), stored.etag)


def _missing() -> Missing:
    return Missing("there is no recipe with this slug")
