"""xAPI statements."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from shared.events.envelope import EventData


class StatementsStored(EventData):
    """Statements on a learner's learning were stored; they can be passed on."""

    type: ClassVar[str] = "waymark.statements.stored.v1"

    user_id: str
    statement_ids: tuple[str, ...] = Field(min_length=1)

    @property
    def subject(self) -> str:
        return self.statement_ids[0]
