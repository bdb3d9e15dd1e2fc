"""Routes of analytics."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from tests.access.recipes.registry import SELF, Request, recipe
from tests.access.world import Kind, Person, World


@recipe(SELF, status=202)
def analytics_report(world: World, caller: Person, kind: Kind) -> Request:
    event = {
        "id": str(uuid4()),
        "name": "coaching.opened",
        "time": datetime.now(UTC).isoformat(),
    }
    return Request(body={"events": [event]}, marks=(caller.user_id,), shows=("new",))


def _reads(world: World, caller: Person, kind: Kind) -> Request:
    return Request(query={"from": "2026-01-01", "to": "2026-03-31"}, shows=("suppressed_groups",))


@recipe(SELF)
def analytics_careers(world: World, caller: Person, kind: Kind) -> Request:
    return _reads(world, caller, kind)


@recipe(SELF)
def analytics_companions(world: World, caller: Person, kind: Kind) -> Request:
    return _reads(world, caller, kind)


@recipe(SELF)
def analytics_skills(world: World, caller: Person, kind: Kind) -> Request:
    return _reads(world, caller, kind)


@recipe(SELF)
def analytics_journeys(world: World, caller: Person, kind: Kind) -> Request:
    return _reads(world, caller, kind)


@recipe(SELF)
def analytics_content(world: World, caller: Person, kind: Kind) -> Request:
    return _reads(world, caller, kind)


@recipe(SELF)
def analytics_achievements(world: World, caller: Person, kind: Kind) -> Request:
    return _reads(world, caller, kind)


@recipe(SELF)
def analytics_profiler(world: World, caller: Person, kind: Kind) -> Request:
    return _reads(world, caller, kind)


@recipe(SELF)
def analytics_effectiveness(world: World, caller: Person, kind: Kind) -> Request:
    return _reads(world, caller, kind)


@recipe(SELF)
def analytics_intake(world: World, caller: Person, kind: Kind) -> Request:
    return _reads(world, caller, kind)
