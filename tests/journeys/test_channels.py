"""A running host that is reached over every channel."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from functions.intake_upload.rules.signatures import mail_signature
from tests.peers.chat import (
    BOT_SECRET,
    ChatPeer,
    chat_providers,
    signed,
    telegram_update,
    whatsapp_document,
    whatsapp_message,
)
from tests.running_host import RunningHost
from tools.sample_layouts import as_docx, as_pdf, as_text
from tools.sample_resumes import make_resume

MAIL_SECRET, INBOX = "the mail gateway's secret, long enough", "cv@demo.example"


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningHost, ChatPeer]]:
    """A host of its own with the chat providers beside it."""
    with chat_providers() as peer:
        environment = peer.environment("demo") | {
            "WAYMARK_MAIL_SECRET": MAIL_SECRET,
            "WAYMARK_MAIL_INBOXES": json.dumps({INBOX: "demo"}),
        }
        running = RunningHost(tmp_path_factory.mktemp("home"), environment=environment)
        for tenant in ("demo", "rival"):
            running.make_tenant(tenant)
        with running:
            yield running, peer


def post(host: RunningHost, path: str, body: Any, headers: dict[str, str]) -> requests.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return host.call("POST", path, token="", data=content, headers=headers)


def test_several_files_are_uploaded_at_once(beside: tuple[RunningHost, ChatPeer]) -> None:
    """Two become profiles, an empty one is refused, and nobody else sees them."""
    host, _ = beside
    first, second = make_resume(801), make_resume(802)
    answer = host.call(
        "POST",
        "v1/intake/files",
        files=[
            ("files", ("erste Bewerbung ä.pdf", as_pdf(first))),
            ("files", ("empty.txt", b"")),
            ("files", ("second.docx", as_docx(second))),
        ],
    )
    assert answer.status_code == 202, answer.text
    one, empty, two = answer.json()["files"]
    assert empty["intake_id"] is None
    assert "empty" in empty["refusal"]
    for told, resume in ((one, first), (two, second)):
        record = host.intake_of(told["filename"])
        assert record["intake_id"] == told["intake_id"]
        assert (record["state"], record["channel"]) == ("completed", "web")
        assert host.get(f"v1/candidates/{record['candidate_id']}")["emails"] == [resume.email]
    rival = host.token("recruiter", tenant="rival")
    assert host.call("GET", f"v1/intake/{one['intake_id']}", token=rival).status_code == 404


def test_an_upload_of_nothing_is_refused_with_why(beside: tuple[RunningHost, ChatPeer]) -> None:
    host, _ = beside
    answer = host.call("POST", "v1/intake/files", files=[("files", ("empty.txt", b""))])
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "empty.txt", "detail": "The file is empty."}]
    assert host.call("POST", "v1/intake/files", json={}).status_code == 415
    learner = host.token("learner")
    refused = host.call(
        "POST", "v1/intake/files", token=learner, files=[("files", ("a.txt", b"x"))]
    )
    assert refused.status_code == 403


def test_a_document_over_whatsapp_is_answered_when_it_has_arrived(
    beside: tuple[RunningHost, ChatPeer],
) -> None:
    """Told three times, and once with another signature: one intake, one answer."""
    host, peer = beside
    peer.media["m-901"] = as_pdf(make_resume(901))
    message = whatsapp_message("wamid.901", **whatsapp_document("m-901", "cv-901.pdf"))
    body = json.dumps(message).encode()
    forged = post(host, "v1/channels/whatsapp", body, signed(body, "another secret"))
    assert forged.status_code == 401
    told = [post(host, "v1/channels/whatsapp", body, signed(body)) for _ in range(3)]
    assert [each.json()["messages"] for each in told] == [1, 0, 0]
    record = host.intake_of("cv-901.pdf")
    assert (record["state"], record["channel"]) == ("completed", "whatsapp")
    assert [sent.reply_to for sent in peer.sent].count("wamid.901") >= 1


def test_a_document_over_telegram(beside: tuple[RunningHost, ChatPeer]) -> None:
    host, peer = beside
    peer.media["t-902"] = as_text(make_resume(902)).encode()
    update = telegram_update(902, document={"file_id": "t-902", "file_name": "cv-902.txt"})
    headers = {"Content-Type": "application/json"}
    assert post(host, "v1/channels/telegram/demo", update, headers).status_code == 401
    secret = {"X-Telegram-Bot-Api-Secret-Token": BOT_SECRET}
    rival = post(host, "v1/channels/telegram/rival", update, headers | secret)
    assert rival.status_code == 401
    answer = post(host, "v1/channels/telegram/demo", update, headers | secret)
    assert answer.json() == {"messages": 1}
    record = host.intake_of("cv-902.txt")
    assert (record["state"], record["channel"]) == ("completed", "telegram")


def test_a_posted_mail_is_signed(beside: tuple[RunningHost, ChatPeer]) -> None:
    """Another's signature, another inbox and an old call are refused."""
    host, _ = beside
    mail = b"From: maya@example.org\r\nTo: cv@demo.example\r\nSubject: CV\r\n\r\nHello\r\n"

    def sent(recipient: str = INBOX, secret: str = MAIL_SECRET, age: int = 0) -> int:
        stamp = str(int(time.time()) - age)
        headers = {
            "Content-Type": "message/rfc822",
            "X-Waymark-Recipient": recipient,
            "X-Waymark-Timestamp": stamp,
            "X-Waymark-Signature": mail_signature(secret, stamp, recipient, mail),
        }
        return post(host, "v1/channels/email", mail, headers).status_code

    assert sent(secret="another secret") == 401
    assert sent(age=400) == 401
    assert sent("cv@nobody.example") == 404
    assert sent() == 202


def test_a_number_of_nobodys_is_passed_over(beside: tuple[RunningHost, ChatPeer]) -> None:
    host, peer = beside
    message = whatsapp_message("wamid.903", **whatsapp_document("m-903"))
    message["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "777"
    body = json.dumps(message).encode()
    answer = post(host, "v1/channels/whatsapp", body, signed(body))
    assert answer.json() == {"messages": 0}
    assert not [each for each in peer.requests if "m-903" in each]


def test_channels_that_are_not_set_up_are_not_there(host: RunningHost, tmp_path: Path) -> None:
    body = b"{}"
    assert post(host, "v1/channels/whatsapp", body, signed(body)).status_code == 404
    assert post(host, "v1/channels/telegram/demo", body, signed(body)).status_code == 401
    mail = post(host, "v1/channels/email", body, {"Content-Type": "message/rfc822"})
    assert mail.status_code == 404
