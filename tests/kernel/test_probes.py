"""What is asked of each peer, and which answers count."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shared import runtime
from shared.readiness.probes import checker
from tests.kernel.tokens import settings
from tests.peers.loopback import free_port

BOTS = '{"demo": {"token": "123:abc", "secret": "a secret of the bot"}}'


@dataclass
class Peer:
    """A server that answers every GET alike."""

    port: int = 0
    status: int = 200
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, self.headers.get("Authorization")))
            self.send_response(made.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def given(url: str) -> dict[str, dict[str, str]]:
    """The settings of each peer, at this address."""
    model = {
        "WAYMARK_OPENAI_KEY": "sk-1",
        "WAYMARK_OPENAI_MODEL": "small",
        "WAYMARK_OPENAI_BASE_URL": f"{url}/v1",
    }
    return {
        "language_model": model,
        "resume_model": {**model, "WAYMARK_OPENAI_RESUMES": "true"},
        "record_store": {
            "WAYMARK_LRS_ENDPOINT": f"{url}/xapi/",
            "WAYMARK_LRS_KEY": "k",
            "WAYMARK_LRS_SECRET": "s",
        },
        "identity_provider": {
            "WAYMARK_OIDC_ISSUER": "https://login.example.org",
            "WAYMARK_OIDC_AUDIENCE": "waymark",
            "WAYMARK_OIDC_JWKS_URL": f"{url}/keys",
        },
        "whatsapp": {
            "WAYMARK_WHATSAPP_URL": f"{url}/graph",
            "WAYMARK_WHATSAPP_TOKEN": "t",
            "WAYMARK_WHATSAPP_APP_SECRET": "s",
            "WAYMARK_WHATSAPP_VERIFY_TOKEN": "v",
            "WAYMARK_WHATSAPP_NUMBERS": '{"104527893": "demo"}',
        },
        "telegram": {"WAYMARK_TELEGRAM_URL": url, "WAYMARK_TELEGRAM_BOTS": BOTS},
    }


PATHS = {
    "language_model": "/v1/models",
    "resume_model": "/v1/models",
    "record_store": "/xapi/about",
    "identity_provider": "/keys",
    "whatsapp": "/graph",
    "telegram": "/",
}
HEEDS_REFUSAL = PATHS.keys() - {"whatsapp", "telegram"}


def state(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: dict[str, str]) -> str:
    made = runtime.Runtime(settings(WAYMARK_HOME=str(tmp_path), **more))
    monkeypatch.setattr(runtime, "_runtime", made)
    assert checker() is checker()
    return checker().check([name])[name].state


@pytest.mark.parametrize("name", sorted(PATHS))
def test_a_peer_is_asked_at_its_own_address(
    name: str, peer: Peer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Up with what is below 500; a refusal counts where the key is ours to give; a server that
    breaks, or is not there, is down; one that nobody configured is not asked."""
    configured = given(peer.url)[name]
    expected = {200: "up", 404: "up", 500: "down", 503: "down"}
    expected |= dict.fromkeys((401, 403), "down" if name in HEEDS_REFUSAL else "up")
    for peer.status, wanted in expected.items():
        assert state(name, monkeypatch, tmp_path, configured) == wanted, peer.status
    assert {path for path, _ in peer.asked} == {PATHS[name]}
    keys = {key for _, key in peer.asked}
    assert keys == ({"Bearer sk-1"} if name.endswith("_model") else {None})
    nowhere = given(f"http://127.0.0.1:{free_port()}")[name]
    assert state(name, monkeypatch, tmp_path, nowhere) == "down"
    asked = len(peer.asked)
    assert state(name, monkeypatch, tmp_path, {}) == "not_configured"
    assert len(peer.asked) == asked


def test_resumes_that_are_sent_nowhere_need_no_model(
    peer: Peer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A model that only words texts is nothing that the parser would miss."""
    configured = given(peer.url)["language_model"]
    assert state("resume_model", monkeypatch, tmp_path, configured) == "not_configured"
