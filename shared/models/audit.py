"""The audit log: who did what to whose data. Kept in the partition ``(tenant_id, month)``.

People are named by pseudonyms, so that the log stays whole and says nothing of a person
once they are erased.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime, Field, field_serializer

from shared.models.document import Document
from shared.models.roles import Role
from shared.models.subject import SubjectKind

CONTAINER = "audit"


def month_of(moment: datetime) -> str:
    """The partition of a moment, e.g. ``2026-11``."""
    return f"{moment:%Y-%m}"


def sortable(moment: datetime) -> str:
    """A moment as entries keep it: in UTC and of one width, so that its text sorts as it does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class AuditEntry(Document):
    """One thing done. Written once, never changed."""

    kind: Literal["entry"] = "entry"
    month: str
    action: str = Field(description="`noun.verb`, e.g. `candidate.read`")
    actor: str = Field(description="Pseudonym of who did it; `system` for the house itself")
    roles: tuple[Role, ...] = ()
    subject_kind: SubjectKind | None = None
    subject: str | None = Field(default=None, description="Pseudonym of whose data it was")
    reason: str | None = None
    request_id: str | None = None
    at: AwareDatetime

    @field_serializer("at", when_used="json")
    def _sortable(self, at: datetime) -> str:
        return sortable(at)
