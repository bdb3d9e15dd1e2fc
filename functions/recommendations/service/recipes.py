"""Recipes among the content: the seed catalogue for every tenant, and what a tenant made of it."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from functions.recommendations.rules.items import is_same, item, recipe_fields
from functions.recommendations.service.content import MOST_OF_A_COMMIT, SOURCE, Vectors
from shared.documents.port import Create, Delete, Equals, Operation, Replace, Upsert
from shared.encoding import Encoder
from shared.errors import Rejected
from shared.events.envelope import Event, read_data
from shared.events.recipes import RecipeWritten
from shared.messaging import Decision, Outcome, handle_once
from shared.models import content, recipes
from shared.models.content import RECIPES, Content, digest_of
from shared.models.recipes import RecipeRecord, seed
from shared.models.tenant import PLATFORM
from shared.stores import Stores

SEED_ID = "seed"
_SEED_PARTITION = (PLATFORM, RECIPES)


def keep_seed(stores: Stores, encoder: Encoder, *, now: datetime) -> None:
    """See to it that the seed catalogue is among the platform's content, with vectors of the
    encoder's model. A point read where it is; raises ``Unavailable`` without an encoder where not.
    """
    fields = [
        recipe_fields(slug, each, is_active=True, overrides=False)
        for slug, each in sorted(seed().items())
    ]
    version = sha256(
        "".join(digest_of(encoder.model, each["title"], each["text"]) for each in fields).encode()
    ).hexdigest()
    marker = stores.documents.get(content.CONTAINER, _SEED_PARTITION, SEED_ID)
    if marker is not None and marker.body["version"] == version:
        return
    vectors = Vectors(encoder)
    vectors.make(fields, {})
    items = [
        item(PLATFORM, RECIPES, each, vectors.of(each, None), model=encoder.model,
             created_at=now, now=now)
        for each in fields
    ]  # fmt: skip
    for start in range(0, len(items), MOST_OF_A_COMMIT):
        group = items[start : start + MOST_OF_A_COMMIT]
        stores.documents.commit(
            content.CONTAINER, _SEED_PARTITION, [Upsert(each.stored()) for each in group]
        )
    known = stores.documents.query(
        content.CONTAINER, _SEED_PARTITION, where=[Equals("kind", "content")], limit=1000
    )
    for stored in known.items:
        if stored.body["id"] not in seed():
            stores.documents.commit(
                content.CONTAINER, _SEED_PARTITION, [Delete(stored.body["id"], stored.etag)]
            )
    # last, so that it never speaks of recipes that are not there
    seal = {
        "schema_version": 1, "id": SEED_ID, "kind": "seed", "tenant_id": PLATFORM,
        "content_type": RECIPES, "version": version,
    }  # fmt: skip
    stores.documents.commit(content.CONTAINER, _SEED_PARTITION, [Upsert(seal)])


def follow(stores: Stores, encoder: Encoder, event: Event, *, now: datetime) -> Outcome:
    """An admin wrote a recipe: bring its content up to date, as it stands now.

    Raises ``Unavailable`` without an encoder.
    """
    told = read_data(event, RecipeWritten)
    partition = (event.tenantid, RECIPES)
    vectors = Vectors(encoder)

    def decide() -> Decision:
        held = stores.documents.get(content.CONTAINER, partition, told.slug)
        # read after what is replaced: a recipe written meanwhile meets a changed item
        stored = stores.documents.get(
            recipes.CONTAINER, (event.tenantid, told.slug), recipes.RECIPE_ID
        )
        if stored is None:
            raise Rejected("the recipe is gone")
        record = RecipeRecord.of(stored.body)
        of_seed = seed().get(told.slug)
        says = record.content or of_seed
        if says is None:
            raise Rejected("the recipe says nothing")
        fields = recipe_fields(
            told.slug, says, is_active=record.is_active, overrides=of_seed is not None
        )
        before = Content.of(held.body) if held else None
        vectors.make([fields], {told.slug: before} if before else {})
        after = item(
            event.tenantid, RECIPES, fields, vectors.of(fields, before), model=encoder.model,
            created_at=before.created_at if before else now, now=now,
        )  # fmt: skip
        operations: list[Operation] = []
        if held is None or before is None:
            operations = [Create(after.stored())]
        elif not is_same(before, after):
            operations = [Replace(after.stored(), held.etag)]
        return Decision(operations)

    return handle_once(
        stores,
        event,
        handler=SOURCE,
        container=content.CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )
