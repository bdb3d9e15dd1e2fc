"""What the routes of attempts take and show."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from functions.journey_tracking.routes.forms import Code, LessonView, lesson_view
from functions.journey_tracking.rules.attempts import Offered, Taken, TakenAnswer
from functions.journey_tracking.rules.mastery import MASTERED_AT
from shared.http.call import Body, PageQuery
from shared.models.examples import example
from shared.models.journey import Attempt
from shared.models.journey_totals import totals_of
from shared.models.learning import LearningContainer, Subject

MOST_ANSWERS = 20
"""Answers in one request: what they change goes into one commit."""
LONGEST_MS = 3_600_000
MOST_HINTS = 50

_ATTEMPT = "0e9d8c7b-6a5f-4e3d-8c2b-1a0f9e8d7c6b"


class AttemptBody(Body):
    """One answer to a question."""

    model_config = example(
        attempt_id=_ATTEMPT,
        question_id="frac-07",
        container="LEARN",
        subject="Math",
        skill_id="math.5.fractions",
        correct=True,
        duration_ms=14200,
        hints_used=0,
        attempt=None,
        answered_at=None,
    )

    attempt_id: UUID = Field(description="Made by the client; the same again counts once")
    question_id: Code
    container: LearningContainer
    subject: Subject
    skill_id: Code
    correct: bool
    duration_ms: int = Field(ge=0, le=LONGEST_MS, description="Time from question to answer")
    hints_used: int = Field(default=0, ge=0, le=MOST_HINTS)
    attempt: int | None = Field(
        default=None, ge=1, le=1000, description="Which try it is by the client's count"
    )
    answered_at: AwareDatetime | None = Field(
        default=None,
        description="Held to between the journey's start and now, 72 hours ago at most",
    )

    def offered(self) -> Offered:
        """The answer inside."""
        return Offered(
            attempt_id=str(self.attempt_id),
            question_id=self.question_id,
            container=self.container,
            subject=self.subject,
            skill_id=self.skill_id,
            correct=self.correct,
            duration_ms=self.duration_ms,
            hints_used=self.hints_used,
            number=self.attempt,
            answered_at=self.answered_at,
        )


class AttemptsBody(Body):
    """Answers to questions, in the order in which they were given."""

    attempts: list[AttemptBody] = Field(min_length=1, max_length=MOST_ANSWERS)


class AttemptQuery(PageQuery):
    """Which attempts; everything given must hold."""

    container: LearningContainer | None = Field(default=None, description="In this container")
    subject: Subject | None = Field(default=None, description="In this subject")
    skill_id: str | None = Field(default=None, max_length=100, description="On this skill")


class AttemptResult(BaseModel):
    """What became of one answer."""

    model_config = example(
        attempt_id=_ATTEMPT,
        outcome="new",
        correct=True,
        attempt=1,
        practice=False,
        xp=10,
        skill_id="math.5.fractions",
        mastery_before=0.62,
        mastery_after=0.89,
        mastered=False,
    )

    attempt_id: str
    outcome: Literal["new", "repeated"]
    correct: bool
    attempt: int = Field(description="Which try of the question it was")
    practice: bool = Field(description="The question had been solved before")
    xp: int = Field(description="What it earns, unless it is held for a mentor to look at")
    skill_id: str
    mastery_before: float = Field(description="Probability that the skill is known")
    mastery_after: float
    mastered: bool = Field(description=f"Whether it took the skill to {MASTERED_AT:.0%}")


class AttemptsView(BaseModel):
    """What became of answers, and where their lessons stand."""

    model_config = example(xp=10)

    results: list[AttemptResult]
    xp: int = Field(description="What the new answers earn together")
    lessons: list[LessonView] = Field(description="Those that changed")
    remediation: list[str] = Field(
        description="Skills of these answers that are to be practised", examples=[["math.5.area"]]
    )


class AttemptView(BaseModel):
    """One answer as it was given."""

    model_config = example(
        attempt_id=_ATTEMPT,
        position=1,
        question_id="frac-07",
        container="LEARN",
        subject="Math",
        skill_id="math.5.fractions",
        correct=True,
        attempt=1,
        practice=False,
        hints_used=0,
        duration_ms=14200,
        xp=10,
        mastery_after=0.89,
    )

    attempt_id: str
    position: int = Field(description="1 for the journey's first")
    question_id: str
    container: LearningContainer
    subject: Subject
    skill_id: str
    correct: bool
    attempt: int
    practice: bool
    hints_used: int
    duration_ms: int
    xp: int
    mastery_after: float
    answered_at: AwareDatetime


class AttemptPage(BaseModel):
    """A page of a journey's attempts, in the order they came."""

    items: list[AttemptView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


def attempts_view(taken: Taken) -> AttemptsView:
    """What became of answers."""
    new = [each for each in taken.results if each.outcome == "new"]
    practised = [name for name, skill in taken.skills.items() if skill.in_remediation]
    return AttemptsView(
        results=[_result(each) for each in taken.results],
        xp=sum(each.attempt.xp for each in new),
        lessons=[lesson_view(totals_of(lesson)) for lesson in taken.lessons.values()],
        remediation=practised,
    )


def _result(taken: TakenAnswer) -> AttemptResult:
    attempt = taken.attempt
    return AttemptResult(
        **attempt.model_dump(include={*AttemptResult.model_fields} - {"mastered"}),
        attempt=attempt.number,
        outcome=taken.outcome,
        mastered=taken.mastered,
    )


def attempt_view(attempt: Attempt) -> AttemptView:
    """An attempt as it is shown."""
    return AttemptView.model_validate(attempt.model_dump() | {"attempt": attempt.number})
