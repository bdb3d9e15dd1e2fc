"""Journeys that may have been on their way to or from the archive while a backup read them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

OLD_AFTER = timedelta(days=364)
"""A journey is archived a year after something was last done in it; clocks may differ."""
CLOCKS_DIFFER = timedelta(hours=1)


def may_have_moved(body: dict[str, Any], *, began: datetime, ended: datetime) -> bool:
    """Whether what was done in a journey may be missing from a backup though the journey itself
    says that it lies beside it.

    A backup reads one page after the other: the journey before it was archived and the rest after,
    or the rest before it came back and the journey after. The former was old when the backup ended,
    in the latter something was done since the backup began.
    """
    if body.get("kind") != "journey" or body.get("archive") is not None or not body.get("answers"):
        return False
    try:
        last = datetime.fromisoformat(body["archive_due"])
    except (KeyError, TypeError, ValueError):
        return False  # one that is never archived
    if last.tzinfo is None:
        return False
    return last < ended - OLD_AFTER or last >= began - CLOCKS_DIFFER
