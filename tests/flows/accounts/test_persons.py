"""Accounts as they are read and changed: one's own, other people's, and those from outside."""

from __future__ import annotations

from typing import Any

import pytest

from functions.accounts.routes.forms import person_view
from functions.accounts.rules.times import check_birth_year, check_time_zone
from functions.accounts.service import families, persons, sign_in
from shared.auth import Principal
from shared.documents.port import Create, Delete
from shared.errors import Conflict, Forbidden, Invalid, Missing, Stale, Unauthenticated
from shared.models.account import Account
from shared.models.roles import Role
from shared.models.tombstone import CONTAINER, Tombstone
from shared.people import check_standing
from tests.flows.accounts.inhabitants import (
    account,
    as_principal,
    at_once,
    enter,
    entries,
    reach,
    register,
    staff,
)
from tests.flows.stores import PSEUDONYMS, RIVAL, TENANT, House
from tests.flows.stores import house as house

ADMIN = staff("admin")


@pytest.fixture
def maya(house: House) -> Account:
    """A learner who is a minor."""
    return register(house)


def change_own(
    house: House, person: Account, changes: dict[str, Any], if_match: str | None = None
) -> tuple[Account, str]:
    return persons.change_own(
        house.means, as_principal(person), changes, if_match=if_match, now=house.clock()
    )


def change(
    house: House,
    person: Account,
    changes: dict[str, Any],
    *,
    by: Principal = ADMIN,
    if_match: str | None = None,
    reason: str | None = None,
) -> tuple[Account, str]:
    return persons.change_other(
        house.means, by, person.user_id, changes,
        reason=reason, if_match=if_match, now=house.clock(),
    )  # fmt: skip


def test_somebody_changes_their_own_account(house: House, maya: Account) -> None:
    """What is named changes, all else stays; it has another etag and is audited as their own."""
    _, before = persons.read_own(house.means, as_principal(maya), now=house.clock())
    house.clock.advance(minutes=1)
    changes = {"display_name": "Maya", "time_zone": "America/Lima", "hidden": True}
    changed, etag = change_own(house, maya, changes)
    assert changed == maya.model_copy(update=changes | {"updated_at": house.clock()})
    assert etag != before
    (entry,) = entries(house, "account.change")
    pseudonym = house.means.pseudonyms.of(TENANT, "user", maya.user_id)
    assert (entry["actor"], entry["subject"], entry["roles"]) == (
        pseudonym, pseudonym, ["learner"],
    )  # fmt: skip
    assert "Maya" not in repr(entry)


def test_a_change_to_what_is_there_is_none(house: House, maya: Account) -> None:
    """Nothing is written, and nothing audited, when all is as it was."""
    _, before = persons.read_own(house.means, as_principal(maya), now=house.clock())
    house.clock.advance(minutes=1)
    same, etag = change_own(house, maya, {"display_name": maya.display_name})
    assert (same, etag) == (maya, before)
    assert entries(house, "account.change") == []


def test_who_read_something_else_changes_nothing(house: House, maya: Account) -> None:
    """With an If-Match of before, a change is refused; with the present one it is taken."""
    _, first = persons.read_own(house.means, as_principal(maya), now=house.clock())
    _, second = change_own(house, maya, {"language": "de"}, first)
    for stale in (first, "nonsense"):
        with pytest.raises(Stale):
            change_own(house, maya, {"language": "fr"}, stale)
        with pytest.raises(Stale):
            change(house, maya, {"birth_year": 2011}, if_match=stale)
    assert account(house, maya).language == "de"
    assert change(house, maya, {"birth_year": 2011}, if_match=second)[0].birth_year == 2011


def test_changes_at_once_are_all_made(house: House, maya: Account) -> None:
    """Two who change other fields at the same moment undo nothing of each other's."""
    work: list[dict[str, Any]] = [{"language": "de"}, {"hidden": True}, {"time_zone": "Asia/Tokyo"}]
    outcomes = at_once(3, lambda number: change_own(house, maya, work[number]))
    assert [each for each in outcomes if isinstance(each, Exception)] == []
    now = account(house, maya)
    assert (now.language, now.hidden, now.time_zone) == ("de", True, "Asia/Tokyo")
    assert len(entries(house, "account.change")) == 3


