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


class CandidateEdited(EventData):
    """A candidate's profile was changed, or made, by a person or another system."""

    type: ClassVar[str] = "waymark.candidate.edited.v1"

    candidate_id: str
    revision: int = Field(ge=1)
    created: bool = Field(default=False, description="True: there was no such profile before")

    @property
    def subject(self) -> str:
        return self.candidate_id


class CandidatesMerged(EventData):
    """Two profiles turned out to be of one person: the first stands for both."""

    type: ClassVar[str] = "waymark.candidate.merged.v1"

    candidate_id: str
    absorbed_id: str
    by: str | None = Field(default=None, description="The pseudonym of who merged them")

    @property
    def subject(self) -> str:
        return self.candidate_id


class HandoverDue(EventData):
    """A candidate is to be handed over to the tenant's applicant-tracking system."""

    type: ClassVar[str] = "waymark.candidate.handover_due.v1"

    handover_id: str
    attempt: int = Field(default=1, ge=1, description="2 and more: an operator asked again")

    @property
    def subject(self) -> str:
        return self.handover_id
