"""A learner's journeys, and what they are known to be able to do: in the partition
``(tenant_id, user_id)`` a document for each journey, for each lesson that was begun, for each
attempt, for each skill and for each piece of content that progress was reported on."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, Field, field_serializer

from shared.models.audit import sortable
from shared.models.document import READING, Document
from shared.models.learning import GradeLevel, LearningContainer, Subject

CONTAINER = "journeys"

Why = Literal["low_mastery", "wrong_in_a_row"]
ProgressStatus = Literal["not_started", "in_progress", "completed"]


def lesson_id_of(session_id: str, container: LearningContainer, subject: Subject) -> str:
    """The id of a journey's lesson in a subject of a container."""
    return f"lesson:{session_id}:{container}:{subject}"


def attempt_id_of(attempt_id: str) -> str:
    """The document of an attempt: one for each id that a client gave."""
    return f"attempt:{attempt_id}"


def skill_document_id(skill_id: str) -> str:
    """The document of a skill; by its digest, for a skill's id may hold what no document's can."""
    return f"skill:{sha256(skill_id.encode()).hexdigest()[:40]}"


def progress_document_id(progress_id: str) -> str:
    """The document of a progress record."""
    return f"progress:{progress_id}"


class _Part(BaseModel):
    model_config = READING


class LessonTotals(_Part):
    """What a lesson came to when its container was completed."""

    container: LearningContainer
    subject: Subject
    questions: int = 0
    correct: int = 0
    first_try_correct: int = 0
    hints_used: int = 0
    duration_ms: int = 0
    score: float = Field(default=0, description="Percent of questions that were solved")


class Journey(Document):
    """One journey of a learner through three containers. ``id`` is the session's id."""

    kind: Literal["journey"] = "journey"
    journey_id: str
    user_id: str
    grade_level: GradeLevel
    career: str
    companion: str
    status: Literal["active", "completed"] = "active"
    completed_containers: dict[LearningContainer, AwareDatetime] = Field(default_factory=dict)
    lessons: tuple[LessonTotals, ...] = Field(
        default=(), description="Of completed containers, four each"
    )
    answers: int = Field(default=0, description="Attempts so far; the position of the latest")
    archive: str | None = Field(
        default=None,
        description="The file that holds its lessons and attempts; None: they lie beside it",
    )
    archive_due: AwareDatetime | None = Field(
        default=None,
        description="When something was last done in it; None once all is in the archive. By this "
        "it is found when it is old",
    )
    started_at: AwareDatetime
    completed_at: AwareDatetime | None = None
    updated_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        return (self.tenant_id, self.user_id)

    def touched(self, now: datetime, **changes: object) -> Self:
        """The journey with changes, as of a moment at which something was done in it."""
        return self.model_copy(update={**changes, "updated_at": now, "archive_due": now})

    @field_serializer("started_at", "archive_due", when_used="json")
    def _sortable(self, at: datetime | None) -> str | None:
        return None if at is None else sortable(at)


class QuestionTries(_Part):
    """How often a question of a journey was tried, and at which try it was solved."""

    tries: int = Field(ge=1)
    solved_at: int | None = Field(default=None, ge=1)


class Lesson(Document):
    """A journey's work in one subject of one container: the container session."""

    kind: Literal["lesson"] = "lesson"
    session_id: str
    user_id: str
    container: LearningContainer
    subject: Subject
    questions: dict[str, QuestionTries] = Field(default_factory=dict)
    skill_ids: tuple[str, ...] = ()
    attempts: int = 0
    hints_used: int = 0
    duration_ms: int = 0
    completed_at: AwareDatetime | None = None
    started_at: AwareDatetime
    updated_at: AwareDatetime


class Attempt(Document):
    """One answer as it was given. Written once, never changed."""

    kind: Literal["attempt"] = "attempt"
    attempt_id: str
    session_id: str
    user_id: str
    position: int = Field(ge=1, description="Counts the attempts of a journey as they came")
    question_id: str
    container: LearningContainer
    subject: Subject
    skill_id: str
    correct: bool
    number: int = Field(ge=1)
    practice: bool
    hints_used: int
    duration_ms: int
    xp: int
    mastery_before: float
    mastery_after: float
    answered_at: AwareDatetime
    received_at: AwareDatetime

    @field_serializer("answered_at", when_used="json")
    def _sortable(self, at: datetime) -> str:
        return sortable(at)


class Remediation(_Part):
    """That a skill is to be practised: since when, and what led to it."""

    since: AwareDatetime
    why: Why

    @field_serializer("since", when_used="json")
    def _sortable(self, at: datetime) -> str:
        return sortable(at)


class Skill(Document):
    """What a learner is known to be able to do: the authority on one skill."""

    kind: Literal["skill"] = "skill"
    user_id: str
    skill_id: str
    subject: Subject
    grade_level: GradeLevel
    mastery: float = Field(ge=0, le=1)
    attempts: int = 0
    correct: int = 0
    wrong_in_a_row: int = Field(default=0, description="At first tries")
    passed_in_a_row: int = Field(default=0, description="First tries, without a hint")
    mastered_at: AwareDatetime | None = None
    mastered_by: Literal["attempts", "override"] | None = None
    first_mastered_at: AwareDatetime | None = Field(
        default=None, description="Kept for good: it is told and paid for once"
    )
    remediation: Remediation | None = None
    in_remediation: bool = False
    is_mastered: bool = False
    updated_at: AwareDatetime


class Progress(Document):
    """How far a learner is with one piece of content."""

    kind: Literal["progress"] = "progress"
    progress_id: str
    user_id: str
    content_id: str
    content_type: str
    status: ProgressStatus = "not_started"
    percent: float = 0
    score: float | None = None
    time_spent_seconds: int = 0
    started_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None
    updated_at: AwareDatetime

    @field_serializer("updated_at", when_used="json")
    def _sortable(self, at: datetime) -> str:
        return sortable(at)
