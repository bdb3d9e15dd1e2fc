"""Events of the profiler. They carry ids alone; what there is to know stands in the documents.

The telemetry of a session is the document ``telemetry:<session_id>`` in the learner's
partition of the container ``profiling``, written in the same commit as the event.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from shared.events.envelope import EventData
from shared.models.question_bank import Track


class _OfSession(EventData):
    """An event of one attempt of a learner at the profiler."""

    user_id: str
    session_id: str
    attempt: int = Field(ge=1)

    @property
    def subject(self) -> str:
        return self.session_id


class ProfilerCompleted(_OfSession):
    """A session was scored and locked."""

    type: ClassVar[str] = "waymark.profiler.completed.v1"

    track_key: Track


class ProfilerAccepted(_OfSession):
    """The learner accepted the recommended track, declined it, or chose another."""

    type: ClassVar[str] = "waymark.profiler.accepted.v1"

    accepted: bool
    track_key: Track = Field(description="The track the learner is on now")


class ProfilerSynced(_OfSession):
    """An older client asked for the result to be taken over."""

    type: ClassVar[str] = "waymark.profiler.synced.v1"

    track_key: Track


class ProfilerReset(_OfSession):
    """An admin opened the way for another attempt. ``attempt`` is the one that is set aside."""

    type: ClassVar[str] = "waymark.profiler.reset.v1"


class FoundationsEntered(_OfSession):
    """The learner opened Foundations for the first time after completing the profiler."""

    type: ClassVar[str] = "waymark.foundations.entered.v1"
