"""Routes of learners, and of who looks after them: profile, achievements, transactions, hints."""

from __future__ import annotations

from typing import Any, Literal
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from functions.xp_award.routes import api
from functions.xp_award.routes.forms import (
    AchievementList,
    GameProfileView,
    TransactionPage,
    achievement_views,
    profile_view,
    transaction_view,
)
from functions.xp_award.rules.documents import Category
from functions.xp_award.rules.hints import PRICE_XP, Hint
from functions.xp_award.service import playing
from shared import runtime
from shared.errors import Conflict, Missing
from shared.http.api import Reply
from shared.http.call import Body, Call, PageQuery, Query
from shared.http.subject import partition_read
from shared.models.examples import example


class GameQuery(Query):
    """Whose game."""

    user: str | None = Field(
        default=None, min_length=1, max_length=255, description="Whose; your own without one"
    )


class TransactionQuery(PageQuery):
    """Which transactions; everything given must hold."""

    user: str | None = Field(
        default=None, min_length=1, max_length=255, description="Whose; your own without one"
    )
    category: Category | None = Field(default=None, description="What they are for")
    type: Literal["earned", "spent"] | None = Field(
        default=None, description="What came in, or what went out"
    )
    since: AwareDatetime | None = Field(default=None, description="Posted at this moment or later")
    until: AwareDatetime | None = Field(default=None, description="Posted before this moment")

    @model_validator(mode="after")
    def _in_order(self) -> TransactionQuery:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("since comes before until")
        return self


class HintBody(Body):
    """What a hint is asked for."""

    model_config = example(question_id="frac-07")

    question_id: str = Field(min_length=1, max_length=100, pattern=r"^[\w.:-]+$")


class HintView(BaseModel):
    """A hint that was given, and what is left."""

    model_config = example(price=0, free_hints_remaining=6, balance=330, next_price=0)

    price: int = Field(description="XP that it cost; 0 for a free one")
    free_hints_remaining: int
    balance: int = Field(description="XP in the wallet")
    next_price: int = Field(description="XP that the next one costs")


@api.get("v1/game/profile", query=GameQuery, answer=GameProfileView, errors=(Missing,))
def game_profile(call: Call[GameQuery, None]) -> GameProfileView:
    """Read where a learner stands: XP, level, tier, streak, achievements, hints.

    Day and streak are those of the learner's time zone at this moment.
    """
    partition = partition_read(call, call.query.user, "game.read")
    profile, zone = playing.profile(runtime.stores(), partition, now=call.now)
    return profile_view(profile, zone, call.now)


@api.get("v1/game/achievements", query=GameQuery, answer=AchievementList, errors=(Missing,))
def game_achievements(call: Call[GameQuery, None]) -> AchievementList:
    """Read all achievements there are, and how far a learner is with each."""
    partition = partition_read(call, call.query.user, "game.read")
    profile, _ = playing.profile(runtime.stores(), partition, now=call.now)
    return AchievementList(items=achievement_views(profile))


@api.get("v1/game/transactions", query=TransactionQuery, answer=TransactionPage, errors=(Missing,))
def game_transactions(call: Call[TransactionQuery, None]) -> TransactionPage:
    """List a learner's XP transactions, the newest first.

    The sum of all amounts is the wallet; the sum of all lifetime changes is the XP that gives
    the level.
    """
    asked = call.query
    partition = partition_read(call, asked.user, "game.read")
    entries, continuation = playing.transactions(
        runtime.stores(),
        partition,
        playing.Wanted(asked.category, asked.type, asked.since, asked.until),
        limit=asked.limit,
        continuation=asked.continuation,
    )
    return TransactionPage(
        items=[transaction_view(entry) for entry in entries], continuation=continuation
    )


@api.post("v1/game/hints", body=HintBody, answer=HintView, errors=(Conflict,))
def game_hint(call: Call[None, HintBody]) -> Reply:
    """Ask for a hint.

    Ten are free each day, then each costs 5 XP of the wallet; level and rank stay as they are.
    409 when neither is left. Send an `Idempotency-Key`, so that a request that is sent again
    costs once.
    """
    key = call.idempotency
    running = runtime.current()
    status, body = playing.hint(
        running,
        running.pseudonyms,
        (call.principal.tenant_id, call.principal.user_id),
        hint_id=key.new_id("hint") if key else str(uuid4()),
        question_id=call.body.question_id,
        shown=_hint,
        idempotency=key,
        now=call.now,
    )
    return Reply(body, status=status)


def _hint(given: Hint) -> dict[str, Any]:
    return HintView(
        price=given.price,
        free_hints_remaining=given.free_left,
        balance=given.posting.profile.balance,
        next_price=0 if given.free_left else PRICE_XP,
    ).model_dump(mode="json")
