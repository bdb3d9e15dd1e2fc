"""Routes of dead letters, for operators."""

from __future__ import annotations

from typing import Annotated, Any, Self

import azure.functions as func
from pydantic import AwareDatetime, BaseModel, Field, model_validator

from shared import dead_letters, runtime
from shared.bus.port import DeadLetter
from shared.errors import Conflict, Missing
from shared.http.api import Api
from shared.http.call import Body, Call, PageQuery, Query
from shared.models.examples import CANDIDATE, INTAKE, example

MOST_AT_ONCE = 1000
_ENTITY = Field(
    max_length=260,
    description="A queue, or a subscription as `topic/subscription`",
    examples=["intake_parse"],
)
Number = Annotated[int, Field(ge=1, le=dead_letters.LAST_NUMBER)]
_EVENT_TYPE = Field(default=None, max_length=100, description="Only messages of this event type")

blueprint = func.Blueprint()
api = Api(
    "dead letters", "Messages that could not be handled: looked at, sent again, dropped", blueprint
)


class DeadLettersQuery(PageQuery):
    """Which dead letters."""

    entity: str | None = Field(
        default=None,
        max_length=260,
        description="Only of this queue, or subscription as `topic/subscription`",
    )
    event_type: str | None = _EVENT_TYPE


class DeadLetterQuery(Query):
    """Where the dead letter lies."""

    entity: str = _ENTITY


class DeadLettersBody(Body):
    """Which dead letters of one entity: these numbers, or all, of one event type if it is given."""

    model_config = example(
        entity="intake_parse", sequence_numbers=[17, 23], all=False, event_type=None, even_old=False
    )

    entity: str = _ENTITY
    sequence_numbers: tuple[Number, ...] = Field(
        default=(), max_length=MOST_AT_ONCE, description="Their numbers"
    )
    all: bool = Field(
        default=False,
        description=f"Every one of the entity's, the oldest {MOST_AT_ONCE:,} at once",
    )
    event_type: str | None = _EVENT_TYPE
    even_old: bool = Field(
        default=False,
        description="Also what a topic's other subscriptions may do again: older than 30 days",
    )

    @model_validator(mode="after")
    def _names_some(self) -> Self:
        if bool(self.sequence_numbers) == self.all:
            raise ValueError("give sequence_numbers, or all")
        if self.event_type is not None and not self.all:
            raise ValueError("event_type goes with all")
        return self


class BacklogView(BaseModel):
    """What has gathered at one queue or subscription."""

    model_config = example(
        entity="intake_parse", count=3, is_more=False, by_type={"waymark.intake.extracted.v1": 3}
    )

    entity: str
    count: int
    is_more: bool = Field(description=f"Beyond {dead_letters.MOST_COUNTED:,} nobody counted on")
    oldest_at: AwareDatetime = Field(description="When the oldest was sent")
    newest_at: AwareDatetime
    by_type: dict[str, int] = Field(description="How many of each event type")


class BacklogsView(BaseModel):
    """Every queue and subscription that has dead letters."""

    items: list[BacklogView]


class DeadLetterItem(BaseModel):
    """A message that could not be handled."""

    model_config = example(
        entity="intake_parse",
        sequence_number=17,
        message_id="0b6f9f0e-3f0a-5d63-9f2e-0c4f7f5f1a11",
        event_type="waymark.intake.extracted.v1",
        tenant_id="demo",
        subject=INTAKE,
        reason="NotHandled",
        description="KeyError on event 0b6f9f0e-3f0a-5d63-9f2e-0c4f7f5f1a11",
        delivery_count=10,
    )

    entity: str
    sequence_number: int = Field(description="Names it within its entity")
    message_id: str
    event_type: str
    tenant_id: str | None = Field(description="Null where it is no event of ours")
    subject: str | None = Field(description="What the event is about")
    reason: str = Field(description="What the broker says of it")
    description: str = Field(description="On one machine the error's type and the event")
    delivery_count: int
    enqueued_at: AwareDatetime


class DeadLetterPage(BaseModel):
    """A page of dead letters, by entity, the oldest first."""

    items: list[DeadLetterItem]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