def test_of_two_with_one_etag_one_changes(house: House, maya: Account) -> None:
    """If-Match holds at the same moment as well."""
    _, etag = persons.read_own(house.means, as_principal(maya), now=house.clock())
    outcomes = at_once(4, lambda n: change_own(house, maya, {"display_name": f"N{n}"}, etag))
    assert sum(isinstance(each, Stale) for each in outcomes) == 3


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "Europe", "../../etc/passwd", "/etc/passwd", "UTC\x00", "x" * 500]
)
def test_a_time_zone_that_is_none_is_refused(house: House, maya: Account, zone: str) -> None:
    """Whatever is no zone's name, a path or too long as well, names the field."""
    with pytest.raises(Invalid) as refused:
        change_own(house, maya, {"time_zone": zone})
    assert [field.pointer for field in refused.value.fields] == ["/time_zone"]
    assert check_time_zone("America/Argentina/Buenos_Aires")


@pytest.mark.parametrize(
    ("year", "holds"),
    [(None, True), (1906, True), (1905, False), (2026, True), (2027, False), (-1, False)],
)
def test_a_year_of_birth_is_of_somebody_alive(
    house: House, maya: Account, year: int | None, holds: bool
) -> None:
    """Nobody is born in the future, or more than 120 years ago."""
    if holds:
        check_birth_year(year, this_year=2026)
        return
    with pytest.raises(Invalid) as refused:
        change(house, maya, {"birth_year": year})
    assert [field.pointer for field in refused.value.fields] == ["/birth_year"]


def test_an_admin_changes_somebody(house: House, maya: Account) -> None:
    """Roles, status and facts, with the reason in the audit log."""
    changed, _ = change(
        house, maya, {"roles": ("mentor",), "address_proven": True}, reason="new at the school"
    )
    assert (changed.roles, changed.address_proven) == (("mentor",), True)
    (entry,) = entries(house, "account.administer")
    assert (entry["reason"], entry["roles"]) == ("new at the school", ["admin"])
    assert entry["actor"] == house.means.pseudonyms.of(TENANT, "user", "staff")
    assert entry["subject"] == house.means.pseudonyms.of(TENANT, "user", maya.user_id)


@pytest.mark.parametrize("changes", [{"roles": ("admin", "mentor")}, {"status": "suspended"}])
def test_an_admin_changes_neither_own_roles_nor_status(
    house: House, maya: Account, changes: dict[str, Any]
) -> None:
    """Another admin has to; other facts of their own account are theirs to change."""
    change(house, maya, {"roles": ("admin",), "address_proven": True})
    me = as_principal(account(house, maya))
    with pytest.raises(Forbidden, match="another admin"):
        change(house, maya, changes, by=me)
    assert change(house, maya, {"birth_year": 1990}, by=me)[0].birth_year == 1990
    assert change(house, maya, changes)


@pytest.mark.parametrize("by", [ADMIN, staff("operator"), staff("operator", tenant="platform")])
@pytest.mark.parametrize("roles", [("operator",), ("learner", "operator")])
def test_nobody_becomes_an_operator(
    house: House, maya: Account, by: Principal, roles: tuple[Role, ...]
) -> None:
    """Not by an admin, nor by an operator."""
    with pytest.raises(Forbidden):
        change(house, maya, {"roles": roles}, by=by)
    assert account(house, maya).roles == ("learner",)


def test_nobody_is_without_a_role(house: House, maya: Account) -> None:
    """An empty list of roles is refused, and the field named."""
    with pytest.raises(Invalid) as refused:
        change(house, maya, {"roles": ()})
    assert [field.pointer for field in refused.value.fields] == ["/roles"]


def test_another_tenants_admin_changes_nobody(house: House, maya: Account) -> None:
    """To another tenant there is no such person, with an operator's role as well."""
    for by in (staff("admin", tenant=RIVAL), staff("operator", tenant="platform")):
        with pytest.raises(Missing):
            change(house, maya, {"status": "suspended"}, by=by)
        with pytest.raises(Missing):
            persons.read_other(house.means, by, reach(by, "users_read"), maya.user_id)
    assert account(house, maya) == maya


