"""Whose data a caller reaches, and what becomes of people of an external provider."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from shared import runtime
from shared.access import Reach
from shared.auth import Principal, Tokens
from shared.documents.port import Create, Delete
from shared.errors import Forbidden, Missing, Unauthenticated
from shared.models import account, family
from shared.models.account import Account
from shared.models.family import FamilyLink, link_id_of
from shared.models.roles import Role
from shared.models.tombstone import CONTAINER, Tombstone
from shared.people import check_reach, check_standing, is_parent_of, read_account
from shared.pseudonyms import Pseudonyms
from tests.kernel.embedded import NOW, TENANT, Embedded, as_stores
from tests.kernel.small_api import SmallHouse, serving
from tests.kernel.tokens import Provider, running

PSEUDONYMS = Pseudonyms(b"the key of these tests")
REACHES: list[Reach] = ["own", "children", "learners", "tenant", "platform"]
ANNA = Principal("anna", TENANT, frozenset({"parent"}))


def make(house: Embedded, user_id: str, *roles: Role, tenant: str = TENANT, **more: Any) -> Account:
    person = Account(
        tenant_id=tenant, user_id=user_id, display_name=user_id, roles=roles,
        created_at=NOW, updated_at=NOW, **more,
    )  # fmt: skip
    house.documents.commit(account.CONTAINER, person.partition, [Create(person.stored())])
    return person


def link(
    house: Embedded, parent: str, learner: str, *, active: bool = True, tenant: str = TENANT
) -> None:
    made = FamilyLink(
        id=link_id_of(tenant, learner, parent), tenant_id=tenant, learner_id=learner,
        parent_id=parent, active=active, linked_at=NOW, updated_at=NOW,
    )  # fmt: skip
    house.documents.commit(family.CONTAINER, (tenant, learner), [Create(made.stored())])


def reached(house: Embedded, by: Principal, user_id: str, *reaches: Reach) -> bool:
    try:
        check_reach(as_stores(house), by, frozenset(reaches), user_id)
    except Missing:
        return False
    return True


@pytest.fixture
def town(house: Embedded) -> Embedded:
    """Anna's child, a child that was hers, somebody else's child, a mentor, and a namesake."""
    for learner in ("child", "former", "other"):
        make(house, learner, "learner")
    make(house, "mentor", "mentor")
    make(house, "child", "learner", tenant="rival")
    link(house, "anna", "child")
    link(house, "anna", "former", active=False)
    link(house, "zoe", "other")
    link(house, "anna", "foreign", tenant="rival")
    return house


@pytest.mark.parametrize(
    ("reach", "covered"),
    [
        ("own", {"anna"}),
        ("children", {"anna", "child"}),
        ("learners", {"anna", "child", "former", "other"}),
        ("tenant", {"anna", "child", "former", "other", "mentor"}),
        ("platform", {"anna", "child", "former", "other", "mentor"}),
    ],
)
def test_each_reach_covers_whom_it_names(town: Embedded, reach: Reach, covered: set[str]) -> None:
    """One's own, linked children, the tenant's learners, everybody: and one's own with each."""
    people = ["anna", "child", "former", "other", "mentor"]
    assert {each for each in people if reached(town, ANNA, each, reach)} == covered


def test_without_a_reach_only_oneself_is_there(town: Embedded) -> None:
    """No reach at all covers nobody else."""
    assert reached(town, ANNA, "anna")
    assert not reached(town, ANNA, "child")


def test_two_reaches_cover_what_either_does(town: Embedded) -> None:
    """Somebody of two roles reaches whom either of them reaches."""
    people = ["anna", "child", "former", "other", "mentor", "nobody"]
    for one, other, person in product(REACHES, REACHES, people):
        if person == "nobody" and {one, other} & {"tenant", "platform"}:
            continue  # whoever reaches everybody is told by what is read next
        either = reached(town, ANNA, person, one) or reached(town, ANNA, person, other)
        assert reached(town, ANNA, person, one, other) == either


def test_who_is_not_reached_is_not_there(town: Embedded) -> None:
    """The answer is the one for an id that nobody has."""
    with pytest.raises(Missing) as there:
        check_reach(as_stores(town), ANNA, frozenset({"children"}), "other")
    with pytest.raises(Missing) as nobody:
        check_reach(as_stores(town), ANNA, frozenset({"learners"}), "nobody")
    assert there.value.detail == nobody.value.detail


def test_a_link_that_ends_covers_nothing_at_once(town: Embedded) -> None:
    """The link is read at each call: gone or inactive, the child is not there any more."""
    assert reached(town, ANNA, "child", "children")
    link_id = link_id_of(TENANT, "child", "anna")
    town.documents.commit(family.CONTAINER, (TENANT, "child"), [Delete(link_id)])
    assert not reached(town, ANNA, "child", "children")


