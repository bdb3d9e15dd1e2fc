"""Whether a call came from whom it says: the signatures of providers and gateways.

All comparisons take the same time wherever the texts differ.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

MAIL_CLOCK_SKEW = timedelta(minutes=5)


def whatsapp_holds(app_secret: str, body: bytes, header: str | None) -> bool:
    """Whether ``X-Hub-Signature-256`` is ``sha256=`` and the HMAC of the body, by Meta's rules for
    webhooks."""
    expected = "sha256=" + hmac.digest(app_secret.encode(), body, "sha256").hex()
    return _same(expected, header)


def token_holds(secret: str, given: str | None) -> bool:
    """Whether a secret that was agreed on came along: Telegram's
    ``X-Telegram-Bot-Api-Secret-Token``, or the ``hub.verify_token`` of a verification."""
    return bool(secret) and _same(secret, given)


def mail_signature(secret: str, timestamp: str, recipient: str, body: bytes) -> str:
    """What a mail gateway sends as ``X-Waymark-Signature``: ``sha256=`` and the HMAC of the
    timestamp, the recipient and the body's SHA-256, each on a line of its own."""
    signed = f"{timestamp}\n{recipient}\n{hashlib.sha256(body).hexdigest()}"
    return (
        "sha256=" + hmac.digest(secret.encode(), signed.encode("utf-8", "replace"), "sha256").hex()
    )


def mail_holds(
    secret: str,
    *,
    timestamp: str | None,
    recipient: str | None,
    body: bytes,
    header: str | None,
    now: datetime,
) -> bool:
    """Whether a gateway's signature holds and was made within five minutes of ``now``.

    ``timestamp`` is whole seconds since 1970 (UTC).
    """
    if not (timestamp and recipient and timestamp.isascii() and timestamp.isdigit()):
        return False
    if len(timestamp) > 12 or abs(now.timestamp() - int(timestamp)) > MAIL_CLOCK_SKEW.seconds:
        return False
    return _same(mail_signature(secret, timestamp, recipient, body), header)


def _same(expected: str, given: str | None) -> bool:
    return hmac.compare_digest(expected.encode(), (given or "").encode("utf-8", "replace"))
