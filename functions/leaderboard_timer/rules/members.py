"""What a learner counts for on each board."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from functions.leaderboard_timer.rules.documents import (
    EVERYBODY,
    WINDOWS,
    Criterion,
    Place,
    Window,
    career_scope,
    grade_scope,
)
from shared.models.document import READING
from shared.models.game import Streak
from shared.models.learning import GradeLevel
from shared.models.levels import level_of
from shared.models.recent_xp import quarter_of
from shared.models.streaks import current_length


@dataclass(frozen=True)
class Windows:
    """The present day and week of a tenant: the date, and the moments at which each began, also
    as keys of :mod:`shared.models.recent_xp`."""

    today: date
    starts: dict[Window, datetime | None]
    quarters: dict[Window, str | None]


def windows_of(now: datetime, time_zone: str) -> Windows:
    """The windows at a moment, in a tenant's IANA time zone; weeks begin on Monday."""
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    starts: dict[Window, datetime | None] = {
        "all_time": None,
        "week": datetime.combine(monday, time(), zone).astimezone(UTC),
        "today": datetime.combine(today, time(), zone).astimezone(UTC),
    }
    quarters = {
        window: None if start is None else quarter_of(start) for window, start in starts.items()
    }
    return Windows(today, starts, quarters)


class Scored(BaseModel):
    """What of a profile counts on boards; there are many to read."""

    model_config = READING

    user_id: str
    lifetime_xp: int = 0
    recent: dict[str, int] = Field(default_factory=dict)
    scored_at: str | None = None
    created_at: str
    grade_level: GradeLevel | None = None
    career: str | None = None
    achievements: list[object] = Field(default_factory=list)
    streak: Streak = Streak()
    time_zone: str = "UTC"

    @property
    def since(self) -> str:
        """When the score was reached, as text that sorts."""
        return self.scored_at or self.created_at

    def xp(self, windows: Windows, window: Window) -> int:
        """XP in a window; corrections can make it negative."""
        first = windows.quarters[window]
        if first is None:
            return self.lifetime_xp
        return sum(amount for quarter, amount in self.recent.items() if quarter >= first)


@dataclass(frozen=True)
class Member:
    """A learner's scores: on an XP board the XP of its window, on the others what is now, where
    the learner earned something in the window."""

    handle: str
    scopes: tuple[str, ...]
    scores: dict[tuple[Criterion, Window], int]
    since: str

    def place(self, criterion: Criterion, window: Window) -> Place:
        """The learner on one board."""
        score = self.scores[criterion, window]
        return Place(handle=self.handle, score=score, since=self.since)


def member_of(profile: Scored, windows: Windows, *, handle: str, now: datetime) -> Member:
    """What a profile counts for, under its learner's handle; a score of 0 is on no board."""
    present: dict[Criterion, int] = {
        "level": level_of(profile.lifetime_xp) if profile.lifetime_xp else 0,
        "streak": current_length(profile.streak, now, profile.time_zone),
        "achievements": len(profile.achievements),
    }
    scores: dict[tuple[Criterion, Window], int] = {}
    for window in WINDOWS:
        xp = profile.xp(windows, window)
        scores["xp", window] = xp
        for criterion, score in present.items():
            scores[criterion, window] = score if xp > 0 else 0
    return Member(handle, tuple(_scopes(profile)), scores, profile.since)


def _scopes(profile: Scored) -> Iterator[str]:
    yield EVERYBODY
    if profile.grade_level is not None:
        yield grade_scope(profile.grade_level)
    if profile.career is not None:
        yield career_scope(profile.career)
