"""Routes of what recruiters note of candidates."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, Field

from functions.candidates.routes import api, noted
from functions.candidates.rules.documents import CandidateNote
from functions.candidates.service import profiles
from shared import runtime
from shared.errors import Missing
from shared.http.api import Reply
from shared.http.call import Body, Call, PageQuery
from shared.models.examples import INTAKE, LEARNER, example


class NoteBody(Body):
    """A note."""

    text: str = Field(
        min_length=1, max_length=4000, pattern=r"\S", examples=["Called; free from March."]
    )


class NoteView(BaseModel):
    """A note of a candidate."""

    model_config = example(note_id=INTAKE, text="Called; free from March.", author_id=LEARNER)

    note_id: str
    text: str
    author_id: str
    noted_at: AwareDatetime


class NotePage(BaseModel):
    """A page of notes, the last first."""

    items: list[NoteView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


@api.post(
    "v1/candidates/{candidate_id}/notes",
    body=NoteBody,
    answer=NoteView,
    status=201,
    errors=(Missing,),
)
def candidates_note(call: Call[None, NoteBody]) -> Reply:
    """Note something of a candidate. Other recruiters of the tenant see it."""
    key = call.idempotency
    answer = profiles.add_note(
        runtime.stores(),
        call.principal,
        call.uuid("candidate_id"),
        key.new_id("note") if key else str(uuid4()),
        call.body.text,
        shown=_shown,
        idempotency=key,
        now=call.now,
    )
    noted(call, "candidate.note", candidate_id=call.uuid("candidate_id"))
    return Reply(answer.body, status=answer.status)


@api.get("v1/candidates/{candidate_id}/notes", query=PageQuery, answer=NotePage, errors=(Missing,))
def candidates_notes(call: Call[PageQuery, None]) -> NotePage:
    """Read what was noted of a candidate, the last first."""
    found, continuation = profiles.notes(
        runtime.stores(),
        call.principal.tenant_id,
        call.uuid("candidate_id"),
        limit=call.query.limit,
        continuation=call.query.continuation,
        now=call.now,
    )
    noted(call, "candidate.notes", candidate_id=call.uuid("candidate_id"))
    return NotePage(items=[_view(note) for note in found], continuation=continuation)


@api.delete("v1/candidates/{candidate_id}/notes/{note_id}", errors=(Missing,))
def candidates_note_remove(call: Call[None, None]) -> None:
    """Remove a note of yours; an admin may remove anybody's."""
    profiles.remove_note(
        runtime.stores(), call.principal, call.uuid("candidate_id"), call.uuid("note_id")
    )
    noted(call, "candidate.note_remove", candidate_id=call.uuid("candidate_id"))


def _view(note: CandidateNote) -> NoteView:
    return NoteView.model_validate(note, from_attributes=True)


def _shown(note: CandidateNote) -> dict[str, Any]:
    return _view(note).model_dump(mode="json")
