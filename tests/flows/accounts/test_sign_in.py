"""Signing in: who is let in, who is not, and that nobody learns who is known here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from argon2 import PasswordHasher

from functions.accounts.rules.documents import CREDENTIAL_ID, Credential
from functions.accounts.service import passwords, persons, sign_in
from functions.accounts.service.sign_in import TokenPair
from shared.documents.port import Delete, Replace
from shared.errors import Forbidden, Invalid, Problem, Stale, Throttled, Unauthenticated
from shared.models.account import Account
from tests.flows.accounts.inhabitants import (
    CLIENT,
    PASSWORD,
    Patched,
    account,
    as_principal,
    at_once,
    enter,
    register,
    staff,
)
from tests.flows.stores import RIVAL, TENANT, House
from tests.flows.stores import house as house
from tests.kernel.embedded import raising

WRONG = "not the password at all"


def test_the_right_password_opens(house: House) -> None:
    """The tokens are of the person and the tenant, with the roles that the account has."""
    person = register(house)
    pair = enter(house)
    principal = house.means.tokens.verify(pair.access, now=house.clock())
    assert principal == as_principal(person)
    assert pair.account == person
    assert pair.access_lifetime.total_seconds() == 900
    assert pair.refresh_lifetime.days == 30


def test_a_password_is_one_however_it_is_composed(house: House) -> None:
    """A keyboard that composes letters another way types the same password."""
    register(house, password="zwölf blaue Ziegen")
    assert enter(house, password="zwo\u0308lf blaue Ziegen")
    with pytest.raises(Unauthenticated):
        enter(house, password="Zwölf blaue Ziegen")


class Effort:
    """Counts what a call does: verifications of passwords, and calls of the document store."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.house = house
        self.counts: Counter[str] = Counter()
        verify = PasswordHasher.verify

        def counted(hasher: PasswordHasher, *args: Any) -> Any:
            self.counts["verify"] += 1
            return verify(hasher, *args)

        monkeypatch.setattr(PasswordHasher, "verify", counted)

    def of(self, work: Callable[[], object]) -> Counter[str]:
        self.counts = Counter()
        real = self.house.documents
        counts = self.counts

        class Counting:
            def __getattr__(self, name: str) -> Any:
                counts[name] += 1
                return getattr(real, name)

        self.house.documents = Counting()
        try:
            work()
        finally:
            self.house.documents = real
        return self.counts


