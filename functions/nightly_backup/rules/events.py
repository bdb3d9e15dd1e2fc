"""Events of a backup that were not sent yet: whether they still may be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

RECEIPTS_SAFE = timedelta(days=29)
"""A receipt is kept for 30 days; a day is left for the restore and for what waits on the bus."""


def is_outbox(body: dict[str, Any]) -> bool:
    """Whether a document is an event on its way."""
    return body.get("kind") == "outbox"


def may_have_been_handled(body: dict[str, Any], *, now: datetime) -> bool:
    """Whether an event was to be sent so long ago that no receipt would tell any more that it was
    handled. One that does not say when it was to be sent may have been."""
    if not is_outbox(body):
        return False
    moments = []
    for name in ("created_at", "not_before"):
        try:
            moment = datetime.fromisoformat(body[name])
        except (KeyError, TypeError, ValueError):
            continue
        if moment.tzinfo is not None:
            moments.append(moment)
    return not moments or max(moments) < now - RECEIPTS_SAFE
