"""Recipes of the leaderboards' routes."""

from __future__ import annotations

from tests.access.recipes.registry import SELF, Request, recipe
from tests.access.world import Kind, Person, World


@recipe(SELF)
def leaderboards_top(world: World, caller: Person, kind: Kind) -> Request:
    return Request(marks=(caller.user_id,), shows=("items",))


@recipe(SELF)
def leaderboards_me(world: World, caller: Person, kind: Kind) -> Request:
    return Request(marks=(caller.user_id,), shows=("standing",))


@recipe(SELF)
def leaderboards_around(world: World, caller: Person, kind: Kind) -> Request:
    return Request(marks=(caller.user_id,), shows=("items",))
