"""Where a learner stands in the game: one profile in the partition ``(tenant_id, user_id)``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field, field_serializer

from shared.models.audit import sortable
from shared.models.document import READING, Document
from shared.models.learning import GradeLevel

CONTAINER = "game"
PROFILE_ID = "profile"
FREE_HINTS_A_DAY = 10

Cover = Literal["frozen", "outage", "travelled"]


class _Part(BaseModel):
    model_config = READING


class Run(_Part):
    """Days on end on which the learner was active, the first and the last of them."""

    first: date
    last: date


class Streak(_Part):
    """The days of a learner, as :mod:`functions.xp_award.rules.streaks` reads them."""

    runs: tuple[Run, ...] = Field(default=(), description="In order, with a day between each two")
    covered: dict[date, Cover] = Field(
        default_factory=dict, description="Days without activity that break no streak"
    )
    best: int = 0
    freezes: int = 0
    last_at: AwareDatetime | None = None
    last_zone: str = "UTC"


class Day(_Part):
    """What was earned and asked on the latest local day of something."""

    date: date
    amount: int = 0


class PaidAnswer(_Part):
    """An answer that was paid a short while ago; what the guards look at."""

    question_id: str
    session_id: str
    at: AwareDatetime


class Awarded(_Part):
    """An achievement that the learner has."""

    key: str
    at: AwareDatetime


class Counts(_Part):
    """How often the learner did what achievements ask for."""

    answers: int = 0
    correct: int = 0
    first_try: int = 0
    second_try: int = 0
    unaided: int = Field(default=0, description="Correct at the first try without a hint")
    by_subject: dict[str, int] = Field(
        default_factory=dict, description="Correct answers by subject"
    )
    lessons: int = 0
    perfect_lessons: int = 0
    containers: int = 0
    perfect_containers: int = 0
    journeys: int = 0
    careers: tuple[str, ...] = Field(default=(), description="Of completed journeys")
    skills_mastered: int = 0
    active_days: int = 0
    free_hints: int = 0
    paid_hints: int = 0


class GameProfile(Document):
    """Where a learner stands in the game. ``id`` is always ``profile``.

    ``balance`` is the wallet, the sum of all entries' ``amount``; ``lifetime_xp``, which gives
    level and rank, the sum of their ``lifetime_change``.
    """

    id: str = PROFILE_ID
    kind: Literal["profile"] = "profile"
    user_id: str
    balance: int = 0
    lifetime_xp: int = 0
    sequence: int = Field(default=0, description="Of the last entry")
    streak: Streak = Streak()
    counts: Counts = Counts()
    achievements: tuple[Awarded, ...] = ()
    earned: Day | None = Field(default=None, description="XP of the latest day of a deed")
    hints: Day | None = Field(default=None, description="Hints of the latest day of one")
    paid: tuple[PaidAnswer, ...] = ()
    recent: dict[str, int] = Field(
        default_factory=dict,
        description="Change of lifetime XP by quarter of an hour (UTC), of the last days",
    )
    scored_at: AwareDatetime | None = Field(
        default=None, description="When lifetime XP last changed"
    )
    time_zone: str = "UTC"
    grade_level: GradeLevel | None = None
    career: str | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        """The logical partition of all of a learner's game."""
        return (self.tenant_id, self.user_id)

    @field_serializer("scored_at", "created_at", "updated_at", when_used="json")
    def _sortable(self, at: datetime | None) -> str | None:
        return None if at is None else sortable(at)
