"""Routes of single profiles: made, read, edited, handed out, erased."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from functions.candidates.routes import api, noted
from functions.candidates.rules.edits import CandidateChanges, resume_of
from functions.candidates.rules.json_resume import JsonResume, exported, imported
from functions.candidates.service import profiles
from shared import runtime
from shared.errors import Conflict, Invalid, Missing, Stale, TooLarge
from shared.http.api import Reply
from shared.http.call import Body, Call, PageQuery, etag_header
from shared.models.candidate import (
    Action,
    CandidateConsent,
    CandidateProfile,
    ProfileSource,
)
from shared.models.examples import CANDIDATE, PSEUDONYM, example
from shared.models.resume import Resume
from shared.models.tombstone import ErasureState

MOST_IMPORTED = 50


class CandidateView(BaseModel):
    """A candidate's whole profile, each value with where it was read and how surely."""

    model_config = example(
        candidate_id=CANDIDATE,
        name="Maya Okafor",
        emails=["maya.okafor@example.com"],
        phones=["+4930901820"],
        skill_keys=["python", "kubernetes"],
        level="bachelor",
        tags=["shortlist"],
        absorbed=[],
        edited_fields=["personal.name"],
        revision=3,
    )

    candidate_id: str = Field(description="The profile that stands for the one asked for")
    name: str | None
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    skill_keys: tuple[str, ...] = Field(description="Keys in the skill taxonomy")
    level: str | None = Field(description="The highest degree")
    tags: tuple[str, ...]
    consent: CandidateConsent | None
    expires_at: AwareDatetime = Field(description="From then on it is not found; 9999 for no end")
    edited_fields: tuple[str, ...] = Field(description="What a person set: no file overwrites it")
    absorbed: tuple[str, ...] = Field(description="Profiles that were merged into this one")
    revision: int
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


class CandidateImport(Body):
    """Résumés of another system, in the form of JSON Resume 1.0.0."""

    resumes: tuple[dict[str, Any], ...] = Field(
        min_length=1,
        max_length=MOST_IMPORTED,
        description="JSON Resume documents",
        examples=[
            [
                {
                    "basics": {"name": "Maya Okafor", "email": "maya.okafor@example.com"},
                    "skills": [{"name": "Security", "keywords": ["Python", "Kubernetes"]}],
                }
            ]
        ],
    )


class ImportedCandidate(BaseModel):
    """What became of one résumé."""

    model_config = example(position=0, outcome="created", candidate_id=CANDIDATE, reason=None)

    position: int = Field(description="Its place in what was sent, from 0")
    outcome: Literal["created", "merged", "refused"]
    candidate_id: str | None
    reason: str | None = Field(description="Why it was refused, null otherwise")


class ImportAnswer(BaseModel):
    """What became of each résumé, in the order sent."""

    candidates: list[ImportedCandidate]


class RevisionView(BaseModel):
    """One writing of a profile."""

    model_config = example(
        number=2,
        action="edited",
        by=PSEUDONYM,
        intake_id=None,
        changed=["personal.name"],
        before={"personal.name": {"value": "Maya Okafr", "confidence": 0.98, "span": None}},
    )

    number: int
    action: Action
    at: AwareDatetime
    by: str | None = Field(description="The pseudonym of who did; null for a file")
    intake_id: str | None
    changed: tuple[str, ...]
    before: dict[str, Any] = Field(description="What changed, as it stood before")


