"""Counts failures before they happen, so that tries at the same moment share one budget."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from datetime import datetime

from functions.accounts.rules.documents import THROTTLES, Throttle
from functions.accounts.rules.throttling import Budget, failures_of, wait
from shared.documents.port import Create, Delete, Replace
from shared.errors import Exists, Missing, Stale, Throttled
from shared.stores import Stores

_TRIES = 8


def reserve(
    stores: Stores, tenant_id: str, bucket: str, budget: Budget, *, what: str, now: datetime
) -> None:
    """Count a try as failed, before it is made; :func:`refund` when it was none.

    Raises ``Throttled`` when it comes too early after the failures before. ``what`` names
    in plural what was tried.
    """
    for _ in range(_TRIES):
        stored = stores.documents.get(THROTTLES, (tenant_id, bucket), "throttle")
        present = Throttle.of(stored.body) if stored else None
        seconds = wait(present, budget, now).total_seconds()
        if seconds > 0:
            raise Throttled(f"too many {what}; wait and try again", retry_after=seconds)
        counted = _counted(tenant_id, bucket, failures_of(present, budget, now) + 1, now)
        ttl = {"ttl": int(budget.window.total_seconds())}
        try:
            stores.documents.commit(
                THROTTLES,
                (tenant_id, bucket),
                [
                    Create(counted.stored() | ttl)
                    if stored is None
                    else Replace(counted.stored() | ttl, stored.etag)
                ],
            )
        except (Exists, Stale, Missing):
            time.sleep(random.uniform(0, 0.02))  # noqa: S311  jitter, not a secret
        else:
            return
    raise Throttled(f"too many {what} at once; wait and try again", retry_after=1)


def refund(stores: Stores, tenant_id: str, bucket: str) -> None:
    """Take back one failure that was none. Best effort: at worst it counts for an hour."""
    stored = stores.documents.get(THROTTLES, (tenant_id, bucket), "throttle")
    if stored is None:
        return
    failures = int(stored.body["failures"]) - 1
    with suppress(Missing, Stale):
        stores.documents.commit(
            THROTTLES,
            (tenant_id, bucket),
            [Replace(stored.body | {"failures": max(0, failures)}, stored.etag)],
        )


def forget(stores: Stores, tenant_id: str, bucket: str) -> None:
    """Forget all failures: the one who tried was the right one."""
    with suppress(Missing):
        stores.documents.commit(THROTTLES, (tenant_id, bucket), [Delete("throttle")])


def _counted(tenant_id: str, bucket: str, failures: int, now: datetime) -> Throttle:
    return Throttle(tenant_id=tenant_id, bucket=bucket, failures=failures, last_at=now)
