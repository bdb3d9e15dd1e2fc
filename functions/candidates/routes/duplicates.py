"""Routes of profiles that may be of one person."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from functions.candidates.routes import api, noted
from functions.candidates.routes.profiles import CandidateView
from functions.candidates.routes.search import CandidateSummary, summary_of
from functions.candidates.rules.duplicates import CandidatePair, Reason
from functions.candidates.service import merging, profiles
from shared import runtime
from shared.errors import Conflict, Missing
from shared.http.api import Reply
from shared.http.call import Body, Call, PageQuery, etag_header
from shared.models.examples import CANDIDATE, INTAKE, example

PairState = Literal["open", "dismissed", "merged"]


class PairQuery(PageQuery):
    """Which pairs."""

    state: PairState = Field(default="open", description="Pairs in this state")


class PairView(BaseModel):
    """Two profiles that may be of one person."""

    model_config = example(
        pair_id=INTAKE, score=0.87, reasons=["same_phone", "same_name"], state="open"
    )

    pair_id: str
    score: float = Field(description="How likely, 0 to 1; a weighing of what agrees")
    reasons: tuple[Reason, ...]
    state: PairState
    candidates: list[CandidateSummary] = Field(description="The two; one that is gone is left out")
    found_at: AwareDatetime


class PairPage(BaseModel):
    """A page of pairs, the likeliest first."""

    items: list[PairView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


class MergeBody(Body):
    """Which profile to merge into the one that is named."""

    other_id: str = Field(
        description="The candidate whose profile goes up in the other",
        pattern=r"^[0-9a-fA-F-]{36}$",
        examples=[CANDIDATE],
    )


@api.get("v1/candidate-duplicates", query=PairQuery, answer=PairPage)
def candidates_duplicates(call: Call[PairQuery, None]) -> PairPage:
    """List profiles that may be of one person, the likeliest first."""
    found, continuation = merging.pairs(
        runtime.stores(),
        call.principal.tenant_id,
        call.query.state,
        limit=call.query.limit,
        continuation=call.query.continuation,
    )
    noted(call, "candidate.duplicates")
    return PairPage(items=[_view(call, pair) for pair in found], continuation=continuation)


@api.post(
    "v1/candidate-duplicates/{pair_id}/dismiss",
    answer=PairView,
    idempotent=False,
    errors=(Missing, Conflict),
)
def candidates_dismiss(call: Call[None, None]) -> PairView:
    """Say that two profiles are of two people: they are not proposed again."""
    tenant_id = call.principal.tenant_id
    pair = merging.judge(
        runtime.stores(), tenant_id, call.uuid("pair_id"), "dismissed", now=call.now
    )
    if pair is None:
        raise Missing("there is no such pair")
    noted(call, "candidate.dismiss")
    return _view(call, pair)


@api.post(
    "v1/candidates/{candidate_id}/merge",
    body=MergeBody,
    answer=CandidateView,
    idempotent=False,
    errors=(Missing, Conflict),
)
def candidates_merge(call: Call[None, MergeBody]) -> Reply:
    """Merge another candidate's profile into this one: of one person, one profile.

    What this one says stands where both say something. The other's id leads here from now on, its
    files and notes come along, and later files of either find this profile.
    """
    principal = call.principal
    profile = merging.merge(
        runtime.stores(),
        runtime.current().pseudonyms,
        principal.tenant_id,
        call.uuid("candidate_id"),
        call.body.other_id.lower(),
        by=principal,
        now=call.now,
    )
    view = CandidateView.model_validate(profile, from_attributes=True)
    return Reply(view, headers=etag_header(str(profile.revision)))


def _view(call: Call[Any, Any], pair: CandidatePair) -> PairView:
    shown: dict[str, CandidateSummary] = {}
    for candidate_id in (pair.first_id, pair.second_id):
        try:
            found = profiles.read(
                runtime.stores(), call.principal.tenant_id, candidate_id, now=call.now
            )
        except Missing:
            continue
        shown[found.candidate_id] = summary_of(found)
    return PairView(
        pair_id=pair.pair_id,
        score=pair.score,
        reasons=pair.reasons,
        state=pair.state,
        candidates=list(shown.values()),
        found_at=pair.found_at,
    )
