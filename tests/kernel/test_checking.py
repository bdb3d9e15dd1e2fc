"""Components are asked side by side, within bounds, and not more often than need be."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.errors import Unavailable
from shared.readiness.checking import Checker, Found, NotConfigured

SECONDS = 0.3


class Clock:
    """A clock that is ahead by what a test says."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


class Asked:
    """A probe that counts how often it was asked, and does what it is told."""

    def __init__(self, does: Callable[[], None] = lambda: None) -> None:
        self.times = 0
        self.does = does

    def __call__(self, seconds: float) -> None:
        assert seconds == SECONDS
        self.times += 1
        self.does()


@pytest.fixture
def never() -> Iterator[Callable[[], None]]:
    """Hangs until the test is over."""
    over = threading.Event()

    def hang() -> None:
        over.wait(30)

    yield hang
    over.set()


def fail() -> None:
    raise Unavailable("at 10.0.0.7 with the key of anna@example.org")


def leave_out() -> None:
    raise NotConfigured


def test_each_says_how_it_is() -> None:
    """Up, down by the type of its error, or not configured; nothing of the error's words."""
    probes = {"a": Asked(), "b": Asked(fail), "c": Asked(leave_out)}
    found = Checker(probes, seconds=SECONDS).check(["a", "b", "c"])
    assert [found[name].state for name in "abc"] == ["up", "down", "not_configured"]
    assert [found[name].error for name in "abc"] == [None, "Unavailable", None]
    assert all(0 <= each.milliseconds < 1000 * SECONDS for each in found.values())


def test_only_what_is_wanted_is_asked() -> None:
    """Another flow's components are left alone."""
    probes = {"a": Asked(), "b": Asked()}
    Checker(probes, seconds=SECONDS).check(["a"])
    assert (probes["a"].times, probes["b"].times) == (1, 0)


def test_answers_are_kept_for_a_while() -> None:
    """Good and bad ones alike, from when they came; then they are asked for anew."""
    clock, probe = Clock(), Asked(fail)
    checker = Checker({"a": probe}, seconds=SECONDS, kept=5, clock=clock)
    first = checker.check(["a"])["a"]
    probe.does = lambda: None
    clock.ahead = 4.5
    assert checker.check(["a"])["a"] is first
    clock.ahead = 5.5
    assert checker.check(["a"])["a"].state == "up"
    assert probe.times == 2


def test_what_hangs_is_down_in_time_and_is_not_asked_again(never: Callable[[], None]) -> None:
    """All of them hang: the whole takes no longer than one, and no threads pile up."""
    probes = {name: Asked(never) for name in "abcdef"}
    checker = Checker(probes, seconds=SECONDS, kept=0)
    before = threading.active_count()
    for _ in range(3):
        began = time.monotonic()
        found = checker.check(probes)
        assert time.monotonic() - began < SECONDS + 1
        assert {each.error for each in found.values()} == {"TimedOut"}
    assert all(probe.times == 1 for probe in probes.values())
    assert threading.active_count() - before <= len(probes)


def test_what_answers_too_late_is_down() -> None:
    """An answer after the time is none, also for who asks later."""
    clock = Clock()

    def late() -> None:
        clock.ahead += SECONDS + 1

    found = Checker({"a": Asked(late)}, seconds=SECONDS, clock=clock).check(["a"])["a"]
    assert isinstance(found, Found)
    assert (found.state, found.error) == ("down", "TimedOut")


def test_who_asks_at_once_shares_the_answer() -> None:
    """Forty callers at the same moment ask once."""
    probe = Asked(lambda: time.sleep(0.1))
    checker = Checker({"a": probe}, seconds=SECONDS)
    with ThreadPoolExecutor(40) as pool:
        states = {each["a"].state for each in pool.map(lambda _: checker.check(["a"]), range(40))}
    assert states == {"up"}
    assert probe.times == 1
