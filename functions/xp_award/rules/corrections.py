"""Corrections and reviews: what an entry that should not be is put right by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from functions.xp_award.rules.documents import LedgerEntry, Review
from functions.xp_award.rules.ledger import Posting, posted, reversed_by
from shared.errors import Conflict, Unprocessable
from shared.models.game import GameProfile


def corrected(
    profile: GameProfile,
    entry: LedgerEntry,
    bonuses: Sequence[LedgerEntry],
    *,
    reversed_before: frozenset[str],
    reason: str,
    now: datetime,
) -> Posting:
    """A posting that takes back an entry and the bonuses that came of it.

    Amounts are those that the entries hold. ``reversed_before`` are ids of entries that were
    taken back before: a bonus among them is left alone. Raises ``Conflict`` when the entry is,
    and ``Unprocessable`` for a correction, which stands.
    """
    if entry.reverses is not None:
        raise Unprocessable("a correction stands: it cannot be taken back itself")
    if entry.id in reversed_before:
        raise Conflict("this transaction was taken back before")
    posting = Posting(profile)
    for each in (entry, *bonuses):
        if each.id not in reversed_before:
            posting = reversed_by(posting, each, reason=reason, now=now)
    return posting


def decided(
    profile: GameProfile,
    review: Review,
    decision: Literal["approved", "rejected"],
    *,
    is_paid: bool,
    by: str,
    note: str | None,
    now: datetime,
) -> tuple[Posting, Review]:
    """A posting with the award of a review that is approved, without one else, and the review.

    ``is_paid`` says that the deed is in the ledger by now: it is not paid again. Raises
    ``Conflict`` when the review was decided before.
    """
    if review.state != "open":
        raise Conflict(f"this review was {review.state} before")
    done = review.model_copy(
        update={"state": decision, "decided_at": now, "decided_by": by, "note": note}
    )
    posting = Posting(profile)
    if decision == "approved" and not is_paid:
        posting = posted(posting, [review.award], now=now)
    return posting, done
