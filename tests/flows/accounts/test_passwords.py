"""Passwords: which are taken, how they are hashed, and how somebody changes theirs."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.accounts.rules.passwords import (
    MAX_CHARACTERS,
    MIN_CHARACTERS,
    check_password,
    prepared,
)
from functions.accounts.service import passwords, sign_in
from functions.accounts.service.means import Means
from shared.auth import Principal
from shared.documents.port import Delete, Patch, Replace
from shared.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Missing,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from shared.models.account import Account
from tests.flows.accounts.inhabitants import (
    CLIENT,
    PASSWORD,
    Patched,
    account,
    as_principal,
    at_once,
    enter,
    entries,
    hash_of,
    register,
)
from tests.flows.stores import TENANT, House
from tests.flows.stores import house as house

NEW_PASSWORD = "five words nobody knows"
MAYA = ("maya.okafor@example.org", "maya.okafor", "Maya O.")


def why_not(password: str, personal: tuple[str, ...] = MAYA) -> str | None:
    """Why a password is not taken, None when it is."""
    try:
        check_password(password, common=passwords.common_passwords(), personal=personal)
    except Invalid as error:
        return error.fields[0].detail
    return None


def test_a_refusal_names_the_field_and_quotes_nothing() -> None:
    """The answer says which field and why, and holds nothing of the password."""
    with pytest.raises(Invalid) as refused:
        check_password("hunter2", common=(), personal=(), pointer="/new_password")
    assert [field.pointer for field in refused.value.fields] == ["/new_password"]
    assert "hunter2" not in refused.value.detail


@pytest.mark.parametrize(
    "password",
    [
        "four words nobody guesses",
        "Tr0ubador&3",
        "пять слов никто",
        "日本語のパスワードは",
        "a b c d e ",
        "x" * 60 + "abcdefgh",
    ],
)
def test_a_good_password_is_taken(password: str) -> None:
    """Any script, blanks and any length up to the most are fine."""
    assert why_not(password) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "fewer than 10"),
        ("nine char", "fewer than 10"),
        ("o\u0308" * 9, "fewer than 10"),
        ("abcdefgh" * 17, "more than 128"),
        ("aaaaaaaaaa", "different"),
        ("abcdabcdabcd", "different"),
        ("1234567890", "many people"),
        ("password123", "many people"),
        ("PassWord!!2026", "many people"),
        ("!!!letmein!!!", "many people"),
        ("  qwerty  2026  ", "many people"),
        ("iloveyou12345", "many people"),
        ("maya.okafor@example.org", "your own"),
        ("MAYA.OKAFOR@example.ORG", "your own"),
        ("maya.okafor1999", "your own"),
        ("Maya.Okafor!!", "your own"),
    ],
)
def test_a_bad_password_is_told_why(password: str, why: str) -> None:
    """Short, long, monotonous and common passwords and the person's own names are refused,
    whatever digits and signs stand around them."""
    reason = why_not(password)
    assert reason is not None
    assert why in reason


@given(st.text(max_size=MIN_CHARACTERS - 1) | st.text(min_size=MAX_CHARACTERS * 4, max_size=600))
def test_no_length_out_of_bounds_is_taken(password: str) -> None:
    """Nothing shorter than the least or longer than the most passes, whatever it is made of."""
    reason = why_not(password)
    assert reason is not None
    assert "characters" in reason


@given(st.text(max_size=40))
def test_composition_makes_no_other_password(text: str) -> None:
    """Composed and decomposed, a password is prepared alike; case and width still count."""
    assert prepared(unicodedata.normalize("NFD", text)) == prepared(text)
    assert prepared(prepared(text)) == prepared(text)


def test_names_that_are_not_there_forbid_nothing() -> None:
    """A person without a name or an address has no password refused for it."""
    assert why_not("5791113171923", ("", "")) is None
    assert why_not("ok 5791113171923", ("", "ok")) is not None


def test_a_hash_verifies_its_own_password_alone() -> None:
    """The hash has its own salt and holds for no other password, nor does anything else."""
    first, second = passwords.hashed(PASSWORD), passwords.hashed(PASSWORD)
    assert first != second
    assert passwords.is_right(first, PASSWORD)
    assert not passwords.is_right(first, PASSWORD + " ")
    for other in (None, "", "not a hash", "$argon2id$v=19$m=19456,t=2,p=1$", first[:-4]):
        assert not passwords.is_right(other, PASSWORD)
    assert not passwords.is_right(None, "the password of nobody")


def test_hashing_waits_its_turn_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """While all turns are taken a sign-in is told to come back, and a turn is given back after
    an error as well."""
    monkeypatch.setattr(passwords, "_PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(passwords, "_AT_ONCE", threading.BoundedSemaphore(1))
    for _ in range(3):
        assert not passwords.is_right("not a hash", PASSWORD)
    with passwords._turn(), pytest.raises(Throttled) as refused:
        passwords.is_right(None, PASSWORD)
    assert refused.value.retry_after == 5
    assert not passwords.is_right(None, PASSWORD)


def test_many_common_passwords_are_known() -> None:
    """The list is of breached passwords by the ten thousand, all in lower case."""
    common = passwords.common_passwords()
    assert len(common) >= 10_000
    assert {"123456789", "qwertyuiop", "iloveyou"} <= set(common)
    assert [each for each in common if each != each.casefold()] == []


def holds(house: House, token: str) -> bool:
    try:
        sign_in.refresh(house.means, token, idempotency=None, now=house.clock())
    except Unauthenticated:
        return False
    return True


def change_password(
    house: House, person: Account, present: str = PASSWORD, new: str = NEW_PASSWORD, **more: Any
) -> None:
    sign_in.change_password(
        more.get("means", house.means), as_principal(person), present, new,
        client=CLIENT, now=house.clock(),
    )  # fmt: skip


def test_a_new_password_ends_every_sign_in(house: House) -> None:
    """The old password and all tokens are worth nothing from then on, and it is audited."""
    person = register(house)
    tokens = [enter(house).refresh for _ in range(2)]
    house.clock.advance(seconds=1)
    change_password(house, person)
    assert [token for token in tokens if holds(house, token)] == []
    with pytest.raises(Unauthenticated):
        enter(house)
    assert holds(house, enter(house, password=NEW_PASSWORD).refresh)
    (entry,) = entries(house, "password.change")
    assert entry["actor"] == entry["subject"]


def test_a_change_that_dies_before_it_ends_sign_ins_ends_them(house: House) -> None:
    """When the process dies right after the new password is kept, no older token refreshes."""
    person, token = register(house), enter(house).refresh
    house.clock.advance(seconds=1)

    def dying(real: Callable[..., Any], container: str, *rest: Any) -> Any:
        if container == "accounts":
            raise Unavailable("as good as dead")
        return real(container, *rest)

    means = Patched(house, "commit", dying).means(house)
    with pytest.raises(Unavailable):
        change_password(house, person, means=means)
    assert enter(house, password=NEW_PASSWORD)
    assert not holds(house, token)


def between_check_and_commit(house: House, *, patch: dict[str, Any]) -> Means:
    """Means with which somebody else writes the credential once its password was checked."""
    written: list[str] = []

    def late(real: Callable[..., Any], container: str, partition: Any, operations: Any) -> Any:
        if container == "credentials" and not written:
            written.append(container)
            real(container, partition, [Patch("credential", set=patch)])
        return real(container, partition, operations)

    return Patched(house, "commit", late).means(house)


def test_a_write_of_something_else_refuses_no_change(house: House) -> None:
    """The registration's end, which forgets what the account was made from, comes between."""
    person = register(house)
    means = between_check_and_commit(house, patch={"new_account": None})
    change_password(house, person, means=means)
    assert enter(house, password=NEW_PASSWORD)


