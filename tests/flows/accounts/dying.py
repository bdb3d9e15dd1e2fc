"""Registers somebody in a process that dies right after the address is claimed.

``python -m tests.flows.accounts.dying HOME``; exits with status 9.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from functions.accounts.service import registration
from functions.accounts.service.means import Means
from shared.auth import Tokens
from tests.flows.accounts.inhabitants import joining
from tests.flows.stores import PSEUDONYMS, START
from tests.kernel.crashing import die
from tests.kernel.embedded import Embedded, with_failing
from tests.kernel.tokens import settings


def _claim_and_die(real: Callable[..., Any], *args: Any) -> None:
    real(*args)
    die()


if __name__ == "__main__":
    stores = with_failing(
        Embedded.at(Path(sys.argv[1]), lambda: START.timestamp()),
        "documents",
        "commit",
        _claim_and_die,
    )
    means = Means(stores, Tokens(settings()), PSEUDONYMS)
    registration.join(means, joining(), idempotency=None, now=START)
