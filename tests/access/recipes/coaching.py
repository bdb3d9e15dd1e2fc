"""Recipes of the routes of coaching, and of the recipes there."""

from __future__ import annotations

import secrets
from typing import Any

from shared.documents.port import Create
from shared.models.recipes import CONTAINER, RecipeContent, RecipeRecord
from tests.access.profiles import session_of
from tests.access.recipes.registry import PERSON, SELF, THING, Request, recipe
from tests.access.world import Kind, Person, World

CONTENT: dict[str, Any] = {
    "title": "Read a log", "summary": "Find who guesses passwords.",
    "skill_codes": ["log_analysis"], "tracks": ["defender"], "level": "novice", "minutes": 20,
    "needs": "Paper", "steps": ["Look."], "outcome": "A list",
}  # fmt: skip


OF_TENANT: tuple[Kind, ...] = ("own", "foreign")
"""What everybody of a tenant reads, and nobody of another."""


def recipe_of(world: World, tenant: str) -> str:
    """A recipe of a tenant's own; returns its slug."""
    slug = f"r-{secrets.token_hex(8)}"
    record = RecipeRecord(
        tenant_id=tenant, slug=slug, content=RecipeContent.model_validate(CONTENT),
        updated_at=world.now,
    )  # fmt: skip
    world.host.documents.commit(CONTAINER, record.partition, [Create(record.stored())])
    world.secrets[tenant].add(slug)
    return slug


def _on_recipe(world: World, caller: Person, kind: Kind, body: Any = None) -> Request:
    tenant = caller.tenant if kind == "own" else world.place(caller, kind)
    slug = recipe_of(world, tenant)
    return Request(path={"slug": slug}, body=body, marks=(slug,), shows=(slug,))


@recipe(PERSON)
def coaching_recommendations(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    return Request(
        path={"user_id": target.user_id},
        marks=(target.user_id, world.pseudonym(target)),
        shows=("focus_areas",),
    )


@recipe(PERSON)
def recipes_for_profile(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    session_id = session_of(world, target, "completed")
    return Request(
        query={"user": target.user_id},
        marks=(target.user_id, world.pseudonym(target)),
        shows=(session_id,),
    )


@recipe(SELF)
def recipes_list(world: World, caller: Person, kind: Kind) -> Request:
    slug = recipe_of(world, caller.tenant)
    return Request(query={"limit": "100"}, marks=(slug,), shows=(slug,))


@recipe(OF_TENANT)
def recipes_read(world: World, caller: Person, kind: Kind) -> Request:
    return _on_recipe(world, caller, kind)


@recipe(SELF, status=201)
def recipes_add(world: World, caller: Person, kind: Kind) -> Request:
    slug = f"r-{secrets.token_hex(8)}"
    return Request(body={**CONTENT, "slug": slug}, marks=(slug,), shows=(slug,))


@recipe(THING)
def recipes_write(world: World, caller: Person, kind: Kind) -> Request:
    return _on_recipe(world, caller, kind, {**CONTENT, "title": "Another title"})


@recipe(THING)
def recipes_activate(world: World, caller: Person, kind: Kind) -> Request:
    return _on_recipe(world, caller, kind, {"is_active": False})


@recipe(THING)
def recipes_remove(world: World, caller: Person, kind: Kind) -> Request:
    return _on_recipe(world, caller, kind)


@recipe(OF_TENANT)
def recipes_use(world: World, caller: Person, kind: Kind) -> Request:
    return _on_recipe(world, caller, kind, {"rating": 4})
