"""What webhooks say, and whether they are to be believed."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.intake_upload.rules import signatures, telegram, whatsapp
from functions.intake_upload.rules.messages import Media, Message
from tests.peers.chat import NUMBER, telegram_update, whatsapp_document, whatsapp_message

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def one(payload: Any) -> Message:
    (message,) = whatsapp.messages_of(payload)
    return message


def test_a_document_over_whatsapp() -> None:
    message = one(whatsapp_message("wamid.1", **whatsapp_document("m1", "Maya CV.pdf")))
    assert message == Message(
        "whatsapp", NUMBER, "4915112345678", "wamid.1", (Media("m1", "Maya CV.pdf"),)
    )


def test_a_file_without_a_name_gets_one_by_its_type() -> None:
    image: Any = {"type": "image", "image": {"id": "m2", "mime_type": "image/jpeg"}}
    assert one(whatsapp_message("wamid.2", **image)).files == (Media("m2", "whatsapp-image.jpg"),)
    unnamed = one(whatsapp_message("wamid.3", **whatsapp_document("m3", None)))
    assert unnamed.files == (Media("m3", "whatsapp-document.txt"),)


def test_a_text_is_a_message_without_files() -> None:
    message = one(whatsapp_message("wamid.4", type="text", text={"body": "Hello"}))
    assert message.files == ()


@pytest.mark.parametrize("kind", ["reaction", "system", "unsupported"])
def test_what_nobody_said_is_passed_over(kind: str) -> None:
    assert not list(whatsapp.messages_of(whatsapp_message("wamid.5", type=kind)))


def test_one_message_that_is_not_understood_does_not_hide_the_others() -> None:
    payload = whatsapp_message("wamid.6", **whatsapp_document("m1"))
    messages = payload["entry"][0]["changes"][0]["value"]["messages"]
    messages.insert(0, {"id": 7})
    messages.append(None)
    payload["entry"].insert(0, {"changes": [{"field": "messages", "value": {"statuses": [{}]}}]})
    assert [each.message_id for each in whatsapp.messages_of(payload)] == ["wamid.6"]


PLACES: list[tuple[str | int, ...]] = [
    ("object",),
    ("entry",),
    ("entry", 0),
    ("entry", 0, "changes"),
    ("entry", 0, "changes", 0),
    ("entry", 0, "changes", 0, "value"),
    ("entry", 0, "changes", 0, "value", "metadata"),
    ("entry", 0, "changes", 0, "value", "messages"),
    ("entry", 0, "changes", 0, "value", "messages", 0, "document"),
    ("entry", 0, "changes", 0, "value", "messages", 0, "image"),
]


@given(JSON, st.sampled_from(PLACES))
def test_whatever_whatsapp_says_is_messages_or_nothing(
    junk: Any, place: tuple[str | int, ...]
) -> None:
    """A payload with junk anywhere in it raises nothing."""
    payload = whatsapp_message("wamid.7", **whatsapp_document("m1"))
    at: Any = payload
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = junk
    assert len(list(whatsapp.messages_of(payload))) <= 1
    assert not list(whatsapp.messages_of(junk))


def test_a_document_over_telegram() -> None:
    document = {"file_id": "f1", "file_unique_id": "u", "file_name": "CV.docx", "file_size": 77}
    message = telegram.message_of("acme", telegram_update(1, document=document))
    assert message == Message("telegram", "acme", "8734", "1001", (Media("f1", "CV.docx", 77),))


def test_of_a_photograph_the_largest_size_is_the_file() -> None:
    sizes = [
        {"file_id": f"p{n}", "file_unique_id": "u", "width": n * 90, "height": n * 120}
        for n in (1, 8, 3)
    ]
    message = telegram.message_of("acme", telegram_update(2, photo=sizes, caption="my CV"))
    assert message is not None
    assert message.files == (Media("p8", "telegram-photo.jpg"),)


@pytest.mark.parametrize(
    "payload",
    [
        {"update_id": 3, "edited_message": {}},
        telegram_update(4, new_chat_members=[]),
        {"message": {}},
        [],
        None,
    ],
)
def test_other_updates_are_nobodys_word(payload: Any) -> None:
    assert telegram.message_of("acme", payload) is None


def test_a_text_over_telegram_is_a_message_without_files() -> None:
    message = telegram.message_of("acme", telegram_update(5, text="/start"))
    assert message is not None
    assert message.files == ()


@given(JSON)
def test_whatever_telegram_says_is_a_message_or_nothing(junk: Any) -> None:
    telegram.message_of("acme", junk)
    telegram.message_of("acme", {"update_id": 1, "message": junk})
    message = telegram_update(6, document=junk, text="x", photo=junk)
    telegram.message_of("acme", message)


BODY = json.dumps({"entry": []}).encode()


def meta(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_metas_signature_is_of_these_bytes_by_this_secret() -> None:
    good = meta(BODY, "secret")
    assert signatures.whatsapp_holds("secret", BODY, good)
    for wrong in (
        None, "", good[7:], good.upper(), good[:-1], meta(BODY, "other"),
        meta(BODY + b" ", "secret"), "sha1=" + good[7:], good + "\u00e9",
    ):  # fmt: skip
        assert not signatures.whatsapp_holds("secret", BODY, wrong)


def test_no_secret_opens_nothing() -> None:
    assert signatures.token_holds("secret", "secret")
    for secret, given_secret in (("", ""), ("", None), ("secret", None), ("secret", "Secret")):
        assert not signatures.token_holds(secret, given_secret)


def mail_call(**changes: Any) -> bool:
    stamp = str(int(NOW.timestamp()))
    call: dict[str, Any] = {
        "timestamp": stamp, "recipient": "cv@acme.example", "body": b"mail",
        "header": signatures.mail_signature("key", stamp, "cv@acme.example", b"mail"), "now": NOW,
    }  # fmt: skip
    return signatures.mail_holds("key", **(call | changes))


def test_a_gateways_signature_is_of_moment_recipient_and_mail() -> None:
    assert mail_call()
    assert mail_call(now=NOW + timedelta(minutes=5))
    other = str(int(NOW.timestamp()) + 1)
    for changes in (
        {"timestamp": other}, {"recipient": "cv@rival.example"}, {"body": b"other"},
        {"header": None}, {"header": ""}, {"timestamp": None}, {"recipient": None},
        {"timestamp": "1e9"}, {"timestamp": "9" * 40}, {"timestamp": "-1"}, {"timestamp": "²"},
        {"now": NOW + timedelta(minutes=5, seconds=1)}, {"now": NOW - timedelta(minutes=6)},
    ):  # fmt: skip
        assert not mail_call(**changes), changes


def test_the_signature_is_what_the_documentation_says() -> None:
    """A gateway in another language makes the same one."""
    digest = hashlib.sha256(b"mail").hexdigest()
    expected = hmac.new(b"key", f"1772366400\ncv@acme\n{digest}".encode(), hashlib.sha256)
    made = signatures.mail_signature("key", "1772366400", "cv@acme", b"mail")
    assert made == f"sha256={expected.hexdigest()}"
