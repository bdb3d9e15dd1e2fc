"""What an applicant-tracking system is told, and how it is signed."""

from __future__ import annotations

import hmac
import json
import re
from datetime import datetime
from urllib.parse import urlsplit

from functions.candidates.rules.documents import AtsHandover
from functions.candidates.rules.json_resume import exported
from shared.errors import Invalid
from shared.models.candidate import CandidateProfile

SIGNATURE_HEADER = "X-Waymark-Signature"


def body_of(handover: AtsHandover, profile: CandidateProfile) -> bytes:
    """The JSON body of a call: what happened, and the profile as it is now."""
    told = {
        "id": handover.handover_id,
        "type": handover.about,
        "occurred_at": handover.created_at.isoformat(),
        "tenant": handover.tenant_id,
        "candidate": {
            "candidate_id": profile.candidate_id,
            "also_known_as": list(profile.absorbed),
            "revision": profile.revision,
            "emails": list(profile.emails),
            "phones": list(profile.phones),
            "tags": list(profile.tags),
            "resume": exported(profile),
        },
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def signature_of(secret: str, body: bytes, *, now: datetime) -> str:
    """The value of ``X-Waymark-Signature``: ``t=`` the seconds since 1970, ``v1=`` the HMAC-SHA256
    of these seconds, a dot and the body. A receiver that refuses old ones cannot be sent a copy."""
    stamp = str(int(now.timestamp()))
    digest = hmac.digest(secret.encode(), stamp.encode() + b"." + body, "sha256").hex()
    return f"t={stamp},v1={digest}"


def checked_url(url: str, *, loopback: bool) -> str:
    """A webhook's address: HTTPS, without a user; with ``loopback`` HTTP to this machine, too.

    Where it leads is checked again when it is called. Raises ``Invalid``.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid("the url is not an address") from None
    is_local = host in {"127.0.0.1", "localhost", "::1"}
    is_sound = host and parts.username is None and not re.search(r"[\s\\]", url)
    if not is_sound or not (parts.scheme == "https" or (loopback and is_local)):
        raise Invalid("the url is an https address without a user name")
    return url
