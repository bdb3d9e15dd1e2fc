"""A learning record store on loopback: takes xAPI statements over HTTP, as the standard says.

Basic authentication, the version header, statement ids kept once, 409 where an id is there with
another content; and failures when told to.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY, SECRET = "waymark", "open sesame"
_REQUIRED = {"actor", "verb", "object"}


@dataclass
class RecordStorePeer:
    """What the store holds, and how it is to answer next."""

    port: int = 0
    statements: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: int = 0
    failures: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Status and headers of the next answers; with status 0 the connection is cut."""
    loses_answer: bool = False
    """Keep the next statements, and cut the connection before it is answered."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/xapi"

    def keep(self, sent: list[dict[str, Any]]) -> tuple[int, Any]:
        """All statements of a request, or none."""
        for statement in sent:
            if not statement.keys() >= _REQUIRED:
                return 400, {"error": "a statement has actor, verb and object"}
            held = self.statements.get(statement["id"])
            if held is not None and held != statement:
                return 409, {"error": "this id is another statement's"}
        if len({statement["id"] for statement in sent}) != len(sent):
            return 400, {"error": "two statements of one request have one id"}
        self.statements |= {statement["id"]: statement for statement in sent}
        return 200, [statement["id"] for statement in sent]


@contextmanager
def record_store() -> Iterator[RecordStorePeer]:
    """Run a record store until the block ends."""
    peer = RecordStorePeer()
    expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            peer.requests += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if peer.failures:
                status, headers = peer.failures.pop(0)
                if status == 0:
                    self._cut()
                else:
                    self._answer(status, {}, headers)
                return
            if self.headers.get("Authorization") != expected:
                self._answer(401, {})
            elif not (self.headers.get("X-Experience-API-Version") or "").startswith("1.0"):
                self._answer(400, {"error": "no version"})
            elif self.path != "/xapi/statements":
                self._answer(404, {})
            else:
                status, answer = peer.keep(json.loads(body))
                if peer.loses_answer:
                    peer.loses_answer = False
                    self._cut()
                else:
                    self._answer(status, answer)

        def do_GET(self) -> None:
            is_about = self.path == "/xapi/about"
            self._answer(200 if is_about else 404, {"version": ["1.0.3"]} if is_about else {})

        def _cut(self) -> None:
            self.close_connection = True
            self.connection.close()

        def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("X-Experience-API-Version", "1.0.3")
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

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
