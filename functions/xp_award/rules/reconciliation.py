"""Reconciliation: what a ledger adds up to, held against the profile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from functions.xp_award.rules.documents import LedgerEntry
from shared.models.game import GameProfile


@dataclass(frozen=True)
class Drift:
    """Something that is not as the ledger has it: what it is, and what it should be."""

    what: str
    held: int
    found: int


@dataclass(frozen=True)
class Replay:
    """What a ledger came to. ``drifts`` of the profile can be repaired; ``breaks`` are between
    entries, which are never changed, and name the first number that does not follow."""

    entries: int
    balance: int
    lifetime_xp: int
    drifts: tuple[Drift, ...]
    breaks: tuple[Drift, ...]


def replayed(profile: GameProfile, entries: Iterable[LedgerEntry]) -> Replay:
    """Add up a ledger, all its entries in the order of their sequence, and compare."""
    balance = lifetime_xp = count = last = 0
    expected = (1, 0, 0)
    breaks: list[Drift] = []
    for entry in entries:
        held = (entry.sequence, entry.balance_before, entry.lifetime_before)
        after = (
            entry.balance_before + entry.amount,
            entry.lifetime_before + entry.lifetime_change,
        )
        names = ("sequence", "balance_before", "lifetime_before", "balance", "lifetime_xp")
        compared = zip(
            names,
            (*held, entry.balance, entry.lifetime_xp),
            (*expected, *after),
            strict=True,
        )
        breaks += [
            Drift(f"{name} of transaction {entry.id}", is_now, should_be)
            for name, is_now, should_be in compared
            if is_now != should_be
        ]
        expected = (entry.sequence + 1, entry.balance, entry.lifetime_xp)
        balance += entry.amount
        lifetime_xp += entry.lifetime_change
        count, last = count + 1, max(last, entry.sequence)
    sums = {"balance": balance, "lifetime_xp": lifetime_xp, "sequence": last}
    drifts = tuple(
        Drift(what, getattr(profile, what), found)
        for what, found in sums.items()
        if getattr(profile, what) != found
    )
    return Replay(count, balance, lifetime_xp, drifts, tuple(breaks[:20]))


def repaired(profile: GameProfile, replay: Replay, *, now: datetime) -> GameProfile:
    """The profile as its ledger has it."""
    sums = {drift.what: drift.found for drift in replay.drifts}
    return profile.model_copy(update={**sums, "updated_at": now})
