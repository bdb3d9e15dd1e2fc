"""Telegram by its Bot API: https://core.telegram.org/bots/api#getfile and #sendmessage."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from shared.channels.provider import ask
from shared.errors import Missing, Rejected, Unavailable

MOST_TEXT = 4096


@dataclass(frozen=True)
class Telegram:
    """The Bot API. An account is a tenant, which has one bot; ``tokens`` are the bots'."""

    url: str
    tokens: Mapping[str, str] = field(repr=False)

    def fetch(self, account: str, media_id: str, *, most_bytes: int) -> bytes:
        """See :class:`shared.channels.port.Messenger`: first the path, then the file there."""
        token = self._token(account)
        try:
            answer = ask(
                "GET", f"{self.url}/bot{token}/getFile", params={"file_id": media_id},
                what="Telegram",
            )  # fmt: skip
        except Rejected:  # what it has no longer it calls a bad request
            raise Missing("Telegram does not have the file") from None
        path = _result(answer).get("file_path")
        if not isinstance(path, str) or not path:
            raise Missing("Telegram does not have the file")
        url = f"{self.url}/file/bot{token}/{quote(path)}"
        return ask("GET", url, most_bytes=most_bytes, what="Telegram")

    def send(self, account: str, to: str, text: str, *, reply_to: str = "") -> None:
        """See :class:`shared.channels.port.Messenger`."""
        message: dict[str, Any] = {"chat_id": to, "text": text[:MOST_TEXT]}
        if reply_to.isascii() and reply_to.isdigit():
            message["reply_parameters"] = {
                "message_id": int(reply_to),
                "allow_sending_without_reply": True,
            }
        url = f"{self.url}/bot{self._token(account)}/sendMessage"
        # 403: the person blocked the bot, which no later try changes
        _result(ask("POST", url, json=message, final=frozenset({403}), what="Telegram"))

    def _token(self, account: str) -> str:
        try:
            return self.tokens[account]
        except KeyError:
            raise Unavailable("the tenant has no bot here") from None


def _result(answer: bytes) -> dict[str, Any]:
    try:
        body = json.loads(answer)
    except ValueError:
        raise Unavailable("Telegram gives an unreadable answer") from None
    if not isinstance(body, dict) or not isinstance(body.get("result"), dict):
        raise Unavailable("Telegram gives an unreadable answer")
    found: dict[str, Any] = body["result"]
    return found
