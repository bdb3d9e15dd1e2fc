"""The stores that the documents contract runs over, each with the same containers."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import requests

from shared.documents.cosmos import CosmosDocuments
from shared.documents.cosmos_query import composite_indexes, vector_policies
from shared.documents.port import Documents
from shared.topology import Container, Kept, Topology, Vector
from tests.peers.loopback import ROOT, free_port, running

if TYPE_CHECKING:
    from azure.cosmos import CosmosClient

DATABASE = "waymark"
KEY = "bm90IGEgc2VjcmV0"
SERVICE = "WAYMARK_TEST_COSMOS"
STORES = [
    "sqlite",
    "cosmos-peer",
    "cosmosdb-server",
    *(["cosmos-service"] if SERVICE in os.environ else []),
]

_NO_PATCH = "@vercel/cosmosdb-server knows no patch in a batch"
_NO_KEY = "@vercel/cosmosdb-server wants a key of its own for replace and delete in a batch"
_NO_404 = "@vercel/cosmosdb-server answers 500 for a document that is not there"
_NO_EQUALS = "@vercel/cosmosdb-server takes an equality beside the key for a missing key"
_NO_WAY_BACK = "@vercel/cosmosdb-server serves no composite index backwards, or with a tie's fields"
_NO_NESTING = "@vercel/cosmosdb-server hangs on the nested conditions of a continuation"
_NO_VECTORS = "@vercel/cosmosdb-server knows no VectorDistance"
_NO_SWEEP = "@vercel/cosmosdb-server wants the header of a cross-partition query"
_NO_BATCH = "@vercel/cosmosdb-server keeps what a refused batch had done"
BEYOND_COSMOSDB_SERVER = {
    "test_a_found_document_is_whole": _NO_EQUALS,
    "test_equality_is_of_type_and_value": _NO_EQUALS,
    "test_a_whole_number_equals_its_double": _NO_EQUALS,
    "test_all_filters_hold": _NO_EQUALS,
    "test_a_value_is_never_a_part_of_the_query": _NO_EQUALS,
    "test_a_tenant_sees_its_own_documents_alone": _NO_EQUALS,
    "test_text_is_ordered_by_code_point": _NO_WAY_BACK,
    "test_numbers_are_ordered_by_size": _NO_WAY_BACK,
    "test_ties_go_by_id_and_then_by_partition": _NO_WAY_BACK,
    "test_pages_hold_every_document_once": _NO_NESTING,
    "test_pages_stay_right_while_documents_come_and_go": _NO_NESTING,
    "test_a_page_goes_on_after_a_document_that_is_gone": _NO_NESTING,
    "test_a_continuation_of_another_query_is_invalid": _NO_NESTING,
    "test_the_longest_continuation_is_short_enough_for_a_url": _NO_NESTING,
    "test_a_tampered_continuation_is_invalid": _NO_NESTING,
    "test_a_sweep_sees_all_tenants": _NO_SWEEP,
    "test_a_document_that_was_never_written_is_none": _NO_404,
    "test_a_commit_takes_a_hundred_operations_and_no_more": _NO_404,
    "test_a_commit_takes_two_megabytes_and_no_more": _NO_404,
    "test_all_operations_of_a_commit_happen": _NO_PATCH,
    "test_a_refused_operation_undoes_the_whole_commit": _NO_PATCH,
    "test_a_commit_of_one_operation_is_refused_alike": _NO_PATCH,
    "test_a_patch_sets_and_counts_inside_documents": _NO_PATCH,
    "test_a_patch_without_a_place_is_a_mistake": _NO_PATCH,
    "test_every_write_changes_the_etag": _NO_KEY,
    "test_a_deleted_id_can_be_created_again": _NO_KEY,
    "test_threads_that_count_with_etags_lose_nothing": _NO_KEY,
    "test_the_nearest_come_first_with_their_cosine": _NO_VECTORS,
    "test_it_is_of_a_tenant_or_a_partition": _NO_VECTORS,
    "test_filters_hold_before_the_limit": _NO_VECTORS,
    "test_it_follows_every_change": _NO_VECTORS,
    "test_a_patched_vector_is_found_anew": _NO_VECTORS,
    "test_a_refused_commit_changes_no_vector": _NO_VECTORS,
    "test_it_is_what_looking_at_every_vector_finds": _NO_VECTORS,
    "test_a_document_with_another_vector_is_refused": _NO_404,
    "test_a_scan_gives_every_document_of_every_tenant_once": _NO_NESTING,
    "test_a_scan_goes_on_while_documents_come_and_go": _NO_NESTING,
    "test_a_scan_goes_on_in_its_container_alone": _NO_NESTING,
    "test_a_scan_says_when_documents_expire": _NO_SWEEP,
    "test_loading_writes_documents_of_many_partitions": _NO_SWEEP,
    "test_loading_without_overwriting_leaves_what_is_there": _NO_BATCH,
    "test_only_documents_are_loaded": _NO_SWEEP,
}

KEPT = Kept(kept="holds what the tests wrote")
TOPOLOGY = Topology(
    containers={
        "records": Container(
            owner="tests",
            partition_key=("tenant_id", "record_id"),
            default_ttl_seconds=-1,
            ordered_by=("at", "profile.score"),
            array_fields=("tags",),
            erasure=KEPT,
        ),
        "places": Container(
            owner="tests",
            partition_key=("tenant_id", "region"),
            default_ttl_seconds=-1,
            array_fields=("tags",),
            vector=Vector(path="embedding", dimensions=4),
            erasure=KEPT,
        ),
        "notices": Container(
            owner="tests",
            partition_key=("tenant_id", "audience"),
            default_ttl_seconds=60,
            ordered_by=("at",),
            erasure=KEPT,
        ),
        "ledgers": Container(
            owner="tests", partition_key=("tenant_id",), ordered_by=("at",), erasure=KEPT
        ),
    },
    queues={},
    topics={},
    events={},
    blob_containers={},
    storage_queues={},
)


@dataclass(frozen=True)
class DocumentStore:
    """A store under test. ``tenant`` and ``other_tenant`` are nobody else's.

    ``advance`` moves its clock by seconds; None where nobody can.
    """

    name: str
    documents: Documents
    tenant: str
    other_tenant: str
    advance: Callable[[float], None] | None


class CosmosPeer:
    """The peer process: where it is, and its control route."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}/"
        self.connection_string = f"AccountEndpoint={self.endpoint};AccountKey={KEY};"

    def control(self, what: str, body: Any) -> None:
        """Make trouble, or end it: see ``tests/peers/cosmos.py``."""
        requests.post(f"{self.endpoint}_peer/{what}", json=body, timeout=10).raise_for_status()

    def faults(self, *faults: dict[str, Any]) -> None:
        """Set the faults of the next requests and start counting anew."""
        self.control("faults", list(faults))

    def counts(self) -> dict[str, int]:
        """How many batches came in and how many were applied since ``faults``."""
        found: dict[str, int] = requests.get(f"{self.endpoint}_peer/counts", timeout=10).json()
        return found

    def open(self, *, read_timeout: float = 20.0) -> CosmosDocuments:
        """A new adapter with connections of its own."""
        return CosmosDocuments.from_connection_string(
            self.connection_string, DATABASE, TOPOLOGY, read_timeout=read_timeout
        )


