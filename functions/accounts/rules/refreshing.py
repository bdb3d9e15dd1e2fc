"""What a refresh token that comes in is worth (RFC 9700, section 4.14: rotation with reuse
detection)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from functions.accounts.rules.documents import RefreshFamily

REFRESH_LIFETIME = timedelta(days=30)
FAMILY_LIFETIME = timedelta(days=180)

Verdict = Literal["rotate", "repeat", "reused", "dead"]


def judge(
    family: RefreshFamily,
    token_id: str,
    *,
    repeat_key: str | None,
    password_changed_at: datetime,
    now: datetime,
) -> Verdict:
    """What to do with a token of this family.

    ``rotate``: it is the last one. ``repeat``: it is the one before, sent again with the
    Idempotency-Key of its first time, for the answer was lost. ``reused``: it was used before:
    somebody has a copy, and nobody knows who is who. ``dead``: the family has ended, or is of
    an older password, whose change may have died before it ended all sign-ins.
    """
    if family.created_at < password_changed_at:
        return "dead"
    if family.revoked_at is not None or now >= family.created_at + FAMILY_LIFETIME:
        return "dead"
    if token_id == family.current:
        return "rotate"
    if repeat_key is not None and (token_id, repeat_key) == (family.former, family.repeat_key):
        return "repeat"
    return "reused"


def rotated(
    family: RefreshFamily, token_id: str, *, repeat_key: str | None, now: datetime
) -> RefreshFamily:
    """The family with a new last token."""
    return family.model_copy(
        update={
            "current": token_id,
            "former": family.current,
            "repeat_key": repeat_key,
            "rotated_at": now,
        }
    )


def lifetime_left(family: RefreshFamily, now: datetime) -> timedelta:
    """How long a token issued now may hold."""
    return min(REFRESH_LIFETIME, family.created_at + FAMILY_LIFETIME - now)
