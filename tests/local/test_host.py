"""The host around its drivers: what it lets go of at its start, does beside, and waits for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local import host as host_module
from local.host import Host, settings_of, take_port
from local.state import HostState
from shared import runtime, topology
from shared.bus.port import Message
from shared.bus.sqlite import SqliteBus
from shared.documents.sqlite import SqliteDocuments

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def without_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host of no functions, and the runtime of before given back."""
    monkeypatch.setattr(host_module, "load", list)
    monkeypatch.setattr(runtime, "_runtime", None)


@contextmanager
def started(home: Path) -> Iterator[Host]:
    taken = take_port(0)
    settings = settings_of(home, taken.getsockname()[1], {})
    running = Host(settings, taken=taken, host_file=ROOT / "host.json")
    running.start()
    try:
        yield running
    finally:
        assert running.stop()


def test_the_first_host_lets_go_of_what_a_dead_one_held(tmp_path: Path) -> None:
    """A message and a storage queue's message that a killed host had under way are free at once
    for the next one, and stay held when that one has company."""
    bus = SqliteBus(tmp_path / "bus.db", topology.load(), lambda: 0.0)
    state = HostState(tmp_path / "host.db")
    bus.publish([Message("intake_extract", "m", b"{}", "s")])
    state.put("q", b"1")
    assert bus.receive("intake_extract")
    assert state.take("q")
    with started(tmp_path):
        assert bus.receive("intake_extract")
        assert state.take("q")
        with started(tmp_path):
            assert not bus.receive("intake_extract")
            assert not state.take("q")
    bus.close()
    state.close()


def test_expired_documents_are_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a host runs it purges what has expired, again and again, also after a failure."""
    purged = threading.Semaphore(0)

    def purge(_: SqliteDocuments) -> int:
        purged.release()
        raise OSError("disk")

    monkeypatch.setattr(host_module, "HOUSEKEEPING_SECONDS", 0.01)
    monkeypatch.setattr(SqliteDocuments, "purge_expired", purge)
    with started(tmp_path):
        assert purged.acquire(timeout=30)
        assert purged.acquire(timeout=30)


def test_a_stop_waits_for_the_drivers_before_the_stores_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No driver asks a store that is closed: each has taken its last when the stores close."""
    order: list[str] = []
    close = HostState.close

    class Driver:
        def start(self) -> None:
            order.append("started")

        def join(self) -> None:
            order.append("joined")

    def noting(self: HostState) -> None:
        order.append("closed")
        close(self)

    monkeypatch.setattr(HostState, "close", noting)
    drivers: list[Any] = [Driver(), Driver()]
    taken = take_port(0)
    settings = settings_of(tmp_path, taken.getsockname()[1], {})
    running = Host(settings, taken=taken, host_file=ROOT / "host.json")
    monkeypatch.setattr(running, "_drivers", drivers)
    running.start()
    assert running.stop()
    assert order == ["started", "started", "joined", "joined", "closed"]
