"""Routes that count: what candidates have, and what came in."""

from __future__ import annotations

from pydantic import BaseModel, Field

from functions.candidates.routes import api, noted
from functions.candidates.routes.search import CandidateFilters
from functions.candidates.rules import counting
from functions.candidates.rules.filters import Search
from functions.candidates.service import counting as counts
from functions.candidates.service import searching
from shared import runtime
from shared.http.call import Call, Query
from shared.models.examples import example
from shared.skills import taxonomy

_MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"


class StatisticsQuery(Query):
    """Which months."""

    first: str = Field(default="2000-01", pattern=_MONTH, description="The first month, `2026-03`")
    last: str = Field(default="9999-12", pattern=_MONTH, description="The last month")


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
    files: int = Field(description="Files that ended; one that was retried counts each time")
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


@api.get("v1/candidate-facets", query=CandidateFilters, answer=FacetView)
def candidates_facets(call: Call[CandidateFilters, None]) -> FacetView:
    """Count what the candidates that fit have: skills, languages, degrees, channels, tags,
    places."""
    wanted = call.query.wanted()
    found = searching.facets(runtime.stores(), call.principal.tenant_id, wanted, now=call.now)
    noted(call, "candidate.search")
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


def _skills(counted: list[tuple[str, int]]) -> list[FacetCount]:
    return [
        FacetCount(value=key, name=taxonomy.name_of(key), count=count) for key, count in counted
    ]


def _counts(counted: list[tuple[str, int]]) -> list[FacetCount]:
    return [FacetCount(value=value, name=value, count=count) for value, count in counted]


def _mean(sums: list[int], count: int) -> int | None:
    return round(sum(sums) / count) if count else None
