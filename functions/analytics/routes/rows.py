"""What a row of each view says."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from functions.analytics.routes.questions import Row
from shared.models.examples import example

TOO_FEW = "null where it would tell of one to nine people"

Number = Annotated[int | None, Field(description=f"{TOO_FEW.capitalize()}")]
Amount = Annotated[float | None, Field(description=f"{TOO_FEW.capitalize()}")]
Share = Annotated[float | None, Field(description=f"0 to 1; null of nothing, and {TOO_FEW}")]
Mean = Annotated[float | None, Field(description=f"Null of nothing, and {TOO_FEW}")]
JOINED = (
    "one of fewer than ten people is null, and counted in the next that is a number; all are null "
    "where there is none"
)
Tenths = list[int | None]
ByName = Annotated[
    dict[str, int | None],
    Field(description=f"{TOO_FEW.capitalize()}, and where it and the others would"),
]


def told(what: str, where: str = TOO_FEW) -> Any:
    """A field that is null where it would tell of too few."""
    return Field(description=f"{what}; {where}")


Learners = Annotated[
    int, Field(description="Different ones: exact while few, else within some 4 %")
]

_COURSE = {
    "period": None,
    "learners": 48,
    "journeys_started": 61,
    "journeys_completed": 36,
    "completion_rate": 0.5902,
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
    journeys_started: Number
    journeys_completed: Number = told("That ended in this time, whenever they began")
    completion_rate: Share = told("Of the journeys that began in this time, those completed by now")
    mean_score: Mean = told("Of completed journeys, 0 to 100")
    answers: Number
    first_try_rate: Share = told("Of first answers to a question, the correct ones")
    lessons_completed: Number = told("A container has one in each of four subjects")
    minutes: Amount = told("From questions to answers")
    xp: Number = told("What answers and lessons earn by rule; corrections left aside")


class CareerRow(CourseRow):
    """What learners did on journeys of a career."""

    model_config = example(career="security analyst", **_COURSE)

    career: str | None = Field(default=None, description="In one spelling; `(other)` of too many")
    skills_mastered: Number


class CompanionRow(CourseRow):
    """What learners did on journeys with a companion."""

    model_config = example(companion="pip", **_COURSE)

    companion: str | None = Field(default=None, description="In one spelling")
    skills_mastered: Number


class SkillRow(Row):
    """How a skill is learned."""

    model_config = example(
        period=None, skill="math.5.fractions", subject="Math", grade="5", learners=37,
        answers=812, first_try_rate=0.6904, solved=640, mean_tries=1.31, mastered=27, hints=88,
        minutes=212.4,
    )  # fmt: skip

    skill: str | None = None
    subject: str | None = None
    grade: str | None = None
    learners: Learners
    answers: Number
    first_try_rate: Share = told("Of first answers to a question, the correct ones")
    solved: Number = told("Questions that were answered correctly for the first time")
    mean_tries: Mean = told("Answers that a question took until it was solved")
    mastered: Number = told("Times that it was mastered")
    hints: Number
    minutes: Amount


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
    containers_completed: Number = told(
        "0 where it is grouped by subject: a container has all four"
    )
    mean_lesson_score: Mean = told("Of completed lessons, 0 to 100")
    hints: Number


class ContentRow(Row):
    """What people did with content."""

    model_config = example(
        period=None, content_type="lesson", content_id="ports-and-protocols", audience="learner",
        people=31, opened=54, completed=21, mean_score=84.0, minutes=190.0, narrations_played=12,
        ratings=None, mean_rating=None,
    )  # fmt: skip

    content_type: str | None = None
    content_id: str | None = None
    audience: str | None = Field(
        default=None, description="As what they are here: learner, parent, mentor, recruiter"
    )
    people: Learners
    opened: Number
    completed: Number = told("Of recipes: used for the first time")
    mean_score: Mean = told("Of completions that have a score, 0 to 100")
    minutes: Amount
    narrations_played: Number
    ratings: Number = told("People who rated it, each once a month")
    mean_rating: Mean = told("1 to 5")


class AchievementRow(Row):
    """How many reached a level or an achievement."""

    model_config = example(
        period=None, kind="achievement", key="first_answer", learners=44, reached=44
    )

    kind: str | None = Field(default=None, description="`level` or `achievement`")
    key: str | None = None
    learners: Learners
    reached: Number


class ProfilerRow(Row):
    """How profiling sessions went that led to a track."""

    model_config = example(
        period=None, track="defender", device=None, learners=58, sessions=60, mean_minutes=24.1,
        median_minutes=22.6, mean_aptitude=61.2, mean_exposure=48.9, mean_confidence=0.71,
        mean_alignment={"defender": 82.1, "offensive": 61.0, "innovation": 55.2,
                        "leadership": 48.3, "grc": 44.9},
        aptitude_tenths=[0, 0, None, None, 18, 12, 14, None, None, 16],
        exposure_tenths=[None, None, 10, None, 21, 11, None, None, None, 18],
        confidence_tenths=[0, 0, None, None, 10, None, 21, 14, None, 15],
        alignment_tenths=[0, 0, 0, 0, None, None, 14, 16, 20, 10],
        mean_module_seconds={"identity_value": 180.0, "cyber_aptitude": 410.5},
        work_styles={"balanced": 30, "collaborative": 20, "independent": 10},
        levels={"beginner": 38, "intermediate": 22}, levels_supported=44, flagged=None,
        flags={"rapid_guessing": None}, accepted=40, overridden=10, declined=0,
        acceptance_rate=0.8, override_rate=0.2, resets=None, syncs=0, foundations_entered=39,
    )  # fmt: skip

    track: str | None = Field(default=None, description="That was recommended")
    device: str | None = Field(default=None, description="phone, tablet, desktop, other")
    learners: Number = told("Different ones of these sessions")
    sessions: Number = told("That were completed")
    mean_minutes: Mean
    median_minutes: Mean = told("Within 19 %")
    mean_aptitude: Mean = told("0 to 100")
    mean_exposure: Mean = told("Technical exposure, 0 to 100")
    mean_confidence: Mean = told("0 to 1")
    mean_alignment: dict[str, float | None] = Field(description="With each track, percent")
    aptitude_tenths: Tenths = told("Sessions from 0 to 10, from 10 to 20, …", JOINED)
    exposure_tenths: Tenths = told("As of aptitude", JOINED)
    confidence_tenths: Tenths = told("From 0 to 0.1, from 0.1 to 0.2, …", JOINED)
    alignment_tenths: Tenths = told("With the track that was recommended", JOINED)
    mean_module_seconds: dict[str, float | None]
    work_styles: ByName
    levels: ByName = told("The difficulty that learners chose")
    levels_supported: Number = told("Sessions whose exposure supports that choice")
    flagged: Number = told("Sessions with a flag for effort")
    flags: ByName
    accepted: Number = told("Decisions for the track; who decides twice counts twice")
    overridden: Number = told("Decisions for another track")
    declined: Number
    acceptance_rate: Share = told("Of decisions")
    override_rate: Share = told("Of decisions")
    resets: Number
    syncs: Number
    foundations_entered: Number


class CohortRow(Row):
    """What became of learners within 90 days after they first completed the profiler."""

    model_config = example(
        period="2026-03", track=None, learners=58, whole_window=True,
        accepted=46, accepted_rate=0.7931, accepted_median_days=0.0, accepted_mean_days=0.8,
        recipe=31, recipe_rate=0.5345, recipe_median_days=6.0, recipe_mean_days=9.4,
        coaching=36, coaching_rate=0.6207, coaching_median_days=3.0, coaching_mean_days=7.1,
        achieved=44, achieved_rate=0.7586, achieved_median_days=12.0, achieved_mean_days=18.9,
    )  # fmt: skip

    track: str | None = Field(default=None, description="That was recommended at first")
    learners: int = Field(description="Who first completed the profiler in this month")
    whole_window: bool = Field(description="Whether 90 days have passed for all of them")
    accepted: Number = told("Who accepted the track")
    accepted_rate: Share
    accepted_median_days: Mean = told("From the profiler, of those who came so far")
    accepted_mean_days: Mean
    recipe: Number = told("Who used a recipe")
    recipe_rate: Share
    recipe_median_days: Mean
    recipe_mean_days: Mean
    coaching: Number = told("Who opened what coaching recommends")
    coaching_rate: Share
    coaching_median_days: Mean
    coaching_mean_days: Mean
    achieved: Number = told("Who mastered a skill or completed content")
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
    completion_rate: float | None = Field(description="0 to 1, of those that ended")
    retried: int = Field(description="Ends of a second attempt or a later one")
    mean_working_ms: float | None = Field(
        description="Time in the stages, of completed files; null of none"
    )
    p50_working_ms: int | None = Field(description="Half took less; within 19 %")
    p90_working_ms: int | None
    mean_elapsed_ms: float | None = Field(
        description="From arrival to end, of completed files; null of none"
    )
    p50_elapsed_ms: int | None
    p90_elapsed_ms: int | None
    candidates_created: int = Field(
        description="Profiles that were new; 0 where it is grouped by what only files have"
    )
