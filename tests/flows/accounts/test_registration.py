"""Registering: an address is one person's, and whoever dies in between is completed later."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from functions.accounts.rules.consents import check_required
from functions.accounts.rules.documents import ConsentGiven
from functions.accounts.service import consents, registration, sign_in
from shared.errors import Conflict, Invalid, Missing, Unauthenticated, Unavailable
from shared.events.envelope import Event
from shared.events.person import PersonRegistered
from shared.messaging import IdempotencyKey
from shared.models.account import Account
from shared.outbox import RELAY_AFTER, message_of, relay
from tests.flows.accounts.inhabitants import (
    CLIENT,
    PASSWORD,
    TERMS,
    Patched,
    account,
    as_principal,
    at_once,
    enter,
    joining,
    key,
    register,
)
from tests.flows.stores import RIVAL, TENANT, House
from tests.flows.stores import house as house

ROOT = Path(__file__).resolve().parents[3]
SPELLINGS = [
    "Maya.Okafor@Example.org",
    "MAYA.OKAFOR@EXAMPLE.ORG",
    " maya.okafor@example.org\t",
    "ｍaya.okafor@example.org",
    "maya.okafor@ｅxample.org",
]


def credential(house: House, *, tenant: str = TENANT) -> dict[str, object]:
    (kept,) = house.kinds("credential", container="credentials", tenant=tenant)
    return kept


def told(house: House, person: Account, *, tenant: str = TENANT, number: int = 1) -> Event:
    """The event of a registration, another one for each number."""
    data = PersonRegistered(user_id=person.user_id, address_id=person.address_id or "")
    return Event(
        id=f"registered-{number}", source="/waymark/tests", type=data.type, subject=data.subject,
        time=house.clock(), data=data.model_dump(), tenantid=tenant, partitionkey=data.address_id,
    )  # fmt: skip


def test_who_registers_has_an_account(house: House) -> None:
    """The account holds what was given, and each consent with where it came from."""
    person = register(house, "Maya@Example.org", name="Maya O.", birth_year=2012)
    assert (person.email, person.display_name) == ("Maya@Example.org", "Maya O.")
    assert (person.roles, person.birth_year) == (("learner",), 2012)
    assert not person.address_proven
    assert person.status == "active"
    said = consents.listed(house.means, as_principal(person), frozenset(), person.user_id)
    assert {(each.what, each.given_by, each.granted) for each in said} == {
        ("terms", person.user_id, True),
        ("privacy", person.user_id, True),
    }
    assert {each.where_from.client_address for each in said} == {CLIENT}


def test_nothing_of_the_password_is_kept_but_its_hash(house: House) -> None:
    """The credential keeps an Argon2id hash, and forgets what the account was made of."""
    register(house)
    kept = credential(house)
    assert str(kept["password_hash"]).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert kept["new_account"] is None
    assert "maya" not in repr(kept)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_address_is_one_persons_however_it_is_written(house: House, spelling: str) -> None:
    """Case, width and blanks make no second address; the first person keeps it."""
    first = register(house, "maya.okafor@example.org")
    with pytest.raises(Conflict, match="sign in instead"):
        register(house, spelling, password="another good password")
    assert enter(house, spelling).account.user_id == first.user_id


@pytest.mark.parametrize("idempotent", [False, True])
def test_of_many_at_the_same_moment_one_has_the_address(house: House, idempotent: bool) -> None:
    """Sixteen people who register one address at once, each with a key of their own or none,
    are one account and fifteen refusals."""

    def one(number: int) -> Account:
        spelling = SPELLINGS[number % len(SPELLINGS)]
        sent = key(f"key-{number}") if idempotent else None
        person = joining(spelling, name=f"Number {number}")
        return registration.join(house.means, person, idempotency=sent, now=house.clock())

    outcomes = at_once(16, one)
    winners = [each for each in outcomes if isinstance(each, Account)]
    assert len(winners) == 1
    assert {type(each) for each in outcomes if not isinstance(each, Account)} == {Conflict}
    house.work("accounts")
    kept = house.kinds("account", container="accounts")
    assert [each["user_id"] for each in kept] == [winners[0].user_id]
    assert len(house.kinds("consent", container="accounts")) == len(TERMS)


def test_the_same_address_in_two_tenants_is_two_people(house: House) -> None:
    """Each tenant has its own person of the address, with their own password."""
    here = register(house, password="the password here")
    there = register(house, tenant=RIVAL, password="the password there")
    assert here.user_id != there.user_id
    assert here.address_id != there.address_id
    assert enter(house, password="the password here").account.tenant_id == TENANT
    with pytest.raises(Exception, match="wrong"):
        enter(house, password="the password here", tenant=RIVAL)


def test_a_repeat_is_the_same_person(house: House) -> None:
    """The same request with its Idempotency-Key again, four times at once as well, makes one
    account."""
    sent = key()
    first = register(house, idempotency=sent)

    def again(_: int) -> Account:
        return registration.join(house.means, joining(), idempotency=sent, now=house.clock())

    people = at_once(4, again)
    assert {each.user_id for each in people if isinstance(each, Account)} == {first.user_id}
    assert len(house.kinds("account", container="accounts")) == 1


def test_a_key_that_two_people_send_makes_two_people(house: House) -> None:
    """Who sends an Idempotency-Key that somebody else has sent gets an account of their own."""
    sent = key()
    maya = register(house, idempotency=sent)
    other = IdempotencyKey(sent.scope, sent.key, "another request")
    zoe = register(house, "zoe@example.org", idempotency=other, name="Zoe")
    assert zoe.user_id != maya.user_id
    assert zoe.display_name == "Zoe"


def test_an_address_never_leads_to_somebody_elses_account(house: House) -> None:
    """A claim that names a person of another address opens nothing of theirs."""
    maya = register(house)
    stranger = replace(joining("zoe@example.org"), user_id=maya.user_id)
    with pytest.raises(Missing):
        registration.join(house.means, stranger, idempotency=None, now=house.clock())
    with pytest.raises(Unauthenticated):
        enter(house, "zoe@example.org")


def crashed_claim(house: House) -> registration.Joining:
    """Somebody whose registration died after the claim, with nothing sent."""

    def no_account(real: object, container: str, *rest: object) -> object:
        if container == "accounts":
            raise Unavailable("the store does not answer")
        return real(container, *rest)  # type: ignore[operator]  # the store's own commit

    stores = Patched(house, "commit", no_account)
    stores.bus = Patched(house, "publish", _away, store="bus").bus
    person = joining()
    with pytest.raises(Unavailable):
        registration.join(stores.means(house), person, idempotency=None, now=house.clock())
    assert house.kinds("account", container="accounts") == []
    return person


def _away(*_: object) -> None:
    raise Unavailable("the bus does not answer")


def test_a_claim_without_an_account_is_completed_by_its_event(house: House) -> None:
    """The relay sends what the dead process left, and the account is made from the claim."""
    person = crashed_claim(house)
    house.clock.advance(seconds=RELAY_AFTER.total_seconds() + 1)
    assert relay(house, now=house.clock()) == 1
    assert house.work("accounts") == ["done"]
    (made,) = house.kinds("account", container="accounts")
    assert made["user_id"] == person.user_id
    assert len(house.kinds("consent", container="accounts")) == len(TERMS)
    assert credential(house)["new_account"] is None


def test_a_claim_without_an_account_is_completed_by_signing_in(house: House) -> None:
    """Who signs in before the event comes has the account; the event finds it and tidies up."""
    person = crashed_claim(house)
    assert enter(house).account.user_id == person.user_id
    house.clock.advance(seconds=RELAY_AFTER.total_seconds() + 1)
    relay(house, now=house.clock())
    assert house.work("accounts") == ["done"]
    assert len(house.kinds("account", container="accounts")) == 1
    assert len(house.kinds("consent", container="accounts")) == len(TERMS)
    assert credential(house)["new_account"] is None


def test_event_and_sign_in_at_the_same_moment_make_one_account(house: House) -> None:
    """Eight who complete one claim at once end in one account with its consents once."""
    person = crashed_claim(house)
    address_id = registration.address_id_of(house.means, TENANT, "maya@example.org")
    made = at_once(8, lambda _: registration.account_of(house, TENANT, address_id, person.user_id))
    assert {each.user_id for each in made if isinstance(each, Account)} == {person.user_id}
    assert [each for each in made if isinstance(each, Exception)] == []
    assert len(house.kinds("consent", container="accounts")) == len(TERMS)


def test_a_process_killed_after_the_claim_loses_nobody(house: House) -> None:
    """A process that dies for good right after its first commit leaves a claim that holds,
    and whoever comes next with the password has the account."""
    finished = subprocess.run(
        [sys.executable, "-m", "tests.flows.accounts.dying", str(house.home)],
        cwd=ROOT, env=os.environ, check=False, timeout=60,
    )  # fmt: skip
    assert finished.returncode == 9
    assert house.kinds("account", container="accounts") == []
    with pytest.raises(Conflict):
        register(house)
    assert enter(house).account.email == "maya@example.org"


def test_an_event_again_changes_nothing(house: House) -> None:
    """Delivered twice and late, the event of a registration finds all done."""
    person = register(house)
    before = credential(house), account(house, person)
    assert registration.complete(house, told(house, person)) == "repeated"
    house.clock.advance(days=20)
    assert registration.complete(house, told(house, person, number=2)) == "repeated"
    assert (credential(house), account(house, person)) == before


def test_another_tenants_event_makes_nobody(house: House) -> None:
    """An event that names another tenant finds no claim there and ends as rejected."""
    person = register(house)
    house.bus.publish([message_of(told(house, person, tenant=RIVAL))])
    house.work("accounts")
    assert house.kinds("account", container="accounts", tenant=RIVAL) == []
    with pytest.raises(Exception, match="credential is gone"):
        registration.complete(house, told(house, person, tenant=RIVAL))


def test_an_address_that_went_on_to_somebody_else_makes_nobody(house: House) -> None:
    """A claim is its own person's: an event that names another one makes no account of it."""
    person = crashed_claim(house)
    address_id = registration.address_id_of(house.means, TENANT, "maya@example.org")
    with pytest.raises(Missing):
        registration.account_of(house, TENANT, address_id, "somebody-else")
    assert house.kinds("account", container="accounts") == []
    assert registration.account_of(house, TENANT, address_id, person.user_id)


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ([], ["terms", "privacy"]),
        ([("terms", True)], ["privacy"]),
        ([("terms", True), ("privacy", False)], ["privacy"]),
        ([("profiling", True), ("messages", True)], ["terms", "privacy"]),
    ],
)
def test_nobody_takes_part_without_terms_and_privacy(
    said: list[tuple[str, bool]], missing: list[str]
) -> None:
    """Each consent that must be given and is not is named."""
    with pytest.raises(Invalid) as refused:
        check_required([_given(*each) for each in said])
    assert [each.detail.split()[0] for each in refused.value.fields] == missing
    assert {each.pointer for each in refused.value.fields} == {"/consents"}


