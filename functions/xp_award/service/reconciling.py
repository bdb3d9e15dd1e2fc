"""Holds a learner's ledger against the profile, and puts the profile right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from functions.xp_award.rules.reconciliation import Replay, repaired, replayed
from functions.xp_award.service import books
from shared import audit
from shared.auth import Principal
from shared.documents.port import Replace
from shared.errors import Conflict, Missing
from shared.messaging import Answer, Decision, IdempotencyKey, answer_once
from shared.models.game import CONTAINER
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

MOST_READS = 5


def reconcile(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    user_id: str,
    *,
    repair: bool,
    shown: Callable[[Replay, bool], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Add up a learner's ledger and tell where the profile drifted from it; with ``repair``
    write the profile as the ledger has it.

    Raises ``Missing`` for a learner without a profile, and ``Conflict`` where awards keep
    coming in while it is read.
    """
    partition = (by.tenant_id, user_id)

    def decide() -> Answer:
        for _ in range(MOST_READS):
            held = books.read_profile(stores, partition)
            if held is None:
                raise Missing("the learner has no XP yet")
            profile, etag = held
            replay = replayed(profile, books.all_entries(stores, partition))
            after = books.read_profile(stores, partition)
            if after is not None and after[1] == etag:
                break  # nothing was paid while the ledger was read
        else:
            raise Conflict("awards keep coming in; try again when the learner rests")
        does = repair and bool(replay.drifts)
        if not does:
            return Answer(200, shown(replay, False))
        note = audit.noted(
            pseudonyms,
            by,
            "game.reconciled",
            tenant_id=by.tenant_id,
            of="user",
            target=user_id,
            reason=", ".join(f"{each.what} {each.held} to {each.found}" for each in replay.drifts),
        )
        written = Replace(repaired(profile, replay, now=now).stored(), etag)
        return Answer(200, shown(replay, True), Decision([written], [note]))

    return answer_once(
        stores,
        idempotency,
        source=books.SOURCE,
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )
