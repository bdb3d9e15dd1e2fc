"""What a backup says of itself: the manifest, its last file. Without one it is no backup."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from shared.errors import Unprocessable
from shared.models.document import READING

MANIFEST = "manifest.json"
TEST_FAILED = "test-failed.json"


class Damaged(Unprocessable):
    """A file of a backup is not what the manifest says: nothing of it is used."""


class Part(BaseModel):
    """A file of a backup: documents of one container, a line each."""

    model_config = READING

    name: str = Field(description="Below the backup's own name")
    documents: int
    raw_bytes: int
    compressed_bytes: int
    raw_sha256: str = Field(description="Of the lines")
    compressed_sha256: str = Field(description="Of the file")


class ContainerBackup(BaseModel):
    """What a backup holds of one container."""

    model_config = READING

    partition_key: tuple[str, ...] = ()
    schema_versions: dict[str, int] = Field(
        default_factory=dict, description="Documents by the version of their schema"
    )
    parts: tuple[Part, ...] = ()

    @property
    def documents(self) -> int:
        """How many documents."""
        return sum(part.documents for part in self.parts)

    @property
    def raw_bytes(self) -> int:
        """Bytes of all lines."""
        return sum(part.raw_bytes for part in self.parts)

    @property
    def compressed_bytes(self) -> int:
        """Bytes of all files."""
        return sum(part.compressed_bytes for part in self.parts)


class ErasureLog(BaseModel):
    """The log of erasures as it was when a backup ended."""

    model_config = READING

    log_id: str
    entries: int = Field(ge=0)


class Manifest(BaseModel):
    """The whole of a backup."""

    model_config = READING

    format_version: Literal[1] = 1
    backup_id: str
    started_at: AwareDatetime
    finished_at: AwareDatetime
    app_version: str
    topology_sha256: str = Field(description="Of the list of containers it was made by")
    key_check: str = Field(
        description="A pseudonym of the backup's id: tells whether a restore has the same key"
    )
    erasure_log: ErasureLog | None = Field(
        default=None, description="Without it nobody can tell whether the log is the one of then"
    )
    sequence: int = Field(
        default=0, ge=0, description="One more than any backup had that was there: clocks may err"
    )
    compression: str = "zstd"
    containers: dict[str, ContainerBackup]

    @property
    def documents(self) -> int:
        """How many documents."""
        return sum(each.documents for each in self.containers.values())

    @property
    def raw_bytes(self) -> int:
        """Bytes of all lines."""
        return sum(each.raw_bytes for each in self.containers.values())

    @property
    def compressed_bytes(self) -> int:
        """Bytes of all files but the manifest."""
        return sum(each.compressed_bytes for each in self.containers.values())


def manifest_name(backup_id: str) -> str:
    """The name of a backup's manifest."""
    return f"{backup_id}/{MANIFEST}"


def verdict_name(backup_id: str) -> str:
    """The name of the file that says that a backup failed its test."""
    return f"{backup_id}/{TEST_FAILED}"


def newest(manifests: Iterable[Manifest], *, at: datetime | None = None) -> Manifest | None:
    """The backup that was made last, whatever the clocks said; where a moment is given, of those
    that say that they had ended by then."""
    fitting = [each for each in manifests if at is None or each.finished_at <= at]
    return max(fitting, key=made, default=None)


def made(manifest: Manifest) -> tuple[int, datetime, str]:
    """By this backups are in the order in which they were made."""
    return manifest.sequence, manifest.finished_at, manifest.backup_id
