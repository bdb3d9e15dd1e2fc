"""What the embedded store does beyond the contract of documents."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

import pytest

from shared.documents import sqlite_vectors
from shared.documents.port import MAX_INTEGER, Contains, Create, Delete, Json, Patch
from shared.documents.sqlite import SqliteDocuments
from tests.contracts.documents_fixtures import TOPOLOGY

PARTITION = ("t", "r1")


def record(identity: str, **fields: object) -> Json:
    return {"id": identity, "tenant_id": "t", "record_id": "r1", **fields}


def rows(path: Path, table: str) -> int:
    """How many rows a table of the file has."""
    connection = sqlite3.connect(path)
    (number,) = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()
    connection.close()
    return int(number)


def test_what_has_expired_leaves_the_file(tmp_path: Path) -> None:
    """Purging removes expired documents with the members of their arrays, and no others."""
    now = [0.0]
    path = tmp_path / "documents.db"
    documents = SqliteDocuments(path, TOPOLOGY, lambda: now[0])
    bodies = [record("a", ttl=10, tags=["x"]), record("b", tags=["x"]), record("c", ttl=30)]
    documents.commit("records", PARTITION, [Create(body) for body in bodies])
    assert documents.purge_expired() == 0
    now[0] = 11
    assert documents.purge_expired() == 1
    assert (rows(path, "records"), rows(path, "records.members")) == (2, 1)
    assert documents.purge_expired() == 0
    documents.close()


def test_members_of_a_former_form_are_indexed_anew(tmp_path: Path) -> None:
    """A file whose numbers were indexed as they were written finds them by value."""
    path = tmp_path / "documents.db"
    documents = SqliteDocuments(path, TOPOLOGY, lambda: 0.0)
    documents.commit("records", PARTITION, [Create(record("a", tags=[1]))])
    documents.close()
    connection = sqlite3.connect(path)
    connection.execute('UPDATE "records.members" SET value = ?', (b"1",))
    connection.execute("UPDATE array_fields SET fields = ?", (json.dumps(["tags"]),))
    connection.commit()
    connection.close()

    documents = SqliteDocuments(path, TOPOLOGY, lambda: 0.0)
    assert documents.query("records", ("t",), where=[Contains("tags", 1.0)]).items
    documents.close()


@pytest.mark.parametrize(
    ("present", "added"),
    [(MAX_INTEGER, 1), (-MAX_INTEGER, -1), (MAX_INTEGER - 1, MAX_INTEGER), (1e308, 1e308)],
)
def test_a_sum_that_would_lose_digits_is_refused(
    tmp_path: Path, present: float, added: float
) -> None:
    """An increment past what every reader holds exactly changes nothing."""
    documents = SqliteDocuments(tmp_path / "documents.db", TOPOLOGY, lambda: 0.0)
    documents.commit("records", PARTITION, [Create(record("a", n=present))])
    with pytest.raises(ValueError, match="patch of 'a'"):
        documents.commit("records", PARTITION, [Patch("a", increment={"n": added})])
    found = documents.get("records", PARTITION, "a")
    assert found is not None
    assert found.body["n"] == present
    documents.close()


def place(identity: str, vector: list[float]) -> Json:
    return {"id": identity, "tenant_id": "t", "region": "r", "embedding": vector}


def nearest(documents: SqliteDocuments) -> list[str]:
    found = documents.nearest("places", ("t",), [1.0, 0.0, 0.0, 0.0])
    return [each.stored.body["id"] for each in found]


def test_what_another_process_writes_is_near(tmp_path: Path) -> None:
    """Vectors that are held in memory are read anew once somebody changed one."""
    one, other = (SqliteDocuments(tmp_path / "d.db", TOPOLOGY, time.time) for _ in range(2))
    one.commit("places", ("t", "r"), [Create(place("a", [1.0, 1.0, 0.0, 0.0]))])
    assert nearest(one) == nearest(other) == ["a"]
    other.commit("places", ("t", "r"), [Create(place("b", [1.0, 0.0, 0.0, 0.0]))])
    assert nearest(one) == ["b", "a"]
    one.commit("places", ("t", "r"), [Delete("b")])
    one.commit("places", ("t", "r"), [Create(place("c", [-1.0, 0.0, 0.0, 0.0]))])
    assert nearest(other) == ["a", "c"]
    one.close()
    other.close()


def test_documents_of_before_there_were_vectors_are_near(tmp_path: Path) -> None:
    """A file of a former form gets the vectors of what it holds when it is opened."""
    bare = TOPOLOGY.containers["places"].model_copy(update={"vector": None})
    former = TOPOLOGY.model_copy(update={"containers": TOPOLOGY.containers | {"places": bare}})
    before = SqliteDocuments(tmp_path / "d.db", former, time.time)
    before.commit("places", ("t", "r"), [Create(place("a", [1.0, 0.0, 0.0, 0.0]))])
    before.close()
    for _ in range(2):
        after = SqliteDocuments(tmp_path / "d.db", TOPOLOGY, time.time)
        assert nearest(after) == ["a"]
        after.close()


def test_matrices_are_held_up_to_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it the one that was asked longest ago is read anew, and gives the same."""
    monkeypatch.setattr(sqlite_vectors, "MOST_BYTES", 40)
    documents = SqliteDocuments(tmp_path / "d.db", TOPOLOGY, time.time)
    for tenant in ("t", "u", "v"):
        body = place("a", [1.0, 0.0, 0.0, 0.0]) | {"tenant_id": tenant}
        documents.commit("places", (tenant, "r"), [Create(body)])
    for tenant in ("t", "u", "v", "t"):
        assert len(documents.nearest("places", (tenant,), [1.0, 0.0, 0.0, 0.0])) == 1
    assert len(documents._vectors._held) == 2
    documents.close()


def test_of_many_alike_each_is_found_once(tmp_path: Path) -> None:
    """Where a limit falls between documents that are alike, with a filter that leaves most out."""
    documents = SqliteDocuments(tmp_path / "d.db", TOPOLOGY, time.time)
    bodies = [
        place(f"p{at:03}", [1.0, 0.0, 0.0, 0.0]) | {"tags": ["odd" if at % 7 == 6 else "even"]}
        for at in range(300)
    ]
    for start in range(0, 300, 100):
        creates = [Create(body) for body in bodies[start : start + 100]]
        documents.commit("places", ("t", "r"), creates)
    for limit in (1, 3, 40, 100):
        found = documents.nearest(
            "places", ("t",), [1.0, 0.0, 0.0, 0.0], where=[Contains("tags", "odd")], limit=limit
        )
        ids = [each.stored.body["id"] for each in found]
        assert len(set(ids)) == len(ids) == min(limit, 42)
        assert all(int(each[1:]) % 7 == 6 for each in ids)
    documents.close()
