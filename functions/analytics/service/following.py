"""Follows each learner from the profiler to what they achieve, and keeps the cohorts' counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from functions.analytics.rules.documents import (
    CONTAINER,
    FUNNEL,
    Cohort,
    Funnel,
    Stage,
    cohort_id_of,
    funnel_id_of,
    shard_of,
    view_key_of,
)
from functions.analytics.rules.facts import plus
from functions.analytics.rules.funnels import CohortKey, moved, profiled, reached
from functions.analytics.service.counting import SOURCE
from shared.documents.port import Create, Operation, Replace
from shared.messaging import Decision, Outcome, announce_once
from shared.models.question_bank import Track
from shared.stores import Stores


def note_profile(
    stores: Stores,
    tenant_id: str,
    user_id: str,
    *,
    at: datetime,
    session_id: str,
    track: Track,
    now: datetime,
) -> Outcome:
    """A learner has completed the profiler."""
    return _note(
        stores, tenant_id, user_id, lambda held: profiled(held, at, session_id, track), now
    )


def note_stage(
    stores: Stores, tenant_id: str, user_id: str, stage: Stage, *moments: datetime, now: datetime
) -> Outcome:
    """A learner has come to a stage, at each of these moments."""
    return _note(stores, tenant_id, user_id, lambda held: reached(held, stage, *moments), now)


def _note(
    stores: Stores,
    tenant_id: str,
    user_id: str,
    change: Callable[[Funnel], Funnel],
    now: datetime,
) -> Outcome:
    """Change a learner's funnel and its cohorts together; the same again changes nothing."""
    shard = shard_of(user_id)
    partition = (tenant_id, FUNNEL, shard)

    def decide() -> Decision:
        stored = stores.documents.get(CONTAINER, partition, funnel_id_of(user_id))
        before = Funnel.of(stored.body) if stored else None
        blank = Funnel(
            id=funnel_id_of(user_id),
            tenant_id=tenant_id,
            shard=shard,
            user_id=user_id,
            updated_at=now,
        )
        after = change(before or blank)
        if before is not None and after == before:
            return Decision()
        written = after.model_copy(update={"updated_at": now}).stored()
        operations: list[Operation] = [Replace(written, stored.etag) if stored else Create(written)]
        for key, sums in moved(before, after).items():
            operations.append(_cohort(stores, tenant_id, shard, key, sums, now))
        return Decision(operations)

    return announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )


def _cohort(
    stores: Stores, tenant_id: str, shard: str, key: CohortKey, sums: dict[str, int], now: datetime
) -> Operation:
    month, track = key
    stored = stores.documents.get(CONTAINER, (tenant_id, FUNNEL, shard), cohort_id_of(month, track))
    known = (
        Cohort.of(stored.body)
        if stored
        else Cohort(
            id=cohort_id_of(month, track),
            tenant_id=tenant_id,
            shard=shard,
            cohort_month=month,
            track=track,
            updated_at=now,
        )
    )
    later = known.model_copy(
        update={
            "counts": plus(known.counts, sums),
            "view_key": view_key_of("effectiveness", month, track, shard),
            "updated_at": now,
        }
    )
    return Replace(later.stored(), stored.etag) if stored else Create(later.stored())
