"""Invitations: good once, for who is meant, with the roles that were given."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.accounts.rules.documents import Invitation, NewAccount
from functions.accounts.service import invitations, persons, registration, sign_in
from shared.auth import LEEWAY, Principal, Ticket
from shared.documents.port import Create
from shared.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Missing,
    Throttled,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)
from shared.messaging import IdempotencyKey
from shared.models.account import Account
from shared.models.roles import Role
from shared.models.tenant import PLATFORM, Tenant
from shared.outbox import RELAY_AFTER, relay
from tests.flows.accounts.inhabitants import (
    CLIENT,
    PASSWORD,
    TERMS,
    Patched,
    account,
    at_once,
    enter,
    entries,
    key,
    register,
    staff,
)
from tests.flows.stores import RIVAL, TENANT, House
from tests.flows.stores import house as house
from tests.kernel.embedded import raising

ADMIN = staff("admin")
ADA = "ada@example.org"


def invite(
    house: House,
    email: str = ADA,
    roles: tuple[Role, ...] = ("recruiter",),
    *,
    by: Principal | None = ADMIN,
    tenant: str = TENANT,
    sent: IdempotencyKey | None = None,
) -> tuple[Invitation, str]:
    return invitations.invite(
        house.means, by, tenant, email, roles, idempotency=sent, now=house.clock()
    )


def accept(house: House, token: str, password: str = PASSWORD, **more: Any) -> Account:
    new = NewAccount(
        email="somebody.else@example.org", display_name=more.pop("name", "Ada L."),
        roles=("operator",), time_zone=more.pop("time_zone", "Europe/London"), consents=TERMS,
    )  # fmt: skip
    return invitations.accept(
        more.pop("means", house.means), token, password=password, new=new, client=CLIENT,
        now=house.clock(),
    )  # fmt: skip


def revoke(house: House, invitation: Invitation, by: Principal = ADMIN) -> None:
    invitations.revoke(house.means, by, invitation.invitation_id, now=house.clock())


def state(house: House, *, tenant: str = TENANT) -> list[str]:
    house.work("accounts")
    found = house.kinds("invitation", container="invitations", tenant=tenant)
    return [body["state"] for body in found]


def test_who_accepts_has_the_address_and_the_roles(house: House) -> None:
    """Address and roles are the invitation's, whatever was sent with it, and the address is
    proven; the invitation is used, and all of it is audited."""
    invitation, token = invite(house, " Ada@Example.org ", ("recruiter", "mentor", "recruiter"))
    person = accept(house, token)
    assert (person.email, person.address_proven) == ("Ada@Example.org", True)
    assert person.roles == ("recruiter", "mentor")
    assert enter(house, "ADA@example.org").account.user_id == person.user_id
    assert state(house) == ["accepted"]
    (entry,) = entries(house, "invitation.create")
    assert entry["reason"] == "roles: recruiter, mentor"
    assert entry["actor"] == house.means.pseudonyms.of(TENANT, "user", "staff")
    assert entry["subject"] == house.means.pseudonyms.of(TENANT, "address", invitation.address_id)
    assert "ada" not in repr(entry).casefold()


def test_a_repeat_with_the_same_password_is_the_same_person(house: House) -> None:
    """Who lost the answer sends the same again; another password is told to sign in."""
    _, token = invite(house)
    first = accept(house, token)
    assert accept(house, token, name="Another name") == first
    with pytest.raises(Conflict, match="sign in instead"):
        accept(house, token, "quite another password")
    assert len(house.kinds("account", container="accounts")) == 1


def test_of_many_at_once_with_one_password_all_are_one(house: House) -> None:
    """An answer lost several times at the same moment makes one account."""
    _, token = invite(house)
    outcomes = at_once(4, lambda _: accept(house, token))
    people = {each.user_id for each in outcomes if isinstance(each, Account)}
    assert len(people) == 1
    assert {type(each) for each in outcomes} <= {Account, Conflict}
    assert accept(house, token).user_id in people


def test_of_two_passwords_at_once_one_holds(house: House) -> None:
    """Two who accept one invitation with two passwords are one account with one of them."""
    _, token = invite(house)
    outcomes = at_once(2, lambda number: accept(house, token, f"the password number {number}"))
    assert sorted(type(each).__name__ for each in outcomes) == ["Account", "Conflict"]
    (winner,) = (number for number, each in enumerate(outcomes) if isinstance(each, Account))
    assert enter(house, ADA, f"the password number {winner}")


def test_a_used_invitation_is_no_way_to_guess_a_password(house: House) -> None:
    """Wrong passwords with the token count as failed sign-ins of the account."""
    _, token = invite(house)
    accept(house, token)
    for _ in range(5):
        with pytest.raises(Conflict):
            accept(house, token, "quite another password")
    with pytest.raises(Throttled):
        accept(house, token)
    with pytest.raises(Throttled):
        enter(house, ADA)
    house.clock.advance(seconds=15)
    accept(house, token)
    assert enter(house, ADA)


def test_a_repeat_after_a_change_of_password_takes_the_new_one(house: House) -> None:
    """The password of the acceptance is of the past once it was changed."""
    _, token = invite(house)
    person = accept(house, token)
    sign_in.change_password(
        house.means, Principal(person.user_id, TENANT, frozenset()), PASSWORD, "a newer password",
        client=CLIENT, now=house.clock(),
    )  # fmt: skip
    with pytest.raises(Conflict):
        accept(house, token)
    assert accept(house, token, "a newer password").user_id == person.user_id


def test_a_suspended_person_gets_no_tokens_by_an_invitation(house: House) -> None:
    """A token that still holds is no way around a suspension."""
    _, token = invite(house)
    person = accept(house, token)
    persons.change_other(
        house.means, ADMIN, person.user_id, {"status": "suspended"},
        reason=None, if_match=None, now=house.clock(),
    )  # fmt: skip
    again = accept(house, token)
    with pytest.raises(Forbidden):
        sign_in.open_family(house.means, again, now=house.clock())


@pytest.mark.parametrize(
    ("after", "error"),
    [
        (timedelta(days=7) - timedelta(seconds=1), None),
        (timedelta(days=7), Conflict),
        (timedelta(days=7) + LEEWAY, Unauthenticated),
    ],
)
def test_an_invitation_expires(
    house: House, after: timedelta, error: type[Exception] | None
) -> None:
    """After seven days nobody comes in by it."""
    _, token = invite(house)
    house.clock.advance(seconds=after.total_seconds())
    if error is None:
        assert accept(house, token)
        return
    with pytest.raises(error):
        accept(house, token)
    assert house.kinds("credential", container="credentials") == []


def test_a_revoked_invitation_lets_nobody_in(house: House) -> None:
    """Taken back, twice as well, it is closed, and that is audited once."""
    invitation, token = invite(house)
    for _ in range(2):
        revoke(house, invitation)
    with pytest.raises(Conflict, match="revoked"):
        accept(house, token)
    assert state(house) == ["revoked"]
    assert len(entries(house, "invitation.revoke")) == 1


def test_an_accepted_invitation_cannot_be_taken_back(house: House) -> None:
    """An admin is told to suspend the account instead."""
    invitation, token = invite(house)
    accept(house, token)
    with pytest.raises(Conflict, match="suspend"):
        revoke(house, invitation)


def test_another_tenants_admin_sees_no_invitation(house: House) -> None:
    """An invitation is its own tenant's to list and revoke."""
    invitation, token = invite(house)
    rival = staff("admin", tenant=RIVAL)
    with pytest.raises(Missing):
        revoke(house, invitation, rival)
    assert invitations.listed(house, RIVAL, limit=9, continuation=None) == ([], None)
    assert accept(house, token)


