"""Settings of the tests, tokens made by hand, and an identity provider on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from shared.settings import Settings

KEY = "the key of the tests, 32 characters or more"
PSEUDONYM_KEY = "the key of the tests' pseudonyms, just as long"
ISSUER = "https://login.example.org/"
AUDIENCE = "waymark-api"
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())


def settings(**more: str) -> Settings:
    """Settings with the tests' key and these variables."""
    sound = {
        "WAYMARK_STORES": "embedded",
        "WAYMARK_TOKEN_KEY": KEY,
        "WAYMARK_PSEUDONYM_KEY": PSEUDONYM_KEY,
    }
    return Settings.read(sound | more)


def claims(**more: Any) -> dict[str, Any]:
    """Sound claims of our own issuer; a claim given as None is left out."""
    sound = {
        "iss": "waymark",
        "aud": "waymark",
        "sub": "anna",
        "tenant": "acme",
        "roles": ["recruiter"],
        "use": "access",
        "iat": SECONDS,
        "exp": SECONDS + 600,
    }
    return {name: value for name, value in (sound | more).items() if value is not None}


def signed(key: str = KEY, algorithm: str = "HS256", **more: Any) -> str:
    """A token of our own form."""
    return jwt.encode(claims(**more), key, algorithm=algorithm)


class Provider:
    """An OpenID provider: its keys, and a server that shows the public ones."""

    def __init__(self) -> None:
        self.keys: dict[str, RSAPrivateKey] = {}
        self.requests = 0
        self.answer: bytes | None = None
        self.status = 200
        self.url = ""

    def add(self, kid: str) -> None:
        self.keys[kid] = generate_private_key(public_exponent=65537, key_size=2048)

    def public_pem(self, kid: str) -> bytes:
        public = self.keys[kid].public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def jwks(self) -> bytes:
        if self.answer is not None:
            return self.answer
        shown = [
            json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": kid, "use": "sig"}
            for kid, key in self.keys.items()
        ]
        return json.dumps({"keys": shown}).encode()

    def settings(self) -> Settings:
        """Settings under which this provider's tokens are accepted."""
        return settings(
            WAYMARK_OIDC_ISSUER=ISSUER,
            WAYMARK_OIDC_AUDIENCE=AUDIENCE,
            WAYMARK_OIDC_JWKS_URL=self.url,
        )

    def token(self, kid: str, *, key: RSAPrivateKey | None = None, **more: Any) -> str:
        """A token signed with the key of this name, or another key under its name."""
        content = claims(**({"iss": ISSUER, "aud": AUDIENCE} | more))
        signing = key or self.keys[kid]
        return jwt.encode(content, signing, algorithm="RS256", headers={"kid": kid})


@contextmanager
def running(provider: Provider) -> Iterator[Provider]:
    """Serve the provider's keys on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.requests += 1
            body = provider.jwks()
            self.send_response(provider.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}/keys"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
