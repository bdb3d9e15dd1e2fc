"""Routes that search candidates."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from functions.candidates.routes import api, noted
from functions.candidates.rules.filters import Search
from functions.candidates.service import searching
from functions.candidates.service.searching import Way
from shared import runtime
from shared.errors import Invalid
from shared.http.call import Call, PageQuery, Query
from shared.models.candidate import CandidateProfile
from shared.models.examples import CANDIDATE, example

Level = Literal["secondary", "certificate", "associate", "bachelor", "master", "doctorate"]
ChannelName = Literal["drop", "web", "whatsapp", "telegram", "email", "api"]


class CandidateFilters(Query):
    """What candidates must have; everything given must hold."""

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
    place: str | None = Field(default=None, max_length=200, description="Words of where they live")
    tag: tuple[str, ...] = Field(default=(), max_length=10, description="Tags, all of them")
    language: tuple[str, ...] = Field(
        default=(), max_length=10, description="Spoken languages by ISO 639-1 code, all of them"
    )
    level: Level | None = Field(default=None, description="At least this degree")
    min_years: float | None = Field(
        default=None, ge=0, le=60, description="At least so many years of experience"
    )
    channel: ChannelName | None = Field(
        default=None, description="Over which channel something of them came"
    )
    changed_since: AwareDatetime | None = Field(
        default=None, description="Changed at this moment or later"
    )

    def wanted(self) -> Search:
        """The same as the search has it."""
        return Search(
            text=self.q, name=self.name, email=self.email, skills=self.skill, place=self.place,
            tags=self.tag, languages=self.language, level=self.level,
            least_years=self.min_years, channel=self.channel, changed_since=self.changed_since,
        )  # fmt: skip


class CandidateQuery(CandidateFilters, PageQuery):
    """What to search for, and which page."""

    about: str | None = Field(
        default=None,
        max_length=400,
        description="What it should be about: by words and meaning together, the best first",
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
        tags=["shortlist"],
        files=1,
        score=None,
        found_by=[],
    )

    candidate_id: str
    name: str | None
    emails: tuple[str, ...]
    headline: str | None
    location: str | None
    skills: tuple[str, ...] = Field(description="As written, at most 20")
    tags: tuple[str, ...]
    files: int = Field(description="Files the profile was read from")
    score: float | None = Field(description="Of a search by `about`: the rank, fused; else null")
    found_by: tuple[Way, ...] = Field(description="Of a search by `about`: which ways found it")
    updated_at: AwareDatetime


class CandidatePage(BaseModel):
    """A page of candidates: changed last first, or the best first with `about`."""

    model_config = example(ways=[], continuation=None)

    items: list[CandidateSummary]
    ways: tuple[Way, ...] = Field(
        description="By what `about` was looked for: without a text encoder by words alone"
    )
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


@api.get("v1/candidates", query=CandidateQuery, answer=CandidatePage)
def candidates_search(call: Call[CandidateQuery, None]) -> CandidatePage:
    """Search candidates by words and meaning, name, e-mail, skill and more.

    Without any of them, lists all candidates of the tenant. The audit log holds who did.
    """
    query, tenant_id = call.query, call.principal.tenant_id
    wanted = query.wanted()
    if query.about is None:
        found = searching.search(
            runtime.stores(), tenant_id, wanted,
            limit=query.limit, continuation=query.continuation, now=call.now,
        )  # fmt: skip
        page = CandidatePage(
            items=[summary_of(profile) for profile in found.profiles],
            ways=(),
            continuation=found.continuation,
        )
    else:
        if not query.about.strip():
            raise Invalid("about holds nothing to search for")
        best = searching.ranked(
            runtime.stores(), runtime.current().encoder, tenant_id, query.about, wanted,
            limit=query.limit, continuation=query.continuation, now=call.now,
        )  # fmt: skip
        page = CandidatePage(
            items=[
                summary_of(hit.profile, score=round(hit.score, 6), found_by=hit.ways)
                for hit in best.hits
            ],
            ways=best.ways,
            continuation=best.continuation,
        )
    noted(call, "candidate.search")
    return page


def summary_of(
    profile: CandidateProfile, *, score: float | None = None, found_by: tuple[Way, ...] = ()
) -> CandidateSummary:
    """A profile as it stands in lists."""
    personal = profile.resume.personal
    return CandidateSummary(
        candidate_id=profile.candidate_id,
        name=profile.name,
        emails=profile.emails,
        headline=personal.headline.value if personal.headline else None,
        location=personal.location.value if personal.location else None,
        skills=tuple(skill.name.value for skill in profile.resume.skills[:20]),
        tags=profile.tags,
        files=len(profile.sources),
        score=score,
        found_by=found_by,
        updated_at=profile.updated_at,
    )
