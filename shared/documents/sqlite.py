"""Documents on SQLite: the embedded store.

One table a container. Fields that topology.json names in ``ordered_by`` get an
expression index, as do those that an erasure looks for; members of ``array_fields``
have rows of their own.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from shared.documents.checks import (
    check_commit,
    check_filters,
    check_nearest,
    check_order,
    is_id,
    load_groups,
)
from shared.documents.continuation import read_continuation, shape_of, write_continuation
from shared.documents.port import (
    MAX_INTEGER,
    Create,
    Delete,
    Filter,
    Json,
    Neighbour,
    Operation,
    Order,
    Page,
    Partition,
    Patch,
    Replace,
    ScanPage,
    Stored,
    Upsert,
    document_id,
)
from shared.documents.sqlite_conditions import after, condition_of, field_of
from shared.documents.sqlite_tables import forget, index_members, prepare
from shared.documents.sqlite_transfer import expires_at, load, scan
from shared.documents.sqlite_vectors import Row, Vectors
from shared.documents.sqlite_vectors import write as write_vector
from shared.errors import Exists, Invalid, Missing, Stale
from shared.sqlite_connections import Connections
from shared.topology import Container, Topology


class SqliteDocuments:
    """The :class:`~shared.documents.port.Documents` port on one SQLite file.

    ``clock`` gives seconds since the epoch; only expiry asks it.
    """

    def __init__(self, path: Path, topology: Topology, clock: Callable[[], float]) -> None:
        self._vectors = Vectors()
        self._connections = Connections(path)
        self._containers = topology.containers
        self._clock = clock
        with self._connections.transaction() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS array_fields (container TEXT PRIMARY KEY, fields TEXT)"
            )
            for name, container in self._containers.items():
                prepare(connection, name, container)

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    def get(self, container: str, partition: Partition, document_id: str) -> Stored | None:
        self._container(container)
        if not is_id(document_id):
            return None
        row = (
            self._connections.get()
            .execute(
                f'SELECT body, etag FROM "{container}" WHERE partition = ? AND id = ?'  # noqa: S608  a name from topology
                " AND (expires_at IS NULL OR expires_at > ?)",
                (json.dumps(partition), document_id, self._clock()),
            )
            .fetchone()
        )
        return None if row is None else Stored(json.loads(row[0]), row[1])

    def commit(
        self, container: str, partition: Partition, operations: Sequence[Operation]
    ) -> tuple[str | None, ...]:
        declared = self._container(container)
        check_commit(
            declared.partition_key,
            declared.ordered_by,
            partition,
            operations,
            declared.vector_field,
        )
        with self._connections.transaction() as connection:
            batch = _Batch(connection, container, declared, partition, self._clock())
            return tuple(batch.apply(at, operation) for at, operation in enumerate(operations))

    def query(
        self,
        container: str,
        scope: Partition,
        *,
        where: Sequence[Filter] = (),
        order: Order | None = None,
        limit: int = 50,
        continuation: str | None = None,
    ) -> Page:
        declared = self._container(container)
        check_filters(where)
        if not 1 <= limit <= 1000:
            raise Invalid("limit is 1 to 1,000")
        conditions, values = self._conditions(container, declared, scope, where)
        check_order(declared.ordered_by, order)
        shape = shape_of(container, scope, where, order)
        depth = len(declared.partition_key)
        position = "rowid" if order is None else field_of(order.path)
        if order is not None:
            conditions.append(f"{position} IS NOT NULL")
        if continuation is not None:
            text, more = after(order, position, read_continuation(continuation, shape, 2 + depth))
            conditions.append(text)
            values.extend(more)
        way = "DESC" if order and order.descending else "ASC"
        sorting = "rowid" if order is None else f"{position} {way}, id {way}, partition {way}"
        rows = (
            self._connections.get()
            .execute(
                f'SELECT body, etag, {position}, id, partition FROM "{container}"'  # noqa: S608  names and paths are checked
                f" WHERE {' AND '.join(conditions)} ORDER BY {sorting} LIMIT ?",
                (*values, limit + 1),
            )
            .fetchall()
        )
        items = tuple(Stored(json.loads(row[0]), row[1]) for row in rows[:limit])
        if len(rows) <= limit:
            return Page(items, None)
        value, identity, partition = rows[limit - 1][2:]
        return Page(items, write_continuation(shape, [value, identity, *json.loads(partition)]))

    def nearest(
        self,
        container: str,
        scope: Partition,
        vector: Sequence[float],
        *,
        where: Sequence[Filter] = (),
        limit: int = 50,
    ) -> tuple[Neighbour, ...]:
        declared = self._container(container)
        asked = check_nearest(
            declared.partition_key, declared.vector_field, scope, vector, where, limit
        )
        conditions, values = self._conditions(container, declared, scope, where)

        def look_up(rows: Sequence[int]) -> list[Row]:
            marks = ", ".join("?" * len(rows))
            return (
                self._connections.get()
                .execute(
                    # by their numbers alone: the planner may take an index of the whole tenant's
                    f'SELECT rowid, id, body, etag FROM "{container}" NOT INDEXED'  # noqa: S608  names and paths are checked
                    f" WHERE rowid IN ({marks}) AND {' AND '.join(conditions)}",
                    (*rows, *values),
                )
                .fetchall()
            )

        found = self._vectors.nearest(
            self._connections.get(), container, declared, scope, asked, look_up, limit
        )
        return tuple(Neighbour(stored, similarity) for stored, similarity in found)

    def ping(self, container: str, *, seconds: float) -> None:  # noqa: ARG002  a file answers at once
        self._container(container)
        self._connections.ping(container)

    def scan(
        self, container: str, *, limit: int = 1000, continuation: str | None = None
    ) -> ScanPage:
        self._container(container)
        return scan(
            self._connections.get(),
            container,
            now=self._clock(),
            limit=limit,
            continuation=continuation,
        )

    def load(self, container: str, bodies: Sequence[Json], *, overwrite: bool) -> int:
        declared = self._container(container)
        groups = load_groups(
            declared.partition_key, declared.ordered_by, declared.vector_field, bodies
        )
        self._connections.prefer_volume()
        # one transaction for all: each waits for the disk
        with self._connections.transaction() as connection:
            if not (declared.array_fields or declared.vector):
                return load(
                    connection, container, declared, groups, now=self._clock(), overwrite=overwrite
                )
            written = 0
            for partition, group in groups:
                batch = _Batch(connection, container, declared, partition, self._clock())
                for at, (body, _) in enumerate(group):
                    try:
                        batch.apply(at, Upsert(body) if overwrite else Create(body))
                        written += 1
                    except Exists:
                        continue
            return written

    def scrub(self) -> None:
        self._connections.rebuild()

    def purge_expired(self) -> int:
        """Remove what has expired from the file, and what was deleted from its log; returns
        how many documents went."""
        removed = 0
        for name, declared in self._containers.items():
            with self._connections.transaction() as connection:
                keys = connection.execute(
                    f'SELECT rowid FROM "{name}" WHERE expires_at <= ? LIMIT 1000',  # noqa: S608  a name from topology
                    (self._clock(),),
                ).fetchall()
                for (key,) in keys:
                    forget(connection, name, declared, key)
                removed += len(keys)
        self._connections.checkpoint()
        return removed

    def _conditions(
        self, container: str, declared: Container, scope: Partition, where: Sequence[Filter]
    ) -> tuple[list[str], list[Any]]:
        """What a document must be, to be alive, of a scope, and matched by all filters."""
        conditions = ["(expires_at IS NULL OR expires_at > ?)"]
        values: list[Any] = [self._clock()]
        if len(scope) == len(declared.partition_key):
            conditions.append("partition = ?")
            values.append(json.dumps(scope))
        elif len(scope) == 1:
            conditions.append("tenant = ?")
            values.append(scope[0])
        elif scope:
            raise ValueError("a scope is empty, a tenant, or a whole partition")
        for condition in where:
            text, more = condition_of(container, declared, condition)
            conditions.append(text)
            values.extend(more)
        return conditions, values

    def _container(self, name: str) -> Container:
        if name not in self._containers:
            raise ValueError(f"{name!r} is not a container of topology.json")
        return self._containers[name]


class _Batch:
    """One commit under way, inside its transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        name: str,
        declared: Container,
        partition: Partition,
        now: float,
    ) -> None:
        self._connection = connection
        self._name = name
        self._declared = declared
        self._partition = partition
        self._now = now

    def apply(self, at: int, operation: Operation) -> str | None:
        identity = document_id(operation)
        row = self._connection.execute(
            f'SELECT rowid, body, etag, expires_at FROM "{self._name}"'  # noqa: S608  a name from topology
            " WHERE partition = ? AND id = ?",
            (json.dumps(self._partition), identity),
        ).fetchone()
        if row is not None and row[3] is not None and row[3] <= self._now:
            forget(self._connection, self._name, self._declared, row[0])
            row = None
        if isinstance(operation, Create):
            if row is not None:
                raise Exists(
                    f"document {identity!r} is there already", operation=at, document_id=identity
                )
            return self._write(None, operation.body)
        if isinstance(operation, Upsert):
            return self._write(row and row[0], operation.body)
        if row is None:
            raise Missing(f"document {identity!r} is not there", operation=at, document_id=identity)
        if operation.etag is not None and operation.etag != row[2]:
            raise Stale(
                f"document {identity!r} was changed meanwhile", operation=at, document_id=identity
            )
        if isinstance(operation, Delete):
            forget(self._connection, self._name, self._declared, row[0])
            return None
        if isinstance(operation, Replace):
            return self._write(row[0], operation.body)
        return self._write(row[0], _patched(json.loads(row[1]), operation))

    def _write(self, key: int | None, body: Json) -> str:
        etag = uuid4().hex
        until = expires_at(self._declared, body, self._now)
        text = json.dumps(body, separators=(",", ":"), allow_nan=False)
        if key is None:
            key = self._connection.execute(
                f'INSERT INTO "{self._name}" (tenant, partition, id, body, etag, expires_at)'  # noqa: S608  a name from topology
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    self._partition[0],
                    json.dumps(self._partition),
                    body["id"],
                    text,
                    etag,
                    until,
                ),
            ).lastrowid
        else:
            self._connection.execute(
                f'UPDATE "{self._name}" SET body = ?, etag = ?, expires_at = ? WHERE rowid = ?',  # noqa: S608  a name from topology
                (text, etag, until, key),
            )
        write_vector(self._connection, self._name, self._declared, key or 0, self._partition, body)
        if self._declared.array_fields:
            index_members(self._connection, self._name, self._declared, key or 0, body)
        return etag


def _patched(body: Json, patch: Patch) -> Json:
    changes = [(path, value, False) for path, value in (patch.set or {}).items()]
    changes += [(path, value, True) for path, value in (patch.increment or {}).items()]
    for path, value, adds in changes:
        *parents, last = path.split(".")
        at = body
        for part in parents:
            at = at.get(part) if isinstance(at, dict) else None  # type: ignore[assignment]
        if not isinstance(at, dict):
            raise ValueError(f"patch of {patch.id!r}: the parent of {path} is not there")  # noqa: TRY004  one error for all misuse
        present = at.get(last, 0) if adds else None
        if adds and (isinstance(present, bool) or not isinstance(present, int | float)):
            raise ValueError(f"patch of {patch.id!r}: {path} is not a number")
        at[last] = present + value if adds and present is not None else value
        if adds and isinstance(at[last], int) and abs(at[last]) > MAX_INTEGER:
            raise ValueError(f"patch of {patch.id!r}: {path} passes 2^53 - 1")
        if adds and not math.isfinite(at[last]):
            raise ValueError(f"patch of {patch.id!r}: {path} is no longer finite")
    return body
