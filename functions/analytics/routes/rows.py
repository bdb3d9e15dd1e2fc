"""What a row of each view says."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from functions.analytics.routes.questions import Row
from shared.models.examples import example

Share = Annotated[float | None, Field(description="0 to 1; null of nothing")]
Mean = Annotated[float | None, Field(description="Null of nothing")]
Learners = Annotated[
    int, Field(description="Different ones: exact while few, else within some 4 %")
]

_COURSE = {
    "period": None,
    "learners": 48,
    "journeys_started": 61,
    "journeys_completed": 40,
    "completion_rate": 0.6557,
    "mean_score": 81.4,
    "answers": 5210,
    "first_try_rate": 0.7312,
    "lessons_completed": 492,
    "minutes": 1840.5,
    "xp": 48210,
    "skills_mastered": 122,
}


class CourseRow(Row):
    """What learners did on journeys."""

    learners: Learners
    journeys_started: int
    journeys_completed: int = Field(description="That ended in this time, whenever they began")
    completion_rate: Share = Field(
        description="Of the journeys that began in this time, those completed by now"
    )
    mean_score: Mean = Field(description="Of completed journeys, 0 to 100")
    answers: int
    first_try_rate: Share = Field(description="Of first answers to a question, the correct ones")
    lessons_completed: int = Field(description="A container has one in each of four subjects")
    minutes: float = Field(description="From questions to answers")
    xp: int = Field(description="What answers and lessons earn by rule; corrections left aside")


class CareerRow(CourseRow):
    """What learners did on journeys of a career."""

    model_config = example(career="security analyst", **_COURSE)

    career: str | None = Field(default=None, description="In one spelling; `(other)` of too many")
    skills_mastered: int


class CompanionRow(CourseRow):
    """What learners did on journeys with a companion."""

    model_config = example(companion="pip", **_COURSE)

    companion: str | None = Field(default=None, description="In one spelling")
    skills_mastered: int


class SkillRow(Row):
    """How a skill is learned."""

    model_config = example(
        period=None, skill="math.5.fractions", subject="Math", grade="5", learners=37,
        answers=812, first_try_rate=0.6904, solved=640, mean_tries=1.31, mastered=29, hints=88,
        minutes=212.4,
    )  # fmt: skip

    skill: str | None = None
    subject: str | None = None
    grade: str | None = None
    learners: Learners
    answers: int
    first_try_rate: Share = Field(description="Of first answers to a question, the correct ones")
    solved: int = Field(description="Questions that were answered correctly for the first time")
    mean_tries: Mean = Field(description="Answers that a question took until it was solved")
    mastered: int = Field(description="Times that it was mastered")
    hints: int
    minutes: float


class LearningRow(CourseRow):
    """What learners did in a grade, a container, a subject."""

    model_config = example(
        grade="5", container="LEARN", subject=None, containers_completed=120,
        mean_lesson_score=79.2, hints=310,
        **{name: value for name, value in _COURSE.items() if name != "skills_mastered"},
    )  # fmt: skip

    grade: str | None = None
    container: str | None = None
    subject: str | None = None
    containers_completed: int = Field(
        description="0 where it is grouped by subject: a container has all four"
    )
    mean_lesson_score: Mean = Field(description="Of completed lessons, 0 to 100")
    hints: int


class ContentRow(Row):
    """What people did with content."""

    model_config = example(
        period=None, content_type="lesson", content_id="ports-and-protocols", audience="learner",
        people=31, opened=54, completed=26, mean_score=84.0, minutes=190.0, narrations_played=12,
        ratings=9, mean_rating=4.33,
    )  # fmt: skip

    content_type: str | None = None
    content_id: str | None = None
    audience: str | None = Field(
        default=None, description="As what they are here: learner, parent, mentor, recruiter"
    )
    people: Learners
    opened: int
    completed: int = Field(description="Of recipes: used for the first time")
    mean_score: Mean = Field(description="Of completions that have a score, 0 to 100")
    minutes: float
    narrations_played: int
    ratings: int
    mean_rating: Mean = Field(description="1 to 5")


class AchievementRow(Row):
    """How many reached a level or an achievement."""

    model_config = example(
        period=None, kind="achievement", key="first_answer", learners=44, reached=44
    )

    kind: str | None = Field(default=None, description="`level` or `achievement`")
    key: str | None = None
    learners: Learners
    reached: int


class ProfilerRow(Row):
    """How profiling sessions went that led to a track."""

    model_config = example(
        period=None, track="defender", device=None, learners=58, sessions=60, mean_minutes=24.1,
        median_minutes=22.6, mean_aptitude=61.2, mean_exposure=48.9, mean_confidence=0.71,
        mean_alignment={"defender": 82.1, "offensive": 61.0, "innovation": 55.2,
                        "leadership": 48.3, "grc": 44.9},
        aptitude_tenths=[0, 0, 2, 6, 10, 12, 14, 9, 5, 2],
        exposure_tenths=[1, 3, 6, 9, 12, 11, 9, 6, 2, 1],
        confidence_tenths=[0, 0, 1, 3, 6, 9, 12, 14, 10, 5],
        alignment_tenths=[0, 0, 0, 0, 1, 4, 9, 16, 20, 10],
        mean_module_seconds={"identity_value": 180.0, "cyber_aptitude": 410.5},
        work_styles={"balanced": 30, "collaborative": 20, "independent": 10},
        levels={"beginner": 31, "intermediate": 20}, levels_supported=44, flagged=3,
        flags={"rapid_guessing": 3}, accepted=40, overridden=8, declined=2,
        acceptance_rate=0.8, override_rate=0.16, resets=1, syncs=0, foundations_entered=39,
    )  # fmt: skip

    track: str | None = Field(default=None, description="That was recommended")
    device: str | None = Field(default=None, description="phone, tablet, desktop, other")
    learners: Learners
    sessions: int = Field(description="That were completed")
    mean_minutes: Mean
    median_minutes: Mean = Field(description="Within 19 %")
    mean_aptitude: Mean = Field(description="0 to 100")
    mean_exposure: Mean = Field(description="Technical exposure, 0 to 100")
    mean_confidence: Mean = Field(description="0 to 1")
    mean_alignment: dict[str, float | None] = Field(description="With each track, percent")
    aptitude_tenths: list[int] = Field(description="Sessions from 0 to 10, from 10 to 20, …")
    exposure_tenths: list[int]
    confidence_tenths: list[int] = Field(description="From 0 to 0.1, from 0.1 to 0.2, …")
    alignment_tenths: list[int] = Field(description="With the track that was recommended")
    mean_module_seconds: dict[str, float | None]
    work_styles: dict[str, int]
    levels: dict[str, int] = Field(description="The difficulty that learners chose")
    levels_supported: int = Field(description="Sessions whose exposure supports that choice")
    flagged: int = Field(description="Sessions with a flag for effort")
    flags: dict[str, int]
    accepted: int = Field(description="Decisions for the track; who decides twice counts twice")
    overridden: int = Field(description="Decisions for another track")
    declined: int
    acceptance_rate: Share = Field(description="Of decisions")
    override_rate: Share = Field(description="Of decisions")
    resets: int
    syncs: int
    foundations_entered: int


class CohortRow(Row):
    """What became of learners within 90 days after they first completed the profiler."""

    model_config = example(
        period="2026-03", track=None, learners=58, whole_window=True,
        accepted=49, accepted_rate=0.8448, accepted_median_days=0.0, accepted_mean_days=0.8,
        recipe=31, recipe_rate=0.5345, recipe_median_days=6.0, recipe_mean_days=9.4,
        coaching=36, coaching_rate=0.6207, coaching_median_days=3.0, coaching_mean_days=7.1,
        achieved=44, achieved_rate=0.7586, achieved_median_days=12.0, achieved_mean_days=18.9,
    )  # fmt: skip

    track: str | None = Field(default=None, description="That was recommended at first")
    learners: int = Field(description="Who first completed the profiler in this month")
    whole_window: bool = Field(description="Whether 90 days have passed for all of them")
    accepted: int = Field(description="Who accepted the track")
    accepted_rate: Share
    accepted_median_days: Mean = Field(description="From the profiler, of those who came so far")
    accepted_mean_days: Mean
    recipe: int = Field(description="Who used a recipe")
    recipe_rate: Share
    recipe_median_days: Mean
    recipe_mean_days: Mean
    coaching: int = Field(description="Who opened what coaching recommends")
    coaching_rate: Share
    coaching_median_days: Mean
    coaching_mean_days: Mean
    achieved: int = Field(description="Who mastered a skill or completed content")
    achieved_rate: Share
    achieved_median_days: Mean
    achieved_mean_days: Mean


class IntakeRow(Row):
    """How dropped files ended, and how far they came."""

    model_config = example(
        period="2026-03", channel=None, state=None, reason=None, files=41, checked=40, scanned=40,
        extracted=38, parsed=37, completed=37, completion_rate=0.9024, retried=2,
        mean_working_ms=71.2, p50_working_ms=62, p90_working_ms=147, mean_elapsed_ms=402.0,
        p50_elapsed_ms=351, p90_elapsed_ms=832, candidates_created=35,
    )  # fmt: skip

    channel: str | None = Field(default=None, description="drop, web, whatsapp, telegram, email")
    state: str | None = Field(default=None, description="In which it ended")
    reason: str | None = Field(default=None, description="The code of why, or `none`")
    files: int = Field(description="That ended; one that was retried counts each time")
    checked: int
    scanned: int
    extracted: int
    parsed: int
    completed: int
    completion_rate: Share = Field(description="Of those that ended")
    retried: int = Field(description="Ends of a second attempt or a later one")
    mean_working_ms: Mean = Field(description="Time in the stages, of completed files")
    p50_working_ms: int | None = Field(description="Half took less; within 19 %")
    p90_working_ms: int | None
    mean_elapsed_ms: Mean = Field(description="From arrival to end, of completed files")
    p50_elapsed_ms: int | None
    p90_elapsed_ms: int | None
    candidates_created: int = Field(
        description="Profiles that were new; 0 where it is grouped by what only files have"
    )