def test_who_is_suspended_is_signed_out(house: House, maya: Account) -> None:
    """All sign-ins end, and stay ended when the account is active again."""
    tokens = [enter(house).refresh for _ in range(3)]
    change(house, maya, {"status": "suspended"})
    change(house, maya, {"status": "active"})
    for token in tokens:
        with pytest.raises(Unauthenticated):
            sign_in.refresh(house.means, token, idempotency=None, now=house.clock())
    assert enter(house)


def outsider(user: str = "outsider", **more: Any) -> Principal:
    return Principal(user, TENANT, frozenset({"learner"}), external=True, **more)


def test_somebody_from_outside_has_an_account_at_the_first_call(house: House) -> None:
    """It holds what the provider vouches for, once, however many calls come at once."""
    who = outsider(name="Ines", email="ines@example.org")
    outcomes = at_once(6, lambda _: persons.read_own(house.means, who, now=house.clock()))
    assert len({str(each) for each in outcomes}) == 1
    ((made, _),) = [each for each in outcomes[:1] if isinstance(each, tuple)]
    assert (made.display_name, made.email, made.address_proven) == (
        "Ines", "ines@example.org", True,
    )  # fmt: skip
    assert (made.roles, made.external) == (("learner",), True)
    (claim,) = house.kinds("credential", container="credentials")
    assert (claim["user_id"], claim["address_id"]) == (made.user_id, made.address_id)
    with pytest.raises(Unauthenticated):
        enter(house, "ines@example.org", "none")


def test_an_address_that_somebody_has_is_not_given_to_another_from_outside(
    house: House, maya: Account
) -> None:
    """Who comes from outside with an address that an account here has gets one without it."""
    made, _ = persons.read_own(
        house.means, outsider(name="Maya", email="MAYA@example.org"), now=house.clock()
    )
    assert (made.email, made.address_id, made.address_proven) == (None, None, False)
    assert account(house, maya).email == "maya@example.org"


def test_staff_have_an_address_that_somebody_vouched_for(house: House, maya: Account) -> None:
    """Who registered with some address gets no rights over others until an admin vouches for
    it, or says so at once."""
    with pytest.raises(Conflict, match="vouched"):
        change(house, maya, {"roles": ("recruiter",)})
    assert change(house, maya, {"roles": ("parent",)})
    assert change(house, maya, {"roles": ("recruiter",), "address_proven": True})


def test_roles_of_people_from_outside_are_the_providers(house: House) -> None:
    """What an admin would change of them would hold nowhere, so it is refused; a suspension
    holds."""
    made, _ = persons.read_own(house.means, outsider(name="Ines"), now=house.clock())
    with pytest.raises(Conflict, match="provider"):
        change(house, made, {"roles": ("learner", "parent")})
    assert change(house, made, {"status": "suspended"})
    with pytest.raises(Forbidden, match="suspended"):
        check_standing(house, PSEUDONYMS, outsider(name="Ines"))


def test_who_is_vouched_for_by_nobody_has_no_address(house: House) -> None:
    """Without a name and a verified address the account says so."""
    made, _ = persons.read_own(house.means, outsider(), now=house.clock())
    assert (made.display_name, made.email, made.address_proven) == ("New here", None, False)
    assert house.kinds("credential", container="credentials") == []


def test_what_somebody_from_outside_changed_stays(house: House) -> None:
    """A later call with another name of the provider undoes nothing."""
    persons.change_own(
        house.means, outsider(name="Ines"), {"display_name": "Inés"}, if_match=None,
        now=house.clock(),
    )  # fmt: skip
    again, _ = persons.read_own(house.means, outsider(name="Ines"), now=house.clock())
    assert again.display_name == "Inés"


def test_nobody_from_outside_comes_in_where_no_tenant_is(house: House) -> None:
    """A token that names an unknown tenant makes no account there."""
    stray = Principal("x", "no-such-school", frozenset({"learner"}), external=True)
    with pytest.raises(Missing):
        persons.read_own(house.means, stray, now=house.clock())
    assert house.kinds("account", container="accounts", tenant="no-such-school") == []


