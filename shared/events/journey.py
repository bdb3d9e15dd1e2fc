"""Events of learning journeys. They carry what was done, so that whoever pays, ranks or reports
for it needs no look at the journey; they never carry what a learner wrote."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.errors import Invalid
from shared.events.envelope import Event, EventData, read_data
from shared.models.learning import GradeLevel, LearningContainer, Subject


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class AnswerGiven(_Part):
    """One answer to one question. ``attempt_id`` is unique in the learner's partition."""

    attempt_id: str
    question_id: str
    container: LearningContainer
    subject: Subject
    skill_id: str
    correct: bool
    number: int = Field(ge=1, description="Which try of the question in this journey")
    practice: bool = Field(description="The question had been answered correctly before")
    hints_used: int = Field(ge=0)
    duration_ms: int = Field(ge=0)
    answered_at: AwareDatetime


class SkillMastered(_Part):
    """A skill that crossed the line to mastered with one of the answers."""

    skill_id: str
    subject: Subject
    mastery: float = Field(ge=0, le=1, description="Probability that the learner knows it")
    attempt_id: str = Field(description="The answer that took it there")


class LessonScore(_Part):
    """How a container's lesson in one subject ended."""

    subject: Subject
    questions: int = Field(ge=0, description="Different questions that were answered")
    correct: int = Field(ge=0, description="Of these, answered correctly at whatever try")
    first_try_correct: int = Field(ge=0)
    hints_used: int = Field(ge=0)
    duration_ms: int = Field(ge=0)
    score: float = Field(ge=0, le=100, description="Percent of questions correct")


class _OfJourney(EventData):
    """An event of one journey of a learner."""

    user_id: str
    session_id: str
    time_zone: str = Field(description="IANA name; the learner's days are its days")
    grade_level: GradeLevel
    career: str

    @property
    def subject(self) -> str:
        return self.session_id


class JourneyStarted(_OfJourney):
    """A learner started a journey."""

    type: ClassVar[str] = "waymark.journey.started.v1"

    companion: str
    started_at: AwareDatetime


class JourneyAttempted(_OfJourney):
    """A learner answered questions. ``answers`` are in the order in which they were given."""

    type: ClassVar[str] = "waymark.journey.attempted.v1"

    companion: str | None = Field(default=None, description="Events of before do not say it")
    answers: tuple[AnswerGiven, ...] = Field(min_length=1)
    mastered: tuple[SkillMastered, ...] = ()


class JourneyContainerCompleted(_OfJourney):
    """A learner finished a container in all its subjects."""

    type: ClassVar[str] = "waymark.journey.container_completed.v1"

    companion: str | None = Field(default=None, description="Events of before do not say it")
    container: LearningContainer
    lessons: tuple[LessonScore, ...] = Field(min_length=1)
    completed_at: AwareDatetime


class JourneyCompleted(_OfJourney):
    """A learner finished all three containers."""

    type: ClassVar[str] = "waymark.journey.completed.v1"

    companion: str
    questions: int = Field(ge=0)
    correct: int = Field(ge=0)
    first_try_correct: int = Field(ge=0)
    duration_ms: int = Field(ge=0)
    score: float = Field(ge=0, le=100)
    started_at: AwareDatetime
    completed_at: AwareDatetime


JourneyDeed = JourneyAttempted | JourneyContainerCompleted | JourneyCompleted
JOURNEY_DEEDS: tuple[type[JourneyDeed], ...] = (
    JourneyAttempted,
    JourneyContainerCompleted,
    JourneyCompleted,
)


def read_deed(event: Event) -> JourneyDeed:
    """What a learner did, from its event. Raises ``Invalid`` for an event of another type."""
    for model in JOURNEY_DEEDS:
        if event.type == model.type:
            return read_data(event, model)
    raise Invalid(f"{event.type} is no deed of a journey")
