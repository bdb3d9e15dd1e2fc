"""Candidates handed over to an applicant-tracking system over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from functions.candidates import ats_client
from functions.candidates.ats_client import AtsClient, is_public
from functions.candidates.rules.documents import About, AtsHandover, AtsWebhook
from functions.candidates.rules.handovers import checked_url, signature_of
from functions.candidates.service import ats
from shared.errors import Conflict, Invalid, Missing, Throttled, Unavailable
from shared.events.envelope import Event
from tests.flows.candidates.recruiting import BY, edited, heard, merge, written
from tests.flows.stores import PSEUDONYMS, RIVAL, START, TENANT, House
from tests.flows.stores import house as house
from tests.peers.ats import SECRET, AtsPeer, holds, tracking_system

ALL: tuple[About, ...] = ("candidate.created", "candidate.updated", "candidate.merged")


@dataclass
class Desk:
    """A tenant whose system listens."""

    house: House
    peer: AtsPeer

    def set_webhook(self, *, about: tuple[About, ...] = ALL, secret: str = SECRET) -> None:
        webhook = AtsWebhook(
            tenant_id=TENANT, url=self.peer.url, secret=secret, about=about,
            updated_at=self.house.clock(),
        )  # fmt: skip
        ats.set_webhook(self.house, PSEUDONYMS, BY, webhook)

    def deliver(self, event: Event) -> str:
        client = AtsClient(loopback=True)
        return ats.deliver(self.house, client, event, now=self.house.clock())

    def due(self) -> list[Event]:
        return heard(self.house)

    def states(self) -> list[tuple[str, str]]:
        found, _ = ats.handovers(self.house, TENANT, None, limit=50, continuation=None)
        return [(each.about, each.state) for each in found]

    def only(self) -> AtsHandover:
        (found,), _ = ats.handovers(self.house, TENANT, None, limit=50, continuation=None)
        return found


@pytest.fixture
def desk(house: House) -> Iterator[Desk]:
    with tracking_system() as peer:
        made = Desk(house, peer)
        made.set_webhook()
        yield made


def maya(house: House, **more: Any) -> Any:
    return written(house, name="Maya Okafor", emails=["maya@x.org"], skills=["Python"], **more)


def test_each_state_of_a_profile_is_handed_over_once(desk: Desk) -> None:
    """Made, edited, merged: each with the profile as JSON Resume, signed."""
    made = maya(desk.house)
    (event,) = desk.due()
    assert [desk.deliver(event), desk.deliver(event)] == ["done", "repeated"]
    desk.house.clock.advance(minutes=1)
    edited(desk.house, made.candidate_id, tags=["shortlist"])
    other = written(desk.house, name="M. Okafor", emails=["m@x.org"])
    desk.house.clock.advance(minutes=1)
    merge(desk.house, made.candidate_id, other.candidate_id)
    for each in desk.due():
        desk.deliver(each)
    told = [each["type"] for each in desk.peer.told]
    assert sorted(told) == [
        "candidate.created", "candidate.merged", "candidate.updated",
    ]  # fmt: skip
    first = desk.peer.told[0]
    assert first["candidate"]["resume"]["basics"]["name"] == "Maya Okafor"
    assert first["candidate"]["emails"] == ["maya@x.org"]
    (merged,) = (each for each in desk.peer.told if each["type"] == "candidate.merged")
    assert merged["candidate"]["also_known_as"] == [other.candidate_id]
    assert desk.peer.forged == 0
    assert desk.peer.headers[0]["X-Waymark-Delivery"] == first["id"]


def test_only_what_is_asked_for_is_told(desk: Desk) -> None:
    desk.set_webhook(about=("candidate.updated",))
    made = maya(desk.house)
    assert desk.due() == []
    edited(desk.house, made.candidate_id, tags=["x"])
    assert len(desk.due()) == 1


def test_without_a_webhook_nothing_is_kept(house: House) -> None:
    maya(house)
    assert heard(house) == []
    with pytest.raises(Missing):
        ats.webhook(house, TENANT)


@pytest.mark.parametrize("status", [0, 401, 404, 408, 500, 503])
def test_a_system_that_is_away_is_told_later(desk: Desk, status: int) -> None:
    maya(desk.house)
    (event,) = desk.due()
    desk.peer.answers = [(status, {})]
    with pytest.raises(Unavailable):
        desk.deliver(event)
    assert (desk.only().state, desk.only().attempts) == ("pending", 1)
    assert desk.deliver(event) == "done"
    assert (desk.only().state, desk.only().attempts, desk.only().answer) == (
        "delivered", 2, "204",
    )  # fmt: skip
    assert len(desk.peer.told) == 1


def test_a_system_says_how_long_to_wait(desk: Desk) -> None:
    maya(desk.house)
    (event,) = desk.due()
    desk.peer.answers = [(429, {"Retry-After": "17"})]
    with pytest.raises(Throttled) as told:
        desk.deliver(event)
    assert told.value.retry_after == 17
    for header, seconds in (("9" * 400, 3600), ("99999999", 3600), ("soon", 30)):
        desk.peer.answers = [(429, {"Retry-After": header})]
        with pytest.raises(Throttled) as again:
            desk.deliver(event)
        assert again.value.retry_after == seconds


def test_a_call_is_cut_off_however_slowly_its_answer_drips(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ats_client, "TOTAL_SECONDS", 0.3)
    maya(desk.house)
    (event,) = desk.due()
    desk.peer.pause = 1.5
    began = time.monotonic()
    with pytest.raises(Unavailable):
        desk.deliver(event)
    assert time.monotonic() - began < 1.4


@pytest.mark.parametrize("status", [302, 400, 405, 422])
def test_what_the_system_never_takes_ends_as_failed(desk: Desk, status: int) -> None:
    maya(desk.house)
    (event,) = desk.due()
    desk.peer.answers = [(status, {"Location": "http://127.0.0.1:9/elsewhere"})]
    assert desk.deliver(event) == "done"
    assert (desk.only().state, desk.only().answer) == ("failed", str(status))


def test_a_handover_that_failed_is_retried(desk: Desk) -> None:
    maya(desk.house)
    (event,) = desk.due()
    desk.peer.answers = [(400, {})]
    desk.deliver(event)
    failed = desk.only()
    with pytest.raises(Missing):
        ats.retry(desk.house, RIVAL, failed.handover_id, now=desk.house.clock())
    ats.retry(desk.house, TENANT, failed.handover_id, now=desk.house.clock())
    (again,) = desk.due()
    assert desk.deliver(again) == "done"
    assert desk.only().state == "delivered"
    with pytest.raises(Conflict):
        ats.retry(desk.house, TENANT, failed.handover_id, now=desk.house.clock())


def test_a_dead_letter_is_told_as_failed(desk: Desk) -> None:
    maya(desk.house)
    (event,) = desk.due()
    desk.peer.answers = [(503, {})]
    with pytest.raises(Unavailable):
        desk.deliver(event)
    ats.give_up(desk.house, event, "Unavailable", now=desk.house.clock())
    assert desk.only().state == "failed"
    assert "503" in (desk.only().answer or "")


def test_another_secret_is_refused_by_the_receiver(desk: Desk) -> None:
    desk.set_webhook(secret="another secret of the webhook, as long")
    maya(desk.house)
    (event,) = desk.due()
    with pytest.raises(Unavailable):
        desk.deliver(event)
    assert (desk.peer.forged, desk.peer.told) == (1, [])


def test_who_was_erased_is_not_handed_over(desk: Desk) -> None:
    made = maya(desk.house)
    (event,) = desk.due()
    body = desk.house.documents.get("candidates", (TENANT, made.candidate_id), made.candidate_id)
    assert body is not None
    from shared.documents.port import Delete

    desk.house.documents.commit(
        "candidates", (TENANT, made.candidate_id), [Delete(made.candidate_id)]
    )
    assert desk.deliver(event) == "done"
    assert (desk.only().state, desk.peer.told) == ("failed", [])


def test_no_address_but_a_public_one_is_called(house: House) -> None:
    """A webhook cannot be used to reach into the network that the house stands in."""
    with tracking_system() as peer:
        nobody = "http://127.0.0.1:9/hook"
        for url in (peer.url, peer.url.replace("127.0.0.1", "localhost"), nobody):
            with pytest.raises(Unavailable) as told:  # what listens where is not told
                AtsClient().post(url, b"{}", {})
            assert told.value.detail == "unreachable"
        assert (peer.told, peer.forged) == ([], 0)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700:4700::1111", True), ("10.0.0.1", False),
        ("169.254.169.254", False), ("127.0.0.1", False), ("::1", False), ("0.0.0.0", False),
        ("192.168.1.1", False), ("100.64.0.1", False), ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False), ("fd00::1", False), ("224.0.0.1", False),
        ("2002:a00:1::1", False), ("168.63.129.16", False), ("64:ff9b::a9fe:a9fe", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("url", "loopback", "sound"),
    [
        ("https://ats.example.com/hook?tenant=1", False, True),
        ("http://ats.example.com/hook", False, False),
        ("http://127.0.0.1:9/hook", True, True),
        ("http://127.0.0.1:9/hook", False, False),
        ("https://user:secret@ats.example.com/", False, False),
        ("https://", False, False),
        ("https://[x/", False, False),
        ("https://ats.example.com:99999/", False, False),
        ("file:///etc/passwd", True, False),
        ("https://ats.example.com/a b", False, False),
    ],
)
def test_which_urls_a_webhook_may_have(url: str, loopback: bool, sound: bool) -> None:
    if sound:
        assert checked_url(url, loopback=loopback) == url
    else:
        with pytest.raises(Invalid):
            checked_url(url, loopback=loopback)


def test_a_signature_is_of_moment_and_body() -> None:
    made = signature_of(SECRET, b"body", now=START)
    assert holds(made, b"body")
    assert not holds(made, b"other")
    assert not holds(made.replace("t=1", "t=2"), b"body")
    assert signature_of(SECRET, b"body", now=START + timedelta(seconds=1)) != made


def test_the_secret_stands_in_no_log_and_no_view(desk: Desk) -> None:
    webhook = ats.webhook(desk.house, TENANT)
    assert SECRET not in repr(webhook)
    ats.remove_webhook(desk.house, PSEUDONYMS, BY, now=START)
    with pytest.raises(Missing):
        ats.remove_webhook(desk.house, PSEUDONYMS, BY, now=START)
