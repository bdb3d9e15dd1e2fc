"""What the Cosmos adapter does when the service is busy, split, slow or gone."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.documents.cosmos import CosmosDocuments
from shared.documents.cosmos_query import composite_indexes
from shared.documents.port import Create, Json, Order, Patch, Replace
from shared.errors import Exists, Stale, Throttled, Unavailable
from shared.topology import Container, Kept
from tests.contracts.documents_fixtures import (
    DATABASE,
    TOPOLOGY,
    CosmosPeer,
    DocumentStore,
    as_store,
    create_containers_by,
)
from tests.peers.cosmos_keys import effective_key
from tests.peers.identity import SignedToken, self_signed
from tests.peers.loopback import ROOT, free_port, running


@pytest.fixture
def peer(cosmos_peer: CosmosPeer) -> Iterator[CosmosPeer]:
    """The peer, without faults before and after the test."""
    cosmos_peer.faults()
    yield cosmos_peer
    cosmos_peer.faults()
    cosmos_peer.control("pages", {"most": 10_000})


@pytest.fixture
def peer_store(peer: CosmosPeer, peer_documents: CosmosDocuments) -> DocumentStore:
    """The adapter on the peer, with a tenant of its own."""
    return as_store("cosmos-peer", peer_documents, None)


def record(store: DocumentStore, identity: str, record: str = "r1", **fields: Any) -> Json:
    """A document of the tenant."""
    return {"id": identity, "tenant_id": store.tenant, "record_id": record, **fields}


def create(store: DocumentStore, identity: str) -> None:
    """Commit one new document."""
    store.documents.commit("records", (store.tenant, "r1"), [Create(record(store, identity))])


def is_there(store: DocumentStore, identity: str) -> bool:
    """Whether the document can be read."""
    return store.documents.get("records", (store.tenant, "r1"), identity) is not None


def test_a_short_throttling_is_waited_out(peer: CosmosPeer, peer_store: DocumentStore) -> None:
    """Reads, queries and commits that are refused for a moment succeed without the caller."""
    peer.faults({"on": "write", "do": "throttle", "times": 3})
    create(peer_store, "a")
    assert peer.counts() == {"batches": 4, "applied": 1}

    peer.faults({"on": "read", "do": "throttle", "times": 3})
    assert is_there(peer_store, "a")
    peer.faults({"on": "read", "do": "throttle", "times": 3})
    assert len(peer_store.documents.query("records", (peer_store.tenant,)).items) == 1


def test_a_long_throttling_says_when_to_come_back(
    peer: CosmosPeer, peer_store: DocumentStore
) -> None:
    """After a bounded number of tries the caller hears Throttled with the store's own wait."""
    peer.faults({"on": "write", "do": "throttle", "times": 99, "retry_after_ms": 25})

    with pytest.raises(Throttled) as raised:
        create(peer_store, "a")

    assert raised.value.retry_after == 0.025
    assert peer.counts() == {"batches": 6, "applied": 0}


Ask = Callable[[DocumentStore], object]
READS: dict[str, Ask] = {
    "get": lambda store: is_there(store, "a"),
    "query": lambda store: store.documents.query("records", (store.tenant,)).items,
}


@pytest.mark.parametrize("ask", READS.values(), ids=READS)
@pytest.mark.parametrize("fault", ["throttle", "unavailable", "behind", "no_right"])
def test_a_read_that_is_refused_for_good_is_an_error(
    peer: CosmosPeer, peer_store: DocumentStore, ask: Ask, fault: str
) -> None:
    """A store that is busy, down, behind the session or closed to us is never taken for empty."""
    create(peer_store, "a")
    peer.faults({"on": "read", "do": fault, "times": 99})

    with pytest.raises(Throttled if fault == "throttle" else Unavailable):
        ask(peer_store)


@pytest.mark.parametrize("ask", READS.values(), ids=READS)
@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "truncate"])
def test_a_read_without_an_answer_is_asked_again(
    peer: CosmosPeer, peer_store: DocumentStore, ask: Ask, fault: str
) -> None:
    """A read whose connection ends once is repeated, or ends in Unavailable; never in nothing."""
    create(peer_store, "a")
    peer.faults({"on": "read", "do": fault})

    try:
        answer = ask(peer_store)
    except Unavailable:
        assert fault == "truncate"
    else:
        assert answer


@pytest.mark.parametrize(
    ("fault", "happened"),
    [
        ("drop_before", False),
        ("drop_after", True),
        ("truncate", True),
        ("gone", False),
        ("unavailable", False),
        ("no_right", False),
        ("unavailable_after", True),
    ],
)
def test_a_commit_without_an_answer_is_unavailable_and_sent_once(
    peer: CosmosPeer, peer_store: DocumentStore, fault: str, happened: bool
) -> None:
    """When the answer is lost the caller hears so, and nothing is sent a second time unseen."""
    create(peer_store, "warm")
    peer.faults({"on": "write", "do": fault})

    with pytest.raises(Unavailable):
        create(peer_store, "a")

    assert peer.counts()["applied"] == int(happened)
    assert is_there(peer_store, "a") is happened


