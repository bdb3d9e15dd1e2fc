"""What goes wrong between a process and Service Bus, and what the adapter makes of it."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from shared.bus.port import Message
from shared.bus.service_bus import ServiceBus
from shared.errors import Missing, Throttled, TooLarge, Unavailable
from shared.topology import Queue, Topology, load
from tests.contracts.bus_pair import PeerPair
from tests.contracts.bus_receiving import LOCK_SECONDS, TOPOLOGY

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from azure.servicebus import ServiceBusClient

pytest_plugins = ["tests.contracts.bus_fixtures"]


@pytest.fixture
def impatient(peer_pair: PeerPair) -> Iterator[ServiceBus]:
    """A bus of two attempts that waits three seconds for an answer, one for each attempt's."""
    bus = ServiceBus(
        _client(peer_pair.peer.connection_string, retries=1), TOPOLOGY, patience=3, silence=0
    )
    yield bus
    bus.close()


def _client(connection_string: str, *, retries: int) -> ServiceBusClient:
    from azure.servicebus import ServiceBusClient

    return ServiceBusClient.from_connection_string(
        connection_string, retry_total=retries, retry_backoff_factor=0.05, try_timeout=1
    )


def test_a_busy_broker_is_asked_again(peer_pair: PeerPair) -> None:
    """Two refusals as busy go unnoticed: the third attempt gets through, once."""
    peer_pair.peer.ask("throttle", sends=2)
    peer_pair.send(1)
    assert peer_pair.drain("plain", 1) == [b"body 1"]


def test_a_broker_that_stays_busy_is_throttling(peer_pair: PeerPair) -> None:
    """After three attempts the caller hears when to come back, and nothing was sent."""
    peer_pair.peer.ask("throttle", sends=3)
    with pytest.raises(Throttled) as caught:
        peer_pair.send(1)
    assert caught.value.retry_after > 0
    assert peer_pair.drain("plain", 0) == []
    peer_pair.send(1)
    assert peer_pair.drain("plain", 1) == [b"body 1"]


def test_a_full_entity_is_throttling_at_once(peer_pair: PeerPair) -> None:
    """A queue over its quota is not asked again: one refusal reaches the caller."""
    peer_pair.peer.ask("fill", sends=1)
    with pytest.raises(Throttled):
        peer_pair.send(1)
    peer_pair.send(1)
    assert peer_pair.drain("plain", 1) == [b"body 1"]


def test_a_connection_lost_before_the_send_was_taken(peer_pair: PeerPair) -> None:
    """The messages are sent again over a new connection, all of them, in order."""
    peer_pair.peer.ask("drop before", sends=1)
    peer_pair.send(1, 2, 3)
    assert peer_pair.drain("plain", 3) == [b"body 1", b"body 2", b"body 3"]


def test_a_connection_lost_after_the_send_was_taken(peer_pair: PeerPair) -> None:
    """The send that is repeated in doubt is dropped as a duplicate: each arrives once."""
    peer_pair.peer.ask("drop after", sends=1)
    peer_pair.send(1, 2, 3)
    assert peer_pair.drain("plain", 3) == [b"body 1", b"body 2", b"body 3"]


def test_a_connection_lost_while_idle(peer_pair: PeerPair) -> None:
    """A sender whose connection broke between two calls is opened anew."""
    peer_pair.send(1)
    assert peer_pair.drain("plain", 1) == [b"body 1"]
    peer_pair.peer.ask("hang up")
    peer_pair.send(2)
    assert peer_pair.drain("plain", 1) == [b"body 2"]


def test_a_broker_that_keeps_hanging_up_is_unavailable(
    peer_pair: PeerPair, impatient: ServiceBus
) -> None:
    """Attempts are bounded; publishing again later gets through and doubles nothing."""
    peer_pair.peer.ask("drop after", sends=2)
    with pytest.raises(Unavailable):
        impatient.publish([peer_pair.message(1)])
    impatient.publish([peer_pair.message(1)])
    assert peer_pair.drain("plain", 1) == [b"body 1"]