class RevisionPage(BaseModel):
    """A page of a profile's history, the last first."""

    items: list[RevisionView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


class JsonResumeView(BaseModel):
    """A profile as JSON Resume 1.0.0."""

    model_config = example(
        basics={"name": "Maya Okafor", "email": "maya.okafor@example.com"},
        work=[],
        education=[],
        skills=[{"name": "Python"}],
        languages=[],
        certificates=[],
        awards=[],
        projects=[],
        meta={"version": "v1.0.0", "lastModified": "2026-11-25T09:30:00"},
    )

    basics: dict[str, Any]
    work: list[dict[str, Any]]
    education: list[dict[str, Any]]
    skills: list[dict[str, Any]]
    languages: list[dict[str, Any]]
    certificates: list[dict[str, Any]]
    awards: list[dict[str, Any]]
    projects: list[dict[str, Any]]
    meta: dict[str, Any]


@api.post(
    "v1/candidates",
    body=CandidateChanges,
    answer=CandidateView,
    status=201,
    other_statuses=(200,),
    idempotent=False,
    errors=(Conflict,),
)
def candidates_create(call: Call[None, CandidateChanges]) -> Reply:
    """Make a profile by hand; 200 when somebody with that e-mail address is there already, and
    what was sent has been merged into theirs.

    The same again changes nothing.
    """
    stores, pseudonyms = runtime.stores(), runtime.current().pseudonyms
    resume, fields = resume_of(call.body, today=call.now.date())
    written = profiles.write(
        stores,
        pseudonyms,
        call.principal.tenant_id,
        resume,
        name="by hand",
        by=call.principal,
        edited_fields=fields,
        now=call.now,
    )
    profile = written.profile
    if beside := _beside(call.body):
        profile = profiles.change(
            stores,
            pseudonyms,
            profile.candidate_id,
            CandidateChanges.model_validate(beside),
            if_match=None,
            by=call.principal,
            now=call.now,
        )
    return _reply(profile, status=200 if written.was_there else 201)


@api.post("v1/candidates/import", body=CandidateImport, answer=ImportAnswer, idempotent=False)
def candidates_import(call: Call[None, CandidateImport]) -> ImportAnswer:
    """Bring in up to 50 résumés in the form of JSON Resume, each by itself: a profile is made, or
    merged into the one of the same person.

    One that is refused does not hold up the others; sent again, what is there changes nothing.
    """
    return ImportAnswer(
        candidates=[
            _imported(call, position, given) for position, given in enumerate(call.body.resumes)
        ]
    )


@api.get("v1/candidates/{candidate_id}", answer=CandidateView, errors=(Missing,))
def candidates_read(call: Call[None, None]) -> Reply:
    """Read one candidate's profile, or the one into which it was merged.

    Its `ETag` is the revision. The audit log holds who read.
    """
    return _reply(_read(call, "candidate.read"))


@api.patch(
    "v1/candidates/{candidate_id}",
    body=CandidateChanges,
    answer=CandidateView,
    errors=(Missing, Stale, Conflict),
)
def candidates_update(call: Call[None, CandidateChanges]) -> Reply:
    """Change a profile by hand: what you set stays, whatever files come later.

    Send the `ETag` that you read as `If-Match`: 412 says that it was written since. What stood
    there before is in the history.
    """
    profile = profiles.change(
        runtime.stores(),
        runtime.current().pseudonyms,
        call.uuid("candidate_id"),
        call.body,
        if_match=call.if_match,
        by=call.principal,
        now=call.now,
    )
    return _reply(profile)


@api.get(
    "v1/candidates/{candidate_id}/history",
    query=PageQuery,
    answer=RevisionPage,
    errors=(Missing,),
)
def candidates_history(call: Call[PageQuery, None]) -> RevisionPage:
    """Read what changed in a profile, the last first, with what stood there before."""
    found, continuation = profiles.history(
        runtime.stores(),
        call.principal.tenant_id,
        call.uuid("candidate_id"),
        limit=call.query.limit,
        continuation=call.query.continuation,
        now=call.now,
    )
    noted(call, "candidate.history", candidate_id=call.uuid("candidate_id"))
    views = [RevisionView.model_validate(each, from_attributes=True) for each in found]
    return RevisionPage(items=views, continuation=continuation)


@api.get("v1/candidates/{candidate_id}/json-resume", answer=JsonResumeView, errors=(Missing,))
def candidates_export(call: Call[None, None]) -> Reply:
    """Read a profile as a JSON Resume 1.0.0 document. The audit log holds who did."""
    return Reply(exported(_read(call, "candidate.export")))


@api.delete("v1/candidates/{candidate_id}", answer=CandidateErasure, status=202, errors=(Missing,))
def candidates_erase(call: Call[None, None]) -> CandidateErasure:
    """Erase a candidate: the profile, the files it was read from, and all that names them.

    Profiles that were merged into it go with it. It is done in the background;
    `GET /api/v1/erasures/{erasure_id}` tells how far it is.
    """
    erasure = profiles.erase(
        runtime.stores(),
        runtime.current().pseudonyms,
        call.principal,
        call.principal.tenant_id,
        call.uuid("candidate_id"),
        now=call.now,
    )
    return CandidateErasure(
        erasure_id=erasure.tombstone_id,
        state=erasure.state,
        requested_at=erasure.requested_at,
    )


def _beside(body: CandidateChanges) -> dict[str, Any]:
    """What was sent that is no part of a résumé."""
    given = body.model_dump(mode="json", include={"tags", "consent", "expires_at"})
    return {name: value for name, value in given.items() if name in body.model_fields_set}


def _imported(
    call: Call[None, CandidateImport], position: int, given: dict[str, Any]
) -> ImportedCandidate:
    try:
        resume = imported(JsonResume.model_validate(given), now=call.now)
        written = profiles.write(
            runtime.stores(),
            runtime.current().pseudonyms,
            call.principal.tenant_id,
            resume,
            name="JSON Resume",
            by=call.principal,
            now=call.now,
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        return _refused(position, f"/{'/'.join(map(str, first['loc']))}: {first['msg']}")
    except (Invalid, Conflict, TooLarge) as error:
        return _refused(position, error.detail)
    return ImportedCandidate(
        position=position,
        outcome="merged" if written.was_there else "created",
        candidate_id=written.profile.candidate_id,
        reason=None,
    )


def _refused(position: int, reason: str) -> ImportedCandidate:
    return ImportedCandidate(position=position, outcome="refused", candidate_id=None, reason=reason)


def _read(call: Call[Any, Any], action: str) -> CandidateProfile:
    profile = profiles.read(
        runtime.stores(), call.principal.tenant_id, call.uuid("candidate_id"), now=call.now
    )
    noted(call, action, candidate_id=call.uuid("candidate_id"))
    return profile


def _reply(profile: CandidateProfile, status: int | None = None) -> Reply:
    view = CandidateView.model_validate(profile, from_attributes=True)
    return Reply(view, status=status, headers=etag_header(str(profile.revision)))
