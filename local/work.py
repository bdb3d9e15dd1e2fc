"""Work under way: counted, so that the host can stop when it is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from shared import telemetry


class Work:
    """Runs functions on threads until told to stop, then lets them finish."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="function")
        self._running = 0
        self._changed = threading.Condition()
        self.stopping = threading.Event()

    def submit(self, task: Callable[[], None]) -> None:
        """Run a task soon; one that raises is logged."""
        with self._changed:
            self._running += 1
        try:
            self._pool.submit(self._run, task)
        except RuntimeError:  # the pool closed in this moment
            self._done()

    def _run(self, task: Callable[[], None]) -> None:
        try:
            task()
        except Exception as error:
            telemetry.failure("host.task_broke", error)
        finally:
            self._done()

    def _done(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def stop(self, seconds: float) -> bool:
        """Take no more, wait for what runs; returns whether all of it ended in time."""
        self.stopping.set()
        deadline = time.monotonic() + seconds
        with self._changed:
            finished = self._changed.wait_for(
                lambda: self._running == 0, max(0.0, deadline - time.monotonic())
            )
        self._pool.shutdown(wait=False, cancel_futures=True)
        return finished
