"""Waiting for something to become so."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_SECONDS = 30.0


def wait_until(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds; fails the test when it does not in a long time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.01)
