"""What every documents adapter promises of reading and committing."""

from __future__ import annotations

import threading

import pytest

from shared.documents.port import (
    Create,
    Delete,
    Json,
    Operation,
    Patch,
    Replace,
    Stored,
    Upsert,
)
from shared.errors import Exists, Invalid, Missing, OnDocument, Stale
from tests.contracts.documents_fixtures import DocumentStore
from tests.contracts.records import commit, partition, read, record

Refusal = tuple[type[OnDocument], int, str]


def test_a_created_document_is_read_as_it_was_written(store: DocumentStore) -> None:
    """A created document comes back equal, without the store's own fields, with its etag."""
    body = record(store, "a", profile={"name": "Zoë", "skills": ["a", 1, 2.5, True, None, {}]})

    (etag,) = commit(store, Create(body))

    assert read(store, "a") == Stored(body, etag or "none")


def test_a_document_that_was_never_written_is_none(store: DocumentStore) -> None:
    """Reading an id that nobody wrote gives None."""
    assert store.documents.get("records", partition(store), "nobody") is None


def test_a_document_is_in_its_partition_alone(store: DocumentStore) -> None:
    """The same id in another partition, or of another tenant, is another document."""
    commit(store, Create(record(store, "a", n=1)))
    other = {"id": "a", "tenant_id": store.other_tenant, "record_id": "r1", "n": 2}
    store.documents.commit("records", (store.other_tenant, "r1"), [Create(other)])

    assert store.documents.get("records", (store.tenant, "r2"), "a") is None
    assert read(store, "a").body["n"] == 1


def test_a_container_with_one_key_field_keeps_documents(store: DocumentStore) -> None:
    """A partition may have one component."""
    body = {"id": "account", "tenant_id": store.tenant, "at": "x"}

    store.documents.commit("ledgers", (store.tenant,), [Create(body)])

    found = store.documents.get("ledgers", (store.tenant,), "account")
    assert found is not None
    assert found.body == body


def test_all_operations_of_a_commit_happen(store: DocumentStore) -> None:
    """One commit creates, upserts, replaces, patches and deletes, and names each new etag."""
    etags = commit(store, *(Create(record(store, name, n=0)) for name in "abcd"))
    assert etags[1]

    after = commit(
        store,
        Create(record(store, "e", n=1)),
        Upsert(record(store, "a", n=2)),
        Replace(record(store, "b", n=3), etags[1]),
        Patch("c", set={"seen": True}, increment={"n": 4}),
        Delete("d"),
    )

    assert [read(store, name).body["n"] for name in "eabc"] == [1, 2, 3, 4]
    assert read(store, "c").body["seen"] is True
    assert store.documents.get("records", partition(store), "d") is None
    assert [read(store, name).etag for name in "eabc"] == list(after[:4])
    assert after[4] is None


def refused_operations(store: DocumentStore) -> dict[str, tuple[Operation, Refusal]]:
    """One operation of each sort that a store with documents a and b refuses."""
    stale = '"another"'
    return {
        "create": (Create(record(store, "a")), (Exists, 1, "a")),
        "replace gone": (Replace(record(store, "gone"), stale), (Missing, 1, "gone")),
        "replace changed": (Replace(record(store, "a"), stale), (Stale, 1, "a")),
        "patch gone": (Patch("gone", set={"n": 1}), (Missing, 1, "gone")),
        "patch changed": (Patch("a", set={"n": 1}, etag=stale), (Stale, 1, "a")),
        "delete gone": (Delete("gone"), (Missing, 1, "gone")),
        "delete changed": (Delete("a", etag=stale), (Stale, 1, "a")),
    }