def refused(work: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as error:
        work()
    return error.value


def test_nobody_learns_who_is_known_here(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown address, an unknown tenant and a wrong password get the same answer after
    the same work: one verification, and as many calls of the store."""
    register(house)
    tries = {
        "wrong password": lambda: enter(house, password=WRONG),
        "unknown address": lambda: enter(house, "nobody@example.org"),
        "another tenant's person": lambda: enter(house, tenant=RIVAL),
        "unknown tenant": lambda: enter(house, tenant="no-such-school"),
        "the platform": lambda: enter(house, tenant="platform"),
    }
    effort = Effort(house, monkeypatch)
    answers, efforts = {}, {}
    for name, work in tries.items():
        efforts[name] = effort.of(lambda work=work: answers.update({name: refused(work)}))  # type: ignore[misc]  # noqa: B023  called at once
    assert {(type(each), each.detail, each.fields) for each in answers.values()} == {
        (Unauthenticated, "the address or the password is wrong", ())
    }
    assert len({frozenset(each.items()) for each in efforts.values()}) == 1, efforts
    assert efforts["wrong password"]["verify"] == 1


def test_a_tenant_that_cannot_be_gets_the_same_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that is no tenant's code is refused after a verification as well."""
    effort = Effort(house, monkeypatch)
    for code in ("", "UPPER", "../acme", "a b", "x" * 64, "\x00"):
        counts = effort.of(
            lambda code=code: refused(lambda: enter(house, tenant=code))  # type: ignore[misc]
        )
        assert counts["verify"] == 1
    assert refused(lambda: enter(house, tenant="UPPER")).detail == (
        "the address or the password is wrong"
    )


def test_what_is_no_address_is_told(house: House) -> None:
    """A text that cannot be anybody's address is no failed try: the field is named."""
    error = refused(lambda: enter(house, "maya at example"))
    assert isinstance(error, Invalid)
    assert [field.pointer for field in error.fields] == ["/email"]
    assert house.kinds("throttle", container="throttles", tenant="platform") == []


def test_after_five_failures_everybody_waits(house: House) -> None:
    """The sixth try at an account within an hour waits, with the right password as well, and is
    a 429 with the seconds; after the wait the right one opens and all is forgotten."""
    register(house)
    for _ in range(5):
        assert isinstance(refused(lambda: enter(house, password=WRONG)), Unauthenticated)
    early = refused(lambda: enter(house))
    assert isinstance(early, Throttled)
    assert early.retry_after == 15
    house.clock.advance(seconds=15)
    assert isinstance(refused(lambda: enter(house, password=WRONG)), Unauthenticated)
    later = refused(lambda: enter(house))
    assert isinstance(later, Throttled)
    assert later.retry_after == 30
    house.clock.advance(seconds=30)
    assert enter(house)
    for _ in range(5):
        assert isinstance(refused(lambda: enter(house, password=WRONG)), Unauthenticated)


def test_a_known_address_is_throttled_as_an_unknown_one(house: House) -> None:
    """How many tries an address has tells nobody whether it is known."""
    register(house)

    def answers(email: str) -> list[tuple[type[Problem], str, float]]:
        errors = [refused(lambda: enter(house, email, WRONG)) for _ in range(8)]
        return [(type(e), e.detail, getattr(e, "retry_after", 0)) for e in errors]

    assert answers("maya@example.org") == answers("nobody@example.org")


def test_failures_under_every_spelling_are_one_accounts(house: House) -> None:
    """Another case or width of the address has no budget of its own."""
    register(house)
    for email in ("MAYA@example.org", "maya@EXAMPLE.org", "ｍaya@example.org", " maya@example.org"):
        refused(lambda email=email: enter(house, email, WRONG))  # type: ignore[misc]
    refused(lambda: enter(house, password=WRONG))
    assert isinstance(refused(lambda: enter(house)), Throttled)


def test_another_account_and_tenant_are_not_held_up(house: House) -> None:
    """Who attacks one account holds up neither others nor the same address elsewhere."""
    register(house)
    register(house, "zoe@example.org")
    register(house, tenant=RIVAL)
    for _ in range(6):
        refused(lambda: enter(house, password=WRONG))
    assert enter(house, "zoe@example.org")
    assert enter(house, tenant=RIVAL)


def test_who_cannot_wait_holds_up_nobody_else(house: House) -> None:
    """Somebody who tries on and on while their account has to wait uses up nothing of the
    network address that they share, nor of the account's owner elsewhere."""
    register(house)
    for _ in range(5):
        refused(lambda: enter(house, password=WRONG))
    before = house.kinds("throttle", container="throttles")
    for _ in range(120):
        assert isinstance(refused(lambda: enter(house, password=WRONG)), Throttled)
    assert house.kinds("throttle", container="throttles") == before
    (client,) = house.kinds("throttle", container="throttles", tenant="platform")
    assert client["failures"] == 5


def test_a_client_is_held_up_whatever_it_tries(house: House) -> None:
    """After a hundred failures of one network address it waits, with any account; others do
    not."""
    register(house)
    for number in range(100):
        refused(lambda number=number: enter(house, f"n{number}@example.org", WRONG))  # type: ignore[misc]
    early = refused(lambda: enter(house))
    assert isinstance(early, Throttled)
    assert early.retry_after == 15
    assert enter(house, client="192.0.2.99")


def test_guesses_at_one_moment_never_exceed_the_budget(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 24 guesses at once from one client five are verified, and all others wait."""
    register(house)
    effort = Effort(house, monkeypatch)
    outcomes = at_once(24, lambda _: enter(house, password=WRONG))
    kinds = Counter(type(outcome) for outcome in outcomes)
    assert kinds == {Unauthenticated: 5, Throttled: 19}
    assert effort.counts["verify"] == 5


def test_guesses_from_many_clients_share_a_budget(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 60 guesses from as many clients fifty are verified, whoever sends them."""
    register(house)
    monkeypatch.setattr(passwords, "is_right", lambda *_: False)
    outcomes = at_once(60, lambda number: enter(house, password=WRONG, client=f"192.0.2.{number}"))
    kinds = Counter(type(outcome) for outcome in outcomes)
    assert kinds == {Unauthenticated: 50, Throttled: 10}


def test_who_guesses_does_not_hold_up_the_owner(house: House) -> None:
    """A day of guesses from one client, each as soon as it is taken, never keeps the owner out
    who comes from another."""
    register(house)
    guesses = 0
    for _ in range(96):
        outcome = refused(lambda: enter(house, password=WRONG, client="198.51.100.1"))
        guesses += isinstance(outcome, Unauthenticated)
        house.clock.advance(minutes=15)
        assert enter(house)
    assert guesses > 10


def test_a_success_forgets_the_failures_of_the_account_alone(house: House) -> None:
    """The owner who comes in has five free tries again; the client's failures still count, and
    those of the account from anywhere."""
    register(house)
    for _ in range(4):
        refused(lambda: enter(house, password=WRONG))
    enter(house)
    (anywhere,) = house.kinds("throttle", container="throttles")
    assert anywhere["failures"] == 4
    (client,) = house.kinds("throttle", container="throttles", tenant="platform")
    assert client["failures"] == 4


def administer(house: House, person: Account, **changes: Any) -> None:
    persons.change_other(
        house.means, staff("admin"), person.user_id, changes,
        reason=None, if_match=None, now=house.clock(),
    )  # fmt: skip


def test_a_suspended_account_is_told_apart_by_its_owner_alone(house: House) -> None:
    """With the right password a suspended person is told so; with a wrong one nothing."""
    person = register(house)
    administer(house, person, status="suspended")
    assert isinstance(refused(lambda: enter(house, password=WRONG)), Unauthenticated)
    told = refused(lambda: enter(house))
    assert isinstance(told, Forbidden)
    assert "suspended" in told.detail
    administer(house, person, status="active")
    assert enter(house)


def test_a_suspended_person_gets_tokens_by_no_way(house: House) -> None:
    """Whatever led to the account, no sign-in begins while it is suspended."""
    person = register(house)
    administer(house, person, status="suspended")
    with pytest.raises(Forbidden):
        sign_in.open_family(house.means, account(house, person), now=house.clock())
    assert house.kinds("refresh_family", container="accounts") == []


def test_an_account_that_is_gone_is_unknown(house: House) -> None:
    """A credential whose account is erased opens nothing and makes nobody again."""
    person = register(house)
    house.documents.commit("accounts", person.partition, [Delete("account")])
    assert isinstance(refused(lambda: enter(house)), Unauthenticated)
    assert house.kinds("account", container="accounts") == []


def kept_hash(house: House) -> str:
    (body,) = house.kinds("credential", container="credentials")
    return str(body["password_hash"])


def give_old_hash(house: House, person: Account) -> str:
    """Have the person's hash be one of other parameters, as of years ago."""
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    partition = (TENANT, person.address_id or "")
    stored = house.documents.get("credentials", partition, CREDENTIAL_ID)
    changed = Credential.of(stored.body).model_copy(update={"password_hash": old})
    house.documents.commit("credentials", partition, [Replace(changed.stored(), stored.etag)])
    return old


def test_a_hash_of_old_parameters_is_made_anew(house: House) -> None:
    """Who signs in with an outdated hash leaves one of today's; sign-ins of before still hold."""
    person = register(house)
    before = enter(house)
    old = give_old_hash(house, person)
    house.clock.advance(minutes=1)
    enter(house)
    assert kept_hash(house) != old
    assert not passwords.is_outdated(kept_hash(house))
    assert isinstance(
        sign_in.refresh(house.means, before.refresh, idempotency=None, now=house.clock()), TokenPair
    )
    again = kept_hash(house)
    enter(house)
    assert kept_hash(house) == again


def test_a_wrong_password_makes_no_hash_anew(house: House) -> None:
    """A guess at an account of an outdated hash changes nothing."""
    old = give_old_hash(house, register(house))
    refused(lambda: enter(house, password=WRONG))
    assert kept_hash(house) == old


def test_a_hash_that_cannot_be_renewed_lets_in(house: House) -> None:
    """When somebody else writes the credential at that moment the sign-in goes on."""
    old = give_old_hash(house, register(house))

    def stale(real: Callable[..., Any], container: str, *rest: Any) -> Any:
        instead = raising(Stale("changed")) if container == "credentials" else None
        return instead(real) if instead else real(container, *rest)

    means = Patched(house, "commit", stale).means(house)
    assert enter(house, means=means)
    assert kept_hash(house) == old


@pytest.mark.parametrize("client", [CLIENT, "unknown"])
def test_a_client_nobody_names_can_sign_in(house: House, client: str) -> None:
    """A request whose origin is not known is counted with all such, and let in."""
    register(house)
    assert enter(house, client=client)
