"""What the routes of backups take and show."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from functions.nightly_backup.rules.documents import BackupJob, RestoreCount, RestoreJob, SelfTest
from functions.nightly_backup.rules.manifest import ContainerBackup, Manifest
from functions.nightly_backup.service.catalogue import LATEST
from shared.http.call import Body
from shared.models.backup_job import JobState
from shared.models.examples import DIGEST, example

_BACKUP_ID = "20261128-nightly"


_CONTAINER = {
    "documents": 48213,
    "parts": 1,
    "raw_bytes": 20187342,
    "compressed_bytes": 2650117,
    "schema_versions": {"1": 48213},
}
_COUNTS = {"restored": 48100, "kept": 0, "expired": 101, "erased": 12, "unsent": 0}


class ContainerCounts(BaseModel):
    """What a backup holds of a container."""

    model_config = example(**_CONTAINER)

    documents: int
    parts: int = Field(description="Files")
    raw_bytes: int = Field(description="Of its JSON lines")
    compressed_bytes: int
    schema_versions: dict[str, int] = Field(description="Documents by the version of their schema")


class SelfTestView(BaseModel):
    """What came of restoring a backup into a scratch store and comparing."""

    model_config = example(state="done", documents=1200345, different=0, failure=None)

    state: JobState
    documents: int = Field(description="Compared so far")
    different: int = Field(description="Missing, or other than the backup says")
    failure: str | None
    finished_at: AwareDatetime | None


class BackupView(BaseModel):
    """A backup."""

    model_config = example(backup_id=_BACKUP_ID, state="done", documents=1200345,
                           raw_bytes=512003871, compressed_bytes=70218344,
                           app_version="0.1.0", failure=None)  # fmt: skip

    backup_id: str
    state: JobState
    documents: int = Field(description="Written so far")
    raw_bytes: int
    compressed_bytes: int
    app_version: str | None = Field(description="Of the app that made it; null until it is done")
    failure: str | None
    started_at: AwareDatetime
    finished_at: AwareDatetime | None


class BackupDetail(BackupView):
    """A backup, container by container."""

    model_config = example(backup_id=_BACKUP_ID, state="done", documents=48213,
                           raw_bytes=20187342, compressed_bytes=2650117, app_version="0.1.0",
                           failure=None, topology_sha256=DIGEST,
                           containers={"game": _CONTAINER})  # fmt: skip

    topology_sha256: str | None = Field(description="Of the list of containers it was made by")
    containers: dict[str, ContainerCounts]
    self_test: SelfTestView | None = Field(description="Null before its test")


class BackupList(BaseModel):
    """A page of backups."""

    items: list[BackupView]
    continuation: str | None = Field(
        default=None, description="Give it back for the next page", examples=[None]
    )


class RestoreBody(Body):
    """Which backup is restored, and what of it."""

    model_config = example(backup_id=LATEST, tenant="demo", into_existing="keep")

    backup_id: str = Field(
        default=LATEST,
        max_length=200,
        description="Its id, or `latest`: the last that was made and did not fail its test",
    )
    at: AwareDatetime | None = Field(
        default=None, description="With `latest`: the last that had ended by then"
    )
    tenant: str | None = Field(
        default=None, min_length=1, max_length=63, description="This tenant's documents alone"
    )
    into_existing: Literal["keep", "overwrite"] | None = Field(
        default=None,
        description="What happens to documents that are there; without it the target is empty",
    )
    without_erasure_log: bool = Field(
        default=False,
        description="Restore though the log of erasures that the backup knew is lost: who was"
        " erased since the backup comes back",
    )

    @model_validator(mode="after")
    def _one_choice(self) -> RestoreBody:
        if self.at is not None and self.backup_id != LATEST:
            raise ValueError("give a backup's id or a moment, not both")
        return self


class RestoreCounts(BaseModel):
    """What came of the documents of a container."""

    model_config = example(**_COUNTS)

    restored: int
    kept: int = Field(description="There already, and left as they were")
    expired: int = Field(description="Their time was over")
    erased: int = Field(description="Of somebody who was erased since: left out")
    unsent: int = Field(description="Events that may have been handled long ago: not sent again")


class RestoreView(BaseModel):
    """A restore."""

    model_config = example(
        restore_id="0f5b7f2c-6c0a-4b8e-9d43-2f6f1d6a7b11", backup_id=_BACKUP_ID, state="done",
        tenant="demo", into_existing="keep", containers={"game": _COUNTS}, unknown={}, failure=None,
        replay_id="c1a3d5e7-0b2d-5f4a-8c6e-9d7b5a3c1e0f",
    )  # fmt: skip

    restore_id: str
    backup_id: str
    state: JobState
    tenant: str | None
    into_existing: Literal["keep", "overwrite"] | None
    containers: dict[str, RestoreCounts]
    unknown: dict[str, int] = Field(
        description="Documents that were left, of containers that this version has not"
    )
    failure: str | None
    replay_id: str | None = Field(description="Of the replay of erasures that follows it")
    started_at: AwareDatetime
    finished_at: AwareDatetime | None


def backup_view(manifest: Manifest) -> BackupView:
    """A backup that is done, by its manifest."""
    return BackupView(
        backup_id=manifest.backup_id,
        state="done",
        documents=manifest.documents,
        raw_bytes=manifest.raw_bytes,
        compressed_bytes=manifest.compressed_bytes,
        app_version=manifest.app_version,
        failure=None,
        started_at=manifest.started_at,
        finished_at=manifest.finished_at,
    )


def job_view(job: BackupJob) -> BackupView:
    """A backup that is under way, or failed."""
    held = job.containers.values()
    return BackupView(
        backup_id=job.id,
        state=job.state,
        documents=sum(each.documents for each in held),
        raw_bytes=sum(each.raw_bytes for each in held),
        compressed_bytes=sum(each.compressed_bytes for each in held),
        app_version=None,
        failure=job.failure,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def detail(
    view: BackupView,
    containers: dict[str, ContainerBackup],
    digest: str | None,
    test: SelfTest | None,
) -> BackupDetail:
    """A backup with all that is known of it."""
    return BackupDetail(
        **view.model_dump(),
        topology_sha256=digest,
        containers={
            name: ContainerCounts(
                documents=each.documents,
                parts=len(each.parts),
                raw_bytes=each.raw_bytes,
                compressed_bytes=each.compressed_bytes,
                schema_versions=each.schema_versions,
            )
            for name, each in containers.items()
        },
        self_test=None if test is None else SelfTestView.model_validate(test.model_dump()),
    )


def restore_view(job: RestoreJob) -> RestoreView:
    """A restore as it is shown."""
    counts: dict[str, RestoreCount] = job.counts
    return RestoreView(
        restore_id=job.id,
        backup_id=job.backup_id,
        state=job.state,
        tenant=job.only_tenant,
        into_existing=None if job.mode == "empty" else job.mode,
        containers={
            name: RestoreCounts.model_validate(each.model_dump()) for name, each in counts.items()
        },
        unknown=job.unknown,
        failure=job.failure,
        replay_id=job.replay_id,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )
