"""E-mails leave by real SMTP over a real socket; what the server says is told apart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parseaddr
from pathlib import Path

import pytest

import shared.mail.smtp
from shared.errors import Rejected, Throttled, Unavailable
from shared.mail.port import Mail
from shared.mail.smtp import Smtp, composed
from tests.peers.smtp import PASSWORD, USER, MailPeer, certificate, mail_server

SENDER = "Waymärk <no-reply@way.example>"
MAIL = Mail("maya@example.org", "Résumé", "Grüße\n.\nafter a dot\n", "<p>Grüße</p>", "answer-1")


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[MailPeer]:
    with mail_server(tmp_path) as running:
        yield running


def test_a_mail_arrives_whole(peer: MailPeer) -> None:
    """Both forms, every header, letters beyond ASCII, and a line that is a dot."""
    answered = Mail(
        **vars(MAIL) | {"in_reply_to": "<CAF=abc@mail.example>", "reply_to": "hr@way.example"}
    )
    Smtp(peer.url, SENDER).send(answered)
    (taken,) = peer.taken
    message = taken.message
    assert (taken.sender, taken.to) == ("no-reply@way.example", "maya@example.org")
    assert message["From"] == "Waymärk <no-reply@way.example>"
    assert (message["Subject"], message["To"]) == ("Résumé", "maya@example.org")
    assert message["Message-ID"] == "<answer-1@way.example>"
    assert message["In-Reply-To"] == message["References"] == "<CAF=abc@mail.example>"
    assert (message["Reply-To"], message["Auto-Submitted"]) == ("hr@way.example", "auto-replied")
    assert taken.part("plain") == MAIL.text
    assert taken.part("html").strip() == MAIL.html
    assert message.get_content_type() == "multipart/alternative"


def test_the_same_mail_has_the_same_id(peer: MailPeer) -> None:
    for _ in range(2):
        Smtp(peer.url, SENDER).send(MAIL)
    assert [each.message["Message-ID"] for each in peer.taken] == ["<answer-1@way.example>"] * 2
    assert peer.taken[0].message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("encrypted", "needs_login"),
    [("offers_tls", False), ("offers_tls", True), ("from_first_byte", True)],
)
def test_what_is_encrypted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encrypted: str, needs_login: bool
) -> None:
    """By STARTTLS or from the first byte, to a server whose certificate is trusted."""
    with mail_server(tmp_path, **{encrypted: True}, needs_login=needs_login) as peer:
        monkeypatch.setenv("SSL_CERT_FILE", str(peer.certificate))
        who = (USER, PASSWORD) if needs_login else (None, "")
        Smtp(peer.url, SENDER, *who).send(MAIL)
    (taken,) = peer.taken
    assert taken.encrypted
    assert taken.user == who[0]


@pytest.mark.parametrize("encrypted", ["offers_tls", "from_first_byte"])
def test_a_certificate_that_is_not_trusted_gets_nothing(tmp_path: Path, encrypted: str) -> None:
    server = mail_server(tmp_path, **{encrypted: True}, needs_login=True)
    with server as peer, pytest.raises(Unavailable):
        Smtp(peer.url, SENDER, USER, PASSWORD).send(MAIL)
    assert not peer.taken
    assert "AUTH" not in peer.commands


def test_off_loopback_nothing_is_said_in_clear(
    peer: MailPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server elsewhere that offers no encryption, or takes the offer back, gets neither
    password nor mail."""
    monkeypatch.setattr(shared.mail.smtp, "_LOOPBACK", set())
    peer.needs_login = True
    with pytest.raises(Unavailable, match="no encryption"):
        Smtp(peer.url, SENDER, USER, PASSWORD).send(MAIL)
    peer.offers_tls = True
    peer.replies["STARTTLS"] = ["454 not now"]
    with pytest.raises((Throttled, Unavailable)):
        Smtp(peer.url, SENDER, USER, PASSWORD).send(MAIL)
    assert {each.split(" ")[0].upper() for each in peer.commands} <= {"EHLO", "STARTTLS", "QUIT"}
    assert not peer.taken