def test_an_address_that_is_taken_is_not_invited(house: House) -> None:
    """However it is written; in another tenant it is free."""
    register(house, ADA)
    with pytest.raises(Conflict, match="give it the roles"):
        invite(house, "ADA@Example.ORG")
    assert invite(house, by=staff("admin", tenant=RIVAL), tenant=RIVAL)


def test_who_registers_first_keeps_the_address(house: House) -> None:
    """An invitation to an address that somebody registered meanwhile gives nobody their account,
    and its roles to nobody."""
    _, token = invite(house, roles=("admin",))
    first = register(house, ADA)
    with pytest.raises(Conflict):
        accept(house, token)
    with pytest.raises(Conflict):
        accept(house, token, "quite another password")
    assert account(house, first).roles == ("learner",)


def test_of_two_invitations_to_one_address_one_is_used(house: House) -> None:
    """The second comes too late, with the same password as well."""
    _, one = invite(house)
    _, other = invite(house, roles=("admin",))
    person = accept(house, one)
    with pytest.raises(Conflict):
        accept(house, other)
    assert account(house, person).roles == ("recruiter",)
    assert sorted(state(house)) == ["accepted", "open"]


@pytest.mark.parametrize("roles", [("operator",), ("admin", "operator")])
def test_nobody_is_invited_as_an_operator_to_a_tenant(
    house: House, roles: tuple[Role, ...]
) -> None:
    """Operators are of the platform, and nobody else is."""
    with pytest.raises(Forbidden):
        invite(house, roles=roles)
    platform = Tenant(tenant_id=PLATFORM, name="Platform", registration="invited")
    house.documents.commit("tenants", (PLATFORM,), [Create(platform.stored())])
    with pytest.raises(Forbidden):
        invite(house, roles=("admin",), tenant=PLATFORM)
    _, token = invite(house, roles=("operator",), by=None, tenant=PLATFORM)
    person = accept(house, token)
    assert (person.tenant_id, person.roles) == (PLATFORM, ("operator",))
    assert enter(house, ADA, tenant=PLATFORM)
    (entry,) = entries(house, "invitation.create", tenant=PLATFORM)
    assert entry["actor"] == "system"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"email": "no address"}, Invalid),
        ({"roles": ()}, Invalid),
        ({"tenant": "no-such-school"}, Missing),
        ({"tenant": "../acme"}, Missing),
        ({"tenant": PLATFORM, "roles": ("operator",)}, Missing),
    ],
)
def test_what_cannot_be_invited(
    house: House, changes: dict[str, Any], error: type[Exception]
) -> None:
    """No address, no role, and tenants that are not there."""
    with pytest.raises(error):
        invite(house, **changes)
    assert house.kinds("invitation", container="invitations") == []


