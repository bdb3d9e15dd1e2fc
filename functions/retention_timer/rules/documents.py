"""Documents of retention, in partitions ``(tenant_id, period)``: a report of each night in its
month's, of the platform; how far a tenant's files were looked at in the tenant's own."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field, field_serializer

from shared.models.audit import sortable
from shared.models.document import READING, Document

CONTAINER = "retention"
LOOKS = "files"
LOOK_ID = "look"


class Waiting(BaseModel):
    """Messages or events that got stuck somewhere."""

    model_config = READING

    count: int = Field(ge=0)
    is_more: bool = Field(default=False, description="Beyond this nobody counted on")
    oldest_at: AwareDatetime


class NightReport(Document):
    """What a night's retention did, and what it found. ``id`` is the moment it began."""

    kind: Literal["report"] = "report"
    period: str
    began_at: AwareDatetime
    ended_at: AwareDatetime
    archived: int = Field(default=0, description="Journeys whose lessons went to the archive")
    extracts_removed: int = 0
    files_erased: int = Field(default=0, description="Intake files whose erasure was begun")
    orphans_removed: dict[str, int] = Field(default_factory=dict, description="By blob container")
    dead_letters: dict[str, Waiting] = Field(default_factory=dict, description="By entity")
    unsent: dict[str, Waiting] = Field(default_factory=dict, description="By container")
    failed: tuple[str, ...] = Field(default=(), description="Tasks that broke; the log has why")
    unfinished: tuple[str, ...] = Field(
        default=(), description="Tasks for which time ran out; the next night goes on"
    )

    @property
    def partition(self) -> tuple[str, str]:
        return (self.tenant_id, self.period)

    @field_serializer("began_at", when_used="json")
    def _sortable(self, at: datetime) -> str:
        return sortable(at)


class FilesLook(Document):
    """How far a tenant's files were looked at for some that no document tells of."""

    id: str = LOOK_ID
    kind: Literal["look"] = "look"
    period: str = LOOKS
    container: str | None = Field(default=None, description="Where a look was broken off")
    name: str | None = Field(default=None, description="The last file that it came to")
    ended_at: AwareDatetime | None = None
