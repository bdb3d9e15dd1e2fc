"""Fixtures of the contract suites: each store once a session, tenants new for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import cast
from uuid import uuid4

import pytest

from shared.blobs.azure import AzureBlobs
from shared.documents.cosmos import CosmosDocuments
from tests.contracts import blobs_fixtures
from tests.contracts.blobs_fixtures import (
    BlobStore,
    account_store,
    connection_string,
    files_store,
)
from tests.contracts.documents_fixtures import (
    BEYOND_COSMOSDB_SERVER,
    DATABASE,
    KEY,
    SERVICE,
    STORES,
    TOPOLOGY,
    CosmosPeer,
    DocumentStore,
    as_store,
    create_containers,
    running_peer,
    sqlite_store,
)
from tests.contracts.scanning_fixtures import (
    SCANNERS,
    Scanning,
    clamd_scanning,
    defender_scanning,
)
from tests.peers.clamd import RunningClamd, running_clamd
from tests.peers.loopback import free_port
from tests.peers.node import running_azurite, running_cosmosdb_server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what one server is known to do wrong, by name and with the reason."""
    for item in items:
        if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
            continue
        reason = BEYOND_COSMOSDB_SERVER.get(item.originalname)
        if reason and item.callspec.params.get("store") == "cosmosdb-server":
            item.add_marker(pytest.mark.xfail(reason=reason, run=False))


@pytest.fixture(scope="session")
def cosmos_peer() -> Iterator[CosmosPeer]:
    """The peer that speaks Cosmos DB's protocol."""
    with running_peer() as peer:
        yield peer


@pytest.fixture(scope="session")
def peer_documents(cosmos_peer: CosmosPeer) -> Iterator[CosmosDocuments]:
    """The Cosmos adapter on the peer."""
    documents = cosmos_peer.open()
    yield documents
    documents.close()


@pytest.fixture(scope="session")
def server_documents() -> Iterator[CosmosDocuments]:
    """The Cosmos adapter on ``@vercel/cosmosdb-server``."""
    with running_cosmosdb_server() as port:
        connection_string = f"AccountEndpoint=http://127.0.0.1:{port}/;AccountKey={KEY};"
        create_containers(connection_string, DATABASE, endpoint_discovery=False)
        documents = CosmosDocuments.from_connection_string(
            connection_string, DATABASE, TOPOLOGY, endpoint_discovery=False
        )
        yield documents
        documents.close()


@pytest.fixture(scope="session")
def service_documents() -> Iterator[CosmosDocuments]:
    """The Cosmos adapter on the account that the environment names, in a new database."""
    from azure.cosmos import CosmosClient

    connection_string, database = os.environ[SERVICE], f"contract-{uuid4().hex}"
    create_containers(connection_string, database)
    documents = CosmosDocuments.from_connection_string(connection_string, database, TOPOLOGY)
    yield documents
    documents.close()
    CosmosClient.from_connection_string(connection_string).delete_database(database)


@pytest.fixture(params=STORES)
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DocumentStore]:
    """Each store in turn, with tenants that no other test has."""
    name = request.param
    if name == "sqlite":
        with sqlite_store(tmp_path_factory.mktemp("sqlite")) as (documents, advance):
            yield as_store(name, documents, advance)
    elif name == "cosmos-peer":
        peer: CosmosPeer = request.getfixturevalue("cosmos_peer")
        peer.faults()
        documents = request.getfixturevalue("peer_documents")
        yield as_store(name, documents, lambda s: peer.control("clock", {"seconds": s}))
    else:
        fixture = {"cosmosdb-server": "server_documents", "cosmos-service": "service_documents"}
        yield as_store(name, request.getfixturevalue(fixture[name]), None)


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """Azurite; gives the connection string."""
    with running_azurite() as port:
        yield connection_string(port)


@pytest.fixture(params=blobs_fixtures.STORES)
def blob_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BlobStore]:
    """Each blob store in turn, with a container that no other test has."""
    if request.param == "files":
        yield files_store(tmp_path_factory.mktemp("blobs"))
        return
    if request.param == "azurite":
        account: str = request.getfixturevalue("azurite")
    else:
        account = os.environ[blobs_fixtures.SERVICE]
    made = account_store(request.param, account)
    yield made
    cast(AzureBlobs, made.blobs).close()


@pytest.fixture(scope="session")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClamd]:
    """A clamd with the tests' own signatures."""
    with running_clamd(tmp_path_factory.mktemp("clamd")) as running:
        yield running


@pytest.fixture(params=SCANNERS)
def scanning(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scanning]:
    """Each scanner in turn, on files that no other test has."""
    scanner, _, way = request.param.partition("-")
    away = AzureBlobs.from_connection_string(connection_string(free_port()))
    if way == "azurite":
        store = account_store(way, request.getfixturevalue("azurite"))
        yield defender_scanning(store, away)
        cast(AzureBlobs, store.blobs).close()
    elif scanner == "defender":
        yield defender_scanning(files_store(tmp_path_factory.mktemp("blobs")), away)
    else:
        running: RunningClamd = request.getfixturevalue("clamd")
        store = files_store(tmp_path_factory.mktemp("blobs"))
        yield clamd_scanning(running.urls[way], store)