@pytest.mark.parametrize("fault", ["drop_after", "unavailable_after", "truncate"])
def test_a_commit_is_never_refused_for_what_it_wrote_itself(
    peer: CosmosPeer, peer_store: DocumentStore, fault: str
) -> None:
    """Lost answers of creates, counts and replaces never come out as Exists or Stale."""
    partition = (peer_store.tenant, "r1")
    documents = peer_store.documents
    (etag,) = documents.commit("records", partition, [Create(record(peer_store, "a", n=1))])

    peer.faults({"on": "write", "do": fault})
    with pytest.raises(Unavailable):
        documents.commit(
            "records",
            partition,
            [
                Create(record(peer_store, "b")),
                Replace(record(peer_store, "a", n=2), etag or ""),
            ],
        )
    peer.faults({"on": "write", "do": fault})
    with pytest.raises(Unavailable):
        documents.commit("records", partition, [Patch("a", increment={"n": 1})])

    found = documents.get("records", partition, "a")
    assert found is not None
    assert found.body["n"] == 3
    with pytest.raises(Exists):
        create(peer_store, "b")
    with pytest.raises(Stale):
        documents.commit("records", partition, [Replace(found.body, etag or "")])


def test_a_slow_answer_to_a_commit_is_unavailable(
    peer: CosmosPeer, peer_store: DocumentStore
) -> None:
    """A commit that takes longer than the wait for an answer is Unavailable, not sent again."""
    documents = peer.open(read_timeout=0.5)
    documents.get("records", (peer_store.tenant, "r1"), "warm")
    peer.faults({"on": "write", "do": "delay", "seconds": 2.0})

    with pytest.raises(Unavailable):
        documents.commit("records", (peer_store.tenant, "r1"), [Create(record(peer_store, "a"))])

    documents.close()


def test_a_store_that_is_not_there_is_unavailable() -> None:
    """Nothing listens: reading and committing are Unavailable, and building the adapter is not."""
    documents = CosmosDocuments(
        f"http://127.0.0.1:{free_port()}/", "a2V5", DATABASE, TOPOLOGY, endpoint_discovery=False
    )

    with pytest.raises(Unavailable):
        documents.get("records", ("t", "r"), "a")
    with pytest.raises(Unavailable):
        documents.query("records", ("t",))


def test_a_container_that_was_never_made_is_not_an_empty_one(peer: CosmosPeer) -> None:
    """A container that topology names and the account lacks is a defect, not a missing document."""
    from azure.cosmos.exceptions import CosmosResourceNotFoundError

    forgotten = TOPOLOGY.containers["records"]
    topology = TOPOLOGY.model_copy(update={"containers": {"forgotten": forgotten}})
    documents = CosmosDocuments.from_connection_string(peer.connection_string, DATABASE, topology)

    with pytest.raises(CosmosResourceNotFoundError):
        documents.get("forgotten", ("t", "r"), "a")
    documents.close()


def test_a_token_credential_reads_and_writes(tmp_path: Path) -> None:
    """With a token instead of a key the adapter does the same over TLS."""
    from azure.cosmos import CosmosClient

    certificate, key = self_signed(tmp_path)
    port, program = free_port(), str(ROOT / "tests/peers/cosmos.py")
    endpoint, credential = f"https://127.0.0.1:{port}/", SignedToken()
    with running([sys.executable, program, str(port), str(certificate), str(key)], port):
        with CosmosClient(endpoint, credential) as client:
            create_containers_by(client, DATABASE)
        documents = CosmosDocuments(endpoint, credential, DATABASE, TOPOLOGY)
        body = {"id": "a", "tenant_id": "t", "record_id": "r"}
        documents.commit("records", ("t", "r"), [Create(body)])

        found = documents.get("records", ("t", "r"), "a")
        documents.close()

    assert found is not None
    assert found.body == body


def test_an_adapter_does_not_load_its_sdk_before_it_is_used() -> None:
    """Importing the adapters costs no SDK: a flow pays for what it asks for first."""
    program = (
        "import sys, shared.documents.cosmos, shared.blobs.azure;"
        "print([name for name in sys.modules if name.startswith('azure')])"
    )

    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert printed.stdout.strip() == "[]"


def test_a_closed_adapter_opens_again(peer: CosmosPeer, peer_store: DocumentStore) -> None:
    """After close the next use connects anew."""
    documents = peer.open()
    documents.get("records", (peer_store.tenant, "r1"), "a")
    documents.close()

    assert documents.get("records", (peer_store.tenant, "r1"), "a") is None
    documents.close()