def test_of_two_changes_at_once_one_holds(house: House) -> None:
    """A password that was changed meanwhile is not changed again by who knew the old one."""
    person = register(house)
    (kept,) = house.kinds("credential", container="credentials")
    house.clock.advance(seconds=1)
    other = {
        "password_hash": passwords.hashed("six words of somebody else entirely"),
        "changed_at": house.clock().isoformat(),
    }
    with pytest.raises(Forbidden, match="wrong"):
        change_password(house, person, means=between_check_and_commit(house, patch=other))
    (after,) = house.kinds("credential", container="credentials")
    assert after["password_hash"] == other["password_hash"] != kept["password_hash"]


def test_the_hash_is_of_the_new_password(house: House) -> None:
    """What is kept verifies the new password and no other."""
    change_password(house, register(house))
    (kept,) = house.kinds("credential", container="credentials")
    assert passwords.is_right(kept["password_hash"], NEW_PASSWORD)
    assert kept["password_hash"] not in {hash_of(PASSWORD), hash_of(NEW_PASSWORD)}


def test_nothing_changes_for_who_is_gone(house: House) -> None:
    """The account is untouched by all of this: no sign-in writes to it."""
    person = register(house)
    assert holds(house, enter(house).refresh)
    change_password(house, person)
    assert account(house, person) == person


