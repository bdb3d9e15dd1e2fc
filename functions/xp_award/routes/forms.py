"""What the game's routes show."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from functions.xp_award.rules.achievements import measures_of
from functions.xp_award.rules.documents import Category, Held, LedgerEntry, Review
from functions.xp_award.rules.hints import free_left, used_today
from shared.models.achievements import Achievement, Criterion, catalogue
from shared.models.examples import LEARNER, SESSION, example
from shared.models.game import GameProfile
from shared.models.levels import Tier, level_of, level_xp, tier_of
from shared.models.streaks import current_length, local_date

_ENTRY = "5e0c2d9a-71b4-5f38-9c6e-0a8d3b7f1e24"
_ATTEMPT = "0e9d8c7b-6a5f-4e3d-8c2b-1a0f9e8d7c6b"


class StreakView(BaseModel):
    """Days on end, in the learner's time zone."""

    model_config = example(days=4, best=9, freezes=1, active_today=True)

    days: int = Field(description="0 once it has lapsed")
    best: int
    freezes: int = Field(description="Missed days that break nothing, used by themselves")
    active_today: bool


class UnlockedView(BaseModel):
    """An achievement that the learner has."""

    model_config = example(key="first_answer", name="Off the mark", icon="flag")

    key: str
    name: str
    icon: str
    at: AwareDatetime


class GameProfileView(BaseModel):
    """Where a learner stands in the game."""

    model_config = example(
        xp=345,
        balance=330,
        level=3,
        level_xp=300,
        next_level_xp=600,
        tier="bronze",
        daily_xp=40,
        hints_used_today=3,
        free_hints_remaining=7,
        time_zone="Europe/Berlin",
    )

    xp: int = Field(description="Lifetime XP: level and rank come from it, hints cost none of it")
    balance: int = Field(description="XP in the wallet, which buys hints")
    level: int
    level_xp: int = Field(description="Lifetime XP at which this level began")
    next_level_xp: int = Field(description="Lifetime XP at which the next level begins")
    tier: Tier
    daily_xp: int = Field(description="Earned on the learner's present day")
    streak: StreakView
    achievements: tuple[UnlockedView, ...]
    hints_used_today: int
    free_hints_remaining: int
    last_active: date | None = Field(examples=["2026-11-26"])
    time_zone: str = Field(description="Whose days the learner's days are")


def profile_view(profile: GameProfile, zone: str, now: datetime) -> GameProfileView:
    """A profile as it is at this moment, in this time zone."""
    level = level_of(profile.lifetime_xp)
    today = local_date(now, zone)
    runs, earned = profile.streak.runs, profile.earned
    by_key = {each.key: each for each in catalogue()}
    return GameProfileView(
        xp=profile.lifetime_xp,
        balance=profile.balance,
        level=level,
        level_xp=level_xp(level),
        next_level_xp=level_xp(level + 1),
        tier=tier_of(level),
        daily_xp=earned.amount if earned is not None and earned.date >= today else 0,
        streak=StreakView(
            days=current_length(profile.streak, now, zone),
            best=profile.streak.best,
            freezes=profile.streak.freezes,
            active_today=bool(runs) and runs[-1].last >= today,
        ),
        achievements=tuple(
            UnlockedView(
                key=each.key, name=by_key[each.key].name, icon=by_key[each.key].icon, at=each.at
            )
            for each in profile.achievements
            if each.key in by_key
        ),
        hints_used_today=used_today(profile, now, zone),
        free_hints_remaining=free_left(profile, now, zone),
        last_active=runs[-1].last if runs else None,
        time_zone=zone,
    )


class AchievementView(BaseModel):
    """An achievement of the catalogue, and how far the learner is."""

    model_config = example(
        key="correct_10",
        name="Ten right",
        text="Ten of your answers were right.",
        icon="check",
        xp=10,
        reached=4,
        at=None,
    )

    key: str
    name: str
    text: str
    icon: str
    criterion: Criterion
    xp: int
    reached: int = Field(description="Of `criterion.at_least`")
    at: AwareDatetime | None = Field(description="When it was awarded, null before")


class AchievementList(BaseModel):
    """Every achievement there is."""

    items: list[AchievementView]


def achievement_views(profile: GameProfile) -> list[AchievementView]:
    """The whole catalogue as it looks to a learner."""
    has = {each.key: each.at for each in profile.achievements}
    measures = measures_of(profile)

    def shown(each: Achievement) -> AchievementView:
        criterion = each.criterion
        done = each.key in has
        reached = (
            criterion.at_least if done else min(measures[criterion.measure], criterion.at_least)
        )
        return AchievementView(
            **each.model_dump(exclude={"criterion"}),
            criterion=criterion,
            reached=reached,
            at=has.get(each.key),
        )

    return [shown(each) for each in catalogue()]


class TransactionView(BaseModel):
    """One change of a learner's XP."""

    model_config = example(
        transaction_id=_ENTRY,
        sequence=12,
        amount=10,
        lifetime_change=10,
        type="earned",
        category="learning",
        reason="Right at the first try: Math, LEARN",
        balance_before=320,
        balance=330,
        lifetime_xp=345,
        bonus_of=None,
        reverses=None,
        shortfall=0,
    )

    transaction_id: str
    sequence: int = Field(description="1 for the first, then one by one")
    amount: int = Field(description="Added to the wallet, negative for what was spent")
    lifetime_change: int = Field(description="0 for hints, which cost no rank")
    type: Literal["earned", "spent"]
    category: Category
    reason: str
    balance_before: int
    balance: int = Field(description="The wallet after it")
    lifetime_xp: int = Field(description="Lifetime XP after it")
    bonus_of: str | None = Field(description="The transaction that this one depends on")
    reverses: str | None = Field(description="The transaction that this one takes back")
    shortfall: int = Field(description="What a correction could not take, for it had been spent")
    at: AwareDatetime = Field(description="When the deed was done")
    posted_at: AwareDatetime


def transaction_view(entry: LedgerEntry) -> TransactionView:
    """An entry as it is shown."""
    return TransactionView.model_validate(entry.model_dump() | {"transaction_id": entry.id})


class TransactionPage(BaseModel):
    """A page of a learner's transactions, the newest first."""

    items: list[TransactionView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


class ReviewView(BaseModel):
    """An award that is held until a mentor has looked at it."""

    model_config = example(
        review_id=_ATTEMPT,
        user=LEARNER,
        state="open",
        held="too_fast",
        amount=10,
        reason="Right at the first try: Math, LEARN",
        session_id=SESSION,
        question_id="frac-07",
        duration_ms=310,
        decided_at=None,
        note=None,
    )

    review_id: str = Field(description="The id of the attempt")
    user: str
    state: Literal["open", "approved", "rejected"]
    held: Held = Field(description="What the guard saw")
    amount: int = Field(description="XP at stake")
    reason: str
    session_id: str
    question_id: str
    duration_ms: int
    at: AwareDatetime = Field(description="When the question was answered")
    held_at: AwareDatetime
    decided_at: AwareDatetime | None
    note: str | None


def review_view(review: Review) -> ReviewView:
    """A review as it is shown."""
    return ReviewView(
        review_id=review.review_id,
        user=review.user_id,
        state=review.state,
        held=review.held,
        amount=review.award.amount,
        reason=review.award.reason,
        session_id=review.session_id,
        question_id=review.question_id,
        duration_ms=review.duration_ms,
        at=review.award.at,
        held_at=review.held_at,
        decided_at=review.decided_at,
        note=review.note,
    )


class ReviewPage(BaseModel):
    """A page of held awards, the oldest first."""

    items: list[ReviewView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")
