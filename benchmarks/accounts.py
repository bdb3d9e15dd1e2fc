"""What signing in costs, and how throttling holds up guessing.

    python -m benchmarks.accounts [TIMES]

Calls the services on embedded stores in a fresh folder, on one thread: TIMES (default 40)
sign-ins, refreshes and wrong guesses, beside a bare Argon2id hash with the same parameters.
Then an attacker's best hour against one account, by the clock of the throttle.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher

from functions.accounts.rules.documents import NewAccount, Throttle
from functions.accounts.rules.throttling import (
    PER_ACCOUNT,
    PER_ACCOUNT_ANYWHERE,
    PER_CLIENT,
    Budget,
    failures_of,
    wait,
)
from functions.accounts.service import passwords, registration, sign_in
from functions.accounts.service.means import Means
from functions.accounts.service.registration import Joining
from shared import runtime
from shared.documents.port import Create
from shared.errors import Unauthenticated
from shared.models.tenant import Tenant
from shared.settings import Settings

TENANT, PASSWORD = "demo", "four words nobody guesses"


def means(home: Path) -> Means:
    """Fresh embedded stores with one tenant."""
    environment = {
        "WAYMARK_STORES": "embedded",
        "WAYMARK_HOME": str(home),
        "WAYMARK_TOKEN_KEY": "of the benchmark, for nothing else",
        "WAYMARK_PSEUDONYM_KEY": "of the benchmark, for nothing else",
        "WAYMARK_LOG_LEVEL": "ERROR",
    }
    running = runtime.start(Settings.read(environment))
    tenant = Tenant(tenant_id=TENANT, name="Demo")
    running.documents.commit("tenants", (TENANT,), [Create(tenant.stored())])
    return Means(running, running.tokens, running.pseudonyms)


def milliseconds(times: int, work: Callable[[int], object]) -> tuple[float, float]:
    """Median and slowest tenth of several calls, in milliseconds."""
    taken = []
    for number in range(times):
        began = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=10)[-1]


def guesses_within(budget: Budget, span: timedelta) -> int:
    """How many guesses the throttle takes within a span from somebody who wastes no moment."""
    now = began = datetime(2026, 1, 1, tzinfo=UTC)
    throttle: Throttle | None = None
    guesses = 0
    while now < began + span:
        delay = wait(throttle, budget, now)
        if delay > timedelta(0):
            now += delay
            continue
        guesses += 1
        failures = failures_of(throttle, budget, now) + 1
        throttle = Throttle(tenant_id=TENANT, bucket="b", failures=failures, last_at=now)
        now += timedelta(milliseconds=50)
    return guesses


def main() -> None:
    """Print the table."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with tempfile.TemporaryDirectory() as folder:
        house = means(Path(folder))
        bare = PasswordHasher(
            time_cost=passwords.PASSES,
            memory_cost=passwords.MEMORY_KIB,
            parallelism=passwords.LANES,
        )
        alone = milliseconds(times, lambda _: bare.hash(PASSWORD))
        print(f"{'bare Argon2id hash':<34}{_shown(alone)}")
        now = runtime.now()
        password_hash = passwords.hashed(PASSWORD)

        def join(number: int) -> None:
            new = NewAccount(
                email=f"p{number}@example.org",
                display_name=f"P {number}",
                roles=("learner",),
                time_zone="UTC",
            )
            joining = Joining(TENANT, f"user-{number}", password_hash, new)
            registration.join(house, joining, idempotency=None, now=now)

        def enter(number: int, password: str = PASSWORD) -> sign_in.TokenPair:
            client = f"198.51.{number // 250}.{number % 250}"
            email = f"p{number}@example.org"
            return sign_in.sign_in(house, TENANT, email, password, client=client, now=now)

        def guess(number: int) -> None:
            try:
                enter(number, "a wrong guess")
            except Unauthenticated:
                return

        print(f"{'registration, its hash left out':<34}{_shown(milliseconds(times, join))}")
        print(f"{'sign-in':<34}{_shown(milliseconds(times, enter))}")
        print(f"{'wrong password':<34}{_shown(milliseconds(times, guess))}")
        unknown = milliseconds(times, lambda number: guess(number + times))
        print(f"{'unknown address':<34}{_shown(unknown)}")
        pairs = [enter(number) for number in range(times)]

        def renew(number: int) -> None:
            sign_in.refresh(house, pairs[number].refresh, idempotency=None, now=now)

        print(f"{'refresh':<34}{_shown(milliseconds(times, renew))}")
    budgets = (
        ("of an account from one address", PER_ACCOUNT),
        ("of an account from anywhere", PER_ACCOUNT_ANYWHERE),
        ("from one address, of any account", PER_CLIENT),
    )
    for name, budget in budgets:
        hour = guesses_within(budget, timedelta(hours=1))
        print(
            f"guesses taken {name:<34}{hour:>4} in an hour, "
            f"{guesses_within(budget, timedelta(days=1))} in a day"
        )


def _shown(taken: tuple[float, float]) -> str:
    return f"{taken[0]:>8.1f} ms at the median, {taken[1]:.1f} ms for the slowest tenth"


if __name__ == "__main__":
    main()
