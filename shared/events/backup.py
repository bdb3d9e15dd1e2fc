"""Events of backups, of restores, and of the tests of backups: the next step is due."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from shared.events.envelope import EventData


class BackupAdvanced(EventData):
    """A backup was begun, or has written a part: the next one is due."""

    type: ClassVar[str] = "waymark.backup.advanced.v1"

    backup_id: str
    step: int = Field(ge=0)

    @property
    def subject(self) -> str:
        return self.backup_id


class RestoreAdvanced(EventData):
    """A restore was begun, or has written a part's documents: the next one is due."""

    type: ClassVar[str] = "waymark.restore.advanced.v1"

    restore_id: str
    step: int = Field(ge=0)

    @property
    def subject(self) -> str:
        return self.restore_id


class SelfTestAdvanced(EventData):
    """The test of a backup was begun, or has compared a part: the next one is due."""

    type: ClassVar[str] = "waymark.self_test.advanced.v1"

    backup_id: str
    step: int = Field(ge=0)

    @property
    def subject(self) -> str:
        return self.backup_id
