"""An applicant-tracking system on loopback: takes signed webhooks as it should, or fails."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "a secret of the webhook, long enough"


@dataclass
class AtsPeer:
    """What the system was told, and how it is to answer next."""

    port: int = 0
    told: list[dict[str, Any]] = field(default_factory=list)
    """Bodies of calls whose signature holds."""
    headers: list[dict[str, str]] = field(default_factory=list)
    forged: int = 0
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Status and headers of the next answers; with status 0 the connection is cut."""
    pause: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


def holds(header: str | None, body: bytes, secret: str = SECRET) -> bool:
    """Whether a signature is of this body, as the documentation tells a receiver to check it."""
    parts = dict(part.split("=", 1) for part in (header or "").split(",") if "=" in part)
    signed = f"{parts.get('t')}.".encode() + body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, parts.get("v1", ""))


@contextmanager
def tracking_system() -> Iterator[AtsPeer]:
    """Run the system until the block ends."""
    peer = AtsPeer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(peer.pause)
            status, headers = peer.answers.pop(0) if peer.answers else (204, {})
            if not holds(self.headers.get("X-Waymark-Signature"), body):
                peer.forged += 1
                status = 401
            elif 200 <= status < 300:
                peer.told.append(json.loads(body))
                peer.headers.append(dict(self.headers))
            if status == 0:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

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
