"""How long somebody waits after failures: nobody at first, then twice as long each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from functions.accounts.rules.documents import Throttle


@dataclass(frozen=True)
class Budget:
    """``free`` failures cost nothing; the next makes one wait ``first``, each further one
    twice as long, up to ``longest``. Failures are forgotten ``window`` after the last."""

    free: int
    first: timedelta
    longest: timedelta
    window: timedelta


PER_ACCOUNT = Budget(5, timedelta(seconds=15), timedelta(minutes=15), timedelta(hours=1))
"""Of one account from one network address: who guesses holds up themselves, not the owner, who
comes from another address."""
PER_ACCOUNT_ANYWHERE = Budget(50, timedelta(seconds=15), timedelta(minutes=15), timedelta(hours=1))
"""Of one account from all addresses together: against guesses from many at once."""
PER_CLIENT = Budget(100, timedelta(seconds=15), timedelta(minutes=15), timedelta(hours=1))
"""A school's people share one network address, so many may fail."""
REGISTRATIONS = Budget(300, timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1))
MAILS_TO_ADDRESS = Budget(3, timedelta(minutes=1), timedelta(hours=1), timedelta(hours=1))
"""Of one address, asked for from one network address."""
MAILS_TO_ADDRESS_ANYWHERE = Budget(10, timedelta(minutes=1), timedelta(hours=1), timedelta(hours=1))
"""Of one address from everywhere: nobody's inbox is filled."""
MAILS_FROM_CLIENT = Budget(100, timedelta(seconds=15), timedelta(minutes=15), timedelta(hours=1))
CODES = Budget(10, timedelta(minutes=1), timedelta(hours=1), timedelta(hours=24))


def client_of(address: str) -> str:
    """Who counts as one client: whoever has an IPv6 address has all others of its /64 too."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), 64), strict=False))


def failures_of(throttle: Throttle | None, budget: Budget, now: datetime) -> int:
    """How many failures count at present."""
    if throttle is None or now - throttle.last_at >= budget.window:
        return 0
    return max(0, throttle.failures)  # a refund may come after the window has passed


def counted(
    throttle: Throttle | None, budget: Budget, *, tenant_id: str, bucket: str, now: datetime
) -> Throttle:
    """With one more failure, counted before it happens.

    While failures are free their moment stays that of the last real one, for most tries
    succeed, and must not have the failures of others remembered for longer.
    """
    failures = failures_of(throttle, budget, now)
    is_free = throttle is not None and 0 < failures < budget.free - 1
    return Throttle(
        tenant_id=tenant_id,
        bucket=bucket,
        failures=failures + 1,
        last_at=throttle.last_at if throttle is not None and is_free else now,
    )


def wait(throttle: Throttle | None, budget: Budget, now: datetime) -> timedelta:
    """How long from ``now`` until the next try is taken; zero or less when it is at once."""
    failures = failures_of(throttle, budget, now)
    if throttle is None or failures < budget.free:
        return timedelta(0)
    doublings = min(failures - budget.free, 30)  # beyond that any delay is the longest
    delay: timedelta = min(budget.first * 2**doublings, budget.longest)
    return throttle.last_at + delay - now
