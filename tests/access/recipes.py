"""For each route a valid request, aimed at whatever stands to the caller as a kind says.

A new route gets its recipe here. It makes what the request needs, so that one call spoils
nothing for the next.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, get_args

from shared.models.tenant import PLATFORM
from tests.access.world import PASSWORD, Kind, Person, PersonKind, World


@dataclass(frozen=True)
class Request:
    """A valid request, and by what to know what came of it."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    marks: tuple[str, ...] = ()
    """Texts that stand in every document that it would read, change or make."""
    shows: tuple[str, ...] = ()
    """Texts that stand in the answer when it succeeds."""
    lists: Mapping[Kind, str] = field(default_factory=dict)
    """The id of one thing of each kind that a list shows to whom the kind is open."""
    exists: bool = True
    """False where there is nothing of the sort, however far a role reaches."""


Make = Callable[[World, Person, Kind], Request]


@dataclass(frozen=True)
class Recipe:
    """How to call a route: what the data it is about may be, and the status of success."""

    make: Make
    kinds: tuple[Kind, ...]
    status: int


RECIPES: dict[str, Recipe] = {}

PERSON: tuple[Kind, ...] = get_args(PersonKind)
THING: tuple[Kind, ...] = ("ours", "foreign")
SELF: tuple[Kind, ...] = ("own",)
LIST: tuple[Kind, ...] = ("list",)
IN_HAND: tuple[Kind, ...] = ("in_hand", "foreign")
OF_NO_TENANT: tuple[Kind, ...] = ("platform",)
ANYONE: tuple[Kind, ...] = ("anyone",)

REQUIRED_CONSENTS = [
    {"kind": "terms", "version": "1", "granted": True},
    {"kind": "privacy", "version": "1", "granted": True},
]
_ZONES = cycle(["Europe/Berlin", "America/Lima", "Asia/Tokyo"])
"""A change that nothing else depends on, and that differs from the one before."""


def recipe(kinds: tuple[Kind, ...], *, status: int = 200) -> Callable[[Make], Make]:
    """Register a recipe under the name of its route's function."""

    def register(make: Make) -> Make:
        RECIPES[make.__name__] = Recipe(make, kinds, status)
        return make

    return register


def _new_email() -> str:
    return f"new{secrets.token_hex(8)}@example.org"


# the kernel


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


# accounts: people


@recipe(ANYONE, status=201)
def users_register(world: World, caller: Person, kind: Kind) -> Request:
    email = _new_email()
    body = {
        "tenant": "demo",
        "email": email,
        "password": PASSWORD,
        "display_name": "Maya",
        "birth_year": world.now.year - 20,
        "consents": REQUIRED_CONSENTS,
    }
    return Request(body=body, shows=(email,))


@recipe(SELF)
def users_me_read(world: World, caller: Person, kind: Kind) -> Request:
    return Request(marks=(caller.user_id,), shows=(caller.user_id, caller.email))


@recipe(SELF)
def users_me_update(world: World, caller: Person, kind: Kind) -> Request:
    name = f"Renamed-{secrets.token_hex(4)}"
    return Request(
        body={"display_name": name}, marks=(caller.user_id,), shows=(caller.user_id, name)
    )


@recipe(SELF, status=204)
def users_me_password(world: World, caller: Person, kind: Kind) -> Request:
    world.credential(caller)
    return Request(
        body={"present_password": PASSWORD, "new_password": "nine boats under the bridge"},
        marks=(caller.user_id,),
    )


@recipe(SELF, status=202)
def users_me_export(world: World, caller: Person, kind: Kind) -> Request:
    return Request(marks=(caller.user_id, world.pseudonym(caller)))


@recipe(SELF, status=202)
def users_me_erase(world: World, caller: Person, kind: Kind) -> Request:
    pseudonym = world.pseudonym(caller)
    return Request(marks=(caller.user_id, pseudonym), shows=(pseudonym,))


@recipe(LIST)
def users_list(world: World, caller: Person, kind: Kind) -> Request:
    aimed: tuple[Kind, ...] = ("child", "former_child", "learner", "colleague", "foreign")
    return Request(lists={each: world.target(caller, each).user_id for each in aimed})


