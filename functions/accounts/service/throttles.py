"""Counts failures before they happen, so that tries at the same moment share one budget."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from functions.accounts.rules.documents import THROTTLES, Throttle
from functions.accounts.rules.throttling import (
    MAILS_FROM_CLIENT,
    MAILS_TO_ADDRESS,
    MAILS_TO_ADDRESS_ANYWHERE,
    PER_ACCOUNT,
    PER_ACCOUNT_ANYWHERE,
    PER_CLIENT,
    Budget,
    client_of,
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
    is_of_pair: bool = False

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


class Attempt:
    """One try at a password, counted by client and by account until it turns out."""

    def __init__(self, reserved: list[Reserved]) -> None:
        self._reserved = reserved
        self.outcome: Literal["failed", "right"] | None = None

    def settle(self, stores: Stores, *, now: datetime) -> None:
        """A failure stays counted; anything else is taken back, and the right password has the
        failures of its account from this client forgotten."""
        for reserved in self._reserved:
            if self.outcome == "failed":
                failed(stores, reserved, now=now)
            elif self.outcome == "right" and reserved.is_of_pair:
                forget(stores, reserved)
            else:
                refund(stores, reserved)


@contextmanager
def attempt(
    means: Means,
    tenant_id: str | None,
    address_id: str,
    client: str,
    *,
    what: str = "sign-ins",
    now: datetime,
) -> Iterator[Attempt]:
    """Count a try at the password of an account before it is made; set ``outcome`` inside.

    ``what`` is tried: each has a budget of its own.

    ``tenant_id`` None is no tenant: the client alone is counted. Raises ``Throttled`` when it
    comes too early after the failures of the client, or of the account from it or from anywhere.
    """
    network = client_of(client)
    of = means.pseudonyms.of
    wanted = [(PLATFORM, of(PLATFORM, f"{what} from", network), PER_CLIENT, False)]
    if tenant_id is not None:
        pair = of(tenant_id, f"{what} of", f"{address_id} from {network}")
        anywhere = of(tenant_id, f"{what} of", address_id)
        wanted += [
            (tenant_id, pair, PER_ACCOUNT, True),
            (tenant_id, anywhere, PER_ACCOUNT_ANYWHERE, False),
        ]
    reserved: list[Reserved] = []
    try:
        for holder, bucket, budget, is_of_pair in wanted:
            counted_as = reserve(means.stores, holder, bucket, budget, what="failures", now=now)
            reserved.append(replace(counted_as, is_of_pair=is_of_pair))
    except Throttled:
        Attempt(reserved).settle(means.stores, now=now)
        raise
    made = Attempt(reserved)
    try:
        yield made
    finally:
        made.settle(means.stores, now=now)


def pardon(means: Means, tenant_id: str, address_id: str, client: str) -> None:
    """Forget the failed sign-ins of an account from a client: who tried has shown who they are."""
    bucket = means.pseudonyms.of(tenant_id, "sign-ins of", f"{address_id} from {client_of(client)}")
    with suppress(Missing):
        means.stores.documents.commit(THROTTLES, (tenant_id, bucket), [Delete(_ID)])


def reserve_mail(
    means: Means, tenant_id: str, address_id: str, client: str, *, now: datetime
) -> None:
    """Count an e-mail that somebody asks to be sent to an address, whoever has it.

    Raises ``Throttled`` when too many are asked for.
    """
    network, of = client_of(client), means.pseudonyms.of
    wanted = (
        (PLATFORM, of(PLATFORM, "mails from", network), MAILS_FROM_CLIENT),
        (tenant_id, of(tenant_id, "mails to", f"{address_id} from {network}"), MAILS_TO_ADDRESS),
        (tenant_id, of(tenant_id, "mails to", address_id), MAILS_TO_ADDRESS_ANYWHERE),
    )
    for holder, bucket, budget in wanted:
        reserve(means.stores, holder, bucket, budget, what="e-mails", now=now)


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