@pytest.mark.parametrize(
    ("password", "more"),
    [("short", {}), ("password123", {}), (ADA, {}), (PASSWORD, {"time_zone": "Mars/Olympus"})],
)
def test_what_does_not_hold_uses_no_invitation_up(
    house: House, password: str, more: dict[str, Any]
) -> None:
    """Whoever is refused for a field comes again with the same token."""
    _, token = invite(house)
    with pytest.raises(Invalid):
        accept(house, token, password, **more)
    assert state(house) == ["open"]
    assert accept(house, token)


def test_a_repeat_of_inviting_is_one_invitation(house: House) -> None:
    """The same request with its Idempotency-Key shows the same invitation and token; the key
    with another request is refused."""
    first, again = invite(house, sent=key()), invite(house, sent=key())
    assert first == again
    assert len(state(house)) == 1
    with pytest.raises(Unprocessable):
        invite(house, "zoe@example.org", sent=IdempotencyKey(key().scope, key().key, "another"))


def test_other_tokens_accept_nothing(house: House) -> None:
    """Neither tokens of other uses nor tickets of invitations that are not there."""
    invitation, token = invite(house)
    tokens, now = house.means.tokens, house.clock()
    day = timedelta(days=1)
    genuine = tokens.read_ticket(token, use="invitation", now=now)
    register(house)
    for other in (
        "", "nonsense", enter(house).access, enter(house).refresh,
        tokens.issue_ticket(genuine, use="refresh", now=now, lifetime=day),
    ):  # fmt: skip
        with pytest.raises(Unauthenticated):
            accept(house, other)
    for tenant, subject in ((RIVAL, invitation.invitation_id), (TENANT, "no-such-invitation")):
        ticket = Ticket(tenant, subject, invitation.address_id)
        with pytest.raises(Missing):
            accept(house, tokens.issue_ticket(ticket, use="invitation", now=now, lifetime=day))
    assert state(house) == ["open"]


def test_an_acceptance_that_dies_midway_is_completed(house: House) -> None:
    """After the claim the account and the used invitation follow by the event, or by the same
    token and password again."""
    _, token = invite(house)

    def dying(real: object, container: str, *rest: object) -> object:
        if container in {"accounts", "invitations"}:
            raise Unavailable("as good as dead")
        return real(container, *rest)  # type: ignore[operator]  # the store's own commit

    stores = Patched(house, "commit", dying)
    stores.bus = Patched(house, "publish", raising(Unavailable("away")), store="bus").bus
    with pytest.raises(Unavailable):
        accept(house, token, means=stores.means(house))
    assert house.kinds("account", container="accounts") == []
    assert accept(house, token).email == ADA
    house.clock.advance(seconds=RELAY_AFTER.total_seconds() + 1)
    relay(house, now=house.clock())
    assert state(house) == ["accepted"]
    assert len(house.kinds("account", container="accounts")) == 1


def test_the_event_alone_settles_an_invitation(house: House) -> None:
    """A process that dies before it noted the acceptance leaves that to the event."""
    invitation, token = invite(house)

    def dying(real: object, container: str, *rest: object) -> object:
        if container == "invitations":
            raise Unavailable("as good as dead")
        return real(container, *rest)  # type: ignore[operator]  # the store's own commit

    with pytest.raises(Unavailable):
        accept(house, token, means=Patched(house, "commit", dying).means(house))
    present, _ = registration.read_invitation(house, TENANT, invitation.invitation_id)
    assert present.state == "open"
    assert state(house) == ["accepted"]


def test_invitations_are_listed_newest_first(house: House) -> None:
    """Page by page, and nothing of their tokens is kept."""
    made, tokens = [], []
    for number in range(5):
        house.clock.advance(minutes=1)
        invitation, token = invite(house, f"guest{number}@example.org")
        made.append(invitation)
        tokens.append(token)
    first, continuation = invitations.listed(house, TENANT, limit=3, continuation=None)
    rest, end = invitations.listed(house, TENANT, limit=3, continuation=continuation)
    assert [*first, *rest] == made[::-1]
    assert end is None
    kept = repr(house.kinds("invitation", container="invitations"))
    assert [token for token in tokens if token.rpartition(".")[2] in kept] == []
