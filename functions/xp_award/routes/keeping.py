"""Routes of mentors and admins: corrections, held awards, reconciliation, repairs of streaks."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from functions.xp_award.routes import api
from functions.xp_award.routes.forms import (
    ReviewPage,
    ReviewView,
    TransactionView,
    review_view,
    transaction_view,
)
from functions.xp_award.rules.documents import Review, StreakRepair
from functions.xp_award.rules.ledger import Posting
from functions.xp_award.rules.reconciliation import Drift, Replay
from functions.xp_award.service import correcting, reconciling, repairing
from shared import audit, runtime
from shared.errors import Conflict, Forbidden, Missing, Unprocessable
from shared.http.api import Reply
from shared.http.call import Body, Call, PageQuery
from shared.http.subject import note_read
from shared.models.examples import LEARNER, example
from shared.people import check_person

MOST_DAYS = 14
"""Days of one repair: an outage of longer is more than one."""

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]
UserId = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class CorrectionBody(Body):
    """Which transaction is taken back, and why."""

    model_config = example(
        user=LEARNER,
        transaction_id="5e0c2d9a-71b4-5f38-9c6e-0a8d3b7f1e24",
        reason="the question had a wrong key",
    )

    user: UserId
    transaction_id: UUID
    reason: Reason = Field(description="The learner sees it; admins do too")


class CorrectionView(BaseModel):
    """The new transactions, and the balances after them."""

    model_config = example(balance=320, xp=335)

    transactions: list[TransactionView]
    balance: int
    xp: int


class ReviewQuery(PageQuery):
    """Which held awards."""

    state: Literal["open", "approved", "rejected"] = Field(
        default="open", description="Where they stand"
    )


class DecisionBody(Body):
    """What a mentor says of a held award."""

    model_config = example(user=LEARNER, decision="approved", note=None)

    user: UserId
    decision: Literal["approved", "rejected"]
    note: Reason | None = None


class ReviewDecided(BaseModel):
    """A decided review, and what was paid."""

    model_config = example(transaction=None)

    review: ReviewView
    transaction: TransactionView | None


class ReconciliationBody(Body):
    """Whose ledger, and whether the profile is put right."""

    model_config = example(user=LEARNER, repair=False)

    user: UserId
    repair: bool = False


class DriftView(BaseModel):
    """Something that is not as it should be."""

    model_config = example(what="balance", held=320, found=330)

    what: str
    held: int = Field(description="What is written there")
    found: int = Field(description="What it should be")


class ReconciliationView(BaseModel):
    """What a ledger adds up to."""

    model_config = example(transactions=12, balance=330, xp=345, drifts=[], breaks=[])

    transactions: int
    balance: int = Field(description="Sum of the ledger: the wallet")
    xp: int = Field(description="Sum of the ledger: lifetime XP")
    drifts: list[DriftView] = Field(description="Of the profile from its ledger")
    breaks: list[DriftView] = Field(
        description="Between transactions, which are never changed; the first twenty"
    )
    repaired: bool = Field(examples=[False])


class StreakRepairBody(Body):
    """The days of an outage."""

    model_config = example(
        first_day="2026-11-02", last_day="2026-11-03", reason="the house was down"
    )

    first_day: date
    last_day: date
    reason: Reason

    @model_validator(mode="after")
    def _few_days(self) -> StreakRepairBody:
        if not 0 <= (self.last_day - self.first_day).days < MOST_DAYS:
            raise ValueError(f"give 1 to {MOST_DAYS} days, the first of them first")
        return self


class StreakRepairView(BaseModel):
    """How far a repair is."""

    model_config = example(
        repair_id="1a0f9e8d-7c6b-5a4f-8e3d-2c1b0a9f8e7d",
        first_day="2026-11-02",
        last_day="2026-11-03",
        reason="the house was down",
        state="running",
        learners=50,
    )

    repair_id: str
    first_day: date
    last_day: date
    reason: str
    state: Literal["running", "done"]
    learners: int = Field(description="Whose days were looked at so far")
    created_at: AwareDatetime
    updated_at: AwareDatetime


def check_keeper(call: Call[Any, Any], user_id: str) -> None:
    """Raise ``Missing`` for somebody whom the caller does not reach, and ``Forbidden`` for the
    caller: nobody puts their own XP right."""
    if user_id == call.principal.user_id:
        raise Forbidden("somebody else has to look at your own XP")
    check_person(runtime.stores(), call.principal, call.reach, user_id)


@api.post(
    "v1/game/corrections",
    body=CorrectionBody,
    answer=CorrectionView,
    errors=(Missing, Conflict, Unprocessable),
)
def game_correct(call: Call[None, CorrectionBody]) -> Reply:
    """Take back a learner's transaction and the bonuses that came of it.

    Nothing is deleted: new transactions reverse the amounts of the old ones. A wallet never
    falls below zero; what had been spent already is named as `shortfall`. 409 when the
    transaction was taken back before.
    """
    sent, running = call.body, runtime.current()
    check_keeper(call, sent.user)
    status, body = correcting.correct(
        running,
        running.pseudonyms,
        call.principal,
        sent.user,
        str(sent.transaction_id),
        reason=sent.reason,
        shown=_corrected,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


@api.get("v1/game/reviews", query=ReviewQuery, answer=ReviewPage)
def game_reviews_list(call: Call[ReviewQuery, None]) -> ReviewPage:
    """List awards that were held back, the oldest first.

    An answer is held when it came faster than anybody reads, when more than 20 earned XP within
    a minute, or when the same question was paid in another journey minutes before.
    """
    running, asked = runtime.current(), call.query
    found, continuation = correcting.reviews(
        running,
        call.principal.tenant_id,
        state=asked.state,
        limit=asked.limit,
        continuation=asked.continuation,
    )
    audit.record_read(running, running.pseudonyms, call.principal, "reviews.listed", now=call.now)
    return ReviewPage(items=[review_view(review) for review in found], continuation=continuation)


@api.post(
    "v1/game/reviews/{review_id}/decision",
    body=DecisionBody,
    answer=ReviewDecided,
    errors=(Missing, Conflict),
)
def game_review_decide(call: Call[None, DecisionBody]) -> Reply:
    """Pay a held award, or let it go. 409 when it was decided before."""
    sent, running = call.body, runtime.current()
    check_keeper(call, sent.user)
    status, body = correcting.decide_review(
        running,
        running.pseudonyms,
        call.principal,
        sent.user,
        call.uuid("review_id"),
        sent.decision,
        note=sent.note,
        shown=_decided,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


@api.post(
    "v1/game/reconciliations",
    body=ReconciliationBody,
    answer=ReconciliationView,
    errors=(Missing, Conflict),
)
def game_reconcile(call: Call[None, ReconciliationBody]) -> Reply:
    """Add up a learner's ledger and hold it against the profile.

    With `repair` the profile is written as its ledger has it, which stands in the audit log.
    """
    sent, running = call.body, runtime.current()
    check_keeper(call, sent.user)
    if not sent.repair:
        note_read(call, sent.user, "game.read")
    status, body = reconciling.reconcile(
        running,
        running.pseudonyms,
        call.principal,
        sent.user,
        repair=sent.repair,
        shown=_reconciled,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


@api.post("v1/game/streak-repairs", body=StreakRepairBody, answer=StreakRepairView, status=202)
def game_streaks_repair(call: Call[None, StreakRepairBody]) -> Reply:
    """Let days of an outage break no streak of your tenant's learners.

    It runs in the background; read how far it is by its id.
    """
    sent, running = call.body, runtime.current()
    key = call.idempotency
    status, body = repairing.begin(
        running,
        running.pseudonyms,
        call.principal,
        key.new_id("repair") if key else str(uuid4()),
        first_day=sent.first_day,
        last_day=sent.last_day,
        reason=sent.reason,
        shown=_repair,
        idempotency=key,
        now=call.now,
    )
    return Reply(body, status=status)


@api.get("v1/game/streak-repairs/{repair_id}", answer=StreakRepairView, errors=(Missing,))
def game_streaks_repair_read(call: Call[None, None]) -> StreakRepairView:
    """Read how far a repair of streaks is."""
    repair, _ = repairing.read(runtime.stores(), call.principal.tenant_id, call.uuid("repair_id"))
    return StreakRepairView.model_validate(repair, from_attributes=True)


def _corrected(posting: Posting) -> dict[str, Any]:
    return CorrectionView(
        transactions=[transaction_view(entry) for entry in posting.entries],
        balance=posting.profile.balance,
        xp=posting.profile.lifetime_xp,
    ).model_dump(mode="json")


def _decided(posting: Posting, review: Review) -> dict[str, Any]:
    entry = posting.entries[0] if posting.entries else None
    return ReviewDecided(
        review=review_view(review), transaction=transaction_view(entry) if entry else None
    ).model_dump(mode="json")


def _reconciled(replay: Replay, repaired: bool) -> dict[str, Any]:
    def shown(drifts: tuple[Drift, ...]) -> list[DriftView]:
        return [DriftView.model_validate(each, from_attributes=True) for each in drifts]

    return ReconciliationView(
        transactions=replay.entries,
        balance=replay.balance,
        xp=replay.lifetime_xp,
        drifts=shown(replay.drifts),
        breaks=shown(replay.breaks),
        repaired=repaired,
    ).model_dump(mode="json")


def _repair(repair: StreakRepair) -> dict[str, Any]:
    view = StreakRepairView.model_validate(repair, from_attributes=True)
    return view.model_dump(mode="json")
