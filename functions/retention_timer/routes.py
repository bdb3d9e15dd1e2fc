"""The route of what the nights did, for operators."""

from __future__ import annotations

import azure.functions as func
from pydantic import AwareDatetime, BaseModel, Field

from functions.retention_timer.rules.documents import NightReport
from functions.retention_timer.service import night
from shared import runtime
from shared.http.api import Api
from shared.http.call import Call, PageQuery
from shared.models.examples import example

blueprint = func.Blueprint()
api = Api("retention", "What the nights removed, archived and found stuck", blueprint)


class WaitingView(BaseModel):
    """Messages or events that got stuck somewhere."""

    model_config = example(count=3, is_more=False, oldest_at="2026-03-01T12:00:00Z")

    count: int
    is_more: bool = Field(description="Beyond this nobody counted on")
    oldest_at: AwareDatetime


class NightView(BaseModel):
    """What one night did, and what it found."""

    model_config = example(
        began_at="2026-03-02T03:30:00Z",
        ended_at="2026-03-02T03:30:41Z",
        archived=120,
        extracts_removed=45,
        files_erased=7,
        orphans_removed={"portfolio-files": 1},
        dead_letters={
            "intake_parse": {"count": 3, "is_more": False, "oldest_at": "2026-03-01T12:00:00Z"}
        },
        unsent={},
        failed=[],
        unfinished=[],
    )

    began_at: AwareDatetime
    ended_at: AwareDatetime
    archived: int = Field(description="Journeys whose lessons and attempts went to the archive")
    extracts_removed: int = Field(description="Texts of files that have ended")
    files_erased: int = Field(description="Files that became no profile in time")
    orphans_removed: dict[str, int] = Field(
        description="Files that no document tells of, by blob container"
    )
    dead_letters: dict[str, WaitingView] = Field(description="By queue or subscription")
    unsent: dict[str, WaitingView] = Field(
        description="Events that the relay cannot send, by document container"
    )
    failed: tuple[str, ...] = Field(description="Tasks that broke; the log says why")
    unfinished: tuple[str, ...] = Field(description="Tasks that the next night goes on with")


class NightPage(BaseModel):
    """A page of nights, the last first."""

    items: list[NightView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


@api.get("v1/retention-reports", query=PageQuery, answer=NightPage)
def retention_reports(call: Call[PageQuery, None]) -> NightPage:
    """List what the nights of the last 400 days did, the last first."""
    found, continuation = night.reports(
        runtime.stores(), limit=call.query.limit, continuation=call.query.continuation
    )
    return NightPage(items=[_view(each) for each in found], continuation=continuation)


def _view(report: NightReport) -> NightView:
    return NightView.model_validate(report.model_dump())
