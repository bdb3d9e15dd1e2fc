"""Routes of files: upload, where they stand, another attempt."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from functions.intake_upload.routes import api
from functions.intake_upload.service import standing, uploads
from functions.intake_upload.uploads import MOST_FORM_BYTES, files_of
from shared import audit, runtime
from shared.errors import Conflict, FieldError, Missing, Unprocessable
from shared.http.api import Reply
from shared.http.call import Call, PageQuery
from shared.http.examples import MOMENT
from shared.models.examples import CANDIDATE, FILENAME, INTAKE, example
from shared.models.intake import (
    IntakeFile,
    IntakeRecord,
    Reason,
    Refinement,
    State,
    Step,
    Unscanned,
)
from shared.models.resume import Resume


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
    refinement: Refinement | None = Field(
        description="What a language model added to `resume`; null when none was asked"
    )


class UploadedFile(BaseModel):
    """What became of one file of a form."""

    model_config = example(filename=FILENAME, intake_id=INTAKE, state="received", refusal=None)

    filename: str
    intake_id: str | None = Field(description="Where to follow the file; null when refused")
    state: State | None = Field(
        description="`received`, or where the same file under the same name stands already"
    )
    refusal: str | None = Field(description="Why the file was not taken, null when it was")


class UploadAnswer(BaseModel):
    """What became of the files of a form, in their order."""

    files: list[UploadedFile]


class RetryAnswer(BaseModel):
    """The beginning of another attempt."""

    model_config = example(intake_id=INTAKE, state="received", attempt=2)

    intake_id: str
    state: State
    attempt: int


@api.post(
    "v1/intake/files",
    answer=UploadAnswer,
    status=202,
    raw=True,
    media_types=("multipart/form-data",),
    max_bytes=MOST_FORM_BYTES,
    idempotent=False,
    errors=(Unprocessable,),
)
def intake_files_add(call: Call[None, None]) -> UploadAnswer:
    """Upload résumés: a form with up to 20 files of up to 10 MiB each, 64 MiB together.

    Each file is taken or refused by itself. What is taken is checked, read and turned into a
    profile afterwards. The same file under the same name sent again is the same intake. 422 says
    that no file was taken, and why.
    """
    stores, principal = runtime.stores(), call.principal
    taken = uploads.upload(
        stores,
        principal.tenant_id,
        files_of(call.headers.get("content-type") or "", call.content),
        by=runtime.current().pseudonyms.of(principal.tenant_id, "user", principal.user_id),
        now=call.now,
    )
    if not any(each.record for each in taken):
        fields = tuple(FieldError(each.filename, each.refusal or "") for each in taken)
        raise Unprocessable(
            f"no file was taken: {fields[0].detail}" if fields else "the form has no file in it",
            fields=fields,
        )
    return UploadAnswer(
        files=[
            UploadedFile(
                filename=each.filename,
                intake_id=each.record.intake_id if each.record else None,
                state=each.record.state if each.record else None,
                refusal=each.refusal,
            )
            for each in taken
        ]
    )


@api.get("v1/intake", query=IntakeQuery, answer=IntakePage)
def intake_list(call: Call[IntakeQuery, None]) -> IntakePage:
    """List dropped files, newest first, all or in one state."""
    records, continuation = standing.listed(
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
    return _view(standing.read(runtime.stores(), call.principal.tenant_id, call.uuid("intake_id")))


@api.get("v1/intake/{intake_id}/report", answer=IntakeReport, errors=(Missing,))
def intake_report(call: Call[None, None]) -> IntakeReport:
    """Read the report of one file: its steps, its text's facts, what was read from it.

    The audit log holds who did.
    """
    record, parsed, link = standing.report(
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
        refinement=parsed.refinement if parsed else None,
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
    status, body = standing.retry(
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
