"""The views: what admins and mentors see of what happened."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

from pydantic import BaseModel, Field

from functions.analytics.routes import api
from functions.analytics.routes.questions import (
    BY_PERIOD,
    Answering,
    ViewAnswer,
    ViewQuery,
)
from functions.analytics.routes.rows import (
    AchievementRow,
    CareerRow,
    CohortRow,
    CompanionRow,
    ContentRow,
    IntakeRow,
    LearningRow,
    ProfilerRow,
    SkillRow,
)
from functions.analytics.rules.cells import Key
from functions.analytics.rules.comparing import Comparison, Side, comparisons
from functions.analytics.rules.dimensions import PERIODS
from functions.analytics.rules.funnels import WINDOW_DAYS
from functions.analytics.rules.metrics import Metrics
from functions.analytics.service.reading import Asked, Found
from shared.errors import Unprocessable
from shared.http.api import Reply
from shared.http.call import Call
from shared.models.examples import example

_SHOWN: dict[str, Any] = {
    "first_day": "2026-03-01",
    "last_day": "2026-03-30",
    "time_zone": "UTC",
    "generated_at": "2026-03-30T12:00:00Z",
    "updated_at": "2026-03-30T11:59:58Z",
    "least_people": 10,
    "suppressed_groups": 2,
    "groups": 1,
    "continuation": None,
}


class CareersQuery(ViewQuery):
    """Which days, by what."""

    group_by: list[Literal["career", "day", "week", "month"]] = Field(
        default_factory=list, max_length=2, description=f"`career` {BY_PERIOD}; `career`"
    )


class CareersView(ViewAnswer):
    """Journeys by career."""

    model_config = example(group_by=["career"], total=None, **_SHOWN)

    rows: list[CareerRow]
    total: CareerRow | None = Field(description="Of what is shown; null of nothing")


class CompanionsQuery(ViewQuery):
    """Which days, by what."""

    group_by: list[Literal["companion", "day", "week", "month"]] = Field(
        default_factory=list, max_length=2, description=f"`companion` {BY_PERIOD}; `companion`"
    )


class CompanionsView(ViewAnswer):
    """Journeys by companion."""

    model_config = example(group_by=["companion"], total=None, **_SHOWN)

    rows: list[CompanionRow]
    total: CompanionRow | None = Field(description="Of what is shown; null of nothing")


class SkillsQuery(ViewQuery):
    """Which days, by what."""

    group_by: list[Literal["skill", "subject", "grade", "day", "week", "month"]] = Field(
        default_factory=list,
        max_length=4,
        description=f"`skill`, `subject`, `grade` {BY_PERIOD}; `skill,subject`",
    )


class SkillsView(ViewAnswer):
    """How skills are learned."""

    model_config = example(group_by=["skill", "subject"], total=None, **_SHOWN)

    rows: list[SkillRow]
    total: SkillRow | None = Field(description="Of what is shown; null of nothing")


class LearningQuery(ViewQuery):
    """Which days, by what."""

    group_by: list[Literal["grade", "container", "subject", "day", "week", "month"]] = Field(
        default_factory=list,
        max_length=4,
        description=f"`grade`, `container`, `subject` {BY_PERIOD}; `grade`",
    )


class LearningView(ViewAnswer):
    """Journeys by grade, container and subject."""

    model_config = example(group_by=["grade", "container"], total=None, **_SHOWN)

    rows: list[LearningRow]
    total: LearningRow | None = Field(description="Of what is shown; null of nothing")


class ContentUseQuery(ViewQuery):
    """Which days, by what."""

    group_by: list[Literal["content_type", "content_id", "audience", "day", "week", "month"]] = (
        Field(
            default_factory=list,
            max_length=4,
            description=f"`content_type`, `content_id`, `audience` {BY_PERIOD};"
            " `content_type,content_id`",
        )
    )


class ContentUseView(ViewAnswer):
    """What is done with content."""

    model_config = example(group_by=["content_type", "content_id"], total=None, **_SHOWN)

    rows: list[ContentRow]
    total: ContentRow | None = Field(description="Of what is shown; null of nothing")


class AchievementsReachedQuery(ViewQuery):
    """Which days, by what."""

    group_by: list[Literal["kind", "key", "day", "week", "month"]] = Field(
        default_factory=list, max_length=3, description=f"`kind`, `key` {BY_PERIOD}; `kind,key`"
    )


class AchievementsReachedView(ViewAnswer):
    """Levels and achievements that were reached."""

    model_config = example(group_by=["kind", "key"], total=None, **_SHOWN)

    rows: list[AchievementRow]
    total: AchievementRow | None = Field(description="Of what is shown; null of nothing")


class ProfilerUseQuery(ViewQuery):
    """Which days, by what."""

    group_by: list[Literal["track", "device", "day", "week", "month"]] = Field(
        default_factory=list, max_length=3, description=f"`track`, `device` {BY_PERIOD}; `track`"
    )


class ProfilerUseView(ViewAnswer):
    """How the profiler is gone through, and what learners say to its word."""

    model_config = example(group_by=["track"], total=None, **_SHOWN)

    rows: list[ProfilerRow]
    total: ProfilerRow | None = Field(description="Of what is shown; null of nothing")


class IntakeQuery(ViewQuery):
    """Which days, by what."""

    group_by: list[Literal["channel", "state", "reason", "day", "week", "month"]] = Field(
        default_factory=list,
        max_length=4,
        description=f"`channel`, `state`, `reason` {BY_PERIOD}; `month`",
    )


class IntakeUseView(ViewAnswer):
    """How files come in. Counts of files are shown whatever their size."""

    model_config = example(group_by=["month"], total=None, **_SHOWN)

    rows: list[IntakeRow]
    total: IntakeRow | None


class EffectivenessQuery(ViewQuery):
    """Which months, by what."""

    group_by: list[Literal["month", "track"]] = Field(
        default_factory=list, max_length=2, description="`month`, `track`; `month`"
    )


class SideView(BaseModel):
    """Some learners, and how many of them achieved something."""

    model_config = example(learners=31, achieved=21, rate=0.6774)

    learners: int
    achieved: int
    rate: float


class ComparisonView(BaseModel):
    """Learners who used something before they achieved anything, beside those who did not."""

    model_config = example(
        help="recipe", difference=0.1587, difference_low=-0.0451, difference_high=0.3623
    )

    help: Literal["recipe", "coaching", "either"]
    used: SideView | None = Field(
        description="Null, as all else, where a side, those of it who achieved something or those "
        "who did not are one to nine, or would be told by what else is here"
    )
    without: SideView | None
    difference: float | None = Field(description="Of the two rates")
    difference_low: float | None = Field(description="Of the 95 % interval of the difference")
    difference_high: float | None


class EffectivenessView(ViewAnswer):
    """From the profiler over recipes and coaching to what is achieved, by cohorts of learners."""

    model_config = example(group_by=["month"], total=None, **_SHOWN)

    window_days: int = WINDOW_DAYS
    rows: list[CohortRow]
    total: CohortRow | None = Field(description="Of what is shown; null of nothing")
    comparisons: list[ComparisonView] = Field(
        description="Associations, not effects: who looks for help may be another sort of learner"
    )


_CAREERS = Answering("careers", CareerRow, CareersView)
_COMPANIONS = Answering("companions", CompanionRow, CompanionsView)
_SKILLS = Answering("skills", SkillRow, SkillsView)
_LEARNING = Answering("journeys", LearningRow, LearningView)
_CONTENT = Answering("content", ContentRow, ContentUseView, people="people")
_ACHIEVEMENTS = Answering("achievements", AchievementRow, AchievementsReachedView)
_PROFILER = Answering("profiler", ProfilerRow, ProfilerUseView)
_INTAKE = Answering("intake", IntakeRow, IntakeUseView, people="", suppresses=False)
_EFFECTIVENESS = Answering("effectiveness", CohortRow, EffectivenessView, whole_months=True)


@api.get("v1/analytics/careers", query=CareersQuery, answer=CareersView, errors=(Unprocessable,))
def analytics_careers(call: Call[CareersQuery, None]) -> Reply:
    """Read what learners did on journeys, by career."""
    return _CAREERS.reply(call, default=("career",))


@api.get(
    "v1/analytics/companions",
    query=CompanionsQuery,
    answer=CompanionsView,
    errors=(Unprocessable,),
)
def analytics_companions(call: Call[CompanionsQuery, None]) -> Reply:
    """Read what learners did on journeys, by companion."""
    return _COMPANIONS.reply(call, default=("companion",))


@api.get("v1/analytics/skills", query=SkillsQuery, answer=SkillsView, errors=(Unprocessable,))
def analytics_skills(call: Call[SkillsQuery, None]) -> Reply:
    """Read how skills are learned: first tries, tries until solved, hints, mastery."""
    return _SKILLS.reply(call, default=("skill", "subject"))


@api.get("v1/analytics/journeys", query=LearningQuery, answer=LearningView, errors=(Unprocessable,))
def analytics_journeys(call: Call[LearningQuery, None]) -> Reply:
    """Read what learners did on journeys, by grade, container and subject.

    Grouped by container or subject, it leaves out what only whole journeys have: starts, ends and
    their score.
    """
    return _LEARNING.reply(call, default=("grade",))


@api.get(
    "v1/analytics/content",
    query=ContentUseQuery,
    answer=ContentUseView,
    errors=(Unprocessable,),
)
def analytics_content(call: Call[ContentUseQuery, None]) -> Reply:
    """Read what is done with content: opened, completed, rated, listened to; recipes among it."""
    return _CONTENT.reply(call, default=("content_type", "content_id"))


@api.get(
    "v1/analytics/achievements",
    query=AchievementsReachedQuery,
    answer=AchievementsReachedView,
    errors=(Unprocessable,),
)
def analytics_achievements(call: Call[AchievementsReachedQuery, None]) -> Reply:
    """Read how many learners reached which levels and achievements."""
    return _ACHIEVEMENTS.reply(call, default=("kind", "key"))


@api.get(
    "v1/analytics/profiler",
    query=ProfilerUseQuery,
    answer=ProfilerUseView,
    errors=(Unprocessable,),
)
def analytics_profiler(call: Call[ProfilerUseQuery, None]) -> Reply:
    """Read how the profiler is gone through: times, scores, tracks, flags, and what learners decide
    on its recommendation."""
    return _PROFILER.reply(call, default=("track",))


@api.get("v1/analytics/intake", query=IntakeQuery, answer=IntakeUseView, errors=(Unprocessable,))
def analytics_intake(call: Call[IntakeQuery, None]) -> Reply:
    """Read how far files come, why they end where they do, and how long it takes."""
    return _INTAKE.reply(call, default=("month",))


@api.get(
    "v1/analytics/effectiveness",
    query=EffectivenessQuery,
    answer=EffectivenessView,
    errors=(Unprocessable,),
)
def analytics_effectiveness(call: Call[EffectivenessQuery, None]) -> Reply:
    """Read what became of learners within 90 days after the profiler: who accepted its track, used
    a recipe, opened coaching, mastered a skill or completed content.

    By whole months in which they first completed the profiler, the last twelve where none are
    named. The comparisons say how those fared who used a recipe or coaching beforehand, and those
    who did not: an association, not an effect.
    """
    today = call.now.date()

    def window(asked: Asked, key: Key) -> dict[str, Any]:
        return {"whole_window": _last_day(asked, key) + timedelta(days=WINDOW_DAYS) < today}

    return _EFFECTIVENESS.reply(call, default=("month",), more=_compared, of_row=window)


def _last_day(asked: Asked, key: Key) -> date:
    """The last day on which somebody of a row may have completed the profiler."""
    for name, value in zip(asked.group_by, key, strict=False):
        if name in PERIODS and value is not None:
            begin = date.fromisoformat(f"{value}-01")
            return (begin + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return asked.last


def _compared(found: Found, told: Metrics) -> dict[str, Any]:
    """What all learners of the answer say of what was used; nothing where they have no total."""
    counts = found.total.counts if found.total is not None else {}
    silent = {name for name, value in told.items() if value is None}
    return {"comparisons": [_comparison(each) for each in comparisons(counts, silent)]}


def _comparison(found: Comparison) -> ComparisonView:
    return ComparisonView(
        help=found.help,  # type: ignore[arg-type]  # one of the three
        used=_side(found.used),
        without=_side(found.without),
        difference=_rounded(found.difference),
        difference_low=_rounded(found.low),
        difference_high=_rounded(found.high),
    )


def _side(side: Side | None) -> SideView | None:
    if side is None:
        return None
    return SideView(learners=side.learners, achieved=side.achieved, rate=round(side.share, 4))


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)
