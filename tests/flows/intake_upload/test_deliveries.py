"""Chat messages: noted once, fetched from the provider, taken in, answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from functions.intake_upload.rules import telegram, whatsapp
from functions.intake_upload.rules.messages import MOST_FILES, Media, Message
from functions.intake_upload.service import deliveries
from shared.channels.port import Messenger
from shared.channels.telegram import Telegram
from shared.channels.whatsapp import WhatsApp
from shared.errors import Rejected, Throttled, Unavailable
from shared.events.envelope import Event
from tests.flows.stores import RESUME, RIVAL, TENANT, House
from tests.flows.stores import house as house
from tests.peers.chat import (
    BOT_TOKEN,
    NUMBER,
    WHATSAPP_TOKEN,
    ChatPeer,
    chat_providers,
    telegram_update,
    whatsapp_document,
    whatsapp_message,
)

SENDER = "4915112345678"


@dataclass
class Line:
    """A house that is reached over both channels."""

    house: House
    peer: ChatPeer
    messengers: dict[str, Messenger]

    def whatsapp(self, message_id: str = "wamid.1", *, tenant: str = TENANT, **content: Any) -> int:
        payload = whatsapp_message(message_id, SENDER, **(content or whatsapp_document("m1")))
        found = [(tenant, each) for each in whatsapp.messages_of(payload)]
        return deliveries.note(self.house, found, now=self.house.clock())

    def telegram(self, update: int = 1, **content: Any) -> int:
        given = {"document": {"file_id": "m1", "file_name": "cv.txt"}}
        message = telegram.message_of(TENANT, telegram_update(update, **(content or given)))
        assert message is not None
        return deliveries.note(self.house, [(TENANT, message)], now=self.house.clock())

    def fetch(self) -> list[str]:
        return [self.handle(event) for event in self.house.waiting("intake_upload")]

    def handle(self, event: Event) -> str:
        return deliveries.fetch(self.house, self.messengers, event, now=self.house.clock())

    def run(self) -> None:
        """Fetch, tell the blob trigger, and lead every file on."""
        self.fetch()
        for blob in list(self.house.blobs.list("resumes")):
            self.house.tell(blob.name)
        self.house.work_all()


@pytest.fixture
def line(house: House) -> Iterator[Line]:
    with chat_providers() as peer:
        peer.media["m1"] = RESUME.encode()
        messengers: dict[str, Messenger] = {
            "whatsapp": WhatsApp(peer.whatsapp_url, WHATSAPP_TOKEN),
            "telegram": Telegram(peer.url, {TENANT: BOT_TOKEN}),
        }
        yield Line(house, peer, messengers)


@pytest.mark.parametrize("channel", ["whatsapp", "telegram"])
def test_a_document_becomes_a_profile_and_is_answered(line: Line, channel: str) -> None:
    assert getattr(line, channel)() == 1
    line.run()
    (record,) = line.house.records().values()
    assert (record.state, record.channel, record.file.filename) == ("completed", channel, "cv.txt")
    assert record.origin is not None
    assert record.origin.sender in {SENDER, "8734"}
    (sent,) = line.peer.sent
    assert sent.to == record.origin.sender
    assert sent.reply_to == record.origin.message_id
    assert "We have received cv.txt" in sent.text


def test_a_message_told_again_is_one(line: Line) -> None:
    """At once, and after its files were fetched."""
    assert [line.whatsapp(), line.whatsapp()] == [1, 0]
    line.run()
    assert line.whatsapp() == 0
    line.run()
    assert len(line.house.records()) == 1
    assert len(line.peer.sent) == 1


def test_an_event_that_comes_twice_fetches_once(line: Line) -> None:
    line.whatsapp()
    (event,) = line.house.waiting("intake_upload")
    assert [line.handle(event), line.handle(event)] == ["done", "repeated"]
    assert len(line.peer.sent) == 1


def test_the_same_message_to_two_tenants_is_two(line: Line) -> None:
    assert line.whatsapp() + line.whatsapp(tenant=RIVAL) == 2
    assert line.fetch() == ["done", "done"]
    assert len(line.house.records()) == len(line.house.records(tenant=RIVAL)) == 1


def test_a_text_is_answered_with_what_to_send(line: Line) -> None:
    line.whatsapp(type="text", text={"body": "Hi"})
    assert line.fetch() == ["done"]
    assert not line.house.records()
    assert "Please send your résumé as a file" in line.peer.sent[0].text


def test_a_file_that_is_gone_or_too_large_is_said_to_be(line: Line) -> None:
    line.whatsapp("wamid.1", **whatsapp_document("gone", "gone.pdf"))
    line.peer.media["m2"] = b"x" * (deliveries.MOST_BYTES + 1)
    line.whatsapp("wamid.2", **whatsapp_document("m2", "big.pdf"))
    announced = {"file_id": "never asked", "file_name": "huge.pdf", "file_size": 20 * 1024**2}
    line.telegram(document=announced)
    assert line.fetch() == ["done"] * 3
    texts = "\n".join(sent.text for sent in line.peer.sent)
    assert "gone.pdf could not be fetched any more" in texts
    assert "big.pdf is larger than 10 MiB" in texts
    assert "huge.pdf is larger than 10 MiB" in texts
    assert "GET /never asked" not in "".join(line.peer.requests)
    assert not line.house.records()


def test_a_provider_that_is_away_is_asked_again_and_nothing_is_lost(line: Line) -> None:
    line.whatsapp()
    (event,) = line.house.waiting("intake_upload")
    line.peer.failures = [(503, {})]
    with pytest.raises(Unavailable):
        line.handle(event)
    line.peer.failures = [(429, {"Retry-After": "5"})]
    with pytest.raises(Throttled):
        line.handle(event)
    assert line.handle(event) == "done"
    assert len(line.house.records()) == 1


def test_an_answer_that_cannot_be_sent_now_is_sent_later(line: Line) -> None:
    """The file is taken in once; only the answer is late."""
    line.whatsapp()
    (event,) = line.house.waiting("intake_upload")
    send, tries = line.messengers["whatsapp"].send, []

    class Failing(WhatsApp):
        def send(self, account: str, to: str, text: str, *, reply_to: str = "") -> None:
            tries.append(text)
            if len(tries) == 1:
                raise Unavailable("away")
            send(account, to, text, reply_to=reply_to)

    line.messengers["whatsapp"] = Failing(line.peer.whatsapp_url, WHATSAPP_TOKEN)
    with pytest.raises(Unavailable):
        line.handle(event)
    assert line.handle(event) == "done"
    assert len(line.house.records()) == len(line.peer.sent) == 1


def test_who_blocked_us_has_their_file_taken_in_all_the_same(line: Line) -> None:
    line.peer.blocked = {SENDER}
    line.whatsapp()
    assert line.fetch() == ["done"]
    assert len(line.house.records()) == 1


def test_a_channel_that_is_not_configured_any_more_waits(line: Line) -> None:
    line.whatsapp()
    del line.messengers["whatsapp"]
    with pytest.raises(Unavailable):
        line.fetch()


def test_what_is_kept_of_a_settled_message_names_nobody(line: Line) -> None:
    line.whatsapp()
    assert SENDER in str(line.house.kinds("delivery", container="deliveries"))
    line.fetch()
    (kept,) = line.house.kinds("delivery", container="deliveries")
    assert kept["state"] == "settled"
    assert SENDER not in str(kept)
    assert "cv.txt" not in str(kept)


def test_an_event_of_a_message_that_is_settled_is_refused(line: Line) -> None:
    line.whatsapp()
    (event,) = line.house.waiting("intake_upload")
    line.handle(event)
    later = event.model_copy(update={"id": "another"})
    assert line.handle(later) == "rejected"
    gone = event.model_copy(
        update={"id": "third", "data": {"delivery_id": "nobody"}, "partitionkey": "nobody"}
    )
    assert line.handle(gone) == "rejected"


def test_a_message_brings_a_bounded_number_of_files(line: Line) -> None:
    many = tuple(Media("m1", f"cv{n}.txt") for n in range(MOST_FILES + 5))
    message = Message("whatsapp", NUMBER, SENDER, "wamid.many", many)
    deliveries.note(line.house, [(TENANT, message)], now=line.house.clock())
    line.fetch()
    assert len(line.house.records()) == MOST_FILES


def test_a_refusal_of_the_media_is_no_end_of_the_message(line: Line) -> None:
    """One file of several is refused for good; the others arrive."""

    class Refusing(WhatsApp):
        def fetch(self, account: str, media_id: str, *, most_bytes: int) -> bytes:
            if media_id == "m9":
                raise Rejected("never")
            return super().fetch(account, media_id, most_bytes=most_bytes)

    line.messengers["whatsapp"] = Refusing(line.peer.whatsapp_url, WHATSAPP_TOKEN)
    files = (Media("m9", "a.txt"), Media("m1", "b.txt"))
    message = Message("whatsapp", NUMBER, SENDER, "wamid.two", files)
    deliveries.note(line.house, [(TENANT, message)], now=line.house.clock())
    assert line.fetch() == ["done"]
    assert list(line.house.records()) == ["b.txt"]
