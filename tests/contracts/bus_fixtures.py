"""The bus under test, once per adapter, with the receiving side that production leaves to hosts.

``WAYMARK_TEST_SERVICE_BUS`` (a connection string) adds a real namespace, or Microsoft's
emulator. It must hold the entities of ``bus_receiving.TOPOLOGY``, and nothing else may use
them: they are emptied before each test. Tests that move the broker's clock are skipped
there; those that break its connections always run on the peer.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.bus_pair import Pair, PeerPair
from tests.contracts.bus_receiving import (
    TOPOLOGY,
    MovableClock,
    ServiceBusReceiving,
    SqliteReceiving,
)
from tests.peers.service_bus_process import Peer


@pytest.fixture(scope="session")
def _peer_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeerPair]:
    if importlib.util.find_spec("proton") is None:
        sentence = "pip install python-qpid-proton to run the Service Bus tests"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    from shared.bus.service_bus import ServiceBus

    peer = Peer(tmp_path_factory.mktemp("service_bus"), TOPOLOGY)
    bus = ServiceBus.from_connection_string(peer.connection_string, TOPOLOGY)
    receiving = ServiceBusReceiving(peer.connection_string, peer)
    yield PeerPair(bus, receiving, peer=peer)
    receiving.close()
    bus.close()
    peer.close()


@pytest.fixture
def peer_pair(_peer_pair: PeerPair) -> Iterator[PeerPair]:
    """The Service Bus adapter on the AMQP peer: one bus for the whole run, as in production.

    The peer forgets all messages after each test, and hangs up on receivers that have some.
    """
    receiving = _peer_pair.receiving
    yield PeerPair(_peer_pair.bus, receiving, peer=_peer_pair.peer)
    receiving.forget(_peer_pair.peer.ask("reset")["hung up"])


@pytest.fixture
def sqlite_pair(tmp_path: Path) -> Iterator[Pair]:
    """The SQLite adapter on a file of its own."""
    from shared.bus.sqlite import SqliteBus

    clock = MovableClock()
    bus = SqliteBus(tmp_path / "bus.db", TOPOLOGY, clock)
    yield Pair(bus, SqliteReceiving(bus, clock))
    bus.close()


@pytest.fixture
def namespace_pair() -> Iterator[Pair]:
    """The Service Bus adapter on the namespace that the environment names."""
    from shared.bus.service_bus import ServiceBus

    connection_string = os.environ["WAYMARK_TEST_SERVICE_BUS"]
    receiving = ServiceBusReceiving(connection_string, None)
    receiving.empty()
    bus = ServiceBus.from_connection_string(connection_string, TOPOLOGY)
    yield Pair(bus, receiving)
    receiving.close()
    bus.close()


_PAIRS = ["sqlite_pair", "peer_pair"]
if "WAYMARK_TEST_SERVICE_BUS" in os.environ:
    _PAIRS.append("namespace_pair")


@pytest.fixture(params=_PAIRS)
def pair(request: pytest.FixtureRequest) -> Pair:
    """The bus under test: each adapter in turn."""
    found: Pair = request.getfixturevalue(request.param)
    return found
