"""Webhooks of the channels, and uploads."""

from __future__ import annotations

import json
import secrets
import time

from functions.intake_upload.rules.signatures import mail_signature
from tests.access.recipes.registry import ANYONE, SELF, Request, recipe
from tests.access.world import Kind, Person, World
from tests.peers.chat import (
    BOT_SECRET,
    VERIFY_TOKEN,
    ChatPeer,
    signed,
    telegram_update,
    whatsapp_message,
)

MAIL_SECRET, INBOX = "the mail gateway's secret, long enough", "cv@demo.example"
ENVIRONMENT = {
    **ChatPeer(port=9).environment("demo"),  # where nobody listens
    "WAYMARK_MAIL_SECRET": MAIL_SECRET,
    "WAYMARK_MAIL_INBOXES": json.dumps({INBOX: "demo"}),
}


@recipe(SELF, status=202)
def intake_files_add(world: World, caller: Person, kind: Kind) -> Request:
    text = f"{secrets.token_hex(8)}\n"
    part = f'Content-Disposition: form-data; name="files"; filename="cv.txt"\r\n\r\n{text}'
    body = f"--edge\r\n{part}\r\n--edge--\r\n".encode()
    return Request(raw=("multipart/form-data; boundary=edge", body), shows=("cv.txt",))


@recipe(ANYONE)
def whatsapp_verify(world: World, caller: Person, kind: Kind) -> Request:
    query = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1158"}
    return Request(query=query, shows=("1158",))


@recipe(ANYONE)
def whatsapp_receive(world: World, caller: Person, kind: Kind) -> Request:
    body = json.dumps(whatsapp_message(secrets.token_hex(8), type="text")).encode()
    return Request(raw=("application/json", body), headers=signed(body), shows=("messages",))


@recipe(ANYONE)
def telegram_receive(world: World, caller: Person, kind: Kind) -> Request:
    body = json.dumps(telegram_update(secrets.randbelow(10**9), text="hello")).encode()
    headers = {"X-Telegram-Bot-Api-Secret-Token": BOT_SECRET}
    return Request(
        path={"tenant_id": "demo"},
        raw=("application/json", body),
        headers=headers,
        shows=("messages",),
    )


@recipe(ANYONE, status=202)
def mail_receive(world: World, caller: Person, kind: Kind) -> Request:
    stamp = str(int(time.time()))
    mail = f"From: maya@example.org\r\nSubject: {secrets.token_hex(8)}\r\n\r\nHello\r\n".encode()
    headers = {
        "X-Waymark-Recipient": INBOX,
        "X-Waymark-Timestamp": stamp,
        "X-Waymark-Signature": mail_signature(MAIL_SECRET, stamp, INBOX, mail),
    }
    return Request(raw=("message/rfc822", mail), headers=headers, shows=("intake_id",))
