"""A language model on loopback that speaks OpenAI's chat completions over HTTP.

It holds requests to the protocol: the key, the model, strict structured output with every name
of every object required. What it answers a test says: other words for each text, or anything to a
document of another kind; a refusal, half an answer, an answer of another form, a status, a hang, a
drip, a cut.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY, MODEL = "sk-of-the-tests", "small-model"
Words = Callable[[Mapping[str, str]], Mapping[str, Any]]


def unchanged(texts: Mapping[str, str]) -> Mapping[str, Any]:
    """The texts as they came."""
    return texts


def hold_strict(schema: Any) -> None:
    """Hold a schema to what strict output asks. Raises ``AssertionError``."""
    if isinstance(schema, list):
        for each in schema:
            hold_strict(each)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object":
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])
    assert not {"default", "minLength", "maxLength", "maxItems", "pattern"} & set(schema)
    for name, each in schema.items():
        # a property may have any name, that of a keyword too
        hold_strict(list(each.values()) if name in {"properties", "$defs"} else each)


@dataclass
class LanguageModel:
    """What came in, and how it is to answer."""

    port: int = 0
    words: Words = unchanged
    answers: Callable[[dict[str, Any]], Any] | None = None
    """What a document is answered with, of whatever kind it is; without it ``words`` are put to
    its texts."""
    does: list[str] = field(default_factory=list)
    """What the next calls meet: ``refuse``, ``cut_off``, ``no_json``, ``empty``, ``429``, ``500``,
    ``401``, ``302``, ``hang``, ``drip``, ``drop``, ``no_usage``, ``html``, ``half`` of a body,
    ``half_json`` that says it is whole, ``list`` for an object, ``huge``."""
    tokens: int = 120
    requests: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def completion(self, request: dict[str, Any], what: str | None) -> tuple[int, Any]:
        """The status and the body of an answer. Raises ``AssertionError`` for another protocol."""
        system, user = request["messages"]
        wanted = request["response_format"]["json_schema"]
        assert request["model"] == MODEL
        assert (system["role"], user["role"]) == ("system", "user")
        assert wanted["strict"] is True
        assert wanted["schema"]["type"] == "object"
        hold_strict(wanted["schema"])
        assert 0 < request["max_completion_tokens"] < 100_000
        document = json.loads(user["content"])
        self.documents.append(document)
        if what in {"429", "500", "401", "302"}:
            return int(what or 0), {"error": {"message": "not now", "type": "of the tests"}}
        message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
        finish = "stop"
        if what == "refuse":
            message["refusal"] = "I cannot help with that."
        elif what == "cut_off":
            message["content"], finish = '{"t0": "half of', "length"
        elif what == "no_json":
            message["content"] = "Sure! Here is your text:"
        elif what == "list":
            message["content"] = "[]"
        elif what == "huge":
            message["content"] = json.dumps({"t0": "much " * 600_000})
        elif what != "empty":
            said = self.answers(document) if self.answers else self.words(document["texts"])
            content = json.dumps(said)
            message["content"] = content[: len(content) // 2] if what == "half_json" else content
        choices = (
            []
            if what == "empty"
            else [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}]
        )
        body: dict[str, Any] = {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL,
            "choices": choices,
        }  # fmt: skip
        if what != "no_usage":
            body["usage"] = {
                "prompt_tokens": self.tokens - 20, "completion_tokens": 20,
                "total_tokens": self.tokens,
            }  # fmt: skip
        return 200, body


@contextmanager
def language_model() -> Iterator[LanguageModel]:
    """Run a model until the block ends."""
    peer = LanguageModel()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            peer.requests.append(request)
            what = peer.does.pop(0) if peer.does else None
            if self.headers.get("Authorization") != f"Bearer {KEY}":
                self._answer(401, {"error": {"message": "who are you?"}})
            elif self.path != "/v1/chat/completions":
                self._answer(404, {"error": {"message": "nothing here"}})
            elif what == "drop":
                self.close_connection = True
                self.connection.close()
            elif what == "hang":
                peer.stopped.wait(30)
                self.close_connection = True
            elif what == "html":
                self._send(200, b"<html>a proxy's page</html>", "text/html")
            else:
                status, body = peer.completion(request, what)
                self._answer(status, body, drips=what == "drip", cut=what == "half")

        def do_GET(self) -> None:
            known = self.headers.get("Authorization") == f"Bearer {KEY}"
            models = {"object": "list", "data": [{"id": MODEL, "object": "model"}]}
            if self.path != "/v1/models":
                self._answer(404, {"error": {"message": "nothing here"}})
            else:
                self._answer(200, models) if known else self._answer(401, {})

        def _answer(self, status: int, body: Any, **how: bool) -> None:
            self._send(status, json.dumps(body).encode(), "application/json", **how)

        def _send(
            self,
            status: int,
            content: bytes,
            kind: str,
            *,
            drips: bool = False,
            cut: bool = False,
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            if status == 302:
                self.send_header("Location", "/v1/elsewhere")
            if status == 429:
                self.send_header("Retry-After", "3600")
            self.end_headers()
            try:
                if not drips:
                    self.wfile.write(content[: len(content) // 2] if cut else content)
                    self.close_connection = cut
                    return
                for byte in content:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(0.2)
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing: a test says what it saw."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    peer.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        peer.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()
