"""What every documents adapter promises of reading a whole container and of loading one."""

from __future__ import annotations

import time
from typing import Any

import pytest

from shared.documents.port import MAX_LOADED, Contains, Create, Delete, Json
from shared.errors import Invalid
from tests.contracts.documents_fixtures import DATABASE, CosmosPeer, DocumentStore
from tests.contracts.records import read, record, write


def scanned(
    store: DocumentStore, *, container: str = "records", limit: int = 1000
) -> list[tuple[Json, float | None]]:
    """What a scan gives of the two tenants of a test, in its order, whoever else is there."""
    found: list[tuple[Json, float | None]] = []
    continuation: str | None = None
    while True:
        page = store.documents.scan(container, limit=limit, continuation=continuation)
        assert len(page.items) <= limit
        found += [(item.body, item.expires_at) for item in page.items]
        continuation = page.continuation
        if continuation is None:
            return [each for each in found if each[0]["tenant_id"][1:] == store.tenant[1:]]


def other(store: DocumentStore, identity: str) -> None:
    """A document of the other tenant."""
    body = {"id": identity, "tenant_id": store.other_tenant, "record_id": "r1"}
    store.documents.commit("records", (store.other_tenant, "r1"), [Create(body)])


@pytest.mark.parametrize("limit", [1, 5, 100])
def test_a_scan_gives_every_document_of_every_tenant_once(store: DocumentStore, limit: int) -> None:
    """Page by page to the end, whatever the limit: each body whole, none twice."""
    for number in range(9):
        write(store, f"d{number}", record=f"r{number % 4}", at=f"{number}", profile={"x": [None]})
    for number in range(2):
        other(store, f"o{number}")

    bodies = [body for body, _ in scanned(store, limit=limit)]

    assert sorted(body["id"] for body in bodies) == [
        *(f"d{number}" for number in range(9)), "o0", "o1",
    ]  # fmt: skip
    whole = {"at": "3", "id": "d3", "profile": {"x": [None]}, "record_id": "r3"}
    assert whole | {"tenant_id": store.tenant} in bodies


def test_a_scan_goes_on_while_documents_come_and_go(store: DocumentStore) -> None:
    """What is there all along comes once, though others are written and removed between pages,
    the last one that was read among them."""
    for number in range(8):
        write(store, f"k{number}", record=f"r{number}")
        write(store, f"x{number}", record=f"r{number}")
    seen: list[str] = []
    continuation: str | None = None
    for turn in range(1000):
        page = store.documents.scan("records", limit=3, continuation=continuation)
        ours = [item.body for item in page.items if item.body["tenant_id"] == store.tenant]
        seen += [body["id"] for body in ours]
        for body in ours:
            if body["id"].startswith("x"):
                at = (store.tenant, body["record_id"])
                store.documents.commit("records", at, [Delete(body["id"])])
        write(store, f"n{turn}", record=f"r{turn % 8}")
        continuation = page.continuation
        if continuation is None:
            break
    kept = [identity for identity in seen if identity.startswith("k")]
    assert sorted(kept) == [f"k{number}" for number in range(8)]
    assert len(seen) == len(set(seen))


def test_a_scan_says_when_documents_expire(store: DocumentStore) -> None:
    """By their own ttl or the container's default; never where neither says so."""
    now = time.time()
    write(store, "own", ttl=500)
    write(store, "never", ttl=-1)
    write(store, "none")
    notice = {"tenant_id": store.tenant, "audience": "a"}
    store.documents.commit("notices", (store.tenant, "a"), [Create({"id": "default"} | notice)])
    ledger = {"id": "l", "tenant_id": store.tenant, "ttl": 5}
    store.documents.commit("ledgers", (store.tenant,), [Create(ledger)])

    found = {body["id"]: at for name in ("records", "notices", "ledgers")
             for body, at in scanned(store, container=name)}  # fmt: skip

    assert {name for name, at in found.items() if at is None} == {"never", "none", "l"}
    own, default = found["own"], found["default"]
    assert own is not None
    assert default is not None
    assert 0 <= own - (now + 500) + 20 <= 3620  # its clock may be ahead
    assert 0 <= default - (now + 60) + 20 <= 3620


def test_what_has_expired_is_not_scanned(store: DocumentStore) -> None:
    """A document past its time is no part of a scan."""
    if store.advance is None:
        pytest.skip("nobody moves this store's clock")
    write(store, "short", ttl=10)
    write(store, "long", ttl=10_000)
    store.advance(11)
    assert [body["id"] for body, _ in scanned(store)] == ["long"]
    store.advance(-11)


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_scan_of_another_length_is_invalid(store: DocumentStore, limit: int) -> None:
    """A page has 1 to 1,000 documents."""
    with pytest.raises(Invalid):
        store.documents.scan("records", limit=limit)


