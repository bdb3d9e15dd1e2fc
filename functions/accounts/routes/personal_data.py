"""Routes of export and erasure."""

from __future__ import annotations

from typing import Any, Literal
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, Field

from functions.accounts.routes import blueprint
from functions.accounts.routes.forms import means
from functions.accounts.service.personal_data import exporting, replaying, requests
from shared import runtime
from shared.errors import Missing
from shared.http.api import Api, Reply
from shared.http.call import Call, Query
from shared.models.examples import PSEUDONYM, example
from shared.models.tombstone import Erasure, ErasureState, Replay, StoreCount

api = Api("personal data", "Everything held on a person: export and erasure", blueprint)


class CandidateQuery(Query):
    """How far it goes."""

    candidate: bool = Field(
        default=False,
        description="Also the candidate's profile under the address, though nobody vouched for it",
    )


class ExportView(BaseModel):
    """An archive of everything held on a person."""

    model_config = example(
        export_id="51a7c3e9-d20b-4f86-a4e1-08b7d6f5c392",
        state="ready",
        documents=12,
        files=1,
        size=48213,
        url="https://waymark.example/exports/demo/51a7c3e9.zip?signature=…",
    )

    export_id: str
    state: Literal["requested", "ready"]
    requested_at: AwareDatetime
    ready_at: AwareDatetime | None
    documents: int | None
    files: int | None
    size: int | None = Field(description="Bytes of the archive")
    url: str | None = Field(description="Reads the archive for 15 minutes; ask again for another")


class ErasureView(BaseModel):
    """How far an erasure is."""

    model_config = example(
        erasure_id=PSEUDONYM,
        state="settling",
        settled_at=None,
        removed=7,
        stores={
            "accounts": {"found": 5, "removed": 5, "late": 0},
            "blobs/exports": {"found": 1, "removed": 1, "late": 0},
            "credentials": {"found": 1, "removed": 1, "late": 0},
        },
        report_url="https://waymark.example/erasure-reports/demo/9b2d4f6a.json?signature=…",
    )

    erasure_id: str
    state: ErasureState
    requested_at: AwareDatetime
    erased_at: AwareDatetime | None = Field(description="When every store was done")
    settled_at: AwareDatetime | None = Field(description="When the second look was done")
    removed: int = Field(description="Documents, files and messages removed so far")
    stores: dict[str, StoreCount]
    report_url: str | None = Field(
        default=None, description="Reads this report for 6 days, without a token"
    )


class ReplayAnswer(BaseModel):
    """A look through every store for what was erased."""

    model_config = example(
        replay_id="e6d1b8a4-3f50-4c79-9b2e-a7c5f0d3e816",
        state="running",
        documents=1500,
        erased_again=1,
    )

    replay_id: str
    state: Literal["running", "ended"]
    documents: int = Field(description="Looked at so far")
    erased_again: int = Field(description="Erasures that it began")
    requested_at: AwareDatetime
    updated_at: AwareDatetime


@api.get("v1/users/me/export", answer=ExportView, other_statuses=(202,), errors=(Missing,))
def users_me_export(call: Call[None, None]) -> Reply:
    """Get everything that is held on you, as one ZIP archive.

    The first call asks for it and answers 202; it is made in the background. Call again
    until the answer is 200 with a link. An archive is kept for 24 hours.
    """
    return _export(call, call.principal.user_id, with_candidate=False)


@api.get(
    "v1/users/{user_id:guid}/export",
    query=CandidateQuery,
    answer=ExportView,
    other_statuses=(202,),
    errors=(Missing,),
)
def users_export(call: Call[CandidateQuery, None]) -> Reply:
    """Get everything held on a child of yours who is not of age, or as an admin on anybody."""
    with_candidate = call.query.candidate and "tenant" in call.reach
    return _export(call, call.uuid("user_id"), with_candidate=with_candidate)


@api.delete("v1/users/me", answer=ErasureView, status=202, errors=(Missing,))
def users_me_erase(call: Call[None, None]) -> ErasureView:
    """Erase yourself from every store. This cannot be taken back.

    It is done in the background; `report_url` tells how far it is. You can no longer sign
    in or refresh from this moment on. Asked for twice, it is the same erasure.
    """
    return _erase(call, call.principal.user_id, with_candidate=False)


@api.delete(
    "v1/users/{user_id:guid}",
    query=CandidateQuery,
    answer=ErasureView,
    status=202,
    errors=(Missing,),
)
def users_erase(call: Call[CandidateQuery, None]) -> ErasureView:
    """Erase a child of yours who is not of age, or as an admin anybody, from every store."""
    with_candidate = call.query.candidate and "tenant" in call.reach
    return _erase(call, call.uuid("user_id"), with_candidate=with_candidate)


@api.get("v1/erasures/{erasure_id}", answer=ErasureView, errors=(Missing,))
def erasures_read(call: Call[None, None]) -> ErasureView:
    """Read how far an erasure is, and in the end what it removed where."""
    erasure = requests.read_report(
        runtime.stores(), call.principal.tenant_id, call.path["erasure_id"]
    )
    return _view(erasure, None)


@api.post("v1/erasures/replay", answer=ReplayAnswer, status=202)
def erasures_replay(call: Call[None, None]) -> ReplayAnswer:
    """After a restore: erase again whatever was erased once and has come back."""
    replay_id = call.idempotency.new_id("replay") if call.idempotency else str(uuid4())
    begun = replaying.begin(
        means(), call.principal, replay_id, idempotency=call.idempotency, now=call.now
    )
    return _replay(begun)


@api.get("v1/erasures/replays/{replay_id}", answer=ReplayAnswer, errors=(Missing,))
def erasures_replay_read(call: Call[None, None]) -> ReplayAnswer:
    """Read how far a look through the stores is."""
    return _replay(replaying.read(runtime.stores(), call.uuid("replay_id"))[0])


def _replay(replay: Replay) -> ReplayAnswer:
    return ReplayAnswer.model_validate(replay.model_dump() | {"replay_id": replay.id})


def _export(call: Call[Any, None], user_id: str, *, with_candidate: bool) -> Reply:
    export, url = exporting.export_of(
        means(),
        call.principal,
        call.reach,
        user_id,
        with_candidate=with_candidate,
        now=call.now,
    )
    view = ExportView.model_validate({**export.model_dump(), "url": url})
    return Reply(view, status=200 if url else 202, headers={} if url else {"Retry-After": "2"})


def _erase(call: Call[Any, None], user_id: str, *, with_candidate: bool) -> ErasureView:
    erasure, url = requests.erase_person(
        means(),
        call.principal,
        call.reach,
        user_id,
        with_candidate=with_candidate,
        now=call.now,
    )
    return _view(erasure, url)


def _view(erasure: Erasure, url: str | None) -> ErasureView:
    return ErasureView.model_validate(requests.report_of(erasure) | {"report_url": url})