class DeadLetterView(DeadLetterItem):
    """A dead letter with what it carries."""

    model_config = example(
        entity="intake/candidates",
        sequence_number=23,
        message_id="0b6f9f0e-3f0a-5d63-9f2e-0c4f7f5f1a11",
        event_type="waymark.intake.ended.v1",
        tenant_id="demo",
        subject=INTAKE,
        reason="MaxDeliveryCountExceeded",
        description="",
        delivery_count=10,
        event={
            "specversion": "1.0",
            "id": "0b6f9f0e-3f0a-5d63-9f2e-0c4f7f5f1a11",
            "source": "/waymark/intake_finalize",
            "type": "waymark.intake.ended.v1",
            "subject": INTAKE,
            "time": "2026-03-02T09:30:00Z",
            "data": {"intake_id": INTAKE, "state": "completed", "candidate_id": CANDIDATE},
            "tenantid": "demo",
            "partitionkey": INTAKE,
        },
        body=None,
    )

    event: dict[str, Any] | None = Field(description="The CloudEvent; null where it is none")
    body: str | None = Field(description="The bytes as text, where they are no event of ours")


class DeadLettersDone(BaseModel):
    """What came of it."""

    model_config = example(asked=2, found=2)

    asked: int
    found: int = Field(description="Fewer than asked: the others were gone, or are being handled")


@api.get("v1/dead-letter-counts", answer=BacklogsView)
def dead_letters_count(_call: Call[None, None]) -> BacklogsView:
    """Count the dead letters of every queue and subscription that has some."""
    found = dead_letters.backlogs(runtime.stores())
    return BacklogsView(
        items=[BacklogView.model_validate(each, from_attributes=True) for each in found]
    )


@api.get("v1/dead-letters", query=DeadLettersQuery, answer=DeadLetterPage, errors=(Missing,))
def dead_letters_list(call: Call[DeadLettersQuery, None]) -> DeadLetterPage:
    """List dead letters by entity, the oldest first: of one entity or of all."""
    asked = call.query
    found = dead_letters.listed(
        runtime.stores(),
        entity=asked.entity,
        event_type=asked.event_type,
        limit=asked.limit,
        continuation=asked.continuation,
    )
    return DeadLetterPage(
        items=[DeadLetterItem(**_item(each)) for each in found.items],
        continuation=found.continuation,
    )


@api.get(
    "v1/dead-letters/{sequence_number}",
    query=DeadLetterQuery,
    answer=DeadLetterView,
    errors=(Missing,),
)
def dead_letters_read(call: Call[DeadLetterQuery, None]) -> DeadLetterView:
    """Read one dead letter with the event that it carries."""
    running, text = runtime.current(), call.path["sequence_number"]
    # as text, for the host's own whole numbers end at 2^31
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    letter = dead_letters.read(
        running, running.pseudonyms, call.principal, call.query.entity, number, now=call.now
    )
    event = dead_letters.event_in(letter)
    return DeadLetterView(
        **_item(letter),
        event=event.model_dump(mode="json", exclude_none=True) if event else None,
        body=None if event else letter.body.decode(errors="replace"),
    )


@api.post(
    "v1/dead-letters/redrive",
    body=DeadLettersBody,
    answer=DeadLettersDone,
    idempotent=False,
    errors=(Missing, Conflict),
)
def dead_letters_redrive(call: Call[None, DeadLettersBody]) -> DeadLettersDone:
    """Send dead letters back where they came from.

    What was handled meanwhile is not done again: its receipt says so, for 30 days. One of a
    subscription reaches the topic's other subscriptions again as well; 409 where one is older.
    """
    return _done(call, "redrive")


@api.post(
    "v1/dead-letters/drop",
    body=DeadLettersBody,
    answer=DeadLettersDone,
    idempotent=False,
    errors=(Missing,),
)
def dead_letters_drop(call: Call[None, DeadLettersBody]) -> DeadLettersDone:
    """Remove dead letters for good. This cannot be taken back."""
    return _done(call, "drop")


def _done(call: Call[None, DeadLettersBody], action: dead_letters.Action) -> DeadLettersDone:
    running, asked = runtime.current(), call.body
    wanted, found = dead_letters.act(
        running,
        running.pseudonyms,
        call.principal,
        action,
        asked.entity,
        None if asked.all else asked.sequence_numbers,
        event_type=asked.event_type,
        even_old=asked.even_old,
        most=MOST_AT_ONCE,
        now=call.now,
    )
    return DeadLettersDone(asked=wanted, found=found)


def _item(letter: DeadLetter) -> dict[str, Any]:
    event = dead_letters.event_in(letter)
    return {
        "entity": letter.entity,
        "sequence_number": letter.sequence_number,
        "message_id": letter.message_id,
        "event_type": letter.subject,
        "tenant_id": event.tenantid if event else None,
        "subject": event.subject if event else None,
        "reason": letter.reason,
        "description": letter.description,
        "delivery_count": letter.delivery_count,
        "enqueued_at": letter.enqueued_at,
    }
