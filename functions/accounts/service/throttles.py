"""Counts failures before they happen, so that tries at the same moment share one budget."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from functions.accounts.rules.documents import THROTTLES, Throttle
from functions.accounts.rules.throttling import (
    PER_ACCOUNT,
    PER_CLIENT,
    Budget,
    counted,
    wait,
)
from functions.accounts.service.means import Means
from shared.documents.port import Create, Delete, Operation, Patch, Replace
from shared.errors import Exists, Missing, Stale, Throttled
from shared.models.tenant import PLATFORM
from shared.stores import Stores

_TRIES = 40
"""A class that signs in at the same moment writes one document: each waits for its turn."""
_ID = "throttle"


@dataclass(frozen=True)
class Reserved:
    """A try that was counted as failed before it was made."""

    tenant_id: str
    bucket: str
    before: Throttle | None
    after: Throttle

    @property
    def partition(self) -> tuple[str, str]:
        return (self.tenant_id, self.bucket)


def reserve(
    stores: Stores, tenant_id: str, bucket: str, budget: Budget, *, what: str, now: datetime
) -> Reserved:
    """Count a try as failed, before it is made; then tell :func:`failed` or :func:`refund`.

    Raises ``Throttled`` when it comes too early after the failures before. ``what`` names
    in plural what was tried.
    """
    for tried in range(1, _TRIES + 1):
        stored = stores.documents.get(THROTTLES, (tenant_id, bucket), _ID)
        present = Throttle.of(stored.body) if stored else None
        seconds = wait(present, budget, now).total_seconds()
        if seconds > 0:
            raise Throttled(f"too many {what}; wait and try again", retry_after=seconds)
        after = counted(present, budget, tenant_id=tenant_id, bucket=bucket, now=now)
        body = after.stored() | {"ttl": int(budget.window.total_seconds())}
        operation = Create(body) if stored is None else Replace(body, stored.etag)
        try:
            stores.documents.commit(THROTTLES, (tenant_id, bucket), [operation])
        except (Exists, Stale, Missing):
            time.sleep(random.uniform(0, 0.01 * min(tried, 10)))  # noqa: S311  jitter, not a secret
        else:
            return Reserved(tenant_id, bucket, present, after)
    raise Throttled(f"too many {what} at once; wait and try again", retry_after=1)


def reserve_client(means: Means, client: str, *, now: datetime) -> Reserved:
    """Count a try to sign in by its network address."""
    bucket = means.pseudonyms.of(PLATFORM, "sign-ins from", client)
    return reserve(means.stores, PLATFORM, bucket, PER_CLIENT, what="failures", now=now)


def reserve_account(means: Means, tenant_id: str, address_id: str, *, now: datetime) -> Reserved:
    """Count a try to sign in by the account whose password is tried."""
    bucket = means.pseudonyms.of(tenant_id, "sign-ins of", address_id)
    return reserve(means.stores, tenant_id, bucket, PER_ACCOUNT, what="failures", now=now)


def failed(stores: Stores, reserved: Reserved, *, now: datetime) -> None:
    """Note when a try that was counted has failed: from then on failures are remembered."""
    with suppress(Missing):  # forgotten meanwhile
        stores.documents.commit(
            THROTTLES, reserved.partition, [Patch(_ID, set={"last_at": now.isoformat()})]
        )


def refund(stores: Stores, reserved: Reserved) -> None:
    """Take back one failure that was none, as though it had never been counted."""
    before = reserved.before
    change: Operation = Patch(_ID, increment={"failures": -1})
    if before is not None and reserved.after.last_at != before.last_at:
        # who has to wait comes alone, so nobody wrote since; and if somebody did, it counts
        stored = stores.documents.get(THROTTLES, reserved.partition, _ID)
        if stored is not None and Throttle.of(stored.body) == reserved.after:
            change = Replace(stored.body | before.stored(), stored.etag)
    with suppress(Missing, Stale):
        stores.documents.commit(THROTTLES, reserved.partition, [change])


def forget(stores: Stores, reserved: Reserved) -> None:
    """Forget all failures: the one who tried was the right one."""
    with suppress(Missing):
        stores.documents.commit(THROTTLES, reserved.partition, [Delete(_ID)])
