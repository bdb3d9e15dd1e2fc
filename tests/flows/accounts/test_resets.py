"""A forgotten password is set anew by a code that goes to the person's address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.accounts.rules.documents import CREDENTIALS
from functions.accounts.rules.mailed_codes import KEPT, LIFETIME
from functions.accounts.service import mailed_codes, persons, resets, sign_in
from shared.auth import Principal
from shared.errors import (
    Invalid,
    Throttled,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)
from shared.mail.smtp import Smtp
from tests.flows.accounts.inhabitants import (
    CLIENT,
    PASSWORD,
    Patched,
    account,
    as_principal,
    at_once,
    enter,
    entries,
    register,
    staff,
)
from tests.flows.stores import PSEUDONYMS, RIVAL, TENANT, House
from tests.flows.stores import house as house
from tests.peers.smtp import MailPeer, mail_server

EMAIL, NEW = "maya@example.org", "nine boats under the bridge"
_CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


@pytest.fixture
def post(house: House, tmp_path: Path) -> Iterator[MailPeer]:
    """A mail server that the house sends through."""
    with mail_server(tmp_path) as peer:
        house.mailer = Smtp(peer.url, "Waymark <no-reply@way.example>", timeout=2)
        yield peer


def ask(house: House, email: str = EMAIL, *, client: str = CLIENT, tenant: str = TENANT) -> Any:
    resets.request(house.means, tenant, email, client=client, now=house.clock())
    return house.work("accounts")


def codes(peer: MailPeer) -> list[str]:
    """The codes in the e-mails so far; each stands in both of its forms."""
    found = []
    for taken in peer.taken:
        (plain,), (html,) = (_CODE.findall(taken.part(kind)) for kind in ("plain", "html"))
        assert plain == html
        found.append(plain)
    return found


def confirm(house: House, code: str, new: str = NEW, email: str = EMAIL, **more: Any) -> None:
    client = more.pop("client", CLIENT)
    resets.confirm(
        house.means, more.pop("tenant", TENANT), email, code, new, client=client, now=house.clock()
    )


def test_a_password_is_set_by_the_mailed_code(house: House, post: MailPeer) -> None:
    """However the code is typed; the old password and every sign-in have ended, it is in the
    audit log, and the code is used up."""
    person = register(house)
    pair = enter(house)
    ask(house)
    (code,) = codes(post)
    assert post.taken[0].to == EMAIL
    house.clock.advance(minutes=1)
    confirm(house, code.lower().replace("-", " "))
    with pytest.raises(Unauthenticated):
        enter(house)
    with pytest.raises(Unauthenticated):
        sign_in.refresh(house.means, pair.refresh, idempotency=None, now=house.clock())
    assert enter(house, password=NEW).account.user_id == person.user_id
    (entry,) = entries(house, "password.reset")
    assert entry["subject"] == PSEUDONYMS.of(TENANT, "user", person.user_id)
    with pytest.raises(Unprocessable):
        confirm(house, code, "seven owls in the attic")


def test_the_code_lies_nowhere(house: House, post: MailPeer) -> None:
    """Neither store nor bus holds it, before or after it was sent."""
    register(house)
    ask(house)
    (code,) = codes(post)
    house.documents.purge_expired()
    for path in house.home.rglob("*"):
        held = path.read_bytes() if path.is_file() else b""
        assert code.encode() not in held
        assert code.replace("-", "").encode() not in held


def test_nobody_is_told_whether_an_address_is_known(house: House, post: MailPeer) -> None:
    """The request does the same for both, document by document; the confirmation too."""
    register(house)
    done: dict[str, list[str]] = {}
    for email in (EMAIL, "nobody@example.org"):
        calls: list[str] = []

        def noting(real: Any, *args: Any, calls: list[str] = calls) -> Any:
            calls.append(f"{args[0]} {[type(each).__name__ for each in args[2]]}")
            return real(*args)

        patched, client = Patched(house, "commit", noting), f"192.0.2.{len(email)}"
        resets.request(patched.means(house), TENANT, email, client=client, now=house.clock())
        done[email] = calls
        with pytest.raises(Unprocessable) as told:
            confirm(house, "AAAA-BBBB-CCCC", email=email)
        done[email].append(str(told.value))
    assert done[EMAIL] == done["nobody@example.org"]
    assert house.work("accounts") == ["done", "rejected"]
    assert [each.to for each in post.taken] == [EMAIL]


def test_who_cannot_sign_in_by_password_gets_no_mail(house: House, post: MailPeer) -> None:
    """A suspended person, one of another tenant, one of an external provider."""
    person = register(house)
    persons.change_other(
        house.means, staff("admin"), person.user_id, {"status": "suspended"},
        reason=None, if_match=None, now=house.clock(),
    )  # fmt: skip
    house.work("accounts")
    ask(house)
    ask(house, tenant=RIVAL)
    ask(house, tenant="no-such-tenant")
    assert post.taken == []


def test_a_code_runs_out(house: House, post: MailPeer) -> None:
    register(house)
    ask(house)
    (code,) = codes(post)
    house.clock.advance(seconds=LIFETIME.total_seconds())
    with pytest.raises(Unprocessable):
        confirm(house, code)


def test_each_code_holds_until_one_is_used(house: House, post: MailPeer) -> None:
    """Two were sent: the first still holds, and its use ends the other."""
    register(house)
    ask(house)
    ask(house)
    first, second = codes(post)
    assert first != second
    confirm(house, first)
    with pytest.raises(Unprocessable):
        confirm(house, second, "seven owls in the attic")


def test_a_change_of_password_ends_the_codes_before(house: House, post: MailPeer) -> None:
    """Whoever remembered it after all has nothing lying about in their inbox."""
    person = register(house)
    ask(house)
    (code,) = codes(post)
    house.clock.advance(minutes=1)
    sign_in.change_password(
        house.means, as_principal(person), PASSWORD, "seven owls in the attic", client=CLIENT,
        now=house.clock(),
    )  # fmt: skip
    with pytest.raises(Unprocessable):
        confirm(house, code)


def test_a_code_is_its_addresses_alone(house: House, post: MailPeer) -> None:
    register(house)
    register(house, "other@example.org")
    ask(house)
    (code,) = codes(post)
    with pytest.raises(Unprocessable):
        confirm(house, code, email="other@example.org")
    with pytest.raises(Unprocessable):
        confirm(house, code, tenant=RIVAL)
    confirm(house, code)


def test_a_password_that_is_not_taken_uses_no_code_up(house: House, post: MailPeer) -> None:
    """Too short, common, one's own address or name."""
    register(house, name="Maya Oluwaseun")
    ask(house)
    (code,) = codes(post)
    for bad in ("short", "password123", EMAIL, "Maya Oluwaseun"):
        with pytest.raises(Invalid):
            confirm(house, code, bad)
    confirm(house, code)