def test_the_present_password_is_asked_for(house: House) -> None:
    """A wrong present password changes nothing, and five of them make the account wait."""
    person = register(house)
    for _ in range(5):
        with pytest.raises(Forbidden, match="wrong"):
            change_password(house, person, "not the password at all")
    with pytest.raises(Throttled):
        change_password(house, person)
    with pytest.raises(Throttled):
        enter(house)
    house.clock.advance(minutes=1)
    change_password(house, person)
    assert enter(house, password=NEW_PASSWORD)


@pytest.mark.parametrize("new", ["short", "password123", "maya@example.org"])
def test_a_bad_new_password_is_refused(house: House, new: str) -> None:
    """The new password has to hold as at the beginning, and the field is named."""
    person = register(house)
    with pytest.raises(Invalid) as refused:
        change_password(house, person, new=new)
    assert [field.pointer for field in refused.value.fields] == ["/new_password"]
    assert enter(house)


def test_who_signs_in_during_a_change_gets_no_tokens(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sign-in whose password was right a moment ago, and is not when the tokens are made, is
    refused, and nothing of it lasts."""
    person = register(house)
    is_right = passwords.is_right

    def late(password_hash: str | None, password: str) -> bool:
        monkeypatch.setattr(passwords, "is_right", is_right)
        right = is_right(password_hash, password)
        change_password(house, person)
        return right

    monkeypatch.setattr(passwords, "is_right", late)
    house.clock.advance(seconds=1)
    with pytest.raises(Unauthenticated):
        enter(house)
    assert enter(house, password=NEW_PASSWORD)


def test_of_two_changes_at_once_one_counts(house: House) -> None:
    """Two who change one password at the same moment: one does, the other is told."""
    person = register(house)
    outcomes = at_once(2, lambda number: change_password(house, person, new=f"new words {number}!"))
    assert sorted(type(each).__name__ for each in outcomes) == ["Forbidden", "NoneType"]
    winner = outcomes.index(None)
    assert enter(house, password=f"new words {winner}!")
    assert len(entries(house, "password.change")) == 1


def test_who_signs_in_elsewhere_has_no_password_here(house: House) -> None:
    """Somebody of an external provider is told to change it there, and who has no account that
    they have none."""
    person = register(house)
    with pytest.raises(Missing):
        sign_in.change_password(
            house.means, Principal("nobody", TENANT, frozenset()), PASSWORD, NEW_PASSWORD,
            client=CLIENT, now=house.clock(),
        )  # fmt: skip
    stored = house.documents.get("accounts", person.partition, "account")
    external = person.model_copy(update={"address_id": None, "external": True})
    house.documents.commit("accounts", person.partition, [Replace(external.stored(), stored.etag)])
    with pytest.raises(Conflict, match="external"):
        change_password(house, person)


def test_a_password_of_nobody_cannot_be_changed(house: House) -> None:
    """When the credential is gone no present password is right."""
    person = register(house)
    partition = (TENANT, person.address_id or "")
    house.documents.commit("credentials", partition, [Delete("credential")])
    with pytest.raises(Forbidden):
        change_password(house, person)
