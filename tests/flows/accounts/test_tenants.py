"""Tenants: made by operators, changed by their own admins, told apart by their codes."""

from __future__ import annotations

from typing import Any

import pytest

from functions.accounts.service import tenants
from functions.accounts.service.means import read_tenant
from shared.auth import Principal
from shared.errors import Conflict, Invalid, Missing, Stale, Unprocessable
from shared.messaging import IdempotencyKey
from shared.models.tenant import PLATFORM, Tenant, is_tenant_code
from tests.flows.accounts.inhabitants import at_once, entries, key, staff
from tests.flows.stores import RIVAL, TENANT, House
from tests.flows.stores import house as house

OPERATOR = staff("operator", tenant=PLATFORM, user="operator")
ADMIN = staff("admin")


def create(house: House, code: str, sent: IdempotencyKey | None = None, **more: Any) -> Tenant:
    tenant = Tenant(tenant_id=code, name=more.pop("name", "North School"), **more)
    return tenants.create(house.means, OPERATOR, tenant, idempotency=sent, now=house.clock())


def change(
    house: House, changes: dict[str, Any], *, by: Principal = ADMIN, if_match: str | None = None
) -> tuple[Tenant, str]:
    return tenants.change(house.means, by, TENANT, changes, if_match=if_match, now=house.clock())


@pytest.mark.parametrize(
    ("code", "holds"),
    [
        ("a", True),
        ("north-school", True),
        ("x" * 63, True),
        ("4-ever", True),
        ("", False),
        ("x" * 64, False),
        ("-north", False),
        ("north-", False),
        ("North", False),
        ("nörd", False),
        ("north school", False),
        ("north/school", False),
        ("..", False),
        ("north\n", False),
        (PLATFORM, False),
    ],
)
def test_a_code_has_a_form(house: House, code: str, holds: bool) -> None:
    """Letters, digits and dashes, none at an end; the platform's is nobody's; the field is
    named where it does not hold."""
    assert is_tenant_code(code) == holds
    if holds:
        assert create(house, code).tenant_id == code
        return
    with pytest.raises(Invalid) as refused:
        create(house, code)
    assert [field.pointer for field in refused.value.fields] == ["/code"]


def test_a_tenant_is_made_once(house: House) -> None:
    """A second one of the code is refused, at the same moment as well; it is audited within the
    tenant as the operator's."""
    outcomes = at_once(6, lambda number: create(house, "north", name=f"School {number}"))
    (made,) = [each for each in outcomes if isinstance(each, Tenant)]
    assert {type(each) for each in outcomes if each is not made} == {Conflict}
    assert read_tenant(house, "north")[0] == made
    (entry,) = entries(house, "tenant.create", tenant="north")
    assert entry["actor"] == house.means.pseudonyms.of(PLATFORM, "user", "operator")
    assert entries(house, "tenant.create") == []


def test_a_repeat_is_the_same_tenant(house: House) -> None:
    """With its Idempotency-Key the same request is answered again; another one is refused."""
    assert create(house, "north", key()) == create(house, "north", key())
    assert len(entries(house, "tenant.create", tenant="north")) == 1
    with pytest.raises(Unprocessable):
        create(house, "north", IdempotencyKey(key().scope, key().key, "another"))


def test_a_time_zone_has_to_be_one(house: House) -> None:
    """Neither a new tenant nor a change takes an unknown zone."""
    with pytest.raises(Invalid) as refused:
        create(house, "north", time_zone="Mars/Olympus")
    assert [field.pointer for field in refused.value.fields] == ["/time_zone"]
    with pytest.raises(Invalid):
        change(house, {"time_zone": "Mars/Olympus"})
    with pytest.raises(Missing):
        read_tenant(house, "north")


def test_settings_change_one_by_one(house: House) -> None:
    """What is named changes, the rest stays; a change to what is there is none."""
    before, etag = read_tenant(house, TENANT)
    changed, second = change(house, {"consent_age": 18, "registration": "invited"})
    assert changed == before.model_copy(update={"consent_age": 18, "registration": "invited"})
    assert second != etag
    assert change(house, {"consent_age": 18}) == (changed, second)
    (entry,) = entries(house, "tenant.change")
    assert entry["roles"] == ["admin"]


def test_who_read_another_version_changes_nothing(house: House) -> None:
    """If-Match holds for tenants too, with quotes or without, and at the same moment."""
    _, etag = read_tenant(house, TENANT)
    outcomes = at_once(4, lambda number: change(house, {"name": f"S{number}"}, if_match=etag))
    assert sum(isinstance(each, Stale) for each in outcomes) == 3
    with pytest.raises(Stale):
        change(house, {"name": "Late"}, if_match=etag)
    _, present = read_tenant(house, TENANT)
    assert change(house, {"name": "In time"}, if_match=present)[0].name == "In time"


@pytest.mark.parametrize("code", ["no-such-school", PLATFORM, "", "../acme", "ACME", "x" * 300])
def test_a_tenant_that_is_not_there_is_missing(house: House, code: str) -> None:
    """No text in place of a code reads anything."""
    with pytest.raises(Missing):
        read_tenant(house, code)


def test_all_tenants_are_listed_page_by_page(house: House) -> None:
    """Each once, with nothing else of their partitions."""
    for number in range(5):
        create(house, f"school-{number}", key(f"key-{number}"))
    found: list[str] = []
    continuation = None
    while True:
        page, continuation = tenants.listed(house, limit=2, continuation=continuation)
        found += [tenant.tenant_id for tenant in page]
        if continuation is None:
            break
    assert sorted(found) == sorted([TENANT, RIVAL, *(f"school-{n}" for n in range(5))])
