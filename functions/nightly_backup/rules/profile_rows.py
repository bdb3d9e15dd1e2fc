"""A learner's game profile as a row of the snapshot for analysts: no name, no address, no id."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.models.game import FREE_HINTS_A_DAY, GameProfile
from shared.models.levels import level_of, level_xp, tier_of
from shared.models.streaks import current_length, local_date

COLUMNS: Mapping[str, str] = {
    "learner": "string",
    "xp": "int64",
    "lifetime_xp": "int64",
    "level": "int32",
    "next_level_xp": "int64",
    "tier": "string",
    "rank": "int64",
    "streak_days": "int32",
    "best_streak": "int32",
    "achievements": "list<string>",
    "achievement_count": "int32",
    "daily_xp_earned": "int64",
    "hints_used_today": "int32",
    "free_hints_remaining": "int32",
    "grade": "string",
    "track": "string",
    "last_active": "date",
    "created_at": "timestamp",
    "updated_at": "timestamp",
}
"""The columns of a snapshot, in order, with their types."""


class Ranks:
    """Places by lifetime XP: equal amounts share one, and the next place is counted on from all
    before it: 1, 2, 2, 4."""

    def __init__(self, counts: Mapping[int, int]) -> None:
        self._amounts = sorted(counts)
        self._above: list[int] = []
        above = self._all = sum(counts.values())
        for amount in self._amounts:
            above -= counts[amount]
            self._above.append(above)

    def of(self, lifetime_xp: int) -> int:
        """The place of an amount, which need not be one that was counted."""
        at = bisect_right(self._amounts, lifetime_xp)
        return 1 + (self._above[at - 1] if at else self._all)


def row_of(
    profile: GameProfile, *, learner: str, zone: str, track: str | None, rank: int, now: datetime
) -> dict[str, Any]:
    """A profile as it is at a moment, in the learner's time zone; ``learner`` is a pseudonym."""
    level, today = level_of(profile.lifetime_xp), local_date(now, zone)
    runs, earned, hints = profile.streak.runs, profile.earned, profile.hints
    used = hints.amount if hints is not None and hints.date >= today else 0
    return {
        "learner": learner,
        "xp": profile.balance,
        "lifetime_xp": profile.lifetime_xp,
        "level": level,
        "next_level_xp": level_xp(level + 1),
        "tier": tier_of(level),
        "rank": rank,
        "streak_days": current_length(profile.streak, now, zone),
        "best_streak": profile.streak.best,
        "achievements": sorted(each.key for each in profile.achievements),
        "achievement_count": len(profile.achievements),
        "daily_xp_earned": earned.amount if earned is not None and earned.date >= today else 0,
        "hints_used_today": used,
        "free_hints_remaining": max(0, FREE_HINTS_A_DAY - used),
        "grade": profile.grade_level,
        "track": track,
        "last_active": runs[-1].last if runs else None,
        "created_at": profile.created_at,
        "updated_at": profile.updated_at,
    }
