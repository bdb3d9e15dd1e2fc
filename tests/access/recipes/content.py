"""Recipes of the routes of content and of what is recommended."""

from __future__ import annotations

import secrets
from typing import Any

from functions.recommendations.rules.items import item
from shared.documents.port import Create
from shared.models.content import CONTAINER
from tests.access.recipes.coaching import OF_TENANT
from tests.access.recipes.registry import PERSON, SELF, THING, Request, recipe
from tests.access.world import Kind, Person, World

_VECTOR = [1.0] + [0.0] * 383


def content_of(world: World, tenant: str) -> str:
    """An item of a tenant's content, with a vector of no text's; returns its id."""
    content_id = f"c-{secrets.token_hex(8)}"
    made = item(
        tenant, "lesson", {"content_id": content_id, "title": content_id, "text": "About ports."},
        _VECTOR, model="of-no-text", created_at=world.now, now=world.now,
    )  # fmt: skip
    world.host.documents.commit(CONTAINER, made.partition, [Create(made.stored())])
    world.secrets[tenant].add(content_id)
    return content_id


def _on_content(world: World, caller: Person, kind: Kind) -> Request:
    tenant = caller.tenant if kind == "own" else world.place(caller, kind)
    content_id = content_of(world, tenant)
    path = {"content_type": "lesson", "content_id": content_id}
    return Request(path=path, marks=(content_id,), shows=(content_id,))


@recipe(SELF)
def embeddings_store(world: World, caller: Person, kind: Kind) -> Request:
    content_id = f"c-{secrets.token_hex(8)}"
    fields = {
        "content_type": "lesson",
        "content_id": content_id,
        "title": "Ports",
        "text": "Ports.",
    }
    return Request(body={"items": [fields]}, marks=(content_id,), shows=(content_id,))


@recipe(SELF)
def content_list(world: World, caller: Person, kind: Kind) -> Request:
    content_id = content_of(world, caller.tenant)
    return Request(query={"limit": "100"}, marks=(content_id,), shows=(content_id,))


@recipe(SELF)
def content_search(world: World, caller: Person, kind: Kind) -> Request:
    content_id = content_of(world, caller.tenant)
    return Request(query={"q": content_id}, marks=(content_id,), shows=(content_id,))


@recipe(OF_TENANT)
def content_read(world: World, caller: Person, kind: Kind) -> Request:
    return _on_content(world, caller, kind)


@recipe(THING)
def content_remove(world: World, caller: Person, kind: Kind) -> Request:
    return _on_content(world, caller, kind)


@recipe(PERSON)
def recommendations_make(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    body: dict[str, Any] = {"user_id": target.user_id, "limit": 2}
    return Request(
        body=body,
        marks=(target.user_id, world.pseudonym(target)),
        shows=(target.user_id, "reasons"),
    )


@recipe(OF_TENANT)
def recommendations_engage(world: World, caller: Person, kind: Kind) -> Request:
    found = _on_content(world, caller, kind)
    return Request(body={**found.path, "action": "clicked"}, marks=found.marks, shows=found.shows)


@recipe(PERSON)
def personality_analyze(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    return Request(
        body={"user_id": target.user_id},
        marks=(target.user_id, world.pseudonym(target)),
        shows=("first_try", "evidence"),
    )


@recipe(SELF)
def personality_correct(world: World, caller: Person, kind: Kind) -> Request:
    body = {"agrees": False, "comment": f"Not so {secrets.token_hex(4)}"}
    return Request(path={"signal": "pace"}, body=body, marks=(caller.user_id,), shows=("disputed",))
