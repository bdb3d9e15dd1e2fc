"""Routes of families, consents, erasures and the audit log."""

from __future__ import annotations

from tests.access.recipes.registry import (
    IN_HAND,
    LIST,
    OF_NO_TENANT,
    PERSON,
    THING,
    Request,
    recipe,
)
from tests.access.world import Kind, Person, World


@recipe(PERSON, status=201)
def family_codes_create(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    return Request(
        body={} if kind == "own" else {"learner_id": target.user_id},
        marks=(target.user_id, world.pseudonym(target)),
        shows=(target.user_id,),
        exists="learner" in target.roles,
    )


@recipe(PERSON, status=204)
def family_codes_revoke(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    world.code(target)
    return Request(
        query={} if kind == "own" else {"learner_id": target.user_id},
        marks=(target.user_id, world.pseudonym(target)),
    )


@recipe(IN_HAND, status=201)
def family_links_create(world: World, caller: Person, kind: Kind) -> Request:
    learner = world.person("learner", tenant=world.place(caller, kind))
    return Request(
        body={"code": world.code(learner)},
        marks=(learner.user_id, world.pseudonym(learner)),
        shows=(learner.user_id, caller.user_id),
    )


def _own_link(world: World, caller: Person) -> str:
    """A link of the caller's: to a child where the caller is a parent, to a parent otherwise."""
    if "parent" in caller.roles:
        return world.link(world.person("learner", tenant=caller.tenant), caller)
    return world.link(caller, world.person("parent", tenant=caller.tenant))


@recipe(PERSON)
def family_links_list(world: World, caller: Person, kind: Kind) -> Request:
    if kind == "own":
        link_id = _own_link(world, caller)
        return Request(marks=(link_id,), shows=(link_id,))
    target = world.target(caller, kind)
    link_id = world.link(target, world.person("parent", tenant=target.tenant))
    return Request(query={"learner_id": target.user_id}, marks=(link_id,), shows=(link_id,))


@recipe(PERSON, status=204)
def family_links_revoke(world: World, caller: Person, kind: Kind) -> Request:
    if kind == "own":
        link_id = _own_link(world, caller)
    else:  # that of another parent, even where the learner is the caller's child
        target = world.target(caller, kind)
        link_id = world.link(target, world.person("parent", tenant=target.tenant))
    return Request(path={"link_id": link_id}, marks=(link_id,))


@recipe(PERSON, status=201)
def consents_record(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    body = {"kind": "being_shown", "version": "1", "granted": True}
    return Request(
        body=body if kind == "own" else body | {"user_id": target.user_id},
        marks=(target.user_id, world.pseudonym(target)),
        shows=(target.user_id,),
    )


@recipe(PERSON)
def consents_list(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    consent_id = world.consent(target, by=target)
    return Request(
        query={} if kind == "own" else {"user_id": target.user_id},
        marks=(target.user_id,),
        shows=(consent_id,),
    )


@recipe(THING)
def erasures_read(world: World, caller: Person, kind: Kind) -> Request:
    erasure_id = world.erasure(world.place(caller, kind))
    return Request(path={"erasure_id": erasure_id}, marks=(erasure_id,), shows=(erasure_id,))


@recipe(OF_NO_TENANT, status=202)
def erasures_replay(world: World, caller: Person, kind: Kind) -> Request:
    world.no_replay_under_way()
    return Request(marks=('"kind":"replay"',), shows=("replay_id",))


@recipe(OF_NO_TENANT)
def erasures_replay_read(world: World, caller: Person, kind: Kind) -> Request:
    replay_id = world.replay()
    return Request(path={"replay_id": replay_id}, marks=(replay_id,), shows=(replay_id,))


@recipe(LIST)
def audit_list(world: World, caller: Person, kind: Kind) -> Request:
    return Request(lists={each: world.audit_entry(world.place(caller, each)) for each in THING})