@contextmanager
def running_peer() -> Iterator[CosmosPeer]:
    """The peer as a process, its containers made."""
    port = free_port()
    with running([sys.executable, str(ROOT / "tests/peers/cosmos.py"), str(port)], port):
        peer = CosmosPeer(port)
        create_containers(peer.connection_string, DATABASE)
        yield peer


def create_containers(
    connection_string: str,
    database: str,
    *,
    endpoint_discovery: bool = True,
    topology: Topology = TOPOLOGY,
) -> None:
    """Make the database and the containers of a topology where they are not there."""
    from azure.cosmos import CosmosClient

    client = CosmosClient.from_connection_string(
        connection_string, enable_endpoint_discovery=endpoint_discovery
    )
    create_containers_by(client, database, topology)
    client.close()


def create_containers_by(
    client: CosmosClient, database: str, topology: Topology = TOPOLOGY
) -> None:
    """The same, on a client that is there."""
    made = client.create_database_if_not_exists(database)
    for name, declared in topology.containers.items():
        # A field of the SDK's key object is a list for hierarchical keys, text for others.
        paths = [f"/{path}" for path in declared.partition_key]
        key: Any = {
            "paths": paths,
            "kind": "MultiHash" if len(paths) > 1 else "Hash",
            "version": 2,
        }
        indexes = [
            [{"path": "/" + path.replace(".", "/"), "order": "ascending"} for path in index]
            for index in composite_indexes(declared)
        ]
        indexing: dict[str, Any] = {"indexingMode": "consistent", "compositeIndexes": indexes}
        vectors: dict[str, Any] = {}
        if (policies := vector_policies(declared)) is not None:
            vectors["vector_embedding_policy"] = policies[0]
            indexing |= {"includedPaths": [{"path": "/*"}], **policies[1]}
        made.create_container_if_not_exists(
            name,
            partition_key=key,
            indexing_policy=indexing,
            default_ttl=declared.default_ttl_seconds,
            **vectors,
        )


@contextmanager
def sqlite_store(folder: Path) -> Iterator[tuple[Documents, Callable[[float], None]]]:
    """The embedded store in a folder of its own, with a clock that a test moves."""
    from shared.documents.sqlite import SqliteDocuments

    ahead = [0.0]

    def advance(seconds: float) -> None:
        ahead[0] += seconds

    documents = SqliteDocuments(folder / "documents.db", TOPOLOGY, lambda: time.time() + ahead[0])
    yield documents, advance
    documents.close()


def as_store(
    name: str, documents: Documents, advance: Callable[[float], None] | None
) -> DocumentStore:
    """A store with tenants of its own, so that tests can share it."""
    number = uuid4().hex
    return DocumentStore(name, documents, f"t-{number}", f"u-{number}", advance)
