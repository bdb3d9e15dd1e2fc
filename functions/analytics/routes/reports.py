"""The route by which people's apps report what they do."""

from __future__ import annotations

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from functions.analytics.routes import api
from functions.analytics.rules import reports
from functions.analytics.rules.reports import ReportName
from functions.analytics.service import reporting
from functions.analytics.service.reporting import Report
from shared import runtime
from shared.errors import Conflict, FieldError, Invalid, Throttled
from shared.http.call import Body, Call
from shared.models.examples import example
from shared.models.question_bank import Track

MOST_EVENTS = 50

ContentType = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
ContentId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]


class ReportedEvent(Body):
    """One thing that somebody did. Which fields it has follows from its name."""

    model_config = example(
        id="7d3f2b1a-0c9e-4d8b-8a7f-6e5d4c3b2a19",
        name="content.left",
        time="2026-03-01T12:00:00Z",
        content_type="lesson",
        content_id="ports-and-protocols",
        track="defender",
        seconds=240,
        rating=None,
    )

    id: UUID = Field(description="Made by the app; the same again is taken once")
    name: ReportName
    time: AwareDatetime = Field(
        description="When it was: seven days ago at most; up to five minutes ahead is taken for now"
    )
    content_type: ContentType | None = Field(default=None, description="Such as `lesson`")
    content_id: ContentId | None = Field(
        default=None, description="Of the content, the page or the recipe"
    )
    track: Track | None = Field(default=None, description="The track it was shown for")
    seconds: int | None = Field(
        default=None, ge=0, le=14_400, description="How long it lasted, four hours at most"
    )
    rating: int | None = Field(default=None, ge=1, le=5)

    @model_validator(mode="after")
    def _of_its_name(self) -> Self:
        wrong = reports.wrong_with(self.name, set(self.data()) - {"track"})
        if wrong is not None:
            raise ValueError(wrong)
        return self

    def data(self) -> dict[str, Any]:
        """What it says beside its id, its name and its time."""
        return self.model_dump(exclude={"id", "name", "time"}, exclude_none=True)


class ReportBody(Body):
    """What somebody did, in any order."""

    events: list[ReportedEvent] = Field(min_length=1, max_length=MOST_EVENTS)


class ReportView(BaseModel):
    """What became of a report."""

    model_config = example(received=12, new=11)

    received: int = Field(description="Events of the request")
    new: int = Field(description="Those that were not known before; they are counted in a moment")


@api.post(
    "v1/analytics/events",
    body=ReportBody,
    answer=ReportView,
    status=202,
    idempotent=False,
    errors=(Conflict, Throttled),
)
def analytics_report(call: Call[None, ReportBody]) -> ReportView:
    """Report what you opened, left, played or rated, up to 50 events at once.

    Each event has an id that the app makes, so a batch is sent again without harm. It holds no
    words and nothing of a person: names are from a list, ids are of content. 429 beyond 5,000
    events a day.
    """
    found = []
    for number, each in enumerate(call.body.events):
        at = reports.held_to(each.time, call.now)
        if at is None:
            raise _not_then(number)
        found.append(Report(each.id, each.name, at, each.data()))
    running = runtime.current()
    new = reporting.take(running, running.pseudonyms, call.principal, found, now=call.now)
    return ReportView(received=len(found), new=new)


def _not_then(number: int) -> Invalid:
    why = "is more than seven days ago, or more than five minutes ahead: check the device's clock"
    pointer = f"/events/{number}/time"
    return Invalid(f"the body does not hold: {pointer}: {why}", fields=(FieldError(pointer, why),))