@pytest.mark.parametrize(
    "case",
    [
        "create",
        "replace gone",
        "replace changed",
        "patch gone",
        "patch changed",
        "delete gone",
        "delete changed",
    ],
)
def test_a_refused_operation_undoes_the_whole_commit(store: DocumentStore, case: str) -> None:
    """A refusal names the operation and the document, and nothing of the commit happened."""
    commit(store, Create(record(store, "a", n=0)), Create(record(store, "b", n=0)))
    before = [read(store, "a"), read(store, "b")]
    operation, (kind, at, identity) = refused_operations(store)[case]

    with pytest.raises(kind) as raised:
        commit(
            store,
            Patch("b", increment={"n": 1}),
            operation,
            Create(record(store, "new")),
        )

    assert (raised.value.operation, raised.value.document_id) == (at, identity)
    assert [read(store, "a"), read(store, "b")] == before
    assert store.documents.get("records", partition(store), "new") is None


def test_a_taken_id_is_refused(store: DocumentStore) -> None:
    """A commit that only creates a taken id raises Exists, and the document stays."""
    commit(store, Create(record(store, "a", n=1)))

    with pytest.raises(Exists) as raised:
        commit(store, Create(record(store, "a", n=2)))

    assert (raised.value.operation, raised.value.document_id) == (0, "a")
    assert read(store, "a").body["n"] == 1


@pytest.mark.parametrize("case", ["replace changed", "patch gone", "patch changed", "delete gone"])
def test_a_commit_of_one_operation_is_refused_alike(store: DocumentStore, case: str) -> None:
    """A commit of a single operation raises what it raises among others."""
    commit(store, Create(record(store, "a", n=0)))
    operation, (kind, _, identity) = refused_operations(store)[case]

    with pytest.raises(kind) as raised:
        commit(store, operation)

    assert (raised.value.operation, raised.value.document_id) == (0, identity)


def test_every_write_changes_the_etag(store: DocumentStore) -> None:
    """Create, upsert, replace and patch each leave an etag that was not there before."""
    etags = [commit(store, Create(record(store, "a")))[0]]
    etags += commit(store, Upsert(record(store, "a")))
    etags += commit(store, Replace(record(store, "a"), etags[-1] or ""))
    etags += commit(store, Patch("a", set={"n": 1}, etag=etags[-1]))

    assert len(set(etags)) == 4
    assert read(store, "a").etag == etags[-1]


def test_a_deleted_id_can_be_created_again(store: DocumentStore) -> None:
    """After a delete with the right etag the id is free."""
    (etag,) = commit(store, Create(record(store, "a", n=1)))
    commit(store, Delete("a", etag=etag))

    commit(store, Create(record(store, "a", n=2)))

    assert read(store, "a").body["n"] == 2


def test_a_patch_sets_and_counts_inside_documents(store: DocumentStore) -> None:
    """A patch reaches dotted paths, creates fields and counts an absent number from 0."""
    commit(store, Create(record(store, "a", profile={"score": 1.5}, name="old")))

    commit(
        store,
        Patch(
            "a",
            set={"name": "new", "profile.level": {"x": [1]}, "empty": None},
            increment={"profile.score": 2, "count": 3, "profile.down": -1},
        ),
    )

    body = read(store, "a").body
    assert body["name"] == "new"
    assert body["profile"] == {"score": 3.5, "level": {"x": [1]}, "down": -1}
    assert body["count"] == 3
    assert body["empty"] is None


@pytest.mark.parametrize(
    "patch",
    [
        Patch("a", set={"nowhere.deep": 1}),
        Patch("a", increment={"nowhere.deep": 1}),
        Patch("a", set={"name.first": 1}),
        Patch("a", increment={"name": 1}),
    ],
)
def test_a_patch_without_a_place_is_a_mistake(store: DocumentStore, patch: Patch) -> None:
    """A patch under a parent that is not there, or counting on text, changes nothing."""
    commit(store, Create(record(store, "a", name="text")))
    before = read(store, "a")

    with pytest.raises(ValueError, match="patch of 'a'"):
        commit(store, patch)

    assert read(store, "a") == before


@pytest.mark.parametrize(
    "patch",
    [
        Patch("a"),
        Patch("a", set={f"f{number}": 1 for number in range(11)}),
        Patch("a", set={"n": 1}, increment={"n": 1}),
        Patch("a", set={"id": "b"}),
        Patch("a", set={"tenant_id": "b"}),
        Patch("a", increment={"ttl": 1}),
    ],
)
def test_a_patch_of_another_form_is_a_mistake(store: DocumentStore, patch: Patch) -> None:
    """No paths, too many, one twice, or a field that stays as it is written: a mistake of ours."""
    with pytest.raises(ValueError, match="patch of 'a'"):
        commit(store, patch)


