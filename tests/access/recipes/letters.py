"""Routes of dead letters."""

from __future__ import annotations

from tests.access.recipes.registry import OF_NO_TENANT, Request, recipe
from tests.access.things import DEAD_ENTITY
from tests.access.world import Kind, Person, World


@recipe(OF_NO_TENANT)
def dead_letters_count(world: World, caller: Person, kind: Kind) -> Request:
    world.dead_letter()
    return Request(shows=(DEAD_ENTITY,))


@recipe(OF_NO_TENANT)
def dead_letters_list(world: World, caller: Person, kind: Kind) -> Request:
    number = world.dead_letter()
    return Request(query={"entity": DEAD_ENTITY, "limit": "100"}, shows=(f":{number},",))


@recipe(OF_NO_TENANT)
def dead_letters_read(world: World, caller: Person, kind: Kind) -> Request:
    number = world.dead_letter()
    return Request(
        path={"sequence_number": str(number)},
        query={"entity": DEAD_ENTITY},
        shows=(f'"sequence_number":{number}',),
    )


@recipe(OF_NO_TENANT)
def dead_letters_redrive(world: World, caller: Person, kind: Kind) -> Request:
    return _of(world.dead_letter())


@recipe(OF_NO_TENANT)
def dead_letters_drop(world: World, caller: Person, kind: Kind) -> Request:
    return _of(world.dead_letter())


def _of(number: int) -> Request:
    body = {"entity": DEAD_ENTITY, "sequence_numbers": [number]}
    return Request(body=body, shows=('"found":1',))