def test_a_link_of_another_tenant_is_none(town: Embedded) -> None:
    """The same ids in another tenant are other people, and their links nobody's here."""
    assert not is_parent_of(as_stores(town), TENANT, parent_id="anna", learner_id="foreign")
    there = Principal("anna", "rival", frozenset({"parent"}))
    assert not reached(town, there, "child", "children")
    assert not reached(town, there, "other", "learners")
    assert reached(town, there, "child", "learners")


@pytest.mark.parametrize(
    "odd", ["", ".", "../child", "child/", "CHILD", "child ", "\x00", "x" * 300]
)
def test_odd_ids_are_nobodys(town: Embedded, odd: str) -> None:
    """No text in place of an id reaches anybody."""
    assert not reached(town, ANNA, odd, "children", "learners", "own")
    with pytest.raises(Missing):
        read_account(as_stores(town), TENANT, odd)


def outsider(user: str = "ines", tenant: str = TENANT) -> Principal:
    return Principal(user, tenant, frozenset({"learner"}), external=True)


def entomb(house: Embedded, user_id: str, tenant: str = TENANT) -> None:
    tombstone = Tombstone(
        tenant_id=tenant, tombstone_id=PSEUDONYMS.of(tenant, "user", user_id),
        subject_kind="user", requested_at=NOW,
    )  # fmt: skip
    partition = (tenant, tombstone.tombstone_id)
    house.documents.commit(CONTAINER, partition, [Create(tombstone.stored())])


def test_a_suspension_holds_for_people_from_outside(house: Embedded) -> None:
    """Their provider renews their tokens without us: a suspended person is refused at the call."""
    make(house, "ines", "learner", external=True, status="suspended")
    make(house, "jo", "learner", external=True)
    with pytest.raises(Forbidden, match="suspended"):
        check_standing(as_stores(house), PSEUDONYMS, outsider())
    check_standing(as_stores(house), PSEUDONYMS, outsider("jo"))


def test_who_was_erased_does_nothing_any_more(house: Embedded) -> None:
    """An erased person from outside is refused, whether the erasure has come to the account or
    not; somebody without an account yet is not, nor is a namesake elsewhere."""
    check_standing(as_stores(house), PSEUDONYMS, outsider())
    person = make(house, "ines", "learner", external=True)
    entomb(house, "ines")
    for _ in range(2):
        with pytest.raises(Unauthenticated, match="erased"):
            check_standing(as_stores(house), PSEUDONYMS, outsider())
        if house.documents.get(account.CONTAINER, person.partition, "account") is not None:
            house.documents.commit(account.CONTAINER, person.partition, [Delete("account")])
    check_standing(as_stores(house), PSEUDONYMS, outsider("jo"))
    check_standing(as_stores(house), PSEUDONYMS, outsider(tenant="rival"))


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[SmallHouse, Provider]]:
    """The tests' routes, which take tokens of an external provider."""
    provider = Provider()
    provider.add("first")
    with running(provider), serving(tmp_path / "small") as house:
        house.running._tokens = Tokens(provider.settings())
        yield house, provider


def suspend(house: SmallHouse, user_id: str) -> None:
    person = Account(
        tenant_id=TENANT, user_id=user_id, display_name="Anna", roles=("recruiter",),
        external=True, status="suspended", created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    house.running.documents.commit(account.CONTAINER, person.partition, [Create(person.stored())])


def test_every_route_heeds_a_suspension(small: tuple[SmallHouse, Provider]) -> None:
    """The check stands before the routes, those too that ask who calls by themselves; a public
    route that asks nobody takes whatever token comes."""
    house, provider = small
    now = int(runtime.now().timestamp())
    token = provider.token("first", roles=["recruiter"], iat=now, exp=now + 600)
    assert house.call("GET", "/api/v1/items", token=token).status_code == 200
    suspend(house, house.running.tokens.verify(token, now=runtime.now()).user_id)
    for path in ("/api/v1/items", "/api/v1/me"):
        refused = house.call("GET", path, token=token)
        assert refused.status_code == 403
        assert "suspended" in refused.json()["detail"]
    assert house.call("GET", "/api/v1/trace", token=token).status_code == 200


def test_our_own_people_are_not_looked_up(small: tuple[SmallHouse, Provider]) -> None:
    """Our tokens run out soon and are not renewed for who is suspended: until then they hold."""
    house, _ = small
    suspend(house, "anna")
    assert house.call("GET", "/api/v1/items", token=house.token(user="anna")).status_code == 200
