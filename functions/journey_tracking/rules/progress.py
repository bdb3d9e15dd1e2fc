"""Progress records: how far a learner is with one piece of content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.errors import Invalid
from shared.models.journey import Progress, ProgressStatus, progress_document_id

MOST_A_REPORT = 86_400
"""Seconds that one report may add."""
_ORDER: tuple[ProgressStatus, ...] = ("not_started", "in_progress", "completed")


@dataclass(frozen=True)
class Report:
    """What a client reports of a piece of content; None leaves a thing as it is."""

    content_id: str | None = None
    content_type: str | None = None
    status: ProgressStatus | None = None
    percent: float | None = None
    score: float | None = None
    seconds: int = 0
    restart: bool = False


def new_progress(
    tenant_id: str, user_id: str, progress_id: str, report: Report, *, now: datetime
) -> Progress:
    """A record of which nothing is known; without a ``content_id`` its own id is that.

    Raises ``Invalid`` where the first report names no type of content.
    """
    if report.content_type is None:
        raise Invalid("the first report on a piece of content says its content_type")
    return Progress(
        id=progress_document_id(progress_id),
        tenant_id=tenant_id,
        user_id=user_id,
        progress_id=progress_id,
        content_id=report.content_id or progress_id,
        content_type=report.content_type,
        updated_at=now,
    )


def with_report(progress: Progress, report: Report, *, now: datetime) -> Progress:
    """The record after a report.

    Time adds up. Status and percent only grow, so that a report that comes late takes nothing
    back, unless it says ``restart``. At 100 percent it is completed, and the other way round;
    above 0 it is in progress. The score is the latest one. Raises ``Invalid`` where a report
    names another piece of content.
    """
    for name, given in (("content_id", report.content_id), ("content_type", report.content_type)):
        if given is not None and given != getattr(progress, name):
            raise Invalid(f"this record is of another {name}: {getattr(progress, name)}")
    if report.restart:
        progress = progress.model_copy(
            update={"status": "not_started", "percent": 0.0, "completed_at": None, "score": None}
        )
    percent = max(progress.percent, report.percent or 0.0)
    status = max(progress.status, report.status or "not_started", key=_ORDER.index)
    if percent >= 100 or status == "completed":
        percent, status = 100.0, "completed"
    elif percent > 0 or report.seconds:
        status = max(status, "in_progress", key=_ORDER.index)
    is_begun = status != "not_started"
    is_done = status == "completed"
    return progress.model_copy(
        update={
            "status": status,
            "percent": percent,
            "score": progress.score if report.score is None else report.score,
            "time_spent_seconds": progress.time_spent_seconds + report.seconds,
            "started_at": progress.started_at or (now if is_begun else None),
            "completed_at": (progress.completed_at or now) if is_done else None,
            "updated_at": now,
        }
    )
