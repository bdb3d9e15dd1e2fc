"""XP of the last days by quarter of an hour, from which any zone's day and week can be summed.

Every time zone in use is a whole number of quarters away from UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

KEPT = timedelta(days=9)
"""A week, and what time zones put before and after it."""


def quarter_of(moment: datetime) -> str:
    """The key of a moment's quarter of an hour; keys sort as their moments do."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H}:{utc.minute // 15 * 15:02}"


def with_recent(recent: Mapping[str, int], change: int, now: datetime) -> dict[str, int]:
    """The sums with a change more, of what is not older than :data:`KEPT`."""
    first, key = quarter_of(now - KEPT), quarter_of(now)
    found = {quarter: amount for quarter, amount in recent.items() if quarter >= first}
    found[key] = found.get(key, 0) + change
    return found


def xp_since(recent: Mapping[str, int], start: datetime) -> int:
    """XP since a moment that begins a quarter of an hour; corrections can make it negative."""
    first = quarter_of(start)
    return sum(amount for quarter, amount in recent.items() if quarter >= first)
