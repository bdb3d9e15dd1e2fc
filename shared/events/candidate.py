"""Events of candidate profiles."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from shared.events.envelope import EventData


class CandidateSaved(EventData):
    """A candidate's profile was created or updated from an intake file."""

    type: ClassVar[str] = "waymark.candidate.saved.v1"

    candidate_id: str
    created: bool = Field(description="False: an existing profile was merged into")
    intake_id: str
    attempt: int = Field(ge=1)

    @property
    def subject(self) -> str:
        return self.candidate_id
