"""Vectors of documents in the embedded store: rows of float32 beside each container that has them,
searched exactly.

The vectors of a scope are held in memory as one matrix, as long as none of them changes: each
change is counted in its own transaction, so that another process's is seen. NumPy is loaded at the
first search.
"""

from __future__ import annotations

import json
import sqlite3
import struct
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

from shared.documents.port import Json, Partition, Stored
from shared.topology import Container, Vector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_BYTES = 512 * 1024 * 1024
"""Of matrices that are held; the one that was asked longest ago goes first."""
_GROWS, _MOST = 4, 5000
"""How many more candidates are looked up each time: at first as many as are wanted, which is
enough where no filter leaves any out."""

Found = tuple[Stored, float]
Row = tuple[int, str, str, str]
"""Number, id, JSON and etag of a document."""
LookUp = Callable[[Sequence[int]], list[Row]]


@dataclass(frozen=True)
class _Matrix:
    version: int
    rows: NDArray[np.int64]
    vectors: NDArray[np.float32]


class Vectors:
    """The vectors of all containers of a file. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, Partition], _Matrix] = OrderedDict()

    def nearest(
        self,
        connection: sqlite3.Connection,
        name: str,
        declared: Container,
        scope: Partition,
        vector: Sequence[float],
        look_up: LookUp,
        limit: int,
    ) -> list[Found]:
        """The documents of a scope that are nearest to a vector, with their cosine.

        ``look_up`` reads those of some rows that are alive and that all filters hold for; their
        JSON is only read of those that are returned.
        """
        import numpy as np

        matrix = self._matrix(connection, name, declared, scope)
        asked = np.asarray(vector, dtype=np.float32)
        asked /= np.linalg.norm(asked)
        similarities = matrix.vectors @ asked
        found: list[Found] = []
        for places in _portions(similarities, limit):
            rows = {int(matrix.rows[at]): float(similarities[at]) for at in places}
            read = sorted(look_up(list(rows)), key=lambda each: (-rows[each[0]], each[1]))
            found += [
                (Stored(json.loads(body), etag), rows[row])
                for row, _, body, etag in read[: limit - len(found)]
            ]
            if len(found) >= limit:
                break
        return found

    def _matrix(
        self, connection: sqlite3.Connection, name: str, declared: Container, scope: Partition
    ) -> _Matrix:
        key = (name, scope)
        # before the vectors: what changes between the two is then read again the next time
        version = _version(connection, name, declared, scope)
        with self._lock:
            held = self._held.get(key)
            if held is None or held.version != version:
                self._held.pop(key, None)
                held = _read(connection, name, declared, scope, version)
                self._held[key] = held
            self._held.move_to_end(key)
            total = sum(each.vectors.nbytes for each in self._held.values())
            while total > MOST_BYTES and len(self._held) > 1:
                _, oldest = self._held.popitem(last=False)
                total -= oldest.vectors.nbytes
            return held


def prepare(connection: sqlite3.Connection, name: str, container: Container) -> None:
    """Make the tables of a container's vectors, with those of documents that are there already."""
    if container.vector is None:
        return
    connection.execute(
        f'CREATE TABLE IF NOT EXISTS "{name}.vectors" (document INTEGER PRIMARY KEY,'
        " tenant TEXT NOT NULL, partition TEXT NOT NULL, vector BLOB NOT NULL)"
    )
    for column in ("tenant", "partition"):
        connection.execute(
            f'CREATE INDEX IF NOT EXISTS "{name}.vectors.{column}" ON "{name}.vectors" ({column})'
        )
    connection.execute(
        "CREATE TABLE IF NOT EXISTS vector_changes (container TEXT NOT NULL, tenant TEXT NOT NULL,"
        " partition TEXT NOT NULL, changes INTEGER NOT NULL, PRIMARY KEY (container, partition))"
    )
    connection.execute(
        "CREATE TABLE IF NOT EXISTS vector_fields (container TEXT PRIMARY KEY, field TEXT NOT NULL)"
    )
    field = f"{container.vector.path} {container.vector.dimensions}"
    known = connection.execute(
        "SELECT field FROM vector_fields WHERE container = ?", (name,)
    ).fetchone()
    if known == (field,):
        return
    rows = connection.execute(f'SELECT rowid, partition, body FROM "{name}"').fetchall()  # noqa: S608  a name from topology
    for key, partition, body in rows:
        write(connection, name, container, key, tuple(json.loads(partition)), json.loads(body))
    connection.execute("INSERT OR REPLACE INTO vector_fields VALUES (?, ?)", (name, field))


