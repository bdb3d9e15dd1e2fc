"""Counts of files and profiles by month, added up as they come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from shared.models.document import Document
from shared.models.intake import IntakeRecord

CONTAINER = "candidate_counts"
COUNTS_ID = "counts"


class MonthCounts(Document):
    """What a month brought a tenant, in the partition ``(tenant_id, month)``."""

    id: str = COUNTS_ID
    kind: str = "counts"
    month: str
    files: dict[str, int] = Field(
        default_factory=dict, description="Ended files by `<channel>_<state>`"
    )
    profiles_created: int = 0
    completed: int = 0
    working_ms: int = Field(default=0, description="Time in the stages, of completed files")
    elapsed_ms: int = Field(default=0, description="From arrival to the end, of completed files")

    def plus(self, increments: dict[str, int]) -> MonthCounts:
        """The counts with others added."""
        files = dict(self.files)
        update: dict[str, object] = {}
        for path, by in increments.items():
            if path.startswith("files."):
                name = path.removeprefix("files.")
                files[name] = files.get(name, 0) + by
            else:
                update[path] = getattr(self, path) + by
        return self.model_copy(update={**update, "files": files})


def month_of(moment: datetime) -> str:
    """The month of a moment, by UTC: ``2026-03``."""
    return moment.strftime("%Y-%m")


def counted_of(record: IntakeRecord) -> dict[str, int]:
    """What an ended file adds to the counts."""
    adds = {f"files.{record.channel}_{record.state}": 1}
    if record.state == "completed":
        elapsed = (record.updated_at - record.created_at).total_seconds() * 1000
        adds |= {
            "completed": 1,
            "working_ms": sum(step.duration_ms for step in record.steps),
            "elapsed_ms": max(0, round(elapsed)),
        }
    return adds


def by_part(months: Sequence[MonthCounts], part: int) -> dict[str, int]:
    """Files of all months by channel (part 0) or by state (part 1)."""
    found: dict[str, int] = {}
    for month in months:
        for name, count in month.files.items():
            key = name.split("_")[part]
            found[key] = found.get(key, 0) + count
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def error_rate(states: dict[str, int]) -> float | None:
    """The share of files that failed among those that completed or failed, None without any.

    Quarantined files, duplicates and unpacked e-mails are no errors.
    """
    ended = states.get("completed", 0) + states.get("failed", 0)
    return round(states.get("failed", 0) / ended, 4) if ended else None
