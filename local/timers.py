"""Drives timer triggers: six-field NCRONTAB, in UTC."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

from azure.functions.timer import TimerRequest
from croniter import croniter

from local.state import HostState
from local.triggers import TimerFunction
from local.work import Work
from shared import telemetry


def occurrences(schedule: str, after: datetime) -> Iterator[datetime]:
    """Yield the moments of a schedule after a moment, in order.

    Fields: second, minute, hour, day of month, month, day of week (0 is Sunday);
    day of month and day of week must both match. Raises ``ValueError`` for a
    schedule of another form.
    """
    if len(schedule.split()) != 6:
        raise ValueError(f"{schedule!r} has not six fields")
    moments = croniter(schedule, after, second_at_beginning=True, day_or=False)
    while True:
        yield moments.get_next(datetime)


class TimerDriver:
    """Runs one function on its schedule, one run at a time."""

    def __init__(self, function: TimerFunction, state: HostState, work: Work) -> None:
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
