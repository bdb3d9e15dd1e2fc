"""What the providers have in common: one HTTP request, and what its answer means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from shared.errors import Missing, Rejected, Throttled, TooLarge, Unavailable
from shared.retry_after import seconds_asked

TIMEOUT_SECONDS = (5, 30)
MOST_ANSWER_BYTES = 1024 * 1024
_PIECE = 64 * 1024


def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    json: Any = None,
    most_bytes: int = MOST_ANSWER_BYTES,
    final: frozenset[int] = frozenset(),
    what: str,
) -> bytes:
    """Send a request and return the answer's body; ``what`` names the peer in errors, never the
    URL, which may hold a token.

    Redirects are not followed. Raises ``Missing`` for 404 and 410, ``Rejected`` for another
    status below 500 but 401, 403, 408 and 429, and for those of ``final``; ``Throttled``,
    ``Unavailable``, and ``TooLarge`` for a body above ``most_bytes``.
    """
    # loaded here: a deployment without channels never needs it
    import requests

    try:
        with requests.request(
            method,
            url,
            headers=dict(headers or {}),
            params=dict(params or {}),
            json=json,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            stream=True,
        ) as answer:
            if answer.status_code in final:
                raise Rejected(f"{what} answered {answer.status_code}")
            _check(answer.status_code, answer.headers.get("Retry-After"), what)
            body = bytearray()
            for piece in answer.iter_content(_PIECE):
                body += piece
                if len(body) > most_bytes:
                    raise TooLarge(f"{what} sends more than {most_bytes:,} bytes")
            expected = answer.headers.get("Content-Length")
            is_plain = "Content-Encoding" not in answer.headers
            if expected and expected.isdigit() and is_plain and len(body) != int(expected):
                raise Unavailable(f"{what} broke off in the middle")
            return bytes(body)
    except requests.RequestException as error:
        raise Unavailable(f"{what}: {type(error).__name__}") from None


def _check(status: int, retry_after: str | None, what: str) -> None:
    if 200 <= status < 300:
        return
    if status == 429:
        raise Throttled(f"{what} asks to wait", retry_after=seconds_asked(retry_after))
    if status in {404, 410}:
        raise Missing(f"{what} does not have it")
    if status in {401, 403, 408} or status >= 500:
        # a token that does not hold is mended by an operator; what waits must not be lost to it
        raise Unavailable(f"{what} answered {status}")
    raise Rejected(f"{what} answered {status}")


def is_below(url: str, base: str, *domains: str) -> bool:
    """Whether a URL that a provider names may be asked with its token: on the host of ``base``,
    or by HTTPS on one of its domains."""
    if "\\" in url or "@" in url:  # which two readers of an address do not read alike
        return False
    try:
        asked, ours = urlsplit(url), urlsplit(base)
        if (asked.scheme, asked.netloc) == (ours.scheme, ours.netloc):
            return True
        host = asked.hostname or ""
    except ValueError:
        return False
    is_theirs = any(host == domain or host.endswith(f".{domain}") for domain in domains)
    return asked.scheme == "https" and is_theirs
