"""Routes of candidates, dropped files and notifications."""

from __future__ import annotations

from tests.access.recipes.registry import (
    LIST,
    SELF,
    THING,
    Request,
    recipe,
)
from tests.access.world import Kind, Person, World


@recipe(LIST)
def candidates_search(world: World, caller: Person, kind: Kind) -> Request:
    return Request(lists={each: world.candidate(world.place(caller, each)) for each in THING})


@recipe(THING)
def candidates_read(world: World, caller: Person, kind: Kind) -> Request:
    candidate_id = world.candidate(tenant := world.place(caller, kind))
    return Request(
        path={"candidate_id": candidate_id},
        marks=(world.pseudonyms.of(tenant, "candidate", candidate_id),),
        shows=(candidate_id,),
    )


@recipe(THING, status=202)
def candidates_erase(world: World, caller: Person, kind: Kind) -> Request:
    candidate_id = world.candidate(tenant := world.place(caller, kind))
    pseudonym = world.pseudonyms.of(tenant, "candidate", candidate_id)
    return Request(
        path={"candidate_id": candidate_id}, marks=(candidate_id, pseudonym), shows=(pseudonym,)
    )


@recipe(LIST)
def intake_list(world: World, caller: Person, kind: Kind) -> Request:
    return Request(lists={each: world.intake(world.place(caller, each)) for each in THING})


@recipe(THING)
def intake_read(world: World, caller: Person, kind: Kind) -> Request:
    intake_id = world.intake(world.place(caller, kind))
    return Request(path={"intake_id": intake_id}, shows=(intake_id,))


@recipe(THING)
def intake_report(world: World, caller: Person, kind: Kind) -> Request:
    intake_id = world.intake(tenant := world.place(caller, kind))
    return Request(
        path={"intake_id": intake_id},
        marks=(world.pseudonyms.of(tenant, "intake", intake_id),),
        shows=(intake_id,),
    )


@recipe(THING, status=202)
def intake_retry(world: World, caller: Person, kind: Kind) -> Request:
    intake_id = world.intake(world.place(caller, kind))
    return Request(path={"intake_id": intake_id}, marks=(intake_id,), shows=(intake_id,))


@recipe(LIST)
def notifications_list(world: World, caller: Person, kind: Kind) -> Request:
    return Request(lists={each: world.notification(world.place(caller, each)) for each in THING})


@recipe(("own", *THING))
def notifications_mark(world: World, caller: Person, kind: Kind) -> Request:
    notification_id = (
        world.own_notification(caller.tenant, caller.user_id)
        if kind == "own"
        else world.notification(world.place(caller, kind))
    )
    return Request(
        path={"notification_id": notification_id},
        body={"read": True},
        marks=(notification_id,),
        shows=(notification_id,),
    )


@recipe(SELF, status=204)
def notifications_mark_all(world: World, caller: Person, kind: Kind) -> Request:
    return Request(body={"audience": "me"}, marks=(caller.user_id,))
