"""Routes of the intake: where files stand, and another attempt at them."""

from __future__ import annotations

from typing import Any

import azure.functions as func
from pydantic import AwareDatetime, BaseModel, Field

from functions.intake_upload import service
from shared import audit, runtime
from shared.errors import Conflict, Missing, Unprocessable
from shared.http.api import Api, Reply
from shared.http.call import Call, PageQuery
from shared.http.examples import MOMENT
from shared.models.examples import CANDIDATE, INTAKE, example
from shared.models.intake import IntakeFile, IntakeRecord, Reason, State, Step, Unscanned
from shared.models.resume import Resume

blueprint = func.Blueprint()
api = Api("intake", "Dropped files on their way to profiles", blueprint)


class IntakeQuery(PageQuery):
    """Which files to list."""

    state: State | None = Field(default=None, description="Only files in this state")


_INTAKE: dict[str, Any] = {
    "intake_id": INTAKE,
    "state": "completed",
    "attempt": 1,
    "channel": "drop",
    "unscanned": None,
    "reason": None,
    "duplicate_of": None,
    "candidate_id": CANDIDATE,
    "language": "en",
    "pages": 2,
    "warnings": [],
}


def _step(stage: str, duration_ms: int) -> dict[str, Any]:
    return {
        "stage": stage,
        "attempt": 1,
        "outcome": "done",
        "at": MOMENT,
        "duration_ms": duration_ms,
    }


class IntakeView(BaseModel):
    """Where one file stands."""

    model_config = example(**_INTAKE)

    intake_id: str
    state: State
    attempt: int
    channel: str
    file: IntakeFile
    unscanned: Unscanned | None = Field(
        description="Null unless the scanner's verdict is wanting: since when, and why"
    )
    reason: Reason | None
    duplicate_of: str | None = Field(description="The intake that brought the same bytes first")
    candidate_id: str | None
    language: str | None
    pages: int | None
    warnings: tuple[str, ...]
    created_at: AwareDatetime
    updated_at: AwareDatetime


class IntakePage(BaseModel):
    """A page of files, newest first."""

    items: list[IntakeView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


class IntakeReport(IntakeView):
    """Every step of a file, and what was read from it."""

    model_config = example(
        **_INTAKE,
        steps=[
            _step("received", 1),
            _step("scanning", 4),
            _step("extracting", 44),
            _step("parsing", 18),
            _step("finalizing", 2),
        ],
        duration_ms=69,
        original_url="https://waymark.example/resumes/demo/maya-okafor.pdf?signature=…",
        parsed_attempt=1,
    )

    steps: tuple[Step, ...]
    duration_ms: int = Field(description="Time in the stages, waiting between them left out")
    original_url: str | None = Field(description="Reads the original for 15 minutes")
    resume: Resume | None = Field(description="Null when the file did not get to be parsed")
    parsed_attempt: int | None = Field(description="The attempt that `resume` is of")


class RetryAnswer(BaseModel):
    """The beginning of another attempt."""

    model_config = example(intake_id=INTAKE, state="received", attempt=2)

    intake_id: str
    state: State
    attempt: int


@api.get("v1/intake", query=IntakeQuery, answer=IntakePage)
def intake_list(call: Call[IntakeQuery, None]) -> IntakePage:
    """List dropped files, newest first, all or in one state."""
    records, continuation = service.listed(
        runtime.stores(),
        call.principal.tenant_id,
        state=call.query.state,
        limit=call.query.limit,
        continuation=call.query.continuation,
    )
    return IntakePage(items=[_view(record) for record in records], continuation=continuation)


@api.get("v1/intake/{intake_id}", answer=IntakeView, errors=(Missing,))
def intake_read(call: Call[None, None]) -> IntakeView:
    """Read where one file stands."""
    return _view(service.read(runtime.stores(), call.principal.tenant_id, call.uuid("intake_id")))


@api.get("v1/intake/{intake_id}/report", answer=IntakeReport, errors=(Missing,))
def intake_report(call: Call[None, None]) -> IntakeReport:
    """Read the report of one file: its steps, its text's facts, what was read from it.

    The audit log holds who did.
    """
    record, parsed, link = service.report(
        runtime.stores(), call.principal.tenant_id, call.uuid("intake_id"), now=call.now
    )
    audit.record_read(
        runtime.stores(),
        runtime.current().pseudonyms,
        call.principal,
        "intake.report",
        of="intake",
        target=record.intake_id,
        now=call.now,
    )
    return IntakeReport(
        **dict(_view(record)),
        steps=record.steps,
        duration_ms=sum(step.duration_ms for step in record.steps),
        original_url=link,
        resume=parsed.resume if parsed else None,
        parsed_attempt=parsed.attempt if parsed else None,
    )


@api.post(
    "v1/intake/{intake_id}/retry",
    answer=RetryAnswer,
    status=202,
    errors=(Missing, Conflict, Unprocessable),
)
def intake_retry(call: Call[None, None]) -> Reply:
    """Try a file again that failed.

    A quarantined file may be tried again by an admin. The answer comes at once; the
    file's state tells how it goes.
    """
    status, body = service.retry(
        runtime.stores(),
        call.principal.tenant_id,
        call.uuid("intake_id"),
        roles=call.principal.roles,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


def _view(record: IntakeRecord) -> IntakeView:
    return IntakeView.model_validate(record, from_attributes=True)