@pytest.mark.parametrize(
    "patch",
    [
        Patch("a", set={"_etag": "b"}),
        Patch("a", set={"": 1}),
        Patch("a", set={"x..y": 1}),
        Patch("a", set={"x/y": 1}),
        Patch("a", set={'x"]': 1}),
        Patch("a", set={"n": float("inf")}),
    ],
)
def test_a_malformed_patch_is_invalid(store: DocumentStore, patch: Patch) -> None:
    """A path that is no dotted name, or a value that no document holds: Invalid."""
    with pytest.raises(Invalid):
        commit(store, patch)


def test_a_document_expires_after_its_ttl(store: DocumentStore) -> None:
    """Past its ttl a document is gone for reading, querying, patching and creating anew."""
    if store.advance is None:
        pytest.skip(f"nobody can move the clock of {store.name}")
    commit(store, Create(record(store, "a", ttl=100)), Create(record(store, "b")))

    store.advance(90)
    assert read(store, "a").body["ttl"] == 100
    store.advance(20)

    assert store.documents.get("records", partition(store), "a") is None
    page = store.documents.query("records", (store.tenant,))
    assert [item.body["id"] for item in page.items] == ["b"]
    with pytest.raises(Missing):
        commit(store, Patch("a", set={"n": 1}))
    commit(store, Create(record(store, "a")))


def test_a_write_begins_the_ttl_anew(store: DocumentStore) -> None:
    """A document lives for its ttl after its last write, a patch too."""
    if store.advance is None:
        pytest.skip(f"nobody can move the clock of {store.name}")
    commit(store, Create(record(store, "a", ttl=100)))

    store.advance(90)
    commit(store, Patch("a", set={"n": 1}))
    store.advance(90)

    assert read(store, "a").body["n"] == 1


def test_a_container_may_have_a_ttl_for_all(store: DocumentStore) -> None:
    """Documents without a ttl take their container's; one of their own, or -1, goes before it."""
    if store.advance is None:
        pytest.skip(f"nobody can move the clock of {store.name}")
    key = (store.tenant, "all")
    common = {"tenant_id": store.tenant, "audience": "all"}
    bodies: list[Json] = [{"id": "short"}, {"id": "long", "ttl": 1000}, {"id": "ever", "ttl": -1}]
    store.documents.commit("notices", key, [Create(body | common) for body in bodies])
    account = {"id": "account", "tenant_id": store.tenant, "ttl": 1}
    store.documents.commit("ledgers", (store.tenant,), [Create(account)])

    store.advance(61)

    assert store.documents.get("notices", key, "short") is None
    assert store.documents.get("notices", key, "long") is not None
    store.advance(2000)
    assert store.documents.get("notices", key, "ever") is not None
    assert store.documents.get("notices", key, "long") is None
    assert store.documents.get("ledgers", (store.tenant,), "account") is not None


def test_threads_that_count_with_etags_lose_nothing(store: DocumentStore) -> None:
    """Eight threads that read, add one and replace, again when Stale, count to the sum."""
    commit(store, Create(record(store, "a", n=0)))
    failures: list[BaseException] = []

    def count() -> None:
        for _ in range(10):
            while True:
                found = read(store, "a")
                try:
                    commit(store, Replace(found.body | {"n": found.body["n"] + 1}, found.etag))
                except Stale:
                    continue
                break

    def watched() -> None:
        try:
            count()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=watched) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert read(store, "a").body["n"] == 80


def test_of_many_that_create_one_wins(store: DocumentStore) -> None:
    """When eight threads create the same id at once, one succeeds and seven meet Exists."""
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def create(number: int) -> None:
        start.wait()
        try:
            commit(store, Create(record(store, "a", n=number)))
            outcomes.append("written")
        except Exists:
            outcomes.append("exists")

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["exists"] * 7 + ["written"]
