"""Something that the audit log is to hold."""

from __future__ import annotations

from typing import ClassVar

from shared.events.envelope import EventData
from shared.models.roles import Role
from shared.models.subject import SubjectKind


class AuditNoted(EventData):
    """Somebody changed what is a person's; told in the same commit as the change.

    ``actor`` and ``target`` are pseudonyms.
    """

    type: ClassVar[str] = "waymark.audit.noted.v1"

    action: str
    actor: str
    roles: tuple[Role, ...] = ()
    subject_kind: SubjectKind | None = None
    target: str | None = None
    reason: str | None = None

    @property
    def subject(self) -> str:
        return self.target or self.actor
