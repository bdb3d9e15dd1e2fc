"""The price of hints: some are free each day, then the wallet pays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from functions.xp_award.rules.ledger import Posting, spent
from shared.errors import Conflict
from shared.models.game import FREE_HINTS_A_DAY, Day, GameProfile
from shared.models.streaks import local_date

PRICE_XP = 5


@dataclass(frozen=True)
class Hint:
    """A hint that was given: what it cost, and what it left."""

    posting: Posting
    price: int
    free_left: int


def used_today(profile: GameProfile, now: datetime, zone: str) -> int:
    """Hints of the learner's present day."""
    held = profile.hints
    return held.amount if held is not None and held.date >= local_date(now, zone) else 0


def free_left(profile: GameProfile, now: datetime, zone: str) -> int:
    """Free hints that are left of the learner's present day."""
    return max(0, FREE_HINTS_A_DAY - used_today(profile, now, zone))


def with_hint(
    profile: GameProfile, *, hint_id: str, question_id: str, now: datetime, zone: str
) -> Hint:
    """The profile after a hint, for free or for :data:`PRICE_XP` of the wallet.

    A day that comes twice, by travel to the west, has its free hints once. Raises ``Conflict``
    when there are no free hints left and the wallet holds too little.
    """
    used = used_today(profile, now, zone)
    is_free = used < FREE_HINTS_A_DAY
    if not is_free and profile.balance < PRICE_XP:
        raise Conflict(
            f"your {FREE_HINTS_A_DAY} free hints of today are used, and a hint costs {PRICE_XP} XP;"
            f" your wallet holds {profile.balance}. Tomorrow there are free ones again"
        )
    counts = profile.counts
    name = "free_hints" if is_free else "paid_hints"
    day = max(local_date(now, zone), profile.hints.date if profile.hints else local_date(now, zone))
    later = profile.model_copy(
        update={
            "hints": Day(date=day, amount=used + 1),
            "counts": counts.model_copy(update={name: getattr(counts, name) + 1}),
            "time_zone": zone,
            "updated_at": now,
        }
    )
    if is_free:
        return Hint(Posting(later), 0, FREE_HINTS_A_DAY - used - 1)
    reason = f"Hint for question {question_id}"
    posting = spent(later, deed=f"hint|{hint_id}", amount=PRICE_XP, reason=reason, now=now)
    return Hint(posting, PRICE_XP, 0)
