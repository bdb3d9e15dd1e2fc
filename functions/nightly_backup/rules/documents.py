"""How far backups, restores and self-tests are. Kept in the partition ``(platform, job)``."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field, field_serializer

from functions.nightly_backup.rules.manifest import ContainerBackup
from shared.models.audit import sortable
from shared.models.backup_job import CURRENT_ID, JobKind, JobState
from shared.models.document import READING, Document
from shared.models.tenant import PLATFORM

Mode = Literal["empty", "keep", "overwrite"]
Phase = Literal["tombstones", "log", "documents", "deferred"]


class Current(Document):
    """Which job of a kind is under way, or was last: there is never a second one."""

    id: str = CURRENT_ID
    kind: Literal["current"] = "current"
    tenant_id: str = PLATFORM
    job: JobKind
    job_id: str


class Job(Document):
    """What all jobs have. Whoever does the step that is due counts ``step`` up."""

    tenant_id: str = PLATFORM
    state: JobState = "running"
    step: int = Field(default=0, ge=0)
    announces: bool = Field(
        default=True, description="Whether each step tells of the next; not for a command's loop"
    )
    failure: str | None = Field(default=None, description="Why it failed")
    started_at: AwareDatetime
    updated_at: AwareDatetime
    moved_at: AwareDatetime | None = Field(default=None, description="When a step was done last")
    finished_at: AwareDatetime | None = None

    @field_serializer("started_at", "updated_at", "moved_at", "finished_at", when_used="json")
    def _sortable(self, at: datetime | None) -> str | None:
        return None if at is None else sortable(at)


class BackupJob(Job):
    """A backup, under way or over."""

    kind: Literal["backup"] = "backup"
    job: Literal["backups"] = "backups"
    containers_left: tuple[str, ...]
    continuation: str | None = Field(default=None, description="Where the next part begins")
    containers: dict[str, ContainerBackup] = Field(default_factory=dict)


class RestoreCount(BaseModel):
    """What came of the documents of one container."""

    model_config = READING

    restored: int = 0
    kept: int = Field(default=0, description="There already, and left as they were")
    expired: int = Field(default=0, description="Their time was over")
    erased: int = Field(default=0, description="Of somebody who was erased since: left out")
    unsent: int = Field(
        default=0, description="Events that may have been handled long ago: not sent again"
    )

    def plus(self, other: RestoreCount) -> RestoreCount:
        """Both together."""
        return RestoreCount(
            restored=self.restored + other.restored,
            kept=self.kept + other.kept,
            expired=self.expired + other.expired,
            erased=self.erased + other.erased,
            unsent=self.unsent + other.unsent,
        )


class RestoreJob(Job):
    """A restore, under way or over."""

    kind: Literal["restore"] = "restore"
    job: Literal["restores"] = "restores"
    backup_id: str
    only_tenant: str | None = Field(default=None, description="None: all tenants")
    mode: Mode
    phase: Phase = "tombstones"
    containers_left: tuple[str, ...]
    part: int = Field(default=0, ge=0, description="The next part of the first of them")
    line: int = Field(default=0, ge=0, description="How many lines of it were done")
    log_after: str = Field(default="", description="How far the log of erasures was read")
    deferred: tuple[tuple[str, int], ...] = Field(
        default=(), description="Parts with documents that are decided on at the end"
    )
    counts: dict[str, RestoreCount] = Field(default_factory=dict)
    unknown: dict[str, int] = Field(
        default_factory=dict, description="Documents of containers that this version has not"
    )
    replay_id: str | None = Field(default=None, description="Of the replay of erasures it began")


class SelfTest(Job):
    """A backup that is restored into a scratch store and compared; its id is the backup's."""

    kind: Literal["self_test"] = "self_test"
    job: Literal["self_tests"] = "self_tests"
    containers_left: tuple[str, ...]
    part: int = Field(default=0, ge=0)
    documents: int = Field(default=0, description="Compared so far")
    different: int = Field(default=0, description="Missing, or other than the backup says")