def test_a_clock_that_jumps_moves_expiry_alone(peer: CosmosPeer, peer_store: DocumentStore) -> None:
    """When the store's clock leaps, documents with a ttl go and all others stay as they were."""
    partition = (peer_store.tenant, "r1")
    documents = peer_store.documents
    documents.commit(
        "records",
        partition,
        [Create(record(peer_store, "short", ttl=3600)), Create(record(peer_store, "kept"))],
    )
    kept = documents.get("records", partition, "kept")

    peer.control("clock", {"seconds": 86_400})
    assert documents.get("records", partition, "short") is None
    assert documents.get("records", partition, "kept") == kept
    documents.commit("records", partition, [Create(record(peer_store, "short", ttl=60))])

    peer.control("clock", {"seconds": -86_400})
    assert documents.get("records", partition, "short") is not None


def in_order(store: DocumentStore, limit: int, *, descending: bool) -> list[tuple[str, str]]:
    """Where the tenant's documents stand, page by page."""
    places: list[tuple[str, str]] = []
    continuation: str | None = None
    for _ in range(200):
        page = store.documents.query(
            "records",
            (store.tenant,),
            order=Order("at", descending=descending),
            limit=limit,
            continuation=continuation,
        )
        places += [(item.body["at"], item.body["record_id"]) for item in page.items]
        continuation = page.continuation
        if continuation is None:
            return places
    pytest.fail("the pages do not end")


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("most", [1, 4, 10_000])
def test_a_tenant_on_two_ranges_is_one_ordered_whole(
    peer: CosmosPeer, peer_store: DocumentStore, most: int, descending: bool
) -> None:
    """A tenant that lies on two physical ranges is paged in one order, nothing lost or twice."""
    expected: list[tuple[str, str]] = []
    numbers = list(range(30))
    random.Random(most).shuffle(numbers)
    for number in numbers:
        partition = (peer_store.tenant, f"r{number}")
        body = record(peer_store, "a", f"r{number}", at=f"{number // 3:02}")
        peer_store.documents.commit("records", partition, [Create(body)])
        expected.append((body["at"], body["record_id"]))
    assert in_order(peer_store, 7, descending=descending) == sorted(expected, reverse=descending)

    peer.control(
        "split", {"database": DATABASE, "container": "records", "tenant": peer_store.tenant}
    )
    peer.control("pages", {"most": most})

    boundary = effective_key([peer_store.tenant]) + "20"
    below = [effective_key([peer_store.tenant, place]) < boundary for _, place in expected]
    assert 0 < sum(below) < len(below)
    for limit in (1, 7, 30):
        ordered = in_order(peer_store, limit, descending=descending)
        assert ordered == sorted(expected, reverse=descending)


@pytest.mark.parametrize("most", [1, 4, 10_000])
def test_what_is_near_on_two_ranges_is_one_whole(
    peer: CosmosPeer, peer_store: DocumentStore, most: int
) -> None:
    """Of each range its own nearest, put together and cut once."""
    for number in range(30):
        region = f"r{number}"
        body = {"id": "a", "tenant_id": peer_store.tenant, "region": region,
                "embedding": [1.0, number / 10, 0.0, 0.0]}  # fmt: skip
        peer_store.documents.commit("places", (peer_store.tenant, region), [Create(body)])
    where = {"database": DATABASE, "container": "places", "tenant": peer_store.tenant}
    peer.control("split", where)
    peer.control("pages", {"most": most})
    for limit in (1, 7, 30):
        found = peer_store.documents.nearest(
            "places", (peer_store.tenant,), [1.0, 0.0, 0.0, 0.0], limit=limit
        )
        regions = [each.stored.body["region"] for each in found]
        assert regions == [f"r{number}" for number in range(limit)]


@pytest.mark.parametrize("whole", [True, False], ids=["partition", "tenant"])
def test_a_range_that_splits_between_two_pages_repeats_nothing(
    peer: CosmosPeer, peer_store: DocumentStore, whole: bool
) -> None:
    """When the service moves a range while a query is read, each document comes once."""
    partition = (peer_store.tenant, "r1")
    bodies = [record(peer_store, f"d{number}") for number in range(9)]
    peer_store.documents.commit("records", partition, [Create(body) for body in bodies])
    peer.control("pages", {"most": 2})
    peer.faults({"on": "read", "do": "gone", "after": 2})

    page = peer_store.documents.query("records", partition if whole else partition[:1])

    assert [item.body["id"] for item in page.items] == [f"d{number}" for number in range(9)]


def test_composite_indexes_name_what_queries_sort_by() -> None:
    """For each ordered field and for no order: the field, the id, the partition key fields."""
    container = Container(
        owner="tests",
        partition_key=("tenant_id", "x"),
        ordered_by=("at",),
        erasure=Kept(kept="of the tests"),
    )

    assert composite_indexes(container) == [
        ["id", "tenant_id", "x"],
        ["at", "id", "tenant_id", "x"],
    ]


@pytest.mark.parametrize("text", ["", "AccountEndpoint=http://127.0.0.1/", "a=b;c=d", "nonsense"])
def test_a_connection_string_of_another_form_is_refused(text: str) -> None:
    """A connection string without an endpoint and a key is told at once."""
    with pytest.raises(ValueError, match="AccountEndpoint"):
        CosmosDocuments.from_connection_string(text, DATABASE, TOPOLOGY)