def test_a_broker_that_does_not_answer_is_unavailable(
    peer_pair: PeerPair, impatient: ServiceBus
) -> None:
    """A send without an answer ends in time, and the next one is not held up by it."""
    peer_pair.peer.ask("ignore", sends=2)
    with pytest.raises(Unavailable):
        impatient.publish([peer_pair.message(1)])
    impatient.publish([peer_pair.message(1)])
    assert peer_pair.drain("plain", 1) == [b"body 1"]


def test_an_answer_the_sdk_cannot_read_is_unavailable(peer_pair: PeerPair) -> None:
    """A rejection without details, for which the SDK alone would wait for ever, ends the call."""
    client = _client(peer_pair.peer.connection_string, retries=0)
    bus = ServiceBus(client, TOPOLOGY, patience=1, silence=0)
    peer_pair.peer.ask("refuse bluntly", sends=1)
    with pytest.raises(Unavailable):
        bus.publish([peer_pair.message(1)])
    bus.publish([peer_pair.message(1)])
    bus.close()
    assert peer_pair.drain("plain", 1) == [b"body 1"]


def test_an_unreachable_broker_is_unavailable() -> None:
    """Where nobody listens, senders and operators are told so, and closing works."""
    nowhere = "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=x;SharedAccessKey=y;"
    bus = ServiceBus(_client(nowhere + "UseDevelopmentEmulator=true;", retries=0), TOPOLOGY)
    with pytest.raises(Unavailable):
        bus.publish([Message("plain", "m1", b"", "good.v1")])
    with pytest.raises(Unavailable):
        bus.dead_letters("plain")
    bus.close()


def test_threads_ride_out_lost_connections(peer_pair: PeerPair) -> None:
    """Connections that break under eight publishing threads lose and double nothing."""
    for fault in ("drop after", "throttle", "drop before"):
        peer_pair.peer.ask("take", sends=8)
        peer_pair.peer.ask(fault, sends=1)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(peer_pair.send, range(40)))
    got = Counter(peer_pair.drain("plain", 40))
    assert got == Counter(f"body {number}".encode() for number in range(40))


def test_what_the_namespace_lacks_is_missing(peer_pair: PeerPair) -> None:
    """A queue of the topology that was never deployed is missing, for sender and operator."""
    ghost = Queue(lock_seconds=30, max_delivery=3, duplicate_detection_seconds=60)
    topology = Topology.model_construct(
        **{**dict(TOPOLOGY), "queues": {**TOPOLOGY.queues, "ghost": ghost}}
    )
    bus = ServiceBus(_client(peer_pair.peer.connection_string, retries=0), topology)
    with pytest.raises(Missing):
        bus.publish([peer_pair.message(1, "ghost")])
    with pytest.raises(Missing):
        bus.dead_letters("ghost")
    bus.close()


def test_a_message_the_link_does_not_take_is_too_large(peer_pair: PeerPair) -> None:
    """Properties count too: a body within the limit may still make too large a message."""
    with pytest.raises(TooLarge):
        peer_pair.send(1, body=b"x" * 190_000, properties={"much": "y" * 100_000})
    peer_pair.send(2)
    assert peer_pair.drain("plain", 1) == [b"body 2"]


def test_a_closed_bus_takes_nothing(peer_pair: PeerPair) -> None:
    """Publishing after close fails instead of opening connections that nobody closes."""
    bus = ServiceBus.from_connection_string(peer_pair.peer.connection_string, TOPOLOGY)
    bus.publish([peer_pair.message(1)])
    bus.close()
    with pytest.raises(Unavailable):
        bus.publish([peer_pair.message(2)])
    assert peer_pair.drain("plain", 1) == [b"body 1"]