def test_a_scan_goes_on_in_its_container_alone(store: DocumentStore) -> None:
    """Neither another container's continuation, nor a query's, nor made-up text leads anywhere."""
    for number in range(3):
        write(store, f"d{number}", record=f"r{number}")
    page = store.documents.scan("records", limit=1)
    queried = store.documents.query("records", (store.tenant,), limit=1)
    assert page.continuation
    for container, text in (
        ("notices", page.continuation), ("records", str(queried.continuation)), ("records", "x"),
        ("records", page.continuation[:-4]),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            store.documents.scan(container, limit=1, continuation=text)
    with pytest.raises(ValueError, match="not a container"):
        store.documents.scan("nowhere")


def _loaded(store: DocumentStore, *identities: str, **fields: Any) -> list[Json]:
    return [
        record(store, identity, **fields) | {"record_id": f"r{at % 3}"}
        for at, identity in enumerate(identities)
    ]


def test_loading_writes_documents_of_many_partitions(store: DocumentStore) -> None:
    """They are there afterwards, found by their arrays as well, and what was there before is
    written over."""
    bodies = _loaded(store, *(f"d{number}" for number in range(250)), tags=["red"])
    assert store.documents.load("records", bodies, overwrite=True) == 250
    assert store.documents.load("records", bodies[:9], overwrite=True) == 9
    anew = [bodies[0] | {"tags": ["blue"]}]
    assert store.documents.load("records", anew, overwrite=True) == 1

    assert sorted(body["id"] for body, _ in scanned(store)) == sorted(b["id"] for b in bodies)
    found = store.documents.query(
        "records", (store.tenant, "r0"), where=[Contains("tags", "blue")], limit=5
    )
    assert [item.body for item in found.items] == anew


def test_loading_without_overwriting_leaves_what_is_there(store: DocumentStore) -> None:
    """Only what is not there is written, in a partition that has some of them as in others; and
    only that is counted."""
    write(store, "there", kept="as it was")
    bodies = [record(store, identity, kept="from elsewhere") for identity in ("a", "there", "b")]
    far = record(store, "far") | {"record_id": "r2"}

    assert store.documents.load("records", [*bodies, far], overwrite=False) == 3
    assert store.documents.load("records", [*bodies, far], overwrite=False) == 0
    assert store.documents.load("records", [], overwrite=False) == 0

    assert read(store, "there").body["kept"] == "as it was"
    assert read(store, "a").body["kept"] == read(store, "b").body["kept"] == "from elsewhere"


def test_only_documents_are_loaded(store: DocumentStore) -> None:
    """What no commit takes, or has no partition, is refused and nothing is written; so are too
    many at once."""
    good = record(store, "good")
    with pytest.raises(Invalid):
        store.documents.load("records", [good, record(store, "a/b")], overwrite=True)
    with pytest.raises(ValueError, match="no partition"):
        store.documents.load("records", [good, {"id": "x", "tenant_id": "t"}], overwrite=True)
    with pytest.raises(Invalid):
        store.documents.load("records", [good] * (MAX_LOADED + 1), overwrite=True)
    assert scanned(store) == [] or store.name.startswith("cosmos")


@pytest.mark.parametrize("most", [2, 10_000])
def test_a_scan_survives_a_split(cosmos_peer: CosmosPeer, peer_documents: Any, most: int) -> None:
    """A range that splits in the middle of a scan is read on as what it has become: a
    continuation from before holds, and nothing repeats or is passed by."""
    from tests.contracts.documents_fixtures import as_store

    store = as_store("cosmos-peer", peer_documents, None)
    for number in range(30):
        write(store, f"d{number:02}", record=f"r{number}")
    cosmos_peer.control("pages", {"most": most})
    seen: list[str] = []
    continuation: str | None = None
    pages = 0
    while True:
        page = peer_documents.scan("records", limit=7, continuation=continuation)
        seen += [i.body["id"] for i in page.items if i.body["tenant_id"] == store.tenant]
        pages += 1
        continuation = page.continuation
        if pages == 1:
            where = {"database": DATABASE, "container": "records", "tenant": store.tenant}
            cosmos_peer.control("split", where)
        if continuation is None:
            break
    cosmos_peer.control("pages", {"most": 10_000})
    assert sorted(seen) == [f"d{number:02}" for number in range(30)]
