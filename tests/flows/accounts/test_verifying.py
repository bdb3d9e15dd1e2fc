"""Where mail can be sent, registering tells nobody whether an address has an account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.accounts.rules.documents import CREDENTIALS, MailedCode
from functions.accounts.rules.mailed_codes import KEPT, LIFETIME
from functions.accounts.service import resets, verifying
from shared.errors import Throttled, Unprocessable
from shared.mail.smtp import Smtp
from shared.models.account import Account
from tests.flows.accounts.inhabitants import (
    CLIENT,
    PASSWORD,
    Patched,
    at_once,
    enter,
    joining,
    key,
    register,
)
from tests.flows.accounts.test_resets import codes
from tests.flows.stores import TENANT, House
from tests.flows.stores import house as house
from tests.peers.smtp import MailPeer, mail_server

EMAIL = "maya@example.org"


@pytest.fixture
def post(house: House, tmp_path: Path) -> Iterator[MailPeer]:
    """A mail server that the house sends through."""
    with mail_server(tmp_path) as peer:
        house.mailer = Smtp(peer.url, "Waymark <no-reply@way.example>", timeout=2)
        yield peer


def begin(house: House, email: str = EMAIL, *, client: str = CLIENT, **more: Any) -> None:
    verifying.begin(
        house.means, joining(email, **more), client=client, idempotency=None, now=house.clock()
    )


def confirm(house: House, code: str, password: str = PASSWORD) -> Account:
    made = verifying.confirm(
        house.means, TENANT, EMAIL, code, password, client=CLIENT, now=house.clock()
    )
    house.work("accounts")
    return made


def test_an_account_is_made_by_the_mailed_code(house: House, post: MailPeer) -> None:
    """Not before; the address is then known to be the person's; the code is used up."""
    begin(house)
    assert house.kinds("account", container="accounts") == []
    house.work("accounts")
    (code,) = codes(post)
    made = confirm(house, code)
    assert (made.email, made.address_proven) == (EMAIL, True)
    assert enter(house, password=PASSWORD).account.user_id == made.user_id
    with pytest.raises(Unprocessable):
        confirm(house, code)
    assert house.kinds("mailed_code", container=CREDENTIALS) == []


def test_who_has_an_account_is_told_so(house: House, post: MailPeer) -> None:
    """An e-mail without a code goes to them, and nothing of their account changes."""
    person = register(house)
    begin(house, "MAYA@example.org", password="nine boats under the bridge")
    house.work("accounts")
    (taken,) = post.taken
    assert taken.to == "MAYA@example.org"
    assert taken.message["Subject"] == "You have an account already"
    assert codes_or_none(post) == []
    assert enter(house, password=PASSWORD).account.user_id == person.user_id


def codes_or_none(post: MailPeer) -> list[str]:
    try:
        return codes(post)
    except ValueError:
        return []


def test_the_answer_does_the_same_for_both(house: House, post: MailPeer) -> None:
    """Document by document, whether or not the address has an account."""
    register(house)
    done: list[list[str]] = []
    for number, email in enumerate((EMAIL, "nobody@example.org")):
        calls: list[str] = []

        def noting(real: Any, *args: Any, calls: list[str] = calls) -> Any:
            calls.append(f"{args[0]} {[type(each).__name__ for each in args[2]]}")
            return real(*args)

        patched = Patched(house, "commit", noting).means(house)
        verifying.begin(
            patched, joining(email), client=f"192.0.2.{number}", idempotency=None,
            now=house.clock(),
        )  # fmt: skip
        done.append(calls)
    assert done[0] == done[1]


def test_one_address_is_one_account(house: House, post: MailPeer) -> None:
    """Two registered with it: the first code that is shown counts, and ends the other."""
    begin(house)
    begin(house, password="nine boats under the bridge")
    house.work("accounts")
    first, second = codes(post)
    tries = ((first, PASSWORD), (second, "nine boats under the bridge"))
    told = at_once(2, lambda number: confirm(house, *tries[number]))
    assert sum(isinstance(each, Account) for each in told) == 1
    assert len(house.kinds("account", container="accounts")) == 1
    for code, password in tries:
        with pytest.raises(Unprocessable):
            confirm(house, code, password)


def test_a_strangers_registration_is_not_taken_for_ones_own(house: House, post: MailPeer) -> None:
    """Both mailed a code to the same address: the stranger's holds with the stranger's password
    alone, which the owner of the address does not know."""
    begin(house, password="the stranger knows this")
    begin(house)
    house.work("accounts")
    strangers, own = codes(post)
    with pytest.raises(Unprocessable):
        confirm(house, strangers)
    confirm(house, own)
    assert enter(house, password=PASSWORD)


def test_a_code_of_one_purpose_is_none_of_the_other(house: House, post: MailPeer) -> None:
    begin(house)
    house.work("accounts")
    (code,) = codes(post)
    with pytest.raises(Unprocessable):
        resets.confirm(
            house.means, TENANT, EMAIL, code, "nine boats under the bridge", client=CLIENT,
            now=house.clock(),
        )  # fmt: skip


def test_a_repeat_with_the_same_key_sends_one_mail(house: House, post: MailPeer) -> None:
    for _ in range(2):
        verifying.begin(
            house.means, joining(EMAIL), client=CLIENT, idempotency=key(), now=house.clock()
        )
    house.work("accounts")
    assert len(post.taken) == 1


def test_codes_run_out_and_guesses_wait(house: House, post: MailPeer) -> None:
    begin(house)
    house.work("accounts")
    for _ in range(5):
        with pytest.raises(Unprocessable):
            confirm(house, "AAAA-BBBB-CCCC")
    with pytest.raises(Throttled):
        confirm(house, "AAAA-BBBB-CCCC")
    house.clock.advance(seconds=LIFETIME.total_seconds())
    with pytest.raises(Unprocessable):
        confirm(house, codes(post)[0])


def test_what_was_never_confirmed_is_forgotten(house: House, post: MailPeer) -> None:
    """Nothing of who registered is kept for longer than the code could hold."""
    begin(house)
    house.work("accounts")
    (kept,) = house.kinds("mailed_code", container=CREDENTIALS)
    assert MailedCode.of(kept).new_account is not None
    house.clock.advance(seconds=KEPT.total_seconds() + LIFETIME.total_seconds() + 1)
    assert house.kinds("mailed_code", container=CREDENTIALS) == []
