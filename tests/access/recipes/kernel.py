"""Routes of the kernel."""

from __future__ import annotations

from tests.access.recipes.registry import (
    ANYONE,
    Request,
    recipe,
)
from tests.access.world import Kind, Person, World


@recipe(ANYONE)
def openapi(world: World, caller: Person, kind: Kind) -> Request:
    return Request(shows=("users_register",))


@recipe(ANYONE)
def docs(world: World, caller: Person, kind: Kind) -> Request:
    return Request(shows=("swagger-ui",))


@recipe(ANYONE)
def docs_asset(world: World, caller: Person, kind: Kind) -> Request:
    return Request(path={"asset": "start.js"}, shows=("openapi.json",))


@recipe(ANYONE)
def health(world: World, caller: Person, kind: Kind) -> Request:
    return Request(shows=("ok",))


@recipe(ANYONE)
def health_flow(world: World, caller: Person, kind: Kind) -> Request:
    return Request(path={"flow": "candidates"}, shows=("ok",))


@recipe(ANYONE)
def ready(world: World, caller: Person, kind: Kind) -> Request:
    return Request(shows=("ready", "documents"))


@recipe(ANYONE)
def ready_flow(world: World, caller: Person, kind: Kind) -> Request:
    return Request(path={"flow": "candidates"}, shows=("ready", "documents"))