def test_our_own_people_get_no_account_by_calling(house: House) -> None:
    """A token of ours without an account behind it finds none."""
    with pytest.raises(Missing):
        persons.read_own(house.means, staff("learner", user="ghost"), now=house.clock())
    assert house.kinds("account", container="accounts") == []


def test_who_was_erased_never_comes_back_by_calling(house: House) -> None:
    """The tombstone of somebody from outside is found by their id, and no account is made."""
    persons.read_own(house.means, outsider(), now=house.clock())
    tombstone = Tombstone(
        tenant_id=TENANT, tombstone_id=house.means.pseudonyms.of(TENANT, "user", "outsider"),
        subject_kind="user", requested_at=house.clock(),
    )  # fmt: skip
    partition = (TENANT, tombstone.tombstone_id)
    house.documents.commit(CONTAINER, partition, [Create(tombstone.stored())])
    house.documents.commit("accounts", (TENANT, "outsider"), [Delete("account")])
    with pytest.raises(Conflict, match="erased"):
        persons.read_own(house.means, outsider(), now=house.clock())
    with pytest.raises(Conflict, match="erased"):
        persons.change_own(
            house.means, outsider(), {"hidden": True}, if_match=None, now=house.clock()
        )
    assert house.documents.get("accounts", (TENANT, "outsider"), "account") is None
    assert persons.read_own(house.means, outsider("another"), now=house.clock())


def test_a_mentor_sees_learners_and_nobody_else(house: House, maya: Account) -> None:
    """Other roles' people are not there for a mentor, and mentors' listings are of learners."""
    grown = register(house, "parent@example.org", role="parent", birth_year=None)
    mentor = staff("mentor")
    found, _ = persons.read_other(house.means, mentor, reach(mentor, "users_read"), maya.user_id)
    assert found == maya
    with pytest.raises(Missing):
        persons.read_other(house.means, mentor, reach(mentor, "users_read"), grown.user_id)


@pytest.mark.parametrize(
    ("by", "close"),
    [("self", True), ("admin", True), ("linked", True), ("mentor", False), ("stranger", False)],
)
def test_who_sees_a_minors_name_without_consent(
    house: House, maya: Account, by: str, close: bool
) -> None:
    """The minor, admins and linked parents do; to a mentor it is withheld."""
    me, linked = as_principal(maya), staff("parent", user="linked")
    code, _ = families.make_code(
        house.means, me, reach(me, "family_codes_create"), maya.user_id, entropy=b"entropy!",
        idempotency=None, now=house.clock(),
    )  # fmt: skip
    families.link(house.means, linked, code, idempotency=None, now=house.clock())
    who = {
        "self": me, "admin": ADMIN, "linked": linked, "mentor": staff("mentor"),
        "stranger": staff("parent", user="stranger"),
    }[by]  # fmt: skip
    assert persons.is_close(house, who, reach(who, "users_read"), maya.user_id) == close


def test_a_view_without_the_name_tells_nobody(maya: Account) -> None:
    """Where a name is withheld so are address and year of birth, and nothing else is."""
    withheld, shown = person_view(maya, withheld=True), person_view(maya)
    hidden = {"display_name", "email", "birth_year"}
    assert {name for name, value in withheld if value != getattr(shown, name)} == hidden
    assert [getattr(withheld, name) for name in hidden] == [None] * 3
    text = shown.model_dump_json()
    assert "address_id" not in text
    assert maya.address_id is not None
    assert maya.address_id not in text


def test_people_are_listed_newest_first(house: House) -> None:
    """Page by page, of one role where that is asked, and of one tenant."""
    made = []
    for number in range(4):
        house.clock.advance(minutes=1)
        role: Role = "parent" if number == 2 else "learner"
        made.append(register(house, f"p{number}@example.org", role=role).user_id)
    register(house, "p0@example.org", tenant=RIVAL)

    def pages(role: Role | None) -> list[str]:
        found: list[str] = []
        continuation = None
        while True:
            people, continuation = persons.listed(
                house, TENANT, role=role, limit=2, continuation=continuation
            )
            found += [person.user_id for person in people]
            if continuation is None:
                return found

    assert pages(None) == made[::-1]
    assert pages("learner") == [made[3], made[1], made[0]]
    assert pages("parent") == [made[2]]
    assert pages("admin") == []
