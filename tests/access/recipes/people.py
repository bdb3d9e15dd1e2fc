"""Routes of people, tokens, tenants and invitations."""

from __future__ import annotations

import secrets

from functions.accounts.rules.documents import NewAccount
from shared.models.tenant import PLATFORM
from tests.access.recipes.registry import (
    ANYONE,
    LIST,
    OF_NO_TENANT,
    PERSON,
    REQUIRED_CONSENTS,
    SELF,
    THING,
    ZONES,
    Request,
    new_email,
    recipe,
)
from tests.access.world import PASSWORD, Kind, Person, World


@recipe(ANYONE, status=201)
def users_register(world: World, caller: Person, kind: Kind) -> Request:
    email = new_email()
    body = {
        "tenant": "demo",
        "email": email,
        "password": PASSWORD,
        "display_name": "Maya",
        "birth_year": world.now.year - 20,
        "consents": REQUIRED_CONSENTS,
    }
    return Request(body=body, shows=(email,))


@recipe(ANYONE, status=201)
def users_confirm(world: World, caller: Person, kind: Kind) -> Request:
    person = Person("", "demo", ("learner",), new_email(), "Maya")
    new = NewAccount(
        email=person.email, display_name="Maya", roles=("learner",), birth_year=2000,
        time_zone="UTC",
    )  # fmt: skip
    body = {"tenant": "demo", "email": person.email, "code": world.mailed_code(person, new)}
    return Request(body=body | {"password": PASSWORD}, shows=(person.email,))


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


@recipe(ANYONE, status=202)
def password_resets_request(world: World, caller: Person, kind: Kind) -> Request:
    return Request(body={"tenant": "demo", "email": new_email()})


@recipe(ANYONE, status=204)
def password_resets_confirm(world: World, caller: Person, kind: Kind) -> Request:
    code = world.mailed_code(person := world.person("learner", tenant="demo"))
    body = {"tenant": "demo", "email": person.email, "code": code}
    return Request(body=body | {"new_password": "nine boats under the bridge"})


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
    code, zone = world.place(caller, kind), next(ZONES)
    return Request(
        path={"code": code},
        body={"time_zone": zone},
        marks=('"id":"tenant"',),
        shows=(code, zone),
    )


@recipe(THING, status=201)
def invitations_create(world: World, caller: Person, kind: Kind) -> Request:
    code, email = world.place(caller, kind), new_email()
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
