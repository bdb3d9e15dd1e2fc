"""Events of the game: levels, achievements, streaks."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.events.envelope import EventData


class Unlocked(BaseModel):
    """An achievement that was awarded."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    key: str
    name: str
    text: str


class GameAdvanced(EventData):
    """A learner reached a level, or was awarded achievements."""

    type: ClassVar[str] = "waymark.game.advanced.v1"

    user_id: str
    level_before: int = Field(ge=1)
    level: int = Field(ge=1)
    tier: str
    unlocked: tuple[Unlocked, ...] = ()
    at: AwareDatetime

    @property
    def subject(self) -> str:
        return self.user_id


class StreaksRepaired(EventData):
    """Days of an outage are to break no streak: the next page of the tenant's learners is due."""

    type: ClassVar[str] = "waymark.streaks.repaired.v1"

    repair_id: str
    step: int = Field(ge=0)

    @property
    def subject(self) -> str:
        return self.repair_id
