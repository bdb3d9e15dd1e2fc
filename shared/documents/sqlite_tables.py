"""Tables and indexes of the embedded store, and the rows that go with a document's own."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from shared.documents.port import Json
from shared.documents.sqlite_conditions import field_of, member_of
from shared.documents.sqlite_vectors import forget as forget_vector
from shared.documents.sqlite_vectors import prepare as prepare_vectors
from shared.topology import Container

_MEMBERS_FORM = 2
"""Raised when members are kept in another form: files that have the former are indexed anew."""


def prepare(connection: sqlite3.Connection, name: str, container: Container) -> None:
    """Make a container's tables and indexes where they are not there, and its members' rows anew
    where they were kept of other fields or in another form."""
    connection.execute(
        f'CREATE TABLE IF NOT EXISTS "{name}" ('
        " rowid INTEGER PRIMARY KEY, tenant TEXT NOT NULL, partition TEXT NOT NULL,"
        " id TEXT NOT NULL, body TEXT NOT NULL, etag TEXT NOT NULL, expires_at REAL,"
        " UNIQUE (partition, id))"
    )
    connection.execute(
        f'CREATE INDEX IF NOT EXISTS "{name}.expires_at" ON "{name}" (expires_at)'
        " WHERE expires_at IS NOT NULL"
    )
    for path in container.ordered_by:
        connection.execute(
            f'CREATE INDEX IF NOT EXISTS "{name}.{path}" ON "{name}"'
            f" (tenant, {field_of(path)}, id, partition)"
        )
    for path in container.erasure_fields:
        connection.execute(
            f'CREATE INDEX IF NOT EXISTS "{name}.of.{path}" ON "{name}" (tenant, {field_of(path)})'
        )
    for path in container.swept_by:
        connection.execute(
            f'CREATE INDEX IF NOT EXISTS "{name}.swept.{path}" ON "{name}" ({field_of(path)})'
        )
    prepare_vectors(connection, name, container)
    if not container.array_fields:
        return
    connection.execute(
        f'CREATE TABLE IF NOT EXISTS "{name}.members" (path TEXT NOT NULL, value NOT NULL,'
        f" document INTEGER NOT NULL, PRIMARY KEY (path, value, document)) WITHOUT ROWID"
    )
    connection.execute(
        f'CREATE INDEX IF NOT EXISTS "{name}.members.document" ON "{name}.members" (document)'
    )
    fields = json.dumps([_MEMBERS_FORM, *container.array_fields])
    known = connection.execute(
        "SELECT fields FROM array_fields WHERE container = ?", (name,)
    ).fetchone()
    if known != (fields,):
        for key, body in connection.execute(f'SELECT rowid, body FROM "{name}"').fetchall():  # noqa: S608  a name from topology
            index_members(connection, name, container, key, json.loads(body))
        connection.execute("INSERT OR REPLACE INTO array_fields VALUES (?, ?)", (name, fields))


def index_members(
    connection: sqlite3.Connection, name: str, declared: Container, key: int, body: Json
) -> None:
    """Keep the members of a document's arrays, by its row, instead of what was kept of it."""
    connection.execute(f'DELETE FROM "{name}.members" WHERE document = ?', (key,))  # noqa: S608  a name from topology
    connection.executemany(
        f'INSERT OR IGNORE INTO "{name}.members" VALUES (?, ?, ?)',  # noqa: S608  a name from topology
        [
            (path, member_of(value), key)
            for path in declared.array_fields
            for value in _array(body, path)
        ],
    )


def forget(connection: sqlite3.Connection, name: str, declared: Container, key: int) -> None:
    """Remove a document by its row, with its vector and its members."""
    connection.execute(f'DELETE FROM "{name}" WHERE rowid = ?', (key,))  # noqa: S608  a name from topology
    forget_vector(connection, name, declared, key)
    if declared.array_fields:
        connection.execute(f'DELETE FROM "{name}.members" WHERE document = ?', (key,))  # noqa: S608  a name from topology


def _array(body: Any, path: str) -> list[Any]:
    for part in path.split("."):
        body = body.get(part) if isinstance(body, dict) else None
    return body if isinstance(body, list) else []
