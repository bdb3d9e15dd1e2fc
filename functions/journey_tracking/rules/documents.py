"""Documents of learning, all of a learner in the partition ``(tenant_id, user_id)``.

A journey has a document of its own, one for each lesson that was begun, and one for each
attempt. Skills, grades, progress records, overrides and what devices share lie beside them.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, Field, field_serializer

from shared.models.audit import sortable
from shared.models.document import READING, Document
from shared.models.learning import GradeLevel, LearningContainer, Subject

CONTAINER = "journeys"
LEARNER_ID = "learner"

_STATEMENTS = UUID("6d1f0c8b-94e7-5a23-b8d5-2e7c4a9f1036")

OverrideKind = Literal["skill_mastered", "skill_reopened", "remediation_cleared", "grade_level"]
ProgressStatus = Literal["not_started", "in_progress", "completed"]
Why = Literal["low_mastery", "wrong_in_a_row"]


def lesson_id_of(session_id: str, container: LearningContainer, subject: Subject) -> str:
    """The id of a journey's lesson in a subject of a container."""
    return f"lesson:{session_id}:{container}:{subject}"


def attempt_id_of(attempt_id: str) -> str:
    """The document of an attempt: one for each id that a client gave."""
    return f"attempt:{attempt_id}"


def skill_document_id(skill_id: str) -> str:
    """The document of a skill; by its digest, for a skill's id may hold what no document's can."""
    return f"skill:{sha256(skill_id.encode()).hexdigest()[:40]}"


def grade_document_id(grade_level: GradeLevel) -> str:
    """The document of a grade level."""
    return f"grade:{grade_level}"


def progress_document_id(progress_id: str) -> str:
    """The document of a progress record."""
    return f"progress:{progress_id}"


def sync_document_id(session_id: str) -> str:
    """The document that the devices of a learner share on a journey."""
    return f"sync:{session_id}"


def statement_id_of(tenant_id: str, user_id: str, what: str) -> str:
    """The id of the statement of something: the same is stated once."""
    return str(uuid5(_STATEMENTS, f"{tenant_id}\n{user_id}\n{what}"))


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
    started_at: AwareDatetime
    completed_at: AwareDatetime | None = None
    updated_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        return (self.tenant_id, self.user_id)

    @field_serializer("started_at", when_used="json")
    def _sortable(self, at: datetime) -> str:
        return sortable(at)


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


class SubjectGrade(_Part):
    """Skills of one subject at a grade level."""

    met: int = 0
    mastered: int = 0


class Grade(Document):
    """How far a learner is with a grade level."""

    kind: Literal["grade"] = "grade"
    user_id: str
    grade_level: GradeLevel
    subjects: dict[Subject, SubjectGrade] = Field(default_factory=dict)
    ready_at: AwareDatetime | None = Field(
        default=None, description="When the learner was first ready for the next level"
    )
    updated_at: AwareDatetime


class Learner(Document):
    """What holds for all of a learner's journeys."""

    id: str = LEARNER_ID
    kind: Literal["learner"] = "learner"
    user_id: str
    grade_level: GradeLevel
    active_journeys: int = 0
    updated_at: AwareDatetime


class Override(Document):
    """That a parent or an admin set something aside that the rules had found."""

    kind: Literal["override"] = "override"
    override_id: str
    user_id: str
    what: OverrideKind
    skill_id: str | None = None
    grade_level: GradeLevel | None = None
    before: str | None = Field(default=None, description="What it was")
    reason: str
    by: str = Field(description="Pseudonym of who did it, as the audit log names them")
    by_role: Literal["parent", "admin"]
    updated_at: AwareDatetime

    @field_serializer("updated_at", when_used="json")
    def _sortable(self, at: datetime) -> str:
        return sortable(at)


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


class SharedField(_Part):
    """A field that devices share: its value, and which device wrote it when."""

    value: Any
    changed_at: AwareDatetime
    device_id: str
    version: int = Field(default=0, description="Of the shared state that it came in with")


class SharedState(Document):
    """What the devices of a learner share on a journey."""

    kind: Literal["sync"] = "sync"
    session_id: str
    user_id: str
    version: int = 0
    fields: dict[str, SharedField] = Field(default_factory=dict)
    updated_at: AwareDatetime


class StoredStatement(Document):
    """An xAPI statement, kept in the container ``statements``. ``id`` is the statement's."""

    kind: Literal["statement"] = "statement"
    user_id: str
    verb: str
    activities: tuple[str, ...] = Field(description="What it is about, and what that is part of")
    registration: str
    statement: dict[str, Any]
    stored_at: AwareDatetime

    @field_serializer("stored_at", when_used="json")
    def _sortable(self, at: datetime) -> str:
        return sortable(at)
