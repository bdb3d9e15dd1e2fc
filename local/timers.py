"""Drives timer triggers: six-field NCRONTAB, in UTC."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

from azure.functions.timer import TimerRequest
from croniter import croniter

from local.state import HostState
from local.triggers import TimerFunction
from local.work import Work
from shared import telemetry

_ENTRY = r"(\*|\d+|[a-z]{3})(-(\d+|[a-z]{3}))?(/\d+)?"
_FIELD = re.compile(rf"{_ENTRY}(,{_ENTRY})*", re.IGNORECASE)
# NCRONTAB has no 7, nor what else the library reads: R, L, ?, #
_SUNDAY_7 = re.compile(r"(?<![/\d])[7-9]")


def occurrences(schedule: str, after: datetime) -> Iterator[datetime]:
    """Yield the moments of a schedule after a moment, in order.

    Fields: second, minute, hour, day of month, month, day of week (0 is Sunday);
    day of month and day of week must both match. Raises ``ValueError`` for a
    schedule of another form.
    """
    fields = schedule.split()
    if len(fields) != 6 or not all(map(_FIELD.fullmatch, fields)) or _SUNDAY_7.search(fields[5]):
        raise ValueError(f"{schedule!r} is not a schedule of six NCRONTAB fields")
    moments = croniter(schedule, after, second_at_beginning=True, day_or=False)
    while True:
        yield moments.get_next(datetime)


class TimerDriver:
    """Runs one function on its schedule, one run at a time."""

    def __init__(self, function: TimerFunction, state: HostState, work: Work) -> None:
        """Raises ``ValueError`` for a schedule that is malformed or never comes."""
        next(occurrences(function.schedule, datetime.now(UTC)))
        self._function = function
        self._state = state
        self._work = work
        self._running = threading.Lock()
        self._thread = threading.Thread(
            target=self._loop, name=f"timer:{function.name}", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        """Wait until it starts no more runs."""
        self._thread.join()

    def _loop(self) -> None:
        stopping = self._work.stopping
        for due in occurrences(self._function.schedule, datetime.now(UTC)):
            wait = (due - datetime.now(UTC)).total_seconds()
            if stopping.wait(max(0.0, wait)):
                return
            if wait < -60:
                continue  # the machine slept: catch up with the present, not with each run
            try:
                if self._state.claim_timer(self._function.name, due.timestamp()):
                    self._work.submit(self._run)
            except Exception as error:
                telemetry.failure("timer.not_run", error, function=self._function.name)

    def _run(self) -> None:
        if not self._running.acquire(blocking=False):
            return
        try:
            self._function.call(TimerRequest(past_due=False))
        finally:
            self._running.release()
