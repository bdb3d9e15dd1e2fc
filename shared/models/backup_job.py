"""Where the jobs of ``nightly_backup`` are kept: for that flow, and for who asks whether one goes
on (:mod:`shared.restores`). Each kind has a partition, and a document that names the last one."""

from __future__ import annotations

from typing import Literal

from shared.models.tenant import PLATFORM

CONTAINER = "backups"
CURRENT_ID = "current"

JobKind = Literal["backups", "restores", "self_tests"]
JobState = Literal["running", "done", "failed"]


def partition_of(job: JobKind) -> tuple[str, str]:
    """The logical partition of all jobs of a kind."""
    return (PLATFORM, job)
