"""What is counted of dropped files and of candidates. It names neither."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from pydantic import BaseModel

from functions.analytics.rules.facts import Fact
from functions.analytics.rules.histograms import bucket_of
from shared.events.intake import IntakeEnded
from shared.models.document import READING
from shared.models.intake import IntakeRecord, Stage

_PASSED: dict[Stage, str] = {
    "received": "checked",
    "scanning": "scanned",
    "extracting": "extracted",
    "parsing": "parsed",
    "finalizing": "profiled",
}
"""What a file is once a stage is done."""


class EndedFile(BaseModel):
    """How one attempt at a file went."""

    model_config = READING

    channel: str
    state: str
    reason: str | None
    attempt: int
    passed: tuple[str, ...]
    working_ms: int
    elapsed_ms: int


def ended(record: IntakeRecord, told: IntakeEnded) -> EndedFile:
    """How the attempt went that an event tells the end of, whatever became of the file since."""
    steps = [step for step in record.steps if step.attempt == told.attempt]
    passed = dict.fromkeys(_PASSED[step.stage] for step in steps if step.outcome == "done")
    began = min((step.at for step in steps), default=record.created_at)
    last = max(
        (step.at + timedelta(milliseconds=step.duration_ms) for step in steps), default=began
    )
    if told.attempt == 1:
        began = min(began, record.created_at)
    return EndedFile(
        channel=record.channel,
        state=told.state,
        reason=told.reason_code,
        attempt=told.attempt,
        passed=tuple(passed),
        working_ms=sum(step.duration_ms for step in steps),
        elapsed_ms=max(0, round((last - began).total_seconds() * 1000)),
    )


def counted(file: EndedFile, day: date) -> Iterator[Fact]:
    """What an ended file adds, on the day on which it ended."""
    counts = {"files": 1, "retried": int(file.attempt > 1)}
    counts |= dict.fromkeys(file.passed, 1)
    if file.state == "completed":
        counts |= {
            "completed": 1,
            "working_ms": file.working_ms,
            "elapsed_ms": file.elapsed_ms,
            f"h_working_{bucket_of(file.working_ms)}": 1,
            f"h_elapsed_{bucket_of(file.elapsed_ms)}": 1,
        }
    yield Fact("intake", (file.channel, file.state, file.reason or "none"), day, counts)


def candidate_created(day: date) -> Iterator[Fact]:
    """A profile was made: of no channel, for somebody may have typed it in."""
    yield Fact("intake", (None, None, None), day, {"candidates": 1})
