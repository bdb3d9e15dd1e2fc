"""What the routes of journeys take and show."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, StringConstraints

from shared.http.call import Body, PageQuery
from shared.models.examples import example
from shared.models.journey import Journey, Lesson, LessonTotals
from shared.models.journey_totals import Sum, answers_xp, ending_xp, sum_of, totals_of
from shared.models.learning import (
    CONTAINERS,
    SUBJECTS,
    GradeLevel,
    LearningContainer,
    Subject,
)

_LESSON: dict[str, Any] = {
    "container": "LEARN",
    "subject": "Math",
    "questions": 8,
    "correct": 7,
    "first_try_correct": 6,
    "hints_used": 1,
    "duration_ms": 184000,
    "score": 87.5,
}
_TOTAL: dict[str, Any] = {
    "questions": 96,
    "correct": 88,
    "first_try_correct": 80,
    "hints_used": 4,
    "duration_ms": 2184000,
    "score": 91.7,
}
_JOURNEY = "3f6a1c2e-8d4b-4e57-9a10-6c5b4d3e2f1a"


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("give one line of text")
    return text


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_one_line),
]
MOST_CODE_BYTES = 100


def _short(text: str) -> str:
    # by bytes, for what a lesson's document may hold is counted in them
    if len(text.encode()) > MOST_CODE_BYTES:
        raise ValueError(f"an id has at most {MOST_CODE_BYTES} bytes of UTF-8")
    return text


Code = Annotated[
    str,
    StringConstraints(pattern=r"^[\w.:-]+$", min_length=1, max_length=MOST_CODE_BYTES),
    AfterValidator(_short),
]
"""An id that a client gives: of a question, a skill, a piece of content."""


class JourneyBody(Body):
    """What a journey is about."""

    model_config = example(grade_level="5", career="Security analyst", companion="Pip")

    grade_level: GradeLevel
    career: Name
    companion: Name


class JourneyQuery(PageQuery):
    """Whose journeys."""

    user: str | None = Field(
        default=None, min_length=1, max_length=255, description="Whose; your own without one"
    )
    status: Literal["active", "completed"] | None = Field(
        default=None, description="Under way, or over"
    )


class LessonView(BaseModel):
    """One subject of a container."""

    model_config = example(**_LESSON)

    container: LearningContainer
    subject: Subject
    questions: int = Field(description="Different questions that were answered")
    correct: int = Field(description="Of these, solved at whatever try")
    first_try_correct: int
    hints_used: int
    duration_ms: int
    score: float = Field(description="Percent of questions solved")


class ContainerView(BaseModel):
    """Where a container stands."""

    model_config = example(container="LEARN", completed_at=None)

    container: LearningContainer
    completed_at: AwareDatetime | None
    lessons: tuple[LessonView, ...]


class JourneyView(BaseModel):
    """A journey and where it stands."""

    model_config = example(
        session_id=_JOURNEY,
        grade_level="5",
        career="Security analyst",
        companion="Pip",
        status="active",
        answers=41,
        completed_at=None,
    )

    session_id: str
    grade_level: GradeLevel
    career: str
    companion: str
    status: Literal["active", "completed"]
    answers: int = Field(description="Attempts so far")
    containers: tuple[ContainerView, ...]
    started_at: AwareDatetime
    updated_at: AwareDatetime
    completed_at: AwareDatetime | None


class JourneyItem(BaseModel):
    """A journey in a list."""

    model_config = example(
        session_id=_JOURNEY,
        grade_level="5",
        career="Security analyst",
        companion="Pip",
        status="active",
        answers=41,
        completed_containers=["LEARN"],
        completed_at=None,
    )

    session_id: str
    grade_level: GradeLevel
    career: str
    companion: str
    status: Literal["active", "completed"]
    answers: int
    completed_containers: tuple[LearningContainer, ...]
    started_at: AwareDatetime
    completed_at: AwareDatetime | None


class JourneyPage(BaseModel):
    """A page of journeys, the latest begun first."""

    items: list[JourneyItem]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


class CompletedLesson(LessonView):
    """A lesson that is over, and what its end earns."""

    model_config = example(**_LESSON, xp=20)

    xp: int = Field(description="For its end, a perfect score included")


class ContainerCompleted(BaseModel):
    """A completed container."""

    model_config = example(container="LEARN", xp=80)

    container: LearningContainer
    completed_at: AwareDatetime
    lessons: list[CompletedLesson]
    xp: int = Field(description="What its end earns")


class TotalView(BaseModel):
    """What several lessons come to."""

    model_config = example(**_TOTAL)

    questions: int
    correct: int
    first_try_correct: int
    hints_used: int
    duration_ms: int
    score: float = Field(description="Percent of questions solved")


class JourneyCompletedView(BaseModel):
    """A completed journey."""

    model_config = example(session_id=_JOURNEY, status="completed")

    session_id: str
    status: Literal["completed"]
    total: TotalView
    completed_at: AwareDatetime


class SubjectTotal(TotalView):
    """One subject over all containers."""

    model_config = example(**_TOTAL, subject="Math")

    subject: Subject


class SkillMastery(BaseModel):
    """A skill of a journey."""

    model_config = example(skill_id="math.5.fractions", subject="Math", mastery=0.97)

    skill_id: str
    subject: Subject
    mastery: float


class JourneySummaryView(BaseModel):
    """A journey at a glance."""

    model_config = example(xp=1240)

    journey: JourneyView
    total: TotalView
    subjects: list[SubjectTotal]
    xp: int = Field(description="What its answers and completed lessons earn")
    mastered: list[SkillMastery] = Field(description="Skills of this journey that are mastered")
    to_practise: list[SkillMastery] = Field(description="Skills of it that are in remediation")


def lesson_view(totals: LessonTotals) -> LessonView:
    """A lesson's totals as they are shown."""
    return LessonView.model_validate(totals.model_dump())


