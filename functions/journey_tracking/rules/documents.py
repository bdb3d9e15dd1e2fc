"""Documents of learning, all of a learner in the partition ``(tenant_id, user_id)``.

Journeys, lessons, attempts, skills and progress records are :mod:`shared.models.journey`'s; beside
them lie grades, overrides and what devices share.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, Field, field_serializer

from shared.models.audit import sortable
from shared.models.document import READING, Document
from shared.models.learning import GradeLevel, Subject

LEARNER_ID = "learner"

_STATEMENTS = UUID("6d1f0c8b-94e7-5a23-b8d5-2e7c4a9f1036")

OverrideKind = Literal["skill_mastered", "skill_reopened", "remediation_cleared", "grade_level"]


def grade_document_id(grade_level: GradeLevel) -> str:
    """The document of a grade level."""
    return f"grade:{grade_level}"


def sync_document_id(session_id: str) -> str:
    """The document that the devices of a learner share on a journey."""
    return f"sync:{session_id}"


def statement_id_of(tenant_id: str, user_id: str, what: str) -> str:
    """The id of the statement of something: the same is stated once."""
    return str(uuid5(_STATEMENTS, f"{tenant_id}\n{user_id}\n{what}"))


class _Part(BaseModel):
    model_config = READING


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
