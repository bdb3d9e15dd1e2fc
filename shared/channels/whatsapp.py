"""WhatsApp by Meta's Cloud API: media and messages.

https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media and …/messages.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import quote

from shared.channels.provider import ask, is_below
from shared.errors import Missing, Rejected, Unavailable

_DOMAINS = ("fbsbx.com", "facebook.com", "whatsapp.net")
MOST_TEXT = 4096


@dataclass(frozen=True)
class WhatsApp:
    """The Cloud API. An account is the id of one of our phone numbers."""

    url: str
    token: str = field(repr=False)

    def fetch(self, account: str, media_id: str, *, most_bytes: int) -> bytes:
        """See :class:`shared.channels.port.Messenger`: first the address, then the file there."""
        try:
            about = ask(
                "GET",
                f"{self.url}/{quote(media_id, safe='')}",
                params={"phone_number_id": account},
                headers=self._headers,
                what="WhatsApp",
            )
        except Rejected:  # what it has no longer it calls a bad request
            raise Missing("WhatsApp does not have the file") from None
        try:
            url = json.loads(about)["url"]
        except (ValueError, KeyError, TypeError):
            raise Unavailable("WhatsApp names no address of a file") from None
        if not isinstance(url, str) or not is_below(url, self.url, *_DOMAINS):
            raise Unavailable("WhatsApp names an address that is not its own")
        return ask("GET", url, headers=self._headers, most_bytes=most_bytes, what="WhatsApp")

    def send(self, account: str, to: str, text: str, *, reply_to: str = "") -> None:
        """See :class:`shared.channels.port.Messenger`."""
        message = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": to,
            "type": "text",
            "text": {"preview_url": False, "body": text[:MOST_TEXT]},
        }
        if reply_to:
            message["context"] = {"message_id": reply_to}
        url = f"{self.url}/{quote(account, safe='')}/messages"
        ask("POST", url, json=message, headers=self._headers, what="WhatsApp")

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}
