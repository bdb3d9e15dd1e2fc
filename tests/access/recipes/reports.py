"""Recipes of the routes of reports."""

from __future__ import annotations

from tests.access.recipes.registry import ANYONE, PERSON, Request, recipe
from tests.access.reports import report_of, ticket_of
from tests.access.world import Kind, Person, World


def _on_report(world: World, caller: Person, kind: Kind) -> Request:
    """A request that names a report in its path, and whose reading may be written down."""
    target = world.target(caller, kind)
    session_id = report_of(world, target)
    return Request(
        path={"session_id": session_id},
        marks=(session_id, world.pseudonym(target)),
        shows=(session_id,),
    )


@recipe(PERSON)
def summaries_list(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    session_id = report_of(world, target)
    return Request(
        query={"user": target.user_id},
        marks=(target.user_id, world.pseudonym(target)),
        shows=(session_id,),
    )


@recipe(PERSON)
def summaries_read(world: World, caller: Person, kind: Kind) -> Request:
    return _on_report(world, caller, kind)


@recipe(PERSON, status=202)
def summaries_make(world: World, caller: Person, kind: Kind) -> Request:
    return _on_report(world, caller, kind)


@recipe(PERSON, status=201)
def summaries_link(world: World, caller: Person, kind: Kind) -> Request:
    return _on_report(world, caller, kind)


@recipe(ANYONE)
def summaries_download(world: World, caller: Person, kind: Kind) -> Request:
    learner = world.person("learner", tenant=caller.tenant)
    session_id = report_of(world, learner)
    return Request(
        path={"session_id": session_id},
        query={"ticket": ticket_of(world, learner, learner, session_id)},
        marks=(session_id, world.pseudonym(learner)),
        shows=("of nobody",),
    )
