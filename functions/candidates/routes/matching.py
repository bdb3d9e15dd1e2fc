"""The route that matches candidates with a job."""

from __future__ import annotations

from pydantic import BaseModel, Field, field_validator

from functions.candidates.routes import api, noted
from functions.candidates.routes.search import CandidateSummary, Level, summary_of
from functions.candidates.rules.jobs import read_job, unknown_skills
from functions.candidates.rules.matching import Match
from functions.candidates.service import matching
from shared import runtime
from shared.errors import FieldError, Unprocessable
from shared.http.call import Body, Call
from shared.models.examples import example
from shared.models.resume import Value
from shared.skills import taxonomy


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
    noted(call, "candidate.match")
    return MatchAnswer(
        job=JobView(
            must_have=[taxonomy.name_of(key) for key in job.must],
            nice_to_have=[taxonomy.name_of(key) for key in job.may],
            min_years=job.least_years,
            level=job.level,
            languages=job.languages,
        ),
        considered=found.considered,
        by_meaning=found.by_meaning,
        matches=[_match_view(each) for each in found.best],
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
