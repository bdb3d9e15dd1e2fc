"""A running host that sends e-mails and chat messages: answers to senders, codes, read marks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.access.recipes.registry import REQUIRED_CONSENTS
from tests.peers.chat import BOT_SECRET, ChatPeer, chat_providers, telegram_update
from tests.peers.smtp import MailPeer, mail_server
from tests.running_host import RunningHost
from tools.sample_layouts import as_text
from tools.sample_resumes import make_resume

EMAIL, FIRST, SECOND = "Maya@example.org", "four words nobody guesses", "nine boats under it"
Beside = tuple[RunningHost, ChatPeer, MailPeer]


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """A host of its own with the chat providers and a mail server beside it."""
    with chat_providers() as chat, mail_server(tmp_path_factory.mktemp("mail")) as mail:
        environment = chat.environment("demo") | mail.environment()
        running = RunningHost(tmp_path_factory.mktemp("home"), environment=environment)
        running.make_tenant("demo")
        with running:
            yield running, chat, mail


def code_for(host: RunningHost, mail: MailPeer, address: str, number: int) -> str:
    """The code in the last of that many e-mails to an address."""
    host.wait_for(lambda: len(mail.to(address)) >= number, f"e-mail {number} to {address}")
    found = re.search(r"\b(?:[0-9A-Z]{4}-){2}[0-9A-Z]{4}\b", mail.to(address)[-1].part("plain"))
    assert found
    return found[0]


def post(host: RunningHost, path: str, status: int, **body: Any) -> Any:
    answer = host.call("POST", path, token="", json={"tenant": "demo", **body})
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def test_a_sender_is_answered_when_their_file_has_ended(beside: Beside) -> None:
    """First that it has arrived, then how it ended; both to the message that brought it."""
    host, chat, _ = beside
    chat.media |= {"t-1": as_text(make_resume(921)).encode(), "t-2": b"milk and eggs\n" * 3}
    for number in (1, 2):
        update = telegram_update(
            920 + number, document={"file_id": f"t-{number}", "file_name": f"cv-{number}.txt"}
        )
        headers = {"X-Telegram-Bot-Api-Secret-Token": BOT_SECRET}
        told = host.call(
            "POST", "v1/channels/telegram/demo", token="",
            data=json.dumps(update), headers=headers | {"Content-Type": "application/json"},
        )  # fmt: skip
        assert told.status_code == 200, told.text

    def about(name: str) -> list[str]:
        return [each.text for each in chat.sent if name in each.text]

    host.wait_for(lambda: len(about("cv-1")) == len(about("cv-2")) == 2, "four answers")
    assert "can now find your profile" in about("cv-1.txt")[1]
    assert "neither a name nor an address" in about("cv-2.txt")[1]


def test_registration_and_reset_by_mailed_codes(beside: Beside) -> None:
    """Nobody learns who is known: the same answers for an address that has an account."""
    host, _, mail = beside
    person = {
        "email": EMAIL, "password": FIRST, "display_name": "Maya", "birth_year": 2000,
        "language": "de", "consents": REQUIRED_CONSENTS,
    }  # fmt: skip
    assert post(host, "v1/users", 202, **person) is None
    code = code_for(host, mail, EMAIL, 1)
    made = post(host, "v1/users/confirm", 201, email=EMAIL, code=code, password=FIRST)
    assert made["user"]["address_proven"]
    assert post(host, "v1/users", 202, **person | {"password": "seven owls in attics"}) is None
    host.wait_for(lambda: len(mail.to(EMAIL)) == 2, "word that there is an account")
    assert mail.to(EMAIL)[1].message["Subject"] == "Sie haben schon ein Konto"

    post(host, "v1/password-resets", 202, email="nobody@example.org")
    post(host, "v1/password-resets", 202, email=EMAIL)
    code = code_for(host, mail, EMAIL, 3)
    post(host, "v1/password-resets/confirm", 422, email=EMAIL, code="A" * 12, new_password=SECOND)
    post(host, "v1/password-resets/confirm", 204, email=EMAIL, code=code, new_password=SECOND)
    post(host, "v1/password-resets/confirm", 422, email=EMAIL, code=code, new_password=SECOND)
    post(host, "v1/token", 401, email=EMAIL, password=FIRST)
    post(host, "v1/token", 200, email=EMAIL, password=SECOND)
    refused = host.call(
        "POST", "v1/token/refresh", token="", json={"refresh_token": made["refresh_token"]}
    )
    assert refused.status_code == 401
    assert mail.to("nobody@example.org") == []


def test_each_recruiter_reads_for_themselves(beside: Beside) -> None:
    """One's mark hides nothing from the other, and a learner marks nothing of theirs."""
    host, _, _ = beside
    rita, ron = host.token("recruiter", user="rita"), host.token("recruiter", user="ron")
    host.drop("cv-read.txt", as_text(make_resume(931)).encode())

    def notes(token: str, **query: str) -> list[Any]:
        found = host.all_of("v1/notifications", token=token, **query)
        return [each for each in found if "cv-read.txt" in each["text"]]

    host.wait_for(lambda: notes(rita), "the notification")
    (note,) = notes(rita)
    assert not note["read"]
    path = f"v1/notifications/{note['id']}"
    assert host.call("PATCH", path, token=rita, json={"read": True}).json()["read"]
    assert host.call("PATCH", path, token=rita, json={"read": False}).status_code == 400
    learner = host.token("learner", user="lena")
    assert host.call("PATCH", path, token=learner, json={"read": True}).status_code == 404
    assert (notes(rita)[0]["read"], notes(ron)[0]["read"]) == (True, False)
    assert (notes(rita, unread="true"), len(notes(ron, unread="true"))) == ([], 1)
    before = host.get("v1/notifications", token=ron)["unread"]
    done = host.call("POST", "v1/notifications/read", token=ron, json={})
    assert done.status_code == 204
    assert before >= 1
    assert host.get("v1/notifications", token=ron)["unread"] == 0