@pytest.mark.parametrize("second", [True, False])
def test_a_matter_is_spoken_of_once(second: bool) -> None:
    """Two statements on one matter in one request are refused: nobody knows which one counts."""
    with pytest.raises(Invalid, match="terms") as refused:
        check_required([*TERMS, _given("terms", second)])
    assert [each.pointer for each in refused.value.fields] == ["/consents/2"]


def _given(kind: str, granted: bool) -> ConsentGiven:
    return ConsentGiven.model_validate({"kind": kind, "version": "1", "granted": granted})


def test_a_repeat_with_a_password_of_the_past_is_nobody(house: House) -> None:
    """Once the password was changed, the request of the registration no longer signs in."""
    sent = key()
    person = register(house, idempotency=sent)
    house.clock.advance(seconds=5)
    sign_in.change_password(
        house.means, as_principal(person), PASSWORD, "five words nobody knows",
        client=CLIENT, now=house.clock(),
    )  # fmt: skip
    with pytest.raises(Conflict, match="sign in"):
        registration.join(house.means, joining(), idempotency=sent, now=house.clock())


def test_a_receipt_holds_a_day(house: House) -> None:
    """After a day a repeat is told that the address is taken, as anybody else is."""
    sent = key()
    register(house, idempotency=sent)
    house.clock.advance(seconds=timedelta(days=1).total_seconds() + 1)
    with pytest.raises(Conflict):
        registration.join(house.means, joining(), idempotency=sent, now=house.clock())
