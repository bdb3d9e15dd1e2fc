"""Routes that look over all candidates: search, counts, statistics, matching with a job."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field, field_validator

from functions.candidates.routes import api
from functions.candidates.rules import counting
from functions.candidates.rules.filters import Search
from functions.candidates.rules.jobs import read_job, unknown_skills
from functions.candidates.rules.matching import Match
from functions.candidates.service import counting as counts
from functions.candidates.service import matching, searching
from functions.candidates.service.searching import Way
from shared import audit, runtime
from shared.errors import FieldError, Invalid, Unprocessable
from shared.http.call import Body, Call, PageQuery, Query
from shared.models.candidate import CandidateProfile
from shared.models.examples import CANDIDATE, example
from shared.models.resume import Value
from shared.skills import taxonomy

Level = Literal["secondary", "certificate", "associate", "bachelor", "master", "doctorate"]
ChannelName = Literal["drop", "web", "whatsapp", "telegram", "email", "api"]
_MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"


class CandidateQuery(PageQuery):
    """What to search for; everything given must hold."""

    q: str | None = Field(
        default=None, max_length=400, description="Words anywhere in the résumé, all of them"
    )
    about: str | None = Field(
        default=None,
        max_length=400,
        description="What it should be about: by words and meaning together, the best first",
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


class FacetQuery(Query):
    """What to count over; everything given must hold."""

    q: str | None = Field(
        default=None, max_length=400, description="Words anywhere in the résumé, all of them"
    )
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


class StatisticsQuery(Query):
    """Which months."""

    first: str = Field(default="2000-01", pattern=_MONTH, description="The first month, `2026-03`")
    last: str = Field(default="9999-12", pattern=_MONTH, description="The last month")


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


class FacetCount(BaseModel):
    """How many candidates have something."""

    model_config = example(value="python", name="Python", count=12)

    value: str = Field(description="What to ask for to see them")
    name: str
    count: int


class FacetView(BaseModel):
    """How many candidates have what, the most frequent first, at most 25 each."""

    model_config = example(counted=80, complete=True)

    counted: int
    complete: bool = Field(description="False: only the 2,000 changed last were counted")
    skills: list[FacetCount]
    languages: list[FacetCount]
    levels: list[FacetCount]
    channels: list[FacetCount]
    tags: list[FacetCount]
    places: list[FacetCount]


class MonthView(BaseModel):
    """What one month brought."""

    model_config = example(month="2026-03", files=41, completed=37, profiles_created=35)

    month: str
    files: int = Field(description="Files that ended")
    completed: int
    profiles_created: int


class StatisticsView(BaseModel):
    """What came in, and how it went."""

    model_config = example(
        by_channel={"drop": 30, "web": 11},
        by_state={"completed": 37, "failed": 4},
        error_rate=0.0976,
        mean_working_ms=71,
        mean_elapsed_ms=402,
        profiles_created=35,
        skills_counted=80,
    )

    months: list[MonthView]
    by_channel: dict[str, int] = Field(description="Files that ended, by channel")
    by_state: dict[str, int] = Field(description="Files that ended, by their state")
    error_rate: float | None = Field(
        description="Failed among completed and failed; null without any"
    )
    mean_working_ms: int | None = Field(description="Time in the stages of a completed file")
    mean_elapsed_ms: int | None = Field(description="From its arrival to its end")
    profiles_created: int
    skills: list[FacetCount] = Field(description="Of the 2,000 profiles changed last at most")
    skills_counted: int = Field(description="How many profiles `skills` is of")


class JobBody(Body):
    """A job to match candidates with."""

    description: str = Field(
        min_length=20,
        max_length=20_000,
        description="The job as it is advertised",
        examples=["Security engineer, 3+ years. You bring Python and Kubernetes. Go is a plus."],
    )
    must_have: tuple[str, ...] = Field(
        default=(), max_length=20, description="Skills that must be had, beside those found"
    )
    nice_to_have: tuple[str, ...] = Field(
        default=(), max_length=20, description="Skills that may be had, beside those found"
    )
    min_years: float | None = Field(
        default=None, ge=0, le=60, description="Years asked for; null for what the text says"
    )
    level: Level | None = Field(default=None, description="Degree; null for what the text says")
    languages: tuple[str, ...] = Field(
        default=(), max_length=10, description="ISO 639-1 codes", examples=[["de"]]
    )
    limit: int = Field(default=20, ge=1, le=50, description="How many candidates at most")

    @field_validator("languages")
    @classmethod
    def _codes(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        if any(len(code) != 2 or not code.isascii() or not code.islower() for code in codes):
            raise ValueError("languages are ISO 639-1 codes such as de")
        return codes


class JobView(BaseModel):
    """What the job was understood to ask for."""

    model_config = example(
        must_have=["Python", "Kubernetes"], nice_to_have=["Go"], min_years=3.0, level=None,
        languages=["de"],
    )  # fmt: skip

    must_have: list[str]
    nice_to_have: list[str]
    min_years: float | None
    level: str | None
    languages: tuple[str, ...]


class MatchedSkill(BaseModel):
    """A skill that the job asks for, with where it was read."""

    model_config = example(name="Python", must=True)

    name: str
    must: bool
    evidence: Value | None


class MatchView(BaseModel):
    """A candidate for the job."""

    model_config = example(
        score=0.87,
        similarity=0.61,
        missing=[],
        years=4.8,
        reasons=["has 2 of 2 skills asked for: Python, Kubernetes"],
        gaps=[],
    )

    candidate: CandidateSummary
    score: float = Field(ge=0, le=1)
    similarity: float | None = Field(
        description="Cosine of what both mean; null where it is unknown"
    )
    skills: list[MatchedSkill]
    missing: tuple[str, ...] = Field(description="Skills that must be had and are not read")
    years: float | None
    reasons: tuple[str, ...]
    gaps: tuple[str, ...]


class MatchAnswer(BaseModel):
    """The candidates who fit best."""

    model_config = example(considered=64, by_meaning=True)

    job: JobView
    considered: int = Field(description="How many candidates were looked at")
    by_meaning: bool = Field(description="False where no text encoder is installed")
    matches: list[MatchView]


@api.get("v1/candidates", query=CandidateQuery, answer=CandidatePage)
def candidates_search(call: Call[CandidateQuery, None]) -> CandidatePage:
    """Search candidates by words and meaning, name, e-mail, skill and more.

    Without any of them, lists all candidates of the tenant. The audit log holds who did.
    """
    query, tenant_id = call.query, call.principal.tenant_id
    wanted = Search(
        text=query.q, name=query.name, email=query.email, skills=query.skill,
        place=query.place, tags=query.tag, languages=query.language, level=query.level,
        least_years=query.min_years, channel=query.channel, changed_since=query.changed_since,
    )  # fmt: skip
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
    _noted(call, "candidate.search")
    return page


@api.get("v1/candidate-facets", query=FacetQuery, answer=FacetView)
def candidates_facets(call: Call[FacetQuery, None]) -> FacetView:
    """Count what the candidates that fit have: skills, languages, degrees, channels, tags,
    places."""
    query = call.query
    wanted = Search(
        text=query.q, skills=query.skill, place=query.place, tags=query.tag,
        languages=query.language, level=query.level, least_years=query.min_years,
        channel=query.channel,
    )  # fmt: skip
    found = searching.facets(runtime.stores(), call.principal.tenant_id, wanted, now=call.now)
    _noted(call, "candidate.search")
    return FacetView(
        counted=found.counted,
        complete=found.complete,
        skills=_skills(found.skills),
        languages=_counts(found.languages),
        levels=_counts(found.levels),
        channels=_counts(found.channels),
        tags=_counts(found.tags),
        places=_counts(found.places),
    )


@api.get("v1/candidate-statistics", query=StatisticsQuery, answer=StatisticsView)
def candidates_statistics(call: Call[StatisticsQuery, None]) -> StatisticsView:
    """Read what came in by channel, state and month, how long it took, and which skills there
    are."""
    tenant_id = call.principal.tenant_id
    months = counts.months(
        runtime.stores(), tenant_id, first=call.query.first, last=call.query.last
    )
    states = counting.by_part(months, 1)
    completed = sum(month.completed for month in months)
    found = searching.facets(runtime.stores(), tenant_id, Search(), now=call.now)
    return StatisticsView(
        months=[
            MonthView(
                month=month.month,
                files=sum(month.files.values()),
                completed=month.completed,
                profiles_created=month.profiles_created,
            )
            for month in months
        ],
        by_channel=counting.by_part(months, 0),
        by_state=states,
        error_rate=counting.error_rate(states),
        mean_working_ms=_mean([month.working_ms for month in months], completed),
        mean_elapsed_ms=_mean([month.elapsed_ms for month in months], completed),
        profiles_created=sum(month.profiles_created for month in months),
        skills=_skills(found.skills),
        skills_counted=found.counted,
    )


@api.post("v1/candidates/match", body=JobBody, answer=MatchAnswer, idempotent=False,
          errors=(Unprocessable,))  # fmt: skip
def candidates_match(call: Call[None, JobBody]) -> MatchAnswer:
    """Match candidates with a job: who fits best, why, and what is missing.

    Skills, years and degree are read from the description. Name, age, address and the like play
    no part. The audit log holds who did.
    """
    asked = call.body
    unknown = unknown_skills((*asked.must_have, *asked.nice_to_have))
    if unknown:
        raise Unprocessable(
            f"not in the skill taxonomy: {', '.join(unknown)}",
            fields=tuple(FieldError(name, "no such skill is known") for name in unknown),
        )
    job = read_job(
        asked.description,
        must=asked.must_have,
        may=asked.nice_to_have,
        least_years=asked.min_years,
        level=asked.level,
        languages=asked.languages,
    )
    found = matching.match_job(
        runtime.stores(), runtime.current().encoder, call.principal.tenant_id, job,
        limit=asked.limit, now=call.now,
    )  # fmt: skip
    _noted(call, "candidate.match")
    return MatchAnswer(
        job=JobView(
            must_have=[_skill_name(key) for key in job.must],
            nice_to_have=[_skill_name(key) for key in job.may],
            min_years=job.least_years,
            level=job.level,
            languages=job.languages,
        ),
        considered=found.considered,
        by_meaning=found.by_meaning,
        matches=[_match_view(each) for each in found.best],
    )


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


def _match_view(match: Match) -> MatchView:
    return MatchView(
        candidate=summary_of(match.profile),
        score=match.score,
        similarity=None if match.similarity is None else round(match.similarity, 4),
        skills=[
            MatchedSkill(name=each.name, must=each.must, evidence=each.evidence)
            for each in match.skills
        ],
        missing=match.missing,
        years=match.years,
        reasons=match.reasons,
        gaps=match.gaps,
    )


def _noted(call: Call[CandidateQuery, None] | Call[FacetQuery, None] | Call[None, JobBody],
           action: str) -> None:  # fmt: skip
    audit.record_read(
        runtime.stores(), runtime.current().pseudonyms, call.principal, action, now=call.now
    )


def _skills(counted: list[tuple[str, int]]) -> list[FacetCount]:
    return [FacetCount(value=key, name=_skill_name(key), count=count) for key, count in counted]


def _counts(counted: list[tuple[str, int]]) -> list[FacetCount]:
    return [FacetCount(value=value, name=value, count=count) for value, count in counted]


def _skill_name(key: str) -> str:
    entry = taxonomy.named().get(key)
    return entry.name if entry else key


def _mean(sums: list[int], count: int) -> int | None:
    return round(sum(sums) / count) if count else None
