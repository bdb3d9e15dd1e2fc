"""Events of content that learners work through. They carry ids and scores alone."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime, Field

from shared.events.envelope import EventData


class ContentCompleted(EventData):
    """A learner's app reported that a piece of content is completed."""

    type: ClassVar[str] = "waymark.content.completed.v1"

    user_id: str
    content_type: str
    content_id: str
    score: float | None = Field(ge=0, le=100)
    completed_at: AwareDatetime

    @property
    def subject(self) -> str:
        return self.content_id
