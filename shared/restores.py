"""Whether a restore goes on, for who must not act on a house that is half there.

The flow ``nightly_backup`` restores and keeps how far it is in the container ``backups``; what it
writes there is read here, and nowhere else outside of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel

from shared.models.backup_job import CONTAINER, CURRENT_ID, JobState, partition_of
from shared.models.document import READING
from shared.stores import Stores

_PARTITION = partition_of("restores")
ABANDONED_AFTER = timedelta(hours=6)
"""A restore that has done no step for so long holds up no backup."""
REPEATED_WITHIN = timedelta(days=30)
"""A restore that failed, or that nothing leads on, is expected to be done again for so long."""


class _Restore(BaseModel):
    model_config = READING

    state: JobState
    started_at: AwareDatetime
    moved_at: AwareDatetime | None = None

    @property
    def last_step_at(self) -> datetime:
        return self.moved_at or self.started_at


def goes_on(stores: Stores, *, now: datetime) -> bool:
    """Whether a restore is under way that has done a step of late."""
    restore = _last(stores)
    return (
        restore is not None
        and restore.state == "running"
        and restore.last_step_at >= now - ABANDONED_AFTER
    )


def began_since(stores: Stores, moment: datetime, *, now: datetime) -> bool:
    """Whether a restore goes on, or the last one was begun since a moment."""
    restore = _last(stores)
    return restore is not None and (restore.started_at > moment or goes_on(stores, now=now))


def leaves_open(stores: Stores, *, now: datetime) -> bool:
    """Whether documents may be missing that a restore is to bring back: it is under way, or it was
    broken off in the last 30 days and no other one has ended well since."""
    restore = _last(stores)
    return (
        restore is not None
        and restore.state != "done"
        and restore.last_step_at >= now - REPEATED_WITHIN
    )


def _last(stores: Stores) -> _Restore | None:
    current = stores.documents.get(CONTAINER, _PARTITION, CURRENT_ID)
    if current is None:
        return None
    stored = stores.documents.get(CONTAINER, _PARTITION, str(current.body["job_id"]))
    return None if stored is None else _Restore.model_validate(stored.body)
