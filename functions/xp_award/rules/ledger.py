"""The ledger: how awards, hints and corrections become entries, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.xp_award.rules.documents import Award, Category, LedgerEntry, entry_id_of
from shared.models.game import Day, GameProfile
from shared.models.recent_xp import with_recent
from shared.models.streaks import local_date


@dataclass(frozen=True)
class Posting:
    """A profile, and the entries that led to it."""

    profile: GameProfile
    entries: tuple[LedgerEntry, ...] = ()


def posted(posting: Posting, awards: Sequence[Award], *, now: datetime) -> Posting:
    """The posting with an entry more for each award, earned on the day of its deed."""
    for award in awards:
        profile = _with_earned(posting.profile, award)
        posting = _with_entry(
            Posting(profile, posting.entries),
            deed=award.deed,
            amount=award.amount,
            lifetime_change=award.amount,
            category=award.category,
            reason=award.reason,
            bonus_of=None if award.bonus_of is None else _id(profile, award.bonus_of),
            at=award.at,
            now=now,
        )
    return posting


def spent(profile: GameProfile, *, deed: str, amount: int, reason: str, now: datetime) -> Posting:
    """A posting that takes ``amount`` XP out of the wallet for a hint; the caller has seen that
    they are there. Lifetime XP, level and rank stay."""
    return _with_entry(
        Posting(profile), deed=deed, amount=-amount, lifetime_change=0, category="hint",
        reason=reason, at=now, now=now,
    )  # fmt: skip


def reversed_by(posting: Posting, entry: LedgerEntry, *, reason: str, now: datetime) -> Posting:
    """The posting with an entry that takes back the stored amounts of another.

    The wallet is never overdrawn: what had been spent already is the entry's shortfall.
    """
    taken = max(-entry.amount, -posting.profile.balance)
    return _with_entry(
        posting,
        deed=f"correction|{entry.id}",
        amount=taken,
        lifetime_change=-entry.lifetime_change,
        category=entry.category,
        reason=reason,
        reverses=entry.id,
        shortfall=entry.amount + taken,
        at=now,
        now=now,
    )


def _with_entry(
    posting: Posting,
    *,
    deed: str,
    amount: int,
    lifetime_change: int,
    category: Category,
    reason: str,
    at: datetime,
    now: datetime,
    bonus_of: str | None = None,
    reverses: str | None = None,
    shortfall: int = 0,
) -> Posting:
    before = posting.profile
    entry = LedgerEntry(
        id=_id(before, deed),
        tenant_id=before.tenant_id,
        user_id=before.user_id,
        sequence=before.sequence + 1,
        amount=amount,
        lifetime_change=lifetime_change,
        type="earned" if amount > 0 else "spent",
        category=category,
        reason=reason,
        deed=deed,
        balance_before=before.balance,
        balance=before.balance + amount,
        lifetime_before=before.lifetime_xp,
        lifetime_xp=before.lifetime_xp + lifetime_change,
        bonus_of=bonus_of,
        reverses=reverses,
        shortfall=shortfall,
        at=at,
        posted_at=now,
    )
    changed: dict[str, Any] = {
        "balance": entry.balance,
        "lifetime_xp": entry.lifetime_xp,
        "sequence": entry.sequence,
        "updated_at": now,
    }
    if lifetime_change:
        changed |= {"recent": with_recent(before.recent, lifetime_change, now), "scored_at": now}
    return Posting(before.model_copy(update=changed), (*posting.entries, entry))


def _id(profile: GameProfile, deed: str) -> str:
    return entry_id_of(profile.tenant_id, profile.user_id, deed)


def _with_earned(profile: GameProfile, award: Award) -> GameProfile:
    """The profile with an award on its day's sum; a day before the latest is past and shown
    nowhere."""
    day = local_date(award.at, award.time_zone)
    held = profile.earned
    if held is not None and day < held.date:
        return profile
    amount = award.amount + (held.amount if held is not None and held.date == day else 0)
    return profile.model_copy(update={"earned": Day(date=day, amount=amount)})