@pytest.mark.parametrize(
    ("verb", "reply", "error"),
    [
        ("RCPT", "550 nobody here", Rejected),
        ("RCPT", "553 what address", Rejected),
        ("RCPT", "450 greylisted", Throttled),
        ("RCPT", "530 sign in first", Unavailable),
        ("DATA.", "554 this is spam", Rejected),
        ("DATA.", "452 disk full", Throttled),
        ("DATA", "451 later", Throttled),
        ("MAIL", "552 too large", Rejected),
        ("MAIL", "550 not allowed to send", Unavailable),
        ("MAIL", "451 later", Throttled),
        ("CONNECT", "421 too busy", Throttled),
        ("CONNECT", "554 go away", Unavailable),
        ("MAIL", "cut", Unavailable),
        ("DATA", "cut", Unavailable),
        ("CONNECT", "cut", Unavailable),
        ("RCPT", "nonsense", Unavailable),
    ],
)
def test_what_the_server_says(peer: MailPeer, verb: str, reply: str, error: type) -> None:
    """What it will never take is told apart from what a later try can help."""
    peer.replies[verb] = [reply]
    with pytest.raises(error) as told:
        Smtp(peer.url, SENDER).send(MAIL)
    assert "maya" not in str(told.value)
    assert not peer.taken
    Smtp(peer.url, SENDER).send(MAIL)
    assert len(peer.taken) == 1


def test_what_was_taken_is_sent_however_the_server_says_goodbye(peer: MailPeer) -> None:
    for reply in ("421 bye", "cut", "554 no"):
        peer.replies["QUIT"] = [reply]
        Smtp(peer.url, SENDER).send(MAIL)
    assert len(peer.taken) == 3


def test_a_lost_answer_is_not_known(peer: MailPeer) -> None:
    """It was taken, and the answer is lost: a later try brings it again, under the same id."""
    peer.replies["DATA."] = ["cut"]
    with pytest.raises(Unavailable):
        Smtp(peer.url, SENDER).send(MAIL)
    assert len(peer.taken) == 1


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "DATA"])
def test_a_server_that_says_nothing_is_given_up(peer: MailPeer, verb: str) -> None:
    peer.replies[verb] = ["hang"] * 2
    began = time.monotonic()
    with pytest.raises(Unavailable):
        Smtp(peer.url, SENDER, timeout=0.4).send(MAIL)
    assert time.monotonic() - began < 4


def test_nobody_there_and_a_wrong_password_are_for_later(tmp_path: Path) -> None:
    with mail_server(tmp_path, needs_login=True) as peer, pytest.raises(Unavailable):
        Smtp(peer.url, SENDER, USER, "wrong").send(MAIL)
    with pytest.raises(Unavailable):
        Smtp(peer.url, SENDER).send(MAIL)


@pytest.mark.parametrize(
    "to",
    ["", "maya", "@example.org", "maya@", "a@b.c, d@e.f", "a b@c.de", '"x\r\nBcc: y"@c.de', "<>"],
)
def test_what_is_no_address_is_refused(peer: MailPeer, to: str) -> None:
    with pytest.raises(Rejected):
        Smtp(peer.url, SENDER).send(Mail(**vars(MAIL) | {"to": to}))
    assert not peer.commands


@pytest.mark.parametrize(
    "hostile", ["x\r\nBcc: eve@evil.example", "x\nBcc: y\n\nbody", "\r\n.\r\n"]
)
def test_no_header_is_smuggled_in(peer: MailPeer, hostile: str) -> None:
    """Whatever stands in a subject or an id, it is one header's text, or left out."""
    mail = Mail(**vars(MAIL) | {"subject": hostile, "in_reply_to": f"<{hostile}@x>"})
    Smtp(peer.url, SENDER).send(mail)
    (taken,) = peer.taken
    assert taken.message["Bcc"] is None
    assert taken.message["In-Reply-To"] is None
    assert taken.message["Subject"] == " ".join(hostile.split())
    assert taken.part("plain") == MAIL.text


def test_long_ids_of_other_messages_stay_whole() -> None:
    """An id that no line has room for is not broken into encoded words."""
    long = f"<{'a' * 150}@prod.outlook.example>"
    mail = Mail(**vars(MAIL) | {"in_reply_to": long})
    text = composed(mail, SENDER, at=datetime(2026, 3, 1, tzinfo=UTC)).as_bytes().decode()
    assert f"In-Reply-To: {long}\r\n" in text.replace("\r\n ", " ").replace("  ", " ")
    assert parseaddr(SENDER)[1] in text


def test_a_certificate_of_another_name_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = certificate(tmp_path, "elsewhere.example")
    with mail_server(tmp_path, offers_tls=True) as peer:
        monkeypatch.setenv("SSL_CERT_FILE", str(other))
        with pytest.raises(Unavailable):
            Smtp(peer.url, SENDER).send(MAIL)
    assert not peer.taken