def test_a_redrive_that_cannot_send_leaves_the_dead_letter(peer_pair: PeerPair) -> None:
    """When the queue does not take the copy, the dead letter stays and is free at once."""
    peer_pair.send(1, 2)
    numbers = [peer_pair.bury("plain").sequence_number for _ in range(2)]
    peer_pair.peer.ask("fill", sends=1)
    with pytest.raises(Throttled):
        peer_pair.bus.redrive("plain", numbers)
    assert peer_pair.bus.redrive("plain", numbers) == 2
    assert peer_pair.drain("plain", 2) == [b"body 1", b"body 2"]


def test_every_subscription_hears_a_redriven_message(peer_pair: PeerPair) -> None:
    """On Service Bus a subscription's dead letter returns by its topic, to all who listen."""
    peer_pair.send(1, destination="news")
    number = peer_pair.bury("news/good").sequence_number
    assert peer_pair.bus.redrive("news/good", [number]) == 1
    assert peer_pair.peer.active("news/Subscriptions/good") == 1
    assert peer_pair.peer.active("news/Subscriptions/all") == 2


def test_a_lock_the_broker_ends_early_redelivers(peer_pair: PeerPair) -> None:
    """A lock may be lost before its time, as when the broker moves; the message comes again."""
    peer_pair.send(1)
    peer_pair.take("plain")
    peer_pair.peer.ask("expire locks", entity="plain")
    assert peer_pair.take("plain").delivery_count == 2


def test_a_deferred_message_waits_for_its_number(peer_pair: PeerPair) -> None:
    """A deferred message is not delivered again, and is there for who knows its number."""
    peer_pair.send(1)
    receiver, raw = (received := peer_pair.take("plain")).handle
    receiver.defer_message(raw)
    peer_pair.receiving.jump(LOCK_SECONDS + 1)
    assert peer_pair.receiving.receive("plain") is None
    (again,) = receiver.receive_deferred_messages(received.sequence_number)
    assert b"".join(again.body) == b"body 1"
    receiver.complete_message(again)
    assert peer_pair.peer.ask("count", entity="plain")["deferred"] == 0


def test_a_silent_broker_holds_nobody_up() -> None:
    """A broker that takes the connection and says nothing ends a send, and those behind it."""
    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take() -> None:
            with suppress(OSError):  # the listener was closed
                while True:
                    connections.append(listener.accept()[0])

        threading.Thread(target=take, daemon=True).start()
        port = listener.getsockname()[1]
        connection_string = (
            f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=x;SharedAccessKey=y;"
            "UseDevelopmentEmulator=true;"
        )
        client = _client(connection_string, retries=0)
        bus = ServiceBus(client, TOPOLOGY, patience=2, silence=600)
        message = Message("plain", "m", b"{}", "tests.happened")
        with ThreadPoolExecutor(3) as threads:
            sends = [threads.submit(bus.publish, [message]) for _ in range(3)]
            for send in sends:
                with pytest.raises(Unavailable):
                    send.result(60)
        tried = len(connections)
        with pytest.raises(Unavailable, match="a moment ago"):
            bus.publish([message])
        assert len(connections) == tried
        for connection in connections:
            connection.close()


@pytest.mark.parametrize("store", ["documents", "blobs"])
def test_an_identity_without_a_token_is_an_outage(store: str) -> None:
    """When no token is to be had, stores are unavailable: the work waits instead of failing."""
    from shared.blobs.azure import AzureBlobs
    from shared.documents.cosmos import CosmosDocuments

    class NoIdentity:
        """A credential whose token service is away."""

        def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
            """Never gives one."""
            from azure.core.exceptions import ClientAuthenticationError

            raise ClientAuthenticationError("the token service is away")

    blobs = AzureBlobs("https://127.0.0.1:1/account", NoIdentity())
    documents = CosmosDocuments(
        "https://127.0.0.1:1/", NoIdentity(), "waymark", load(), endpoint_discovery=False
    )
    reads: dict[str, Callable[[], object]] = {
        "blobs": lambda: blobs.info("resumes", "a"),
        "documents": lambda: documents.get("tenants", ("demo",), "tenant"),
    }
    with pytest.raises(Unavailable):
        reads[store]()
