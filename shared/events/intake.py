"""Events of the intake chain. Texts and parses stay in the stores; events carry ids."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

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
    reason: str | None = None
    candidate_id: str | None = None
