"""Tokens that do not hold, and sound ones of another tenant, on every route."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from shared.access import ACCESS
from shared.models.roles import ROLES
from shared.models.tenant import PLATFORM
from tests.access.calls import Caller, home_of, said, way_in
from tests.access.forgeries import FORGERIES, claimed, signed
from tests.access.recipes import RECIPES
from tests.access.world import TENANTS, Kind, World

OPEN = [name for name in RECIPES if ACCESS.get(name, {}) is None]
GUARDED = [name for name in RECIPES if ACCESS.get(name) is not None]
_MINE = [name for name in GUARDED if "own" in RECIPES[name].kinds]


@pytest.mark.parametrize("name", GUARDED)
def test_a_token_that_does_not_hold_opens_nothing(world: World, call: Caller, name: str) -> None:
    """The caller and the request are those that succeed with a sound token; with each forgery
    the answer is 401, tells nothing, and nothing changes."""
    role, kind = way_in(name)
    caller = world.person(role, tenant=home_of(role))
    request = RECIPES[name].make(world, caller, kind)
    with world.untouched(request.marks):
        for forgery, forged in FORGERIES.items():
            answer = call(name, request, token=forged(world, caller))
            assert answer.status_code == 401, (forgery, answer.text)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer"), forgery
            assert not world.given_away(said(answer), *TENANTS), forgery


@pytest.mark.parametrize("name", GUARDED)
def test_the_same_claims_hold_when_nothing_is_forged(world: World, call: Caller, name: str) -> None:
    """It is the one thing wrong with each forgery that keeps it out."""
    role, kind = way_in(name)
    caller = world.person(role, tenant=home_of(role))
    request = RECIPES[name].make(world, caller, kind)
    token = signed(world, claimed(world, caller, roles=[role]))
    assert call(name, request, token=token).status_code == RECIPES[name].status


@pytest.fixture(scope="session")
def without_token(world: World, call: Caller) -> dict[str, requests.Response]:
    """The answer of each open route to a valid request that brings no token."""
    caller = world.person("learner", tenant="demo")
    return {name: call(name, RECIPES[name].make(world, caller, "anyone")) for name in OPEN}


@pytest.mark.parametrize("name", OPEN)
def test_an_open_route_heeds_no_token(
    world: World, call: Caller, without_token: dict[str, requests.Response], name: str
) -> None:
    """Whatever token comes along, the answer is the one that comes without."""
    caller = world.person("learner", tenant="demo")
    for forgery, forged in FORGERIES.items():
        request = RECIPES[name].make(world, caller, "anyone")
        answer = call(name, request, token=forged(world, caller))
        assert answer.status_code == RECIPES[name].status, forgery
        assert answer.status_code == without_token[name].status_code, forgery
        assert _form(answer) == _form(without_token[name]), forgery


@pytest.mark.parametrize("name", GUARDED)
def test_another_tenants_token_reaches_nothing_here(world: World, call: Caller, name: str) -> None:
    """Somebody with every role in another tenant asks for what is ours: it is not there, lists
    are without it, and no id, name or address of ours is told."""
    stranger = world.person(*ROLES, tenant="rival")
    for kind in RECIPES[name].kinds:
        if kind not in {"foreign", "list", "platform"}:
            continue
        request = RECIPES[name].make(world, stranger, kind)
        send = call.pages if kind == "list" else call.once
        with world.untouched(request.marks):
            answers = list(send(name, request, token=world.token(stranger)))
        told = "".join(said(answer) for answer in answers)
        assert {answer.status_code for answer in answers} == {_of_a_stranger(name, kind)}, told
        assert not world.given_away(told, "demo", PLATFORM)


def _of_a_stranger(name: str, kind: Kind) -> int:
    """The status for somebody of another tenant who has every role but the operators'."""
    if not (ACCESS[name] or {}).keys() - {"operator"}:
        return 403
    return 404 if kind == "foreign" else 200


@pytest.mark.parametrize("name", _MINE)
def test_the_same_id_in_another_tenant_is_somebody_else(
    world: World, call: Caller, name: str
) -> None:
    """A token of another tenant that names the id of somebody of ours opens nothing of theirs: it
    tells no more than that id, which is the caller's own there."""
    ours = world.person("learner", tenant="demo")
    request = RECIPES[name].make(world, ours, "own")
    token = signed(world, claimed(world, ours, tenant="rival"))
    with world.untouched(request.marks, tenants=["demo"]):
        answer = call(name, request, token=token)
    assert answer.status_code < 500
    assert world.given_away(said(answer), "demo") <= {ours.user_id}


@pytest.mark.parametrize("name", [name for name in GUARDED if "operator" in (ACCESS[name] or {})])
def test_nobody_is_an_operator_outside_of_the_platform(
    world: World, call: Caller, name: str
) -> None:
    """A token of any other tenant that names the role operator opens none of its routes."""
    caller = world.person("operator", tenant="demo")
    request = RECIPES[name].make(world, caller, RECIPES[name].kinds[0])
    with world.untouched(request.marks):
        answer = call(name, request, token=world.token(caller))
    assert answer.status_code == 403


def _form(answer: requests.Response) -> object:
    """An answer without what differs from call to call: names and types of what is in it."""
    if answer.content and answer.headers.get("Content-Type") == "application/json":
        return _shape(answer.json())
    return answer.headers.get("Content-Type"), answer.content


def _shape(value: Any) -> object:
    if isinstance(value, dict):
        return {name: _shape(each) for name, each in value.items()}
    return [_shape(each) for each in value] if isinstance(value, list) else type(value).__name__
