"""Each store and peer is asked whether it answers: up, away, refusing, without the container."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shared.blobs.azure import AzureBlobs
from shared.blobs.files import FileBlobs
from shared.bus.service_bus import ServiceBus
from shared.bus.sqlite import SqliteBus
from shared.documents.cosmos import CosmosDocuments
from shared.documents.sqlite import SqliteDocuments
from shared.errors import Missing, Unavailable
from shared.mail.smtp import Smtp
from shared.scanning.clamd import Clamd, address_of
from shared.scanning.defender import Defender
from tests.contracts.blobs_fixtures import ACCOUNT_KEY, BlobStore, connection_string
from tests.contracts.bus_pair import Pair, PeerPair
from tests.contracts.bus_receiving import TOPOLOGY as BUS_TOPOLOGY
from tests.contracts.documents_fixtures import DATABASE, KEY, TOPOLOGY, CosmosPeer, DocumentStore
from tests.contracts.scanning_fixtures import Scanning
from tests.peers.clamd import hanging_up, misbehaving, saying_at_once
from tests.peers.loopback import free_port
from tests.peers.smtp import MailPeer, mail_server

pytest_plugins = ["tests.contracts.bus_fixtures"]
SECONDS = 2.0


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailPeer]:
    with mail_server(tmp_path) as running:
        yield running


def test_documents_answer(store: DocumentStore) -> None:
    """Asked often, and nothing is written."""
    if store.name == "cosmosdb-server":
        pytest.skip("@vercel/cosmosdb-server answers 500 for a document that is not there")
    for _ in range(3):
        store.documents.ping("records", seconds=SECONDS)
    assert store.documents.query("records", ()).items == () or store.name != "sqlite"


def test_documents_that_are_away() -> None:
    """A service that nobody answers for is away."""
    nowhere = f"AccountEndpoint=http://127.0.0.1:{free_port()}/;AccountKey={KEY};"
    documents = CosmosDocuments.from_connection_string(
        nowhere, DATABASE, TOPOLOGY, endpoint_discovery=False
    )
    with closing(documents), pytest.raises(Unavailable):
        documents.ping("records", seconds=SECONDS)


def test_documents_that_break_and_come_back(cosmos_peer: CosmosPeer) -> None:
    """A service that takes nothing is away; when that ends it answers again, on the same
    connections."""
    cosmos_peer.faults()
    with closing(cosmos_peer.open()) as documents:
        documents.ping("records", seconds=SECONDS)
        cosmos_peer.faults({"on": "read", "do": "unavailable", "times": 50})
        with pytest.raises(Unavailable):
            documents.ping("records", seconds=SECONDS)
        cosmos_peer.faults()
        documents.ping("records", seconds=SECONDS)


def test_a_container_of_documents_that_is_not_there(cosmos_peer: CosmosPeer) -> None:
    """A database that was never made is missing, and not up."""
    documents = CosmosDocuments.from_connection_string(
        cosmos_peer.connection_string, "another", TOPOLOGY, endpoint_discovery=False
    )
    with closing(documents), pytest.raises(Missing):
        documents.ping("records", seconds=SECONDS)


def test_embedded_stores_whose_file_is_gone(tmp_path: Path) -> None:
    """A folder that was removed under a running process is told, though open files live on."""
    documents = SqliteDocuments(tmp_path / "documents.db", TOPOLOGY, time.time)
    bus = SqliteBus(tmp_path / "bus.db", BUS_TOPOLOGY, time.time)
    blobs = FileBlobs(tmp_path / "blobs", link_base="http://x", link_key=b"k")
    documents.ping("records", seconds=SECONDS)
    bus.ping("plain", seconds=SECONDS)
    blobs.ping("resumes", seconds=SECONDS)
    assert list((tmp_path / "blobs").rglob("*.*")) == [tmp_path / "blobs" / ".incoming"]
    for path in (tmp_path / "documents.db", tmp_path / "bus.db"):
        path.unlink()
    (tmp_path / "blobs" / ".incoming").rmdir()
    with pytest.raises(Unavailable):
        documents.ping("records", seconds=SECONDS)
    with pytest.raises(Unavailable):
        bus.ping("plain", seconds=SECONDS)
    with pytest.raises(Unavailable):
        blobs.ping("resumes", seconds=SECONDS)
    documents.close()
    bus.close()


def test_a_store_whose_file_is_damaged(tmp_path: Path) -> None:
    """A file that holds something else is told."""
    documents = SqliteDocuments(tmp_path / "documents.db", TOPOLOGY, time.time)
    documents.close()
    for path in tmp_path.iterdir():
        path.write_bytes(b"no database at all " * 1000)
    with pytest.raises(Unavailable):
        documents.ping("records", seconds=SECONDS)


def test_blobs_answer(blob_store: BlobStore) -> None:
    """Of a container that is there; asking leaves nothing behind."""
    for _ in range(3):
        blob_store.blobs.ping(blob_store.container, seconds=SECONDS)
    assert list(blob_store.blobs.list(blob_store.container)) == []


def test_blobs_that_are_away_refuse_or_lack_the_container(azurite: str) -> None:
    """Nobody there, a wrong key, and a container that was never made are told apart from up."""
    began = time.monotonic()
    away = AzureBlobs.from_connection_string(connection_string(free_port()))
    other_key = "A" * 86 + "=="
    wrong_key = AzureBlobs.from_connection_string(azurite.replace(ACCOUNT_KEY, other_key))
    right = AzureBlobs.from_connection_string(azurite)
    for blobs, error in ((away, Unavailable), (wrong_key, Unavailable), (right, Missing)):
        with closing(blobs), pytest.raises(error):
            blobs.ping("nowhere", seconds=SECONDS)
    assert time.monotonic() - began < 3 * SECONDS


def test_a_bus_answers_and_gets_no_message(pair: Pair) -> None:
    """For queues and topics; nothing is sent by it."""
    for _ in range(2):
        for destination in ("plain", "news"):
            pair.bus.ping(destination, seconds=10)
    assert pair.receiving.receive("plain") is None
    with pytest.raises(Missing):
        pair.bus.ping("nowhere", seconds=SECONDS)


def test_a_bus_that_is_away_or_silent(peer_pair: PeerPair) -> None:
    """Nobody there is away, and one that says nothing is given up in time."""
    parts = urlsplit(peer_pair.peer.connection_string.partition("=")[2].partition(";")[0])
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (free_port(), silent.getsockname()[1]):
            elsewhere = peer_pair.peer.connection_string.replace(str(parts.port), str(port))
            bus = ServiceBus.from_connection_string(elsewhere, BUS_TOPOLOGY)
            began = time.monotonic()
            with pytest.raises(Unavailable):
                bus.ping("plain", seconds=SECONDS)
            assert time.monotonic() - began < SECONDS + 2
            bus.close()


def test_a_scanner_answers_or_not(scanning: Scanning) -> None:
    """One that is there answers; of Defender the store of its tags is all there is to ask."""
    scanning.scanner.ping(seconds=SECONDS)
    away = scanning.away()
    if not isinstance(away, Defender):
        with pytest.raises(Unavailable):
            away.ping(seconds=SECONDS)


@pytest.mark.parametrize("behave", [hanging_up, saying_at_once(b"OUCH\0")])
def test_a_clamd_that_answers_something_else(behave: object, tmp_path: Path) -> None:
    """Only PONG is an answer."""
    blobs = FileBlobs(tmp_path, link_base="http://x", link_key=b"k")
    with misbehaving(behave) as url, pytest.raises(Unavailable):  # type: ignore[arg-type]
        Clamd(address_of(url), blobs).ping(seconds=SECONDS)


def test_a_mail_server_answers_and_nobody_signs_in(mail: MailPeer) -> None:
    """It is greeted, and takes no mail and no password."""
    mail.needs_login = True
    Smtp(mail.url, "a@way.example", "somebody", "secret").ping(seconds=SECONDS)
    assert mail.taken == []
    assert not any(command.upper().startswith("AUTH") for command in mail.commands)


@pytest.mark.parametrize("verb", ["EHLO", "NOOP"])
def test_a_mail_server_that_refuses_is_down(mail: MailPeer, verb: str) -> None:
    """Whatever step it refuses; and when it is not there at all."""
    mail.replies[verb] = ["421 not now"] * 3
    mail.replies["HELO"] = ["421 not now"]
    with pytest.raises(Unavailable):
        Smtp(mail.url, "a@way.example").ping(seconds=SECONDS)
    with pytest.raises(Unavailable):
        Smtp(f"smtp://127.0.0.1:{free_port()}", "a@way.example").ping(seconds=SECONDS)
