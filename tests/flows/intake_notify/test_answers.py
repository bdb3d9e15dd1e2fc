"""Senders are answered over the channel that their file came by, once it has ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from functions.intake_blob_trigger.rules import Code
from functions.intake_extract.rules.errors import BY_CODE
from functions.intake_notify.rules import answers
from functions.intake_notify.service import answering, telling
from functions.intake_notify.service.answering import WORDS
from shared.channels.telegram import Telegram
from shared.channels.whatsapp import WhatsApp
from shared.documents.port import Create, Delete
from shared.errors import Throttled, Unavailable
from shared.events.envelope import Event
from shared.intake_arrivals import Arrival, take_in
from shared.mail.letters import laid_out, words_in
from shared.mail.smtp import Smtp
from shared.models.intake import Channel, IntakeRecord, Origin
from shared.models.tombstone import Tombstone
from tests.flows.accounts.inhabitants import Patched
from tests.flows.stores import PSEUDONYMS, START, TENANT, House
from tests.flows.stores import house as house
from tests.peers.chat import BOT_TOKEN, WHATSAPP_TOKEN, ChatPeer, chat_providers
from tests.peers.smtp import MailPeer, mail_server

QUEUE = "intake_notify"
ORIGINS: dict[Channel, Origin] = {
    "whatsapp": Origin(account="104527893", sender="4915112345678", message_id="wamid.1"),
    "telegram": Origin(account=TENANT, sender="77", message_id="12"),
    "email": Origin(
        account="cv@way.example", sender="maya@example.org", message_id="<m1@example.org>", mail="m"
    ),
}
GOOD, BAD = "Maya Okafor\nmaya@example.com\n", "milk and eggs\n" * 3


@dataclass
class Out:
    """What answers go out by: real adapters, to peers on loopback."""

    chat: ChatPeer
    mail: MailPeer
    messengers: dict[str, Any] = field(default_factory=dict)
    mailer: Any = None

    def __post_init__(self) -> None:
        self.messengers = {
            "whatsapp": WhatsApp(self.chat.whatsapp_url, WHATSAPP_TOKEN),
            "telegram": Telegram(self.chat.url, {TENANT: BOT_TOKEN}),
        }
        self.mailer = Smtp(self.mail.url, "Waymark <no-reply@way.example>", timeout=2)

    def answer(self, house: Any, event: Event) -> str:
        return answering.answer(house, PSEUDONYMS, self.messengers, self.mailer, event, now=START)


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Out]:
    with chat_providers() as chat, mail_server(tmp_path) as mail:
        yield Out(chat, mail)


def due(
    house: House, channel: Channel, text: str = GOOD, origin: Origin | None = None
) -> list[Event]:
    """Let a file come over a channel and lead it to its end; returns the answers that are due."""
    arrival = Arrival(TENANT, channel, "cv.txt", text.encode(), origin or ORIGINS.get(channel))
    house.tell(take_in(house, arrival, now=house.clock()).file.name)
    house.work_all()
    for event in house.waiting("intake/intake_notify"):
        telling.notify(house, event, now=house.clock())
    return house.waiting(QUEUE)


@pytest.mark.parametrize("channel", ["whatsapp", "telegram"])
def test_a_chat_is_answered_once(house: House, out: Out, channel: Channel) -> None:
    """By the account and to the message that the file came with, however often it is due."""
    (event,) = due(house, channel)
    assert [out.answer(house, event) for _ in range(2)] == ["done", "repeated"]
    (sent,) = out.chat.sent
    origin = ORIGINS[channel]
    assert (sent.channel, sent.to, sent.reply_to) == (channel, origin.sender, origin.message_id)
    assert "cv.txt" in sent.text


def test_an_email_is_answered_in_its_thread(house: House, out: Out) -> None:
    """To its sender, as text and HTML, under an id that a repeat has as well."""
    (event,) = due(house, "email", BAD)
    assert out.answer(house, event) == "done"
    (taken,) = out.mail.taken
    assert taken.to == "maya@example.org"
    assert taken.message["In-Reply-To"] == "<m1@example.org>"
    assert taken.message["Message-ID"] == f"<{event.id}@way.example>"
    assert taken.message["Auto-Submitted"] == "auto-replied"
    for kind in ("plain", "html"):
        assert "neither a name nor an address" in " ".join(taken.part(kind).split())


@pytest.mark.parametrize(
    ("channel", "origin"),
    [
        ("web", Origin(sender="user-1")),
        ("email", Origin(account="cv@way.example", sender="", mail="m")),
        ("telegram", Origin(account=TENANT, sender="")),
        ("whatsapp", None),
    ],
)
def test_where_nobody_can_be_told_nothing_is_due(
    house: House, channel: Channel, origin: Origin | None
) -> None:
    """Uploads, and e-mails of machines, whose sender is not kept: the recruiters alone are told."""
    if origin is None:
        house.drop("cv.txt", GOOD)
        house.work_all()
        for event in house.waiting("intake/intake_notify"):
            telling.notify(house, event, now=house.clock())
        assert house.waiting(QUEUE) == []
    else:
        assert due(house, channel, origin=origin) == []
    assert len(house.kinds("notification", container="notifications")) == 1


def record(state: str, code: str = "", channel: Channel = "email", **more: Any) -> IntakeRecord:
    origin = ORIGINS[channel].model_copy(update={"mail": more.pop("mail", "m")})
    reason = {"code": code, "detail": "…", "stage": "received"} if code else None
    return IntakeRecord.model_validate(
        {
            "id": "i", "tenant_id": TENANT, "intake_id": "i", "state": state, "reason": reason,
            "channel": channel, "origin": origin.model_dump(),
            "file": {"name": f"{TENANT}/cv.txt", "size": 1, "sha256": "0"},
            "created_at": "2026-03-01T12:00:00Z", "updated_at": "2026-03-01T12:00:00Z", **more,
        }
    )  # fmt: skip


def test_an_email_itself_is_told_of_only_when_it_brought_nothing() -> None:
    assert not answers.is_answered(record("unpacked", mail=None))
    assert not answers.is_answered(record("duplicate", mail=None))
    empty = record("failed", "nothing_attached", mail=None)
    assert answers.is_answered(empty)
    assert answers.key_of(empty) == "mail_without_file"


def test_a_later_attempt_is_told_of_when_it_went_well() -> None:
    assert answers.is_answered(record("completed", attempt=2))
    assert not answers.is_answered(record("failed", "no_text", attempt=2))
    assert not answers.is_answered(record("parsing"))


LANGUAGES = sorted(path.stem for path in WORDS.glob("*.json"))


def test_every_ending_has_words_in_every_language() -> None:
    """Each code that a file can end with has words, the same keys in each language."""
    assert LANGUAGES == ["de", "en", "es", "fr", "pt"]
    codes = {*(str(each) for each in Code), *BY_CODE, "malware", "not_scanned", "nobody_found"}
    keys = {answers.key_of(record(state, code)) for code in codes for state in ("failed",)}
    keys |= {answers.key_of(record("quarantined", code)) for code in codes}
    keys |= {"completed", "duplicate", "mail_without_file", "subject", "greeting", "footer"}
    for language in LANGUAGES:
        others = {"report_subject", "report_text", "report_footer"}
        assert (
            set(json.loads((WORDS / f"{language}.json").read_text(encoding="utf-8")))
            == keys | others
        )
        told, words = words_in(WORDS, language)
        assert told == language
        for key in keys - {"greeting", "footer", "mail_without_file"}:
            assert "{b}" in answers.said(words, key, record("failed", file={
                "name": "t/a {b} <i>.pdf", "size": 1, "sha256": "0"})), (language, key)  # fmt: skip


@pytest.mark.parametrize(
    ("language", "told"), [("de", "de"), ("pt-BR", "pt"), ("fi", "en"), (None, "en"), ("", "en")]
)
def test_a_sender_is_answered_in_the_files_language(language: str | None, told: str) -> None:
    assert words_in(WORDS, language)[0] == told


def test_a_name_is_text_in_the_letter() -> None:
    """What a file is called cannot become markup, nor break the text."""
    hostile = record(
        "failed", file={"name": "t/<b onload=x>{{ 7*7 }}.pdf", "size": 1, "sha256": ""}
    )
    language, words = words_in(WORDS, "en")
    letter = answering._letter(words, answers.said(words, "ours", hostile), hostile)
    text, html = laid_out(letter, language)
    assert "<b onload" not in html
    assert "&lt;b onload=x&gt;{{ 7*7 }}.pdf" in html
    assert "<b onload=x>{{ 7*7 }}.pdf" in text


@pytest.mark.parametrize("channel", ["telegram", "email"])
def test_a_crash_before_the_receipt_answers_twice_at_most(
    house: House, out: Out, channel: Channel
) -> None:
    """Sent, and dead before it is noted: it is sent again, and then no more."""
    (event,) = due(house, channel)
    dying = Patched(house, "commit", _dies)
    with pytest.raises(Unavailable):
        out.answer(dying, event)
    assert [out.answer(house, event) for _ in range(3)] == ["done", "repeated", "repeated"]
    assert len(out.chat.sent) + len(out.mail.taken) == 2
    assert len({each.message["Message-ID"] for each in out.mail.taken}) <= 1


def _dies(*_: Any) -> None:
    raise Unavailable("the process died")


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "email"])
def test_a_provider_that_is_away_is_asked_later(house: House, out: Out, channel: Channel) -> None:
    (event,) = due(house, channel)
    out.chat.failures += [(503, {}), (429, {"Retry-After": "7"})]
    out.mail.replies |= {"CONNECT": ["cut"], "RCPT": ["450 greylisted"]}
    for error in (Unavailable, Throttled):
        with pytest.raises(error):
            out.answer(house, event)
    assert out.answer(house, event) == "done"
    assert len(out.chat.sent) + len(out.mail.taken) == 1


@pytest.mark.parametrize("channel", ["telegram", "email"])
def test_who_takes_no_answer_is_left_alone(house: House, out: Out, channel: Channel) -> None:
    """Blocked, or no such address: noted, and never tried again."""
    (event,) = due(house, channel)
    out.chat.blocked.add("77")
    out.mail.replies["RCPT"] = ["550 nobody here"]
    assert [out.answer(house, event) for _ in range(2)] == ["rejected", "repeated"]
    assert (out.chat.sent, out.mail.taken) == ([], [])


def test_without_a_mail_server_nothing_waits(house: House, out: Out) -> None:
    (event,) = due(house, "email")
    out.mailer = None
    assert out.answer(house, event) == "rejected"


def test_a_channel_that_was_taken_out_is_waited_for(house: House, out: Out) -> None:
    (event,) = due(house, "telegram")
    del out.messengers["telegram"]
    with pytest.raises(Unavailable):
        out.answer(house, event)


def _gone(house: House, file: IntakeRecord) -> None:
    house.documents.commit("intake", file.partition, [Delete(file.id)])


def _erased(house: House, file: IntakeRecord) -> None:
    name = PSEUDONYMS.of(TENANT, "intake", file.intake_id)
    grave = Tombstone(
        tenant_id=TENANT, tombstone_id=name, subject_kind="intake", requested_at=house.clock()
    )
    house.documents.commit("tombstones", (TENANT, name), [Create(grave.stored())])


def _again(house: House, file: IntakeRecord) -> None:
    _gone(house, file)
    house.store(file.again(house.clock()))


@pytest.mark.parametrize("meanwhile", [_gone, _erased, _again])
def test_what_was_erased_or_began_anew_is_not_answered(
    house: House, out: Out, meanwhile: Callable[[House, IntakeRecord], None]
) -> None:
    (event,) = due(house, "telegram")
    meanwhile(house, house.record("cv.txt"))
    assert out.answer(house, event) == "rejected"
    assert out.chat.sent == []
