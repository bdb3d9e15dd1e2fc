"""SQLite connections that several threads and processes use at once."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import Unavailable

BUSY_TIMEOUT_SECONDS = 60.0
CHECKPOINT_PATIENCE_MS = 200
VOLUME_CACHE_KIB = 32 * 1024
VOLUME_LOG_PAGES = 16 * 1024
_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
}


class Connections:
    """One connection a thread to one database file.

    Write-ahead logging lets readers go on while one writer writes;
    ``synchronous=FULL`` keeps a committed transaction through a power cut. What is deleted
    is overwritten in the file; :meth:`checkpoint` does the same for the log.

    The first connection makes the file. Later ones do not, nor one that finds the log of a file
    that is not there: what was moved away while somebody used it is missed by whoever comes then,
    until it is back, instead of an empty one taking its place and its log.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path.resolve()  # where a link leads, as SQLite has it
        self._log = self._path.with_name(f"{self._path.name}-wal")
        self._local = threading.local()
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._opened: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._made = False

    def get(self) -> sqlite3.Connection:
        """The calling thread's connection, in autocommit mode.

        Raises ``Unavailable`` when it is the thread's first and the file is gone or does not open.
        """
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._open()
            self._local.connection = connection
        return connection

    def _open(self) -> sqlite3.Connection:
        try:
            connection = self._connect()
        except sqlite3.OperationalError as error:
            if _primary(error) not in _AWAY:
                raise
            name = self._path.name
            if self._path.exists() or not self._log.exists():
                raise Unavailable(f"{name} is gone or does not open") from error
            raise Unavailable(
                f"{name} is gone, and its log {self._log.name} is there: bring it back, or remove"
                f" {self._log.name} and {name}-shm as well, to begin anew"
            ) from error
        with self._lock:
            self._made = True
            for thread, stale in self._opened:
                if not thread.is_alive():
                    stale.close()
            self._opened = [pair for pair in self._opened if pair[0].is_alive()]
            self._opened.append((threading.current_thread(), connection))
        return connection

    def _connect(self) -> sqlite3.Connection:
        is_new = not self._made and not self._log.exists()
        connection = sqlite3.connect(
            f"{self._path.as_uri()}?mode={'rwc' if is_new else 'rw'}",
            uri=True,
            timeout=BUSY_TIMEOUT_SECONDS,
            isolation_level=None,
            check_same_thread=False,  # close() runs on another thread
        )
        try:
            _log_writes_ahead(connection)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA secure_delete=ON")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock: commit at the end, roll back on any exception.

        Raises ``Unavailable`` when others hold the lock for too long, or the disk is full
        or does not answer. Threads of this process queue on a lock of their own, because
        waiting for SQLite's is sleeping.
        """
        with self._writing:
            yield from self._transaction()

    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self.get()
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            # SQLite may have rolled back by itself; a COMMIT that failed has not
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError) and _primary(error) in _AWAY:
                raise Unavailable("the store does not take writes; try again") from error
            raise

    def ping(self, table: str) -> None:
        """Read of a table. Raises ``Unavailable`` where the file is gone, or cannot be read."""
        try:
            if not self._path.is_file():
                raise Unavailable("the store's file is gone")
            self.get().execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone()  # noqa: S608  a name of ours
        except sqlite3.Error as error:
            raise Unavailable("the store's file cannot be read") from error

    def prefer_volume(self) -> None:
        """Let the calling thread's connection hold more in memory and in the log before it writes
        to the file: for who writes many rows, whose indexes lie all over it."""
        connection = self.get()
        connection.execute(f"PRAGMA cache_size=-{VOLUME_CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint={VOLUME_LOG_PAGES}")

    def checkpoint(self) -> bool:
        """Bring the write-ahead log into the file and empty it; returns whether it could.

        It cannot while somebody reads what the log alone holds; the next call can.
        """
        connection = self.get()
        with self._writing:
            # it holds up every writer, so it waits for readers for a moment only
            connection.execute(f"PRAGMA busy_timeout={CHECKPOINT_PATIENCE_MS}")
            try:
                (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.execute(f"PRAGMA busy_timeout={round(BUSY_TIMEOUT_SECONDS * 1000)}")
        return not busy

    def rebuild(self) -> None:
        """Write the file anew, with nothing in it but what is there, and empty the log.

        What is deleted is overwritten where it lay; but when pages of a table are put in order,
        bytes of a row may stay behind between two others. Raises ``Unavailable`` when others
        hold the lock for too long.
        """
        with self._writing:
            try:
                self.get().execute("VACUUM")
            except sqlite3.OperationalError as error:
                if _primary(error) in _AWAY:
                    raise Unavailable("the store cannot be written anew; try again") from error
                raise
        self.checkpoint()

    def close(self) -> None:
        """Close the connections of all threads; nobody may be using them."""
        with self._lock:
            for _, connection in self._opened:
                connection.close()
            self._opened.clear()
            self._local = threading.local()


def _log_writes_ahead(connection: sqlite3.Connection) -> None:
    """Turn the file's write-ahead log on: only the first to open a file changes anything, and
    SQLite tells others who come at that moment that it is busy without waiting by itself."""
    give_up = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if _primary(error) != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


def _primary(error: sqlite3.Error) -> int:
    """The primary result code: an extended one carries more in its higher bits."""
    return (error.sqlite_errorcode or 0) & 0xFF
