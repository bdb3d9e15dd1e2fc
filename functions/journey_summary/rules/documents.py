"""Documents of reports, all of a learner in the partition ``(tenant_id, user_id)``."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field, field_serializer

from shared.models.audit import sortable
from shared.models.document import READING, Document
from shared.models.learning import GradeLevel

CONTAINER = "journey_summaries"
BLOBS = "journey-summaries"

State = Literal["preparing", "ready", "failed"]
Because = Literal["completed", "asked"]


class Version(BaseModel):
    """One making of a report."""

    model_config = READING

    number: int = Field(ge=1)
    because: Because
    pages: int = Field(ge=1)
    size: int = Field(ge=1, description="Bytes")
    sha256: str
    made_at: AwareDatetime


class Summary(Document):
    """The report of one journey. ``id`` is the journey's."""

    kind: Literal["summary"] = "summary"
    session_id: str
    user_id: str
    state: State = "preparing"
    asked: int = Field(default=1, ge=1, description="The version that was asked for last")
    because: Because = "completed"
    asked_at: AwareDatetime
    completion: str | None = Field(
        default=None, description="Id of the event that told of the journey's end"
    )
    career: str
    companion: str
    grade_level: GradeLevel
    score: float
    time_zone: str
    started_at: AwareDatetime
    completed_at: AwareDatetime
    versions: tuple[Version, ...] = Field(default=(), description="Made so far, the oldest first")

    @property
    def partition(self) -> tuple[str, str]:
        return (self.tenant_id, self.user_id)

    @property
    def latest(self) -> Version | None:
        """The version that can be read."""
        return self.versions[-1] if self.versions else None

    @field_serializer("completed_at", when_used="json")
    def _sortable(self, at: datetime) -> str:
        return sortable(at)


def blob_name_of(tenant_id: str, user_id: str, session_id: str) -> str:
    """Where the report of a journey lies: its latest version."""
    return f"{tenant_id}/{user_id}/{session_id}/summary.pdf"
