"""What the host itself remembers: which blobs were handled, storage queues, timer runs."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shared.sqlite_connections import Connections

CLAIM_SECONDS = 300.0
MAX_TRIES = 5

_SCHEMA = """
CREATE TABLE IF NOT EXISTS blob_receipts (
    function TEXT NOT NULL, container TEXT NOT NULL, name TEXT NOT NULL, etag TEXT NOT NULL,
    done INTEGER NOT NULL, tries INTEGER NOT NULL, free_at REAL NOT NULL,
    PRIMARY KEY (function, container, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS storage_queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, body BLOB NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, free_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS timer_runs (
    function TEXT PRIMARY KEY, due REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class QueueItem:
    """A message of a storage queue, held for a while. ``tries`` is 1 the first time."""

    id: int
    body: bytes
    tries: int


class HostState:
    """One SQLite file that several hosts on the same home may share."""

    def __init__(self, path: Path) -> None:
        self._connections = Connections(path)
        for statement in _SCHEMA.split(";"):
            self._connections.get().execute(statement)

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    def handled(self, function: str, container: str) -> dict[str, str]:
        """The etag of each blob that a function is done with, by name."""
        rows = self._connections.get().execute(
            "SELECT name, etag FROM blob_receipts WHERE function = ? AND container = ? AND done",
            (function, container),
        )
        return dict(rows.fetchall())

    def forget_blobs(self, function: str, container: str, names: Iterable[str]) -> None:
        """Drop the receipts of blobs that are gone: a name may be a person's."""
        with self._connections.transaction() as connection:
            connection.executemany(
                "DELETE FROM blob_receipts WHERE function = ? AND container = ? AND name = ?"
                " AND done",
                [(function, container, name) for name in names],
            )

    def checkpoint(self) -> bool:
        """Leave nothing of what was deleted in the file's log; returns whether it could."""
        return self._connections.checkpoint()

    def claim_blob(self, function: str, container: str, name: str, etag: str) -> int | None:
        """Take a version of a blob for a while: the number of this try, None when not to be had."""
        now = time.time()
        with self._connections.transaction() as connection:
            row = connection.execute(
                "SELECT etag, done, tries, free_at FROM blob_receipts"
                " WHERE function = ? AND container = ? AND name = ?",
                (function, container, name),
            ).fetchone()
            tries = 1
            if row is not None and row[0] == etag:
                if row[1] or row[3] > now:
                    return None
                tries = row[2] + 1
            connection.execute(
                "INSERT OR REPLACE INTO blob_receipts VALUES (?, ?, ?, ?, 0, ?, ?)",
                (function, container, name, etag, tries, now + CLAIM_SECONDS),
            )
            return tries

    def expire_claims(self) -> None:
        """Let go of every blob and message: for a host that knows it is the only one."""
        with self._connections.transaction() as connection:
            connection.execute("UPDATE blob_receipts SET free_at = 0 WHERE NOT done")
            connection.execute("UPDATE storage_queue SET free_at = 0")

    def finish_blob(self, function: str, container: str, name: str, etag: str) -> None:
        """This version of the blob is handled."""
        self._set_blob(function, container, name, etag, done=1, free_at=0)

    def release_blob(
        self, function: str, container: str, name: str, etag: str, *, after: float
    ) -> None:
        """Handling failed; try again in ``after`` seconds."""
        self._set_blob(function, container, name, etag, done=0, free_at=time.time() + after)

    def _set_blob(
        self, function: str, container: str, name: str, etag: str, *, done: int, free_at: float
    ) -> None:
        with self._connections.transaction() as connection:
            connection.execute(
                "UPDATE blob_receipts SET done = ?, free_at = ?"
                " WHERE function = ? AND container = ? AND name = ? AND etag = ?",
                (done, free_at, function, container, name, etag),
            )

    def put(self, queue: str, body: bytes) -> None:
        """Append a message to a storage queue."""
        with self._connections.transaction() as connection:
            connection.execute(
                "INSERT INTO storage_queue (queue, body, free_at) VALUES (?, ?, 0)", (queue, body)
            )

    def take(self, queue: str) -> QueueItem | None:
        """Hold the oldest free message of a storage queue for a while."""
        now = time.time()
        wanted = "SELECT id, body, tries FROM storage_queue WHERE queue = ? AND free_at <= ?"
        if self._connections.get().execute(f"{wanted} LIMIT 1", (queue, now)).fetchone() is None:
            return None
        with self._connections.transaction() as connection:
            row = connection.execute(f"{wanted} ORDER BY id LIMIT 1", (queue, now)).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE storage_queue SET tries = tries + 1, free_at = ? WHERE id = ?",
                (now + CLAIM_SECONDS, row[0]),
            )
            return QueueItem(row[0], bytes(row[1]), row[2] + 1)

    def drop(self, item: QueueItem) -> None:
        """Remove a message that was handled."""
        with self._connections.transaction() as connection:
            connection.execute("DELETE FROM storage_queue WHERE id = ?", (item.id,))

    def release(self, item: QueueItem, *, after: float) -> None:
        """Handling failed; the message is free again in ``after`` seconds."""
        with self._connections.transaction() as connection:
            connection.execute(
                "UPDATE storage_queue SET free_at = ? WHERE id = ?", (time.time() + after, item.id)
            )

    def move(self, item: QueueItem, queue: str) -> None:
        """Move a message to another queue."""
        with self._connections.transaction() as connection:
            connection.execute(
                "UPDATE storage_queue SET queue = ?, tries = 0, free_at = 0 WHERE id = ?",
                (queue, item.id),
            )

    def claim_timer(self, function: str, due: float) -> bool:
        """Whether this process is the one to run what is due at this moment."""
        with self._connections.transaction() as connection:
            return (
                connection.execute(
                    "INSERT INTO timer_runs VALUES (?, ?) ON CONFLICT (function)"
                    " DO UPDATE SET due = excluded.due WHERE due < excluded.due",
                    (function, due),
                ).rowcount
                == 1
            )

    def fact(self, name: str) -> str | None:
        """A remembered value."""
        row = (
            self._connections.get()
            .execute("SELECT value FROM facts WHERE name = ?", (name,))
            .fetchone()
        )
        return None if row is None else str(row[0])

    def remember(self, name: str, value: str) -> None:
        """Remember a value."""
        with self._connections.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))
