"""Messages of storage queues reach their function; what keeps failing is moved aside."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local import blob_driver
from local.blob_driver import QueueDriver
from local.state import MAX_TRIES, HostState
from local.triggers import QueueFunction
from local.work import Work
from tests.local.waiting import wait_until


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries that come soon."""
    monkeypatch.setattr(blob_driver, "RETRY_SECONDS", 0.01)


class Queued:
    """A queue driver on a host's memory."""

    def __init__(self, home: Path, call: Callable[[Any], None]) -> None:
        self.state = HostState(home / "host.db")
        self.work = Work(threads=2)
        self.driver = QueueDriver(QueueFunction("probe", call, "q"), self.state, self.work)

    def stop(self) -> None:
        self.work.stopping.set()
        self.driver.join()
        self.state.close()


def test_queue_messages_are_handled_and_gone(tmp_path: Path) -> None:
    """Each message of a storage queue reaches its function once."""
    seen: list[bytes] = []
    queued = Queued(tmp_path, lambda message: seen.append(message.get_body()))
    queued.driver.start()
    for body in (b"1", b"2"):
        queued.state.put("q", body)
    wait_until(lambda: len(seen) == 2, "both messages")
    queued.stop()
    assert seen == [b"1", b"2"]


def test_a_queue_message_that_fails_comes_again_and_is_poison_at_last(
    tmp_path: Path, hasty: None
) -> None:
    """A failing message is tried five times within moments and then moved, others pass it."""
    tries: list[bytes] = []
    poison = threading.Event()

    def handle(message: Any) -> None:
        tries.append(message.get_body())
        if message.get_body() == b"bad":
            raise ZeroDivisionError

    queued = Queued(tmp_path, handle)
    queued.state.put("q", b"bad")
    queued.state.put("q", b"good")
    queued.driver.start()

    def is_poison() -> bool:
        item = queued.state.take("q-poison")
        if item is not None:
            assert item.body == b"bad"
            poison.set()
        return poison.is_set()

    wait_until(is_poison, "the poison message")
    queued.stop()
    assert tries.count(b"bad") == MAX_TRIES
    assert tries.count(b"good") == 1
    assert tries[:2] == [b"bad", b"good"]


def test_a_queue_driver_survives_a_memory_that_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the host's memory cannot be read for a moment, the driver goes on after it."""
    seen: list[object] = []
    left = [2]
    queued = Queued(tmp_path, seen.append)
    take = queued.state.take

    def failing(queue: str) -> Any:
        if left[0]:
            left[0] -= 1
            raise OSError("disk")
        return take(queue)

    monkeypatch.setattr(queued.state, "take", failing)
    queued.state.put("q", b"1")
    queued.driver.start()
    wait_until(lambda: seen, "the message")
    queued.stop()


def test_a_queue_message_that_ends_the_process_each_time_is_poison(tmp_path: Path) -> None:
    """A message whose last try never came back is moved to the poison queue, without another."""
    seen: list[object] = []
    queued = Queued(tmp_path, seen.append)
    queued.state.put("q", b"deadly")
    for _ in range(MAX_TRIES):
        assert queued.state.take("q") is not None
        queued.state.expire_claims()  # as the next start does
    queued.driver.start()
    wait_until(lambda: queued.state.take("q-poison"), "the poison message")
    queued.stop()
    assert seen == []


def test_a_queue_message_that_cannot_be_moved_is_moved_soon(
    tmp_path: Path, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the poison queue cannot be written to for a moment, it is moved a moment later."""
    tries: list[object] = []
    left = [1]

    def handle(message: object) -> None:
        tries.append(message)
        raise ZeroDivisionError

    queued = Queued(tmp_path, handle)
    move = queued.state.move

    def failing(item: Any, queue: str) -> None:
        if left[0]:
            left[0] -= 1
            raise OSError("disk")
        move(item, queue)

    monkeypatch.setattr(queued.state, "move", failing)
    queued.state.put("q", b"bad")
    queued.driver.start()
    wait_until(lambda: queued.state.take("q-poison"), "the poison message")
    queued.stop()
    assert len(tries) == MAX_TRIES
