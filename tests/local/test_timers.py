"""Schedules are NCRONTAB's, in UTC, and each moment is run once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

import pytest

from local.state import HostState
from local.timers import TimerDriver, occurrences
from local.triggers import TimerFunction
from local.work import Work
from tests.local.waiting import wait_until

START = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday


def first(schedule: str, count: int = 3, after: datetime = START) -> list[str]:
    return [moment.isoformat()[:19] for moment in islice(occurrences(schedule, after), count)]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("*/20 * * * * *", ["2026-01-01T00:00:20", "2026-01-01T00:00:40", "2026-01-01T00:01:00"]),
        ("30 15 10 * * *", ["2026-01-01T10:15:30", "2026-01-02T10:15:30", "2026-01-03T10:15:30"]),
        ("0 0 0 * * 0", ["2026-01-04T00:00:00", "2026-01-11T00:00:00", "2026-01-18T00:00:00"]),
        ("0 0 0 * * Sun", ["2026-01-04T00:00:00", "2026-01-11T00:00:00", "2026-01-18T00:00:00"]),
        ("0 0 0 13 * 5", ["2026-02-13T00:00:00", "2026-03-13T00:00:00", "2026-11-13T00:00:00"]),
        (
            "0 0 9 * 2,3 1-5/2",
            ["2026-02-02T09:00:00", "2026-02-04T09:00:00", "2026-02-06T09:00:00"],
        ),
        ("0 0 0 29 2 *", ["2028-02-29T00:00:00", "2032-02-29T00:00:00", "2036-02-29T00:00:00"]),
        ("0 0 0 1 JAN *", ["2027-01-01T00:00:00", "2028-01-01T00:00:00", "2029-01-01T00:00:00"]),
    ],
)
def test_the_moments_of_a_schedule(schedule: str, expected: list[str]) -> None:
    """Seconds come first, Sunday is 0, and day of month and day of week must both match."""
    assert first(schedule) == expected


def test_days_are_of_even_length() -> None:
    """In UTC no hour is left out or repeated, whatever the season."""
    after = datetime(2026, 3, 27, tzinfo=UTC)
    moments = list(islice(occurrences("0 30 * * * *", after), 24 * 5))
    assert {later - sooner for sooner, later in pairwise(moments)} == {timedelta(hours=1)}
    assert {moment.tzinfo for moment in moments} == {UTC}


@pytest.mark.parametrize(
    "schedule",
    [
        "", "* * * * *", "* * * * * * *", "60 * * * * *", "* * 24 * * *", "* * * * 13 *",
        "* * * * * 7", "* * * * * 1-7", "a * * * * *", "R * * * * *", "H * * * * *",
        "0 0 0 L * *", "0 0 0 * * 5#2", "0 0 0 ? * *", "0 */0 * * * *", "0 0 0 31 2 *", "@daily",
    ],
)  # fmt: skip
def test_a_bad_schedule_is_refused(schedule: str, tmp_path: Path) -> None:
    """A schedule that is malformed, not NCRONTAB's or never comes is refused at the start."""
    function = TimerFunction("probe", lambda timer: None, schedule)
    with pytest.raises(ValueError, match=r".+"):
        TimerDriver(function, HostState(tmp_path / "host.db"), Work(threads=1))


@pytest.fixture
def work() -> Iterator[Work]:
    """Work that is stopped at the end."""
    running = Work(threads=8)
    yield running
    assert running.stop(30)


def test_two_hosts_run_each_moment_once(tmp_path: Path, work: Work) -> None:
    """Of hosts that share a home one runs what is due at each moment."""
    runs: list[datetime] = []

    def run(timer: object) -> None:
        runs.append(datetime.now(UTC).replace(microsecond=0))

    states = [HostState(tmp_path / "host.db") for _ in range(2)]
    drivers = [
        TimerDriver(TimerFunction("probe", run, "* * * * * *"), state, work) for state in states
    ]
    for driver in drivers:
        driver.start()
    wait_until(lambda: len(runs) >= 2, "two runs")
    work.stopping.set()
    for driver in drivers:
        driver.join()
    assert work.stop(30)
    assert len(runs) == len(set(runs))


def test_a_run_that_breaks_does_not_end_the_schedule(tmp_path: Path, work: Work) -> None:
    """After a run that raised the next one comes."""
    runs: list[int] = []

    def run(timer: object) -> None:
        runs.append(1)
        raise ZeroDivisionError

    driver = TimerDriver(
        TimerFunction("probe", run, "* * * * * *"), HostState(tmp_path / "host.db"), work
    )
    driver.start()
    wait_until(lambda: len(runs) >= 2, "another run")
    work.stopping.set()
    driver.join()


def test_runs_of_one_timer_do_not_overlap(tmp_path: Path, work: Work) -> None:
    """While a run is under way the next moment passes without one."""
    go, running, most = threading.Event(), [0], [0]
    state = HostState(tmp_path / "host.db")

    def run(timer: object) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        go.wait(30)
        running[0] -= 1

    driver = TimerDriver(TimerFunction("probe", run, "* * * * * *"), state, work)
    driver.start()
    wait_until(lambda: running[0], "the first run")
    began = datetime.now(UTC).timestamp()
    wait_until(lambda: not state.claim_timer("probe", began + 0.5), "the next moment")
    go.set()
    work.stopping.set()
    driver.join()
    assert most[0] == 1