def test_guesses_and_mails_are_throttled(house: House, post: MailPeer) -> None:
    """Guesses of a code wait; who asks too often waits; the owner elsewhere still gets through."""
    register(house)
    for _ in range(3):
        ask(house)
    with pytest.raises(Throttled):
        ask(house)
    for _ in range(5):
        with pytest.raises(Unprocessable):
            confirm(house, "AAAA-BBBB-CCCC", client="198.51.100.9")
    with pytest.raises(Throttled):
        confirm(house, codes(post)[0], client="198.51.100.9")
    ask(house, client="203.0.113.9")
    confirm(house, codes(post)[-1], client="203.0.113.9")


def test_failed_sign_ins_are_forgiven(house: House, post: MailPeer) -> None:
    """Who forgot their password has failed before, and signs in at once with the new one."""
    register(house)
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            enter(house, password="what was it again")
    with pytest.raises(Throttled):
        enter(house)
    ask(house)
    confirm(house, codes(post)[0])
    assert enter(house, password=NEW)


def test_a_code_is_used_once_at_the_same_moment(house: House, post: MailPeer) -> None:
    register(house)
    ask(house)
    (code,) = codes(post)
    told = at_once(4, lambda number: confirm(house, code, f"nine boats number {number} here"))
    assert [each for each in told if each is None] == [None]
    assert all(isinstance(each, Unprocessable) for each in told if each is not None)


def test_a_crash_after_sending_sends_the_same_code_again(house: House, post: MailPeer) -> None:
    """The second e-mail brings the code of the first, under the same id; it holds once."""
    register(house)
    resets.request(house.means, TENANT, EMAIL, client=CLIENT, now=house.clock())
    (event,) = house.waiting("accounts")

    def dies(*_: Any) -> None:
        raise Unavailable("the process died")

    dying = Patched(house, "commit", dies).means(house)
    with pytest.raises(Unavailable):
        mailed_codes.send(dying, house.mailer, event, now=house.clock())
    for _ in range(2):
        mailed_codes.send(house.means, house.mailer, event, now=house.clock())
    first, second = codes(post)
    assert first == second
    assert len({each.message["Message-ID"] for each in post.taken}) == 1
    confirm(house, first)


def test_a_mail_server_that_is_away_is_asked_later(house: House, post: MailPeer) -> None:
    """The message waits and goes out; after an hour nobody waits for it any more."""
    register(house)
    post.replies["CONNECT"] = ["cut"]
    assert ask(house) == []
    house.clock.advance(seconds=10)
    assert house.work("accounts") == ["done"]
    post.replies["CONNECT"] = ["cut"]
    ask(house)
    house.clock.advance(seconds=KEPT.total_seconds() + 1)
    assert house.work("accounts") == ["rejected"]
    assert len(post.taken) == 1


def test_without_a_mail_server_nothing_is_sent(house: House) -> None:
    register(house)
    assert ask(house) == ["rejected"]


def test_what_was_asked_for_is_forgotten(house: House, post: MailPeer) -> None:
    """An hour after, of an address that nobody has no request is left."""
    ask(house, "nobody@example.org")
    assert len(house.kinds("mailed_code", container=CREDENTIALS)) == 1
    house.clock.advance(seconds=KEPT.total_seconds() + 1)
    assert house.kinds("mailed_code", container=CREDENTIALS) == []


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "pt", "fi"])
def test_the_letter_is_in_the_persons_language(house: House, post: MailPeer, language: str) -> None:
    person = register(house)
    who = Principal(person.user_id, TENANT, frozenset({"learner"}))
    persons.change_own(house.means, who, {"language": language}, if_match=None, now=house.clock())
    assert account(house, person).language == language
    ask(house)
    (taken,) = post.taken
    told = language if language != "fi" else "en"
    assert f'lang="{told}"' in taken.part("html")
    assert "30" in taken.part("plain")
    assert PASSWORD not in taken.part("plain")
