"""Parents are told of reports by e-mail when they agreed to it, and of nothing in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.accounts.rules.documents import ConsentGiven, WhereFrom
from functions.accounts.service import consents
from functions.intake_notify.service import mailing, telling
from shared.errors import Unavailable
from shared.events.envelope import Event
from shared.mail.smtp import Smtp
from tests.flows.accounts.inhabitants import Patched
from tests.flows.journey_summary.parents import Reporting, link, person
from tests.flows.journey_summary.test_making import erase
from tests.flows.stores import PSEUDONYMS, House
from tests.flows.stores import house as house
from tests.peers.smtp import MailPeer, mail_server

EMAIL = "paula@example.org"


@pytest.fixture
def post(tmp_path: Path) -> Iterator[MailPeer]:
    with mail_server(tmp_path) as peer:
        yield peer


def due(house: House, *said: bool, **more: Any) -> Event:
    """A report of Lena's is ready, and her mother Paula has said so of messages."""
    person(house, "lena", "learner", name="Lena")
    facts: dict[str, Any] = {"email": EMAIL, "address_proven": True, "language": "de"} | more
    paula = person(house, "paula", **facts)
    link(house, "lena", "paula")
    for granted in said:
        house.clock.advance(seconds=1)
        consents.record(
            house.means, paula, frozenset({"own"}), "paula",
            ConsentGiven(kind="messages", version="1", granted=granted), WhereFrom(),
            idempotency=None, now=house.clock(),
        )  # fmt: skip
    reporting = Reporting(house)
    reporting.made()
    for event in reporting.published():
        telling.notify_parents(house, PSEUDONYMS, event, now=house.clock())
    (found,) = house.waiting("intake_notify")
    return found


def send(house: Any, post: MailPeer | None, event: Event) -> str:
    mailer = Smtp(post.url, "Waymark <no-reply@way.example>", timeout=2) if post else None
    return mailing.mail_parent(house, PSEUDONYMS, mailer, event, now=event.time)


def test_who_agreed_is_told_once(house: House, post: MailPeer) -> None:
    """In their language, and without the child's name."""
    event = due(house, False, True)
    assert [send(house, post, event) for _ in range(2)] == ["done", "repeated"]
    (taken,) = post.taken
    assert taken.to == EMAIL
    assert taken.message["Subject"] == "Ein Bericht liegt für Sie bereit"
    assert "Lena" not in taken.part("plain") + taken.part("html")


@pytest.mark.parametrize(
    ("said", "more"),
    [
        ((), {}),
        ((False,), {}),
        ((True, False), {}),
        ((True,), {"address_proven": False}),
        ((True,), {"email": None}),
        ((True,), {"status": "suspended"}),
    ],
)
def test_who_did_not_agree_or_cannot_be_reached_is_not(
    house: House, post: MailPeer, said: tuple[bool, ...], more: dict[str, Any]
) -> None:
    assert send(house, post, due(house, *said, **more)) == "rejected"
    assert post.taken == []


def test_who_is_no_longer_linked_or_was_erased_is_not(house: House, post: MailPeer) -> None:
    event = due(house, True)
    link(house, "lena", "paula", active=False)
    assert send(house, post, event) == "rejected"
    erase(house, "lena")
    assert send(house, post, event.model_copy(update={"id": "another"})) == "rejected"
    assert post.taken == []


def test_a_crash_sends_it_twice_at_most(house: House, post: MailPeer) -> None:
    event = due(house, True)

    def dies(*_: Any) -> None:
        raise Unavailable("the process died")

    with pytest.raises(Unavailable):
        send(Patched(house, "commit", dies), post, event)
    assert [send(house, post, event) for _ in range(2)] == ["done", "repeated"]
    assert len({each.message["Message-ID"] for each in post.taken}) == 1
    assert len(post.taken) == 2


def test_without_a_mail_server_nothing_waits(house: House) -> None:
    assert send(house, None, due(house, True)) == "rejected"
