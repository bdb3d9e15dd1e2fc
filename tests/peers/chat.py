"""WhatsApp's Cloud API and Telegram's Bot API on loopback: media, files and messages.

Media are fetched in two steps as the providers have it: first its address, then the bytes
there, each with the token. Failures when told to.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

WHATSAPP_TOKEN, APP_SECRET, VERIFY_TOKEN = "EAAG-whatsapp-token", "the app's secret", "verify me"
BOT_TOKEN, BOT_SECRET = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "the webhook's secret"
NUMBER, VERSION = "104527893", "v23.0"


@dataclass
class Sent:
    """A message that was sent through a provider."""

    channel: str
    account: str
    to: str
    text: str
    reply_to: str


@dataclass
class ChatPeer:
    """What the providers hold, and how they are to answer next."""

    port: int = 0
    media: dict[str, bytes] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)
    """Who has blocked us."""
    failures: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Status and headers of the next answers; with status 0 the connection is cut."""
    elsewhere: str = ""
    """An address of media that is named in place of the right one."""
    cuts_media: bool = False
    """Break off in the middle of a file."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def whatsapp_url(self) -> str:
        return f"{self.url}/{VERSION}"

    def environment(self, tenant: str) -> dict[str, str]:
        """The settings of a host that uses these providers for one tenant."""
        return {
            "WAYMARK_WHATSAPP_URL": self.whatsapp_url,
            "WAYMARK_WHATSAPP_TOKEN": WHATSAPP_TOKEN,
            "WAYMARK_WHATSAPP_APP_SECRET": APP_SECRET,
            "WAYMARK_WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
            "WAYMARK_WHATSAPP_NUMBERS": json.dumps({NUMBER: tenant}),
            "WAYMARK_TELEGRAM_URL": self.url,
            "WAYMARK_TELEGRAM_BOTS": json.dumps(
                {tenant: {"token": BOT_TOKEN, "secret": BOT_SECRET}}
            ),
        }


def signed(body: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    """The headers with which Meta sends a webhook's body."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}


def whatsapp_message(message_id: str, sender: str = "4915112345678", **content: Any) -> Any:
    """A webhook's body with one message, as Meta sends it."""
    message = {"from": sender, "id": message_id, "timestamp": "1772366400", **content}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "49301234567", "phone_number_id": NUMBER},
        "contacts": [{"profile": {"name": "Maya"}, "wa_id": sender}],
        "messages": [message],
    }
    change = {"field": "messages", "value": value}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "changes": [change]}],
    }


def whatsapp_document(media_id: str, filename: str | None = "cv.txt") -> Any:
    """What a message with a document holds."""
    document = {"id": media_id, "mime_type": "text/plain", "sha256": "unchecked"}
    return {
        "type": "document",
        "document": document | ({"filename": filename} if filename else {}),
    }


def telegram_update(update_id: int, chat: int = 8734, **content: Any) -> Any:
    """An update with one message, as Telegram sends it."""
    return {
        "update_id": update_id,
        "message": {
            "message_id": 1000 + update_id,
            "from": {"id": chat, "is_bot": False, "first_name": "Maya"},
            "chat": {"id": chat, "type": "private", "first_name": "Maya"},
            "date": 1772366400,
            **content,
        },
    }


@contextmanager
def chat_providers() -> Iterator[ChatPeer]:
    """Run both providers until the block ends."""
    peer = ChatPeer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._take({})

        def do_POST(self) -> None:
            self._take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _take(self, body: Any) -> None:
            path = unquote(urlsplit(self.path).path)
            query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
            peer.requests.append(f"{self.command} {path}")
            if peer.failures:
                status, headers = peer.failures.pop(0)
                if status == 0:
                    self.close_connection = True
                    self.connection.close()
                else:
                    self._answer(status, b"{}", headers)
            elif path.startswith((f"/bot{BOT_TOKEN}/", f"/file/bot{BOT_TOKEN}/")):
                self._telegram(path.rpartition(BOT_TOKEN)[2], query, body)
            elif path.startswith("/bot"):
                self._telegram_fails(401, "Unauthorized")
            elif self.headers.get("Authorization") != f"Bearer {WHATSAPP_TOKEN}":
                self._answer(401, b'{"error": {"code": 190}}')
            else:
                self._whatsapp(path, body)

        def _whatsapp(self, path: str, body: Any) -> None:
            name = path.rpartition("/")[2]
            if path == f"/{VERSION}/{NUMBER}/messages":
                if body["to"] in peer.blocked:
                    self._answer(400, b'{"error": {"code": 131047}}')
                    return
                context = body.get("context", {}).get("message_id", "")
                text = body["text"]["body"]
                peer.sent.append(Sent("whatsapp", NUMBER, body["to"], text, context))
                self._json({"messages": [{"id": "wamid.sent"}]})
            elif path.startswith("/media/") and name in peer.media:
                self._answer(200, peer.media[name], cut=peer.cuts_media)
            elif path.startswith(f"/{VERSION}/") and name in peer.media:
                url = peer.elsewhere or f"{peer.url}/media/{name}"
                size = len(peer.media[name])
                self._json({"url": url, "mime_type": "text/plain", "file_size": size, "id": name})
            else:
                self._answer(400, b'{"error": {"code": 100}}')

        def _telegram(self, path: str, query: dict[str, str], body: Any) -> None:
            if path == "/getFile":
                file_id = query["file_id"]
                if file_id not in peer.media:
                    self._telegram_fails(400, "Bad Request: invalid file_id")
                    return
                named = f"documents/{file_id}"
                self._json({"ok": True, "result": {"file_id": file_id, "file_path": named}})
            elif path == "/sendMessage":
                if body["chat_id"] in peer.blocked:
                    self._telegram_fails(403, "Forbidden: bot was blocked by the user")
                    return
                reply = str(body.get("reply_parameters", {}).get("message_id", ""))
                peer.sent.append(Sent("telegram", "", body["chat_id"], body["text"], reply))
                self._json({"ok": True, "result": {"message_id": 1}})
            elif (name := path.removeprefix("/documents/")) in peer.media:
                self._answer(200, peer.media[name], cut=peer.cuts_media)
            else:
                self._telegram_fails(404, "Not Found")

        def _telegram_fails(self, status: int, why: str) -> None:
            said = {"ok": False, "error_code": status, "description": why}
            self._answer(status, json.dumps(said).encode())

        def _json(self, body: Any) -> None:
            self._answer(200, json.dumps(body).encode())

        def _answer(
            self,
            status: int,
            content: bytes,
            headers: dict[str, str] | None = None,
            *,
            cut: bool = False,
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
            if cut:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing: a test says what it saw."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    peer.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