@recipe(PERSON)
def users_read(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    return Request(
        path={"user_id": target.user_id},
        marks=(target.user_id, world.pseudonym(target)),
        shows=(target.user_id,),
    )


@recipe(PERSON)
def users_update(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    return Request(
        path={"user_id": target.user_id},
        body={"birth_year": 2001},
        marks=(target.user_id, world.pseudonym(target)),
        shows=(target.user_id, "2001"),
    )


@recipe(PERSON, status=202)
def users_export(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    return Request(
        path={"user_id": target.user_id}, marks=(target.user_id, world.pseudonym(target))
    )


@recipe(PERSON, status=202)
def users_erase(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    pseudonym = world.pseudonym(target)
    return Request(
        path={"user_id": target.user_id}, marks=(target.user_id, pseudonym), shows=(pseudonym,)
    )


# accounts: tokens


@recipe(ANYONE)
def token_issue(world: World, caller: Person, kind: Kind) -> Request:
    world.credential(person := world.person("learner", tenant="demo"))
    body = {"tenant": "demo", "email": person.email, "password": PASSWORD}
    return Request(body=body, shows=(person.user_id,))


@recipe(ANYONE)
def token_refresh(world: World, caller: Person, kind: Kind) -> Request:
    person = world.person("learner", tenant="demo")
    return Request(body={"refresh_token": world.refresh_token(person)}, shows=(person.user_id,))


@recipe(ANYONE, status=204)
def token_revoke(world: World, caller: Person, kind: Kind) -> Request:
    person = world.person("learner", tenant="demo")
    return Request(body={"refresh_token": world.refresh_token(person)})


# accounts: tenants and invitations


@recipe(OF_NO_TENANT, status=201)
def tenants_create(world: World, caller: Person, kind: Kind) -> Request:
    code = f"t-{secrets.token_hex(8)}"
    return Request(body={"code": code, "name": "North School"}, marks=(code,), shows=(code,))


@recipe(LIST)
def tenants_list(world: World, caller: Person, kind: Kind) -> Request:
    return Request(lists={each: f'"code":"{world.place(caller, each)}"' for each in THING})


@recipe(THING)
def tenants_read(world: World, caller: Person, kind: Kind) -> Request:
    code = world.place(caller, kind)
    return Request(path={"code": code}, shows=(code,))


@recipe(THING)
def tenants_update(world: World, caller: Person, kind: Kind) -> Request:
    code, zone = world.place(caller, kind), next(_ZONES)
    return Request(
        path={"code": code},
        body={"time_zone": zone},
        marks=('"id":"tenant"',),
        shows=(code, zone),
    )


@recipe(THING, status=201)
def invitations_create(world: World, caller: Person, kind: Kind) -> Request:
    code, email = world.place(caller, kind), _new_email()
    roles = ["operator" if code == PLATFORM else "mentor"]
    return Request(
        path={"code": code}, body={"email": email, "roles": roles}, marks=(email,), shows=(email,)
    )


@recipe(LIST)
def invitations_list(world: World, caller: Person, kind: Kind) -> Request:
    return Request(lists={each: world.invitation(world.place(caller, each)) for each in THING})


@recipe(THING, status=204)
def invitations_revoke(world: World, caller: Person, kind: Kind) -> Request:
    invitation_id = world.invitation(world.place(caller, kind))
    return Request(path={"invitation_id": invitation_id}, marks=(invitation_id,))


@recipe(ANYONE, status=201)
def invitations_accept(world: World, caller: Person, kind: Kind) -> Request:
    name = f"Ada-{secrets.token_hex(4)}"
    body = {
        "token": world.invitation_token("demo"),
        "password": PASSWORD,
        "display_name": name,
        "consents": REQUIRED_CONSENTS,
    }
    return Request(body=body, shows=(name,))


# accounts: families and consents


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
    return Request(query={} if kind == "own" else {"learner_id": target.user_id})


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


# accounts: erasures and the audit log


@recipe(THING)
def erasures_read(world: World, caller: Person, kind: Kind) -> Request:
    erasure_id = world.erasure(world.place(caller, kind))
    return Request(path={"erasure_id": erasure_id}, marks=(erasure_id,), shows=(erasure_id,))


@recipe(OF_NO_TENANT, status=202)
def erasures_replay(world: World, caller: Person, kind: Kind) -> Request:
    return Request(marks=('"kind":"replay"',), shows=("replay_id",))


@recipe(OF_NO_TENANT)
def erasures_replay_read(world: World, caller: Person, kind: Kind) -> Request:
    replay_id = world.replay()
    return Request(path={"replay_id": replay_id}, shows=(replay_id,))


@recipe(LIST)
def audit_list(world: World, caller: Person, kind: Kind) -> Request:
    return Request(lists={each: world.audit_entry(world.place(caller, each)) for each in THING})


# candidates


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


# intake_upload


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


# intake_notify


@recipe(LIST)
def notifications_list(world: World, caller: Person, kind: Kind) -> Request:
    return Request(lists={each: world.notification(world.place(caller, each)) for each in THING})