def completed_lesson(totals: LessonTotals) -> CompletedLesson:
    """A lesson that is over."""
    return CompletedLesson(**totals.model_dump(), xp=ending_xp(totals))


def journey_view(journey: Journey, lessons: list[Lesson]) -> JourneyView:
    """A journey with its lessons."""
    totals = [totals_of(lesson) for lesson in lessons]
    return JourneyView(
        session_id=journey.journey_id,
        grade_level=journey.grade_level,
        career=journey.career,
        companion=journey.companion,
        status=journey.status,
        answers=journey.answers,
        containers=tuple(
            ContainerView(
                container=container,
                completed_at=journey.completed_containers.get(container),
                lessons=tuple(lesson_view(each) for each in totals if each.container == container),
            )
            for container in CONTAINERS
        ),
        started_at=journey.started_at,
        updated_at=journey.updated_at,
        completed_at=journey.completed_at,
    )


def journey_item(journey: Journey) -> JourneyItem:
    """A journey in a list."""
    done = tuple(each for each in CONTAINERS if each in journey.completed_containers)
    return JourneyItem.model_validate(
        journey.model_dump() | {"session_id": journey.journey_id, "completed_containers": done}
    )


def total_view(total: Sum) -> TotalView:
    """A sum of lessons."""
    return TotalView.model_validate(total, from_attributes=True)


def summary_view(
    journey: Journey,
    lessons: list[Lesson],
    mastered: list[SkillMastery],
    to_practise: list[SkillMastery],
) -> JourneySummaryView:
    """A journey at a glance; what lessons that are not over would earn is left out."""
    totals = [totals_of(lesson) for lesson in lessons]
    ended = sum(ending_xp(each) for each in journey.lessons)
    return JourneySummaryView(
        journey=journey_view(journey, lessons),
        total=total_view(sum_of(totals)),
        subjects=[
            SubjectTotal(
                subject=subject,
                **vars(sum_of(each for each in totals if each.subject == subject)),
            )
            for subject in SUBJECTS
        ],
        xp=sum(answers_xp(lesson) for lesson in lessons) + ended,
        mastered=mastered,
        to_practise=to_practise,
    )
