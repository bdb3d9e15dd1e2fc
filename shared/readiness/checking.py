"""Asks components side by side, within bounds, and remembers for a moment what they said."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

PROBE_SECONDS = 2.0
"""What has not answered in this time is down."""
KEPT_SECONDS = 5.0
"""So long nobody is asked again, however often somebody wants to know."""

State = Literal["up", "down", "not_configured"]
Probe = Callable[[float], None]


OFFERED: dict[str, Probe] = {}
"""Probes of what a flow alone knows: its ``function_app.py`` adds them."""


class NotConfigured(Exception):
    """There is nothing to ask: the settings name no such component."""


@dataclass(frozen=True)
class Found:
    """What a component said. ``error`` is the type of an error alone."""

    state: State
    milliseconds: float
    error: str | None = None


@dataclass
class _Asking:
    """One question under way, on a thread of its own: what hangs is left behind."""

    began: float
    ended: threading.Event
    found: Found | None = None
    ended_at: float = 0.0


class Checker:
    """Asks ``probes``, which get the seconds they have and raise where nothing answers.

    Safe to use from several threads: who asks while another does waits for the same answer, and
    a component that hangs is not asked again before it lets go.
    """

    def __init__(
        self,
        probes: Mapping[str, Probe],
        *,
        seconds: float = PROBE_SECONDS,
        kept: float = KEPT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._probes = probes
        self._seconds = seconds
        self._kept = kept
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: dict[str, _Asking] = {}

    def check(self, names: Iterable[str]) -> dict[str, Found]:
        """What each of these components says, within the seconds that one has."""
        with self._lock:
            asking = {name: self._ask(name) for name in names}
        return {name: self._answer(each) for name, each in asking.items()}

    def _ask(self, name: str) -> _Asking:
        last = self._asked.get(name)
        if last is not None and (
            not last.ended.is_set() or self._clock() - last.ended_at < self._kept
        ):
            return last
        asking = self._asked[name] = _Asking(self._clock(), threading.Event())
        threading.Thread(
            target=self._run, args=(self._probes[name], asking), name=f"probe:{name}", daemon=True
        ).start()
        return asking

    def _run(self, probe: Probe, asking: _Asking) -> None:
        state: State = "up"
        error = None
        try:
            probe(self._seconds)
        except NotConfigured:
            state = "not_configured"
        except Exception as raised:
            state, error = "down", type(raised).__name__
        asking.ended_at = self._clock()
        took = asking.ended_at - asking.began
        if took > self._seconds and state == "up":
            state, error = "down", "TimedOut"
        asking.found = Found(state, round(took * 1000, 1), error)
        asking.ended.set()

    def _answer(self, asking: _Asking) -> Found:
        left = self._seconds - (self._clock() - asking.began)
        asking.ended.wait(max(0.0, left))
        if asking.found is not None:
            return asking.found
        return Found("down", round((self._clock() - asking.began) * 1000, 1), "TimedOut")
