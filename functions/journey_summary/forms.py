"""What the routes of reports take and show."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, Field

from functions.journey_summary.rules.documents import Because, State, Summary
from functions.journey_summary.service.reading import Link
from shared.http.call import PageQuery, Query
from shared.models.examples import DIGEST, LEARNER, SESSION, example
from shared.models.learning import GradeLevel


class SummaryQuery(PageQuery):
    """Whose reports."""

    user: str | None = Field(
        default=None,
        max_length=200,
        description="A learner's; without it your own, and as a parent those of all your children",
    )


class TicketQuery(Query):
    """What opens a report."""

    ticket: str = Field(max_length=2048, description="As it stands in the link")


class SummaryVersion(BaseModel):
    """One making of a report."""

    model_config = example(number=1, because="completed", pages=3, size=34288, sha256=DIGEST)

    number: int
    because: Because = Field(description="The journey's end, or that somebody asked")
    pages: int
    size: int = Field(description="Bytes")
    sha256: str
    made_at: AwareDatetime


class SummaryItem(BaseModel):
    """The report of a journey."""

    model_config = example(
        session_id=SESSION,
        user_id=LEARNER,
        state="ready",
        version=1,
        career="Security analyst",
        companion="Pip",
        grade_level="5",
        score=83.3,
    )

    session_id: str
    user_id: str
    state: State = Field(description="`failed` is made anew when asked for")
    version: int | None = Field(description="What a link opens; null before the first is ready")
    career: str
    companion: str
    grade_level: GradeLevel
    score: float = Field(description="Percent of questions solved")
    started_at: AwareDatetime
    completed_at: AwareDatetime


class SummaryView(SummaryItem):
    """The report of a journey, and how often it was made."""

    versions: list[SummaryVersion] = Field(description="The oldest first; only the last is kept")


class SummaryPage(BaseModel):
    """A page of reports, the journeys that ended last first."""

    items: list[SummaryItem]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


class LinkView(BaseModel):
    """A link that reads one version of one report."""

    model_config = example(
        url=f"https://waymark.example/api/v1/journey-summaries/{SESSION}/file?ticket=…", version=1
    )

    url: str = Field(description="For you alone: do not pass it on")
    version: int
    expires_at: AwareDatetime = Field(description="15 minutes from now")


def summary_item(summary: Summary) -> SummaryItem:
    """A report as lists show it."""
    return SummaryItem.model_validate(_shown(summary))


def summary_view(summary: Summary) -> SummaryView:
    """A report with its versions."""
    versions = [each.model_dump() for each in summary.versions]
    return SummaryView.model_validate({**_shown(summary), "versions": versions})


def link_view(link: Link, *, public_url: str, session_id: str) -> LinkView:
    """A link as its holder follows it."""
    path = f"/api/v1/journey-summaries/{session_id}/file?ticket={link.ticket}"
    return LinkView(
        url=public_url.rstrip("/") + path, version=link.version, expires_at=link.expires_at
    )


def _shown(summary: Summary) -> dict[str, object]:
    latest = summary.latest
    fields = summary.model_dump(include=set(SummaryItem.model_fields))
    return {**fields, "version": latest.number if latest else None}
