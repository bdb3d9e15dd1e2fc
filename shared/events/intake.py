"""Events of the intake chain. Texts and parses stay in the stores; events carry ids."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.events.envelope import EventData


class _OnIntake(EventData):
    """An event of one attempt at one dropped file. A retry begins the next attempt."""

    intake_id: str
    attempt: int = Field(ge=1)

    @property
    def subject(self) -> str:
        return self.intake_id


class IntakeRetried(_OnIntake):
    """Somebody asked for another attempt: check and scan the file again."""

    type: ClassVar[str] = "waymark.intake.retried.v1"


class IntakeAccepted(_OnIntake):
    """The file passed the check and the scan."""

    type: ClassVar[str] = "waymark.intake.accepted.v1"


class IntakeScanDeferred(_OnIntake):
    """The scanner gave no verdict: it is to be asked again, at ``due_at``."""

    type: ClassVar[str] = "waymark.intake.scan_deferred.v1"

    asked: int = Field(ge=0, description="How often it was asked in this attempt")
    due_at: AwareDatetime

    @property
    def not_before(self) -> datetime | None:
        return self.due_at


class IntakeExtracted(_OnIntake):
    """The file's text is in the ``extracts`` blobs."""

    type: ClassVar[str] = "waymark.intake.extracted.v1"


class IntakeParsed(_OnIntake):
    """The résumé is parsed: its data is a document beside the intake record."""

    type: ClassVar[str] = "waymark.intake.parsed.v1"


class IntakeEnded(_OnIntake):
    """The file reached a terminal state."""

    type: ClassVar[str] = "waymark.intake.ended.v1"

    state: Literal["completed", "failed", "quarantined", "duplicate", "unpacked"]
    reason: str | None = Field(default=None, description="A sentence for people")
    reason_code: str | None = Field(default=None, description="The same for programs")
    candidate_id: str | None = None


class IntakeAnswerDue(_OnIntake):
    """The sender of the file is to be told over its channel how it ended."""

    type: ClassVar[str] = "waymark.intake.answer_due.v1"

    state: Literal["completed", "failed", "quarantined", "duplicate", "unpacked"]
