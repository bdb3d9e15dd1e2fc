"""Messages reach their function: in order, side by side, again, or end as dead letters."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from local.bus_driver import BusDriver
from local.triggers import BusFunction
from local.work import Work
from shared.bus.port import Message
from shared.bus.sqlite import SqliteBus
from shared.errors import Unavailable
from shared.topology import Topology
from tests.local.waiting import wait_until

LOCK_SECONDS = 5
TOPOLOGY = Topology.model_validate(
    {
        "containers": {},
        "queues": {
            name: {
                "lock_seconds": LOCK_SECONDS,
                "max_delivery": 3,
                "sessions": name == "ordered",
                "duplicate_detection_seconds": 600,
            }
            for name in ("plain", "ordered")
        },
        "topics": {},
        "events": {},
        "blob_containers": {},
        "storage_queues": {},
    }
)


class Driven:
    """A bus with drivers on it."""

    def __init__(self, home: Path) -> None:
        self.bus = SqliteBus(home / "bus.db", TOPOLOGY, time.time)
        self.work = Work(threads=16)
        self._drivers: list[BusDriver] = []

    def drive(self, entity: str, call: Callable[[Any], None], *, concurrency: int = 4) -> None:
        driver = BusDriver(
            BusFunction("probe", call, entity),
            TOPOLOGY.receivers[entity],
            self.bus,
            self.work,
            concurrency=concurrency,
        )
        self._drivers.append(driver)
        driver.start()

    def send(self, entity: str, *bodies: str, session: str | None = None) -> None:
        self.bus.publish(
            [Message(entity, f"{session}-{body}", body.encode(), "s", session) for body in bodies]
        )

    def stop(self) -> bool:
        self.work.stopping.set()
        for driver in self._drivers:
            driver.join()
        return self.work.stop(30)


@pytest.fixture
def driven(tmp_path: Path) -> Iterator[Driven]:
    """A bus, stopped at the end."""
    made = Driven(tmp_path)
    yield made
    assert made.stop()
    made.bus.close()


def text(message: func.ServiceBusMessage) -> str:
    return message.get_body().decode()


def test_each_message_is_handled_and_settled(driven: Driven) -> None:
    """Every message reaches the function once, with its facts, and is gone after."""
    seen: list[func.ServiceBusMessage] = []
    driven.drive("plain", seen.append)
    driven.send("plain", *"abcdef")
    wait_until(lambda: driven.bus.count("plain") == 0, "an empty queue")
    assert sorted(map(text, seen)) == list("abcdef")
    assert {message.delivery_count for message in seen} == {1}
    assert {message.label for message in seen} == {"s"}
    assert sorted(message.message_id for message in seen) == [f"None-{c}" for c in "abcdef"]


def test_no_more_run_at_once_than_allowed(driven: Driven) -> None:
    """The function runs for as many messages at a time as host.json says, and no more."""
    lock, running, most = threading.Lock(), [0], [0]
    two = threading.Barrier(2)

    def handle(_: object) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        two.wait(30)
        with lock:
            running[0] -= 1

    driven.drive("plain", handle, concurrency=2)
    driven.send("plain", *"abcdef")
    wait_until(lambda: driven.bus.count("plain") == 0, "an empty queue")
    assert most[0] == 2


def test_a_session_keeps_its_order(driven: Driven) -> None:
    """Messages of one session come one after the other, in the order they were sent."""
    seen: list[str] = []
    driven.send("ordered", *"abcdefgh", session="s1")
    driven.drive("ordered", lambda message: seen.append(text(message)))
    wait_until(lambda: driven.bus.count("ordered") == 0, "an empty queue")
    assert seen == list("abcdefgh")


def test_a_failure_holds_its_session_in_order(driven: Driven) -> None:
    """A message that failed comes again before the ones behind it in its session."""
    seen: list[str] = []

    def handle(message: func.ServiceBusMessage) -> None:
        seen.append(f"{text(message)}{message.delivery_count}")
        if seen == ["a1"]:
            raise ZeroDivisionError

    driven.send("ordered", "a", "b", session="s1")
    driven.drive("ordered", handle)
    wait_until(lambda: driven.bus.count("ordered") == 0, "an empty queue")
    assert seen == ["a1", "a2", "b1"]


def test_two_sessions_run_side_by_side(driven: Driven) -> None:
    """Sessions do not wait for each other."""
    both = threading.Barrier(2)

    def meet(_: object) -> None:
        both.wait(30)

    driven.send("ordered", "a", session="s1")
    driven.send("ordered", "a", session="s2")
    driven.drive("ordered", meet)
    wait_until(lambda: driven.bus.count("ordered") == 0, "an empty queue")
    assert not both.broken


@pytest.mark.parametrize("entity", ["plain", "ordered"])
def test_a_slow_handler_keeps_its_lock(driven: Driven, entity: str) -> None:
    """A handler that takes longer than the lock is not joined by another on its message."""
    seen: list[int] = []

    def handle(message: func.ServiceBusMessage) -> None:
        seen.append(message.delivery_count or 0)
        time.sleep(LOCK_SECONDS + 1)

    driven.send(entity, "a", session="s1")
    driven.drive(entity, handle)
    wait_until(lambda: driven.bus.count(entity) == 0, "an empty queue")
    assert seen == [1]


@pytest.mark.parametrize("entity", ["plain", "ordered"])
def test_after_the_last_delivery_it_is_a_dead_letter(driven: Driven, entity: str) -> None:
    """A message that keeps failing becomes a dead letter with what was raised as its reason,
    and those behind it are handled."""
    seen: list[str] = []

    def handle(message: func.ServiceBusMessage) -> None:
        if text(message) == "bad":
            raise KeyError("the cause")
        seen.append(text(message))

    driven.drive(entity, handle)
    driven.send(entity, "bad", "good", session="s1")
    wait_until(lambda: driven.bus.count(entity) == 0, "an empty queue")
    (dead,) = driven.bus.dead_letters(entity)
    assert (dead.body, dead.reason, dead.delivery_count) == (b"bad", "KeyError", 3)
    assert "the cause" in dead.description
    assert seen == ["good"]


def test_a_stop_lets_what_runs_finish(driven: Driven) -> None:
    """Stopping waits for the message under way, settles it, and takes no further one."""
    began, go = threading.Event(), threading.Event()
    seen: list[str] = []

    def handle(message: func.ServiceBusMessage) -> None:
        began.set()
        go.wait(30)
        seen.append(text(message))

    driven.drive("plain", handle, concurrency=1)
    driven.send("plain", "a", "b")
    assert began.wait(30)
    stopping = threading.Thread(target=driven.stop)
    stopping.start()
    assert driven.work.stopping.wait(30)
    go.set()
    stopping.join()
    assert seen == ["a"]
    assert [delivery.body for delivery in driven.bus.receive("plain", limit=9)] == [b"b"]


def test_a_driver_survives_a_store_that_breaks(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the bus cannot be read for a moment, the driver goes on after it."""
    seen: list[object] = []
    left = [3]
    receive = driven.bus.receive

    def failing(*args: Any, **kwargs: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise OSError("disk")
        return receive(*args, **kwargs)

    monkeypatch.setattr(driven.bus, "receive", failing)
    driven.drive("plain", seen.append, concurrency=1)
    driven.send("plain", "a")
    wait_until(lambda: seen, "the message")


def test_an_idle_session_makes_room_where_all_slots_are_taken(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a session is otherwise kept for what may still come."""
    monkeypatch.setattr("local.bus_driver.SESSION_IDLE_SECONDS", 600)
    seen: list[str] = []
    driven.drive("ordered", lambda message: seen.append(text(message)), concurrency=2)
    for name in ("s1", "s2", "s3"):
        driven.send("ordered", name, session=name)
    wait_until(lambda: sorted(seen) == ["s1", "s2", "s3"], "the third session")


def test_a_session_that_cannot_be_released_frees_its_slot(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When letting a session go fails, the driver still has room for the next one."""
    seen: list[str] = []
    left = [1]
    release = driven.bus.release_session

    def failing(lock: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise OSError("disk")
        release(lock)

    monkeypatch.setattr(driven.bus, "release_session", failing)
    driven.drive("ordered", lambda message: seen.append(text(message)), concurrency=1)
    driven.send("ordered", "a", session="s1")
    wait_until(lambda: not left[0], "the failure")
    driven.send("ordered", "b", session="s2")
    wait_until(lambda: seen == ["a", "b"], "the next session")


@pytest.mark.parametrize("entity", ["plain", "ordered"])
def test_a_renewal_that_fails_once_is_tried_again(
    driven: Driven, monkeypatch: pytest.MonkeyPatch, entity: str
) -> None:
    """A store that is away when a lock is to be renewed does not cost the lock: the message is
    handled once."""
    name = "renew_session" if entity == "ordered" else "renew"
    renew = getattr(driven.bus, name)
    left, renewed, seen = [1], threading.Event(), list[int]()

    def failing(held: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise Unavailable("later")
        again = renew(held)
        renewed.set()
        return again

    def handle(message: func.ServiceBusMessage) -> None:
        seen.append(message.delivery_count or 0)
        assert renewed.wait(30)

    monkeypatch.setattr(driven.bus, name, failing)
    driven.drive(entity, handle)
    driven.send(entity, "a", session="s1")
    wait_until(lambda: driven.bus.count(entity) == 0, "an empty queue")
    assert seen == [1]
