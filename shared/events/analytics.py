"""Events of analytics. They carry ids alone; what was reported stands in the documents."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from shared.events.envelope import EventData


class AnalyticsReported(EventData):
    """Somebody's app reported what they did: the stored events are to be counted."""

    type: ClassVar[str] = "waymark.analytics.reported.v1"

    user_id: str
    month: str = Field(description="Of the partition in which the events lie, `2026-03`")
    event_ids: tuple[str, ...] = Field(min_length=1)

    @property
    def subject(self) -> str:
        return self.user_id
