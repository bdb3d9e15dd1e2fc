"""Every role on every route, on every kind of data: what the table says, and nothing else."""

from __future__ import annotations

import pytest

from shared.access import ACCESS
from shared.models.roles import ROLES, Role
from tests.access.calls import Caller, home_of, is_covered, said
from tests.access.forgeries import signed
from tests.access.recipes import RECIPES, Request
from tests.access.world import TENANTS, Kind, World
from tests.kernel.tokens import claims

CASES: list[tuple[str, Role, Kind]] = [
    (name, role, kind)
    for name, recipe in RECIPES.items()
    for role in ROLES
    for kind in recipe.kinds
    if name in ACCESS
]
_SINGLE = [case for case in CASES if case[2] != "list"]
_LISTS = [case[:2] for case in CASES if case[2] == "list"]


@pytest.mark.parametrize(("name", "role", "kind"), _SINGLE, ids=["-".join(c) for c in _SINGLE])
def test_a_role_reaches_what_the_table_says(
    world: World, call: Caller, name: str, role: Role, kind: Kind
) -> None:
    """What the reach covers is answered with success; anything else of the route is not there,
    a route of others is forbidden, and neither tells or changes a thing."""
    caller = world.person(role, tenant=home_of(role))
    request = RECIPES[name].make(world, caller, kind)
    is_open = is_covered(name, role, kind) and request.exists
    if is_open:
        answer = call(name, request, token=world.token(caller))
        assert answer.status_code == RECIPES[name].status, answer.text
        for text in request.shows:
            assert text in answer.text
        return
    reaches = ACCESS[name]
    is_theirs = reaches is not None and role in reaches
    with world.untouched(request.marks):
        answer = call(name, request, token=world.token(caller))
    assert answer.status_code == (404 if is_theirs else 403), answer.text
    assert_tells_nothing(world, said(answer))


@pytest.mark.parametrize(("name", "role"), _LISTS, ids=["-".join(case) for case in _LISTS])
def test_a_list_shows_what_the_role_reaches(
    world: World, call: Caller, name: str, role: Role
) -> None:
    """A list has everything that the reach covers and nothing else, over all its pages."""
    caller = world.person(role, tenant=home_of(role))
    request = RECIPES[name].make(world, caller, "list")
    answers = list(call.pages(name, request, token=world.token(caller)))
    shown = "".join(said(answer) for answer in answers)
    if role not in (ACCESS[name] or {}):
        assert [answer.status_code for answer in answers] == [403]
        assert_tells_nothing(world, shown)
        return
    assert {answer.status_code for answer in answers} == {RECIPES[name].status}
    assert request.lists
    for kind, text in request.lists.items():
        assert (text in shown) == is_covered(name, role, kind), kind
    elsewhere = [tenant for tenant in TENANTS if tenant != caller.tenant]
    assert not world.given_away(shown, *elsewhere)


@pytest.mark.parametrize("name", [name for name in ACCESS if ACCESS[name] is not None])
def test_somebody_without_a_role_is_refused(world: World, call: Caller, name: str) -> None:
    """A sound token that names no role opens no route that asks for one."""
    caller = world.person("learner", tenant="demo")
    request = RECIPES[name].make(world, caller, RECIPES[name].kinds[0])
    with world.untouched(request.marks):
        answer = call(name, request, token=_without_roles(world, caller.user_id))
    assert answer.status_code == 403
    assert_tells_nothing(world, said(answer))


def test_a_change_would_be_found(world: World, call: Caller) -> None:
    """What the matrix takes for untouched is not, after a change; one of others is none."""
    learner, other = (world.person("learner", tenant="demo") for _ in range(2))
    admin = world.person("admin", tenant="demo")
    change = Request(path={"user_id": learner.user_id}, body={"birth_year": 1999})
    with world.untouched([other.user_id]):
        assert call("users_update", change, token=world.token(admin)).status_code == 200
    archive = world.host.home / "blobs/exports/demo" / learner.user_id
    archive.parent.mkdir(parents=True, exist_ok=True)
    with pytest.raises(AssertionError, match="exports"), world.untouched([learner.user_id]):
        archive.write_bytes(b"x")
    archive.unlink()
    change = Request(path={"user_id": learner.user_id}, body={"birth_year": 2000})
    with pytest.raises(AssertionError, match="accounts"), world.untouched([learner.user_id]):
        assert call("users_update", change, token=world.token(admin)).status_code == 200


def assert_tells_nothing(world: World, text: str) -> None:
    """Fails when an id, a name or an address of anybody stands in a text."""
    assert not world.given_away(text, *TENANTS)


def _without_roles(world: World, user_id: str) -> str:
    now = int(world.now.timestamp())
    return signed(world, claims(sub=user_id, tenant="demo", roles=[], iat=now, exp=now + 600))