def write(
    connection: sqlite3.Connection,
    name: str,
    declared: Container,
    key: int,
    partition: Partition,
    body: Json,
) -> None:
    """Keep the vector of a document that is written, or that it has none any more."""
    if declared.vector is None:
        return
    packed = _packed(body, declared.vector)
    if packed is None:
        forget(connection, name, declared, key)
        return
    place = json.dumps(partition)
    held = connection.execute(
        f'SELECT vector FROM "{name}.vectors" WHERE document = ? AND partition = ?',  # noqa: S608  a name from topology
        (key, place),
    ).fetchone()
    if held == (packed,):
        return
    connection.execute(
        f'INSERT OR REPLACE INTO "{name}.vectors" VALUES (?, ?, ?, ?)',  # noqa: S608  a name from topology
        (key, partition[0], place, packed),
    )
    _count(connection, name, partition[0], place)


def forget(connection: sqlite3.Connection, name: str, declared: Container, key: int) -> None:
    """Remove the vector of a document that goes."""
    if declared.vector is None:
        return
    for tenant, place in connection.execute(
        f'DELETE FROM "{name}.vectors" WHERE document = ? RETURNING tenant, partition',  # noqa: S608  a name from topology
        (key,),
    ).fetchall():
        _count(connection, name, tenant, place)


def _count(connection: sqlite3.Connection, name: str, tenant: str, place: str) -> None:
    connection.execute(
        "INSERT INTO vector_changes VALUES (?, ?, ?, 1)"
        " ON CONFLICT (container, partition) DO UPDATE SET changes = changes + 1",
        (name, tenant, place),
    )


def _version(
    connection: sqlite3.Connection, name: str, declared: Container, scope: Partition
) -> int:
    column, value = _scope(declared, scope)
    row = connection.execute(
        f"SELECT TOTAL(changes) FROM vector_changes WHERE container = ? AND {column} = ?",  # noqa: S608  one of two names
        (name, value),
    ).fetchone()
    return int(row[0])


def _read(
    connection: sqlite3.Connection,
    name: str,
    declared: Container,
    scope: Partition,
    version: int,
) -> _Matrix:
    import numpy as np

    assert declared.vector is not None  # noqa: S101  asked for before
    column, value = _scope(declared, scope)
    rows = connection.execute(
        f'SELECT document, vector FROM "{name}.vectors" WHERE {column} = ? ORDER BY document',  # noqa: S608  names from topology
        (value,),
    ).fetchall()
    vectors = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4")
    return _Matrix(
        version,
        np.array([row[0] for row in rows], dtype=np.int64),
        vectors.reshape(len(rows), declared.vector.dimensions).astype(np.float32, copy=False),
    )


def _scope(declared: Container, scope: Partition) -> tuple[str, str]:
    if len(scope) == len(declared.partition_key):
        return "partition", json.dumps(scope)
    return "tenant", scope[0]


def _packed(body: Json, vector: Vector) -> bytes | None:
    """A document's vector at unit length, in single precision."""
    values: Any = body.get(vector.path)
    if values is None:
        return None
    length = sqrt(sum(value * value for value in values))
    return struct.pack(f"<{len(values)}f", *(value / length for value in values))


def _portions(similarities: NDArray[np.float32], limit: int) -> Iterator[NDArray[np.intp]]:
    """The places of all, the most similar first, in portions; each place once.

    The first is found without sorting the rest.
    """
    import numpy as np

    number = len(similarities)
    if number == 0:
        return
    nearest = (
        np.argpartition(-similarities, limit - 1)[:limit] if limit < number else np.arange(number)
    )
    yield nearest[np.lexsort((nearest, -similarities[nearest]))]
    if limit >= number:
        return
    rest = np.argsort(-similarities, kind="stable")
    rest = rest[~np.isin(rest, nearest)]
    start, size = 0, limit * _GROWS
    while start < len(rest):
        yield rest[start : start + min(size, _MOST)]
        start, size = start + min(size, _MOST), size * _GROWS
