"""Routes of candidates' profiles."""

from __future__ import annotations

import azure.functions as func
from pydantic import AwareDatetime, BaseModel, Field

from functions.candidates import service
from functions.candidates.rules import Search
from shared import audit, runtime
from shared.errors import Missing
from shared.http.api import Api, Reply
from shared.http.call import Call, PageQuery, etag_header
from shared.models.candidate import CandidateProfile, ProfileSource
from shared.models.examples import CANDIDATE, PSEUDONYM, example
from shared.models.resume import Resume
from shared.models.tombstone import ErasureState

blueprint = func.Blueprint()
api = Api("candidates", "Searchable profiles of candidates", blueprint)


class CandidateQuery(PageQuery):
    """What to search for; everything given must hold."""

    q: str | None = Field(
        default=None, max_length=400, description="Words anywhere in the résumé, all of them"
    )
    name: str | None = Field(
        default=None, max_length=200, description="Words of the name, or their beginnings"
    )
    email: str | None = Field(default=None, max_length=254, description="The whole address")
    skill: tuple[str, ...] = Field(
        default=(), max_length=10, description="Skills, all of them, by any usual name"
    )


class CandidateSummary(BaseModel):
    """A candidate in a list."""

    model_config = example(
        candidate_id=CANDIDATE,
        name="Maya Okafor",
        emails=["maya.okafor@example.com"],
        headline="Security engineer",
        location="Berlin, Germany",
        skills=["Python", "Kubernetes"],
        files=1,
    )

    candidate_id: str
    name: str | None
    emails: tuple[str, ...]
    headline: str | None
    location: str | None
    skills: tuple[str, ...] = Field(description="As written, at most 20")
    files: int = Field(description="Files the profile was read from")
    updated_at: AwareDatetime


class CandidatePage(BaseModel):
    """A page of candidates, changed last first."""

    items: list[CandidateSummary]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


class CandidateView(BaseModel):
    """A candidate's whole profile, each value with where it was read and how surely."""

    model_config = example(
        candidate_id=CANDIDATE,
        name="Maya Okafor",
        emails=["maya.okafor@example.com"],
        phones=["+4930901820"],
        skill_keys=["python", "kubernetes"],
    )

    candidate_id: str
    name: str | None
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    skill_keys: tuple[str, ...] = Field(description="Keys in the skill taxonomy")
    resume: Resume
    sources: tuple[ProfileSource, ...]
    created_at: AwareDatetime
    updated_at: AwareDatetime


class CandidateErasure(BaseModel):
    """The erasure of a candidate."""

    model_config = example(erasure_id=PSEUDONYM, state="requested")

    erasure_id: str
    state: ErasureState
    requested_at: AwareDatetime


@api.get("v1/candidates", query=CandidateQuery, answer=CandidatePage)
def candidates_search(call: Call[CandidateQuery, None]) -> CandidatePage:
    """Search candidates by name, e-mail, skill and free text.

    Without any of them, lists all candidates of the tenant. The audit log holds who did.
    """
    query = call.query
    found = service.search(
        runtime.stores(),
        call.principal.tenant_id,
        Search(text=query.q, name=query.name, email=query.email, skills=query.skill),
        limit=query.limit,
        continuation=query.continuation,
    )
    audit.record_read(
        runtime.stores(),
        runtime.current().pseudonyms,
        call.principal,
        "candidate.search",
        now=call.now,
    )
    return CandidatePage(
        items=[_summary(profile) for profile in found.profiles], continuation=found.continuation
    )


@api.get("v1/candidates/{candidate_id}", answer=CandidateView, errors=(Missing,))
def candidates_read(call: Call[None, None]) -> Reply:
    """Read one candidate's profile. The audit log holds who did."""
    candidate_id = call.uuid("candidate_id")
    profile, etag = service.read(runtime.stores(), call.principal.tenant_id, candidate_id)
    audit.record_read(
        runtime.stores(),
        runtime.current().pseudonyms,
        call.principal,
        "candidate.read",
        of="candidate",
        target=candidate_id,
        now=call.now,
    )
    view = CandidateView.model_validate(profile, from_attributes=True)
    return Reply(view, headers=etag_header(etag))


@api.delete("v1/candidates/{candidate_id}", answer=CandidateErasure, status=202, errors=(Missing,))
def candidates_erase(call: Call[None, None]) -> CandidateErasure:
    """Erase a candidate: the profile, the files it was read from, and all that names them.

    It is done in the background; `GET /api/v1/erasures/{erasure_id}` tells how far it is.
    """
    erasure = service.erase(
        runtime.stores(),
        runtime.current().pseudonyms,
        call.principal,
        call.uuid("candidate_id"),
        now=call.now,
    )
    return CandidateErasure(
        erasure_id=erasure.tombstone_id,
        state=erasure.state,
        requested_at=erasure.requested_at,
    )


def _summary(profile: CandidateProfile) -> CandidateSummary:
    personal = profile.resume.personal
    return CandidateSummary(
        candidate_id=profile.candidate_id,
        name=profile.name,
        emails=profile.emails,
        headline=personal.headline.value if personal.headline else None,
        location=personal.location.value if personal.location else None,
        skills=tuple(skill.name.value for skill in profile.resume.skills[:20]),
        files=len(profile.sources),
        updated_at=profile.updated_at,
    )
