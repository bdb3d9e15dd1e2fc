"""SQLite connections under threads, processes and errors."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared import sqlite_connections
from shared.errors import Unavailable
from shared.sqlite_connections import Connections

ROOT = Path(__file__).resolve().parents[2]
OPENING = """
import sys, time
from pathlib import Path
from tests.kernel.embedded import Embedded
sys.stdin.read(1)
Embedded.at(Path(sys.argv[1])).close()
"""
RACING = """
import sys, time
from pathlib import Path
from shared.sqlite_connections import Connections
print("ready", flush=True)
begin = float(sys.stdin.readline())
for number in range(30):
    time.sleep(max(0, begin + number / 30 - time.time()))
    Connections(Path(sys.argv[1]) / f"{number}.db").get()
"""


@pytest.fixture
def connections(tmp_path: Path) -> Connections:
    """Connections to a new file with one table."""
    made = Connections(tmp_path / "probe.db")
    made.get().execute("CREATE TABLE probe (value INTEGER)")
    return made


def count(connections: Connections) -> int:
    return int(connections.get().execute("SELECT count(*) FROM probe").fetchone()[0])


def insert(connections: Connections, *, then: str = "", error: Exception | None = None) -> None:
    """Insert a row, run one more statement, and fail if told to."""
    with connections.transaction() as connection:
        connection.execute("INSERT INTO probe VALUES (1)")
        connection.execute(then)
        if error is not None:
            raise error


def test_a_transaction_that_raises_leaves_nothing(connections: Connections) -> None:
    """An error in the block rolls back, and the next transaction works."""
    with pytest.raises(KeyError):
        insert(connections, error=KeyError())
    insert(connections)
    assert count(connections) == 1


def test_a_commit_that_fails_leaves_nothing(connections: Connections) -> None:
    """When the commit itself fails the transaction is undone, and the next one works."""
    connections.get().execute("PRAGMA foreign_keys=ON")
    connections.get().execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    connections.get().execute(
        "CREATE TABLE child (parent REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"
    )
    with pytest.raises(sqlite3.IntegrityError):
        insert(connections, then="INSERT INTO child VALUES (7)")
    insert(connections)
    assert count(connections) == 1


def test_a_lock_held_too_long_is_unavailable(
    connections: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When others do not let go of the write lock the store is away, not broken."""
    monkeypatch.setattr(sqlite_connections, "BUSY_TIMEOUT_SECONDS", 0.05)
    impatient = Connections(tmp_path / "probe.db")
    with connections.transaction(), pytest.raises(Unavailable), impatient.transaction():
        raise AssertionError("two writers at once")
    with impatient.transaction() as connection:
        connection.execute("INSERT INTO probe VALUES (1)")
    impatient.close()


def test_a_full_disk_is_unavailable(connections: Connections) -> None:
    """When there is no room the store is away; with room again it works."""
    connection = connections.get()
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable), connections.transaction() as writing:
        writing.executemany("INSERT INTO probe VALUES (?)", [(n,) for n in range(10_000)])
    connection.execute("PRAGMA max_page_count = 100000")
    with connections.transaction() as writing:
        writing.execute("INSERT INTO probe VALUES (1)")
    assert count(connections) == 1


def test_each_thread_has_a_connection_and_takes_it_along(connections: Connections) -> None:
    """Threads that are over leave no open file behind, however many there were."""

    def use() -> None:
        with connections.transaction() as connection:
            connection.execute("INSERT INTO probe VALUES (1)")

    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))

    def run_threads() -> None:
        for _ in range(20):
            thread = threading.Thread(target=use)
            thread.start()
            thread.join()

    run_threads()
    before = open_files()
    run_threads()
    assert open_files() <= before
    assert count(connections) == 40


def test_writers_of_several_threads_wait_for_each_other(connections: Connections) -> None:
    """Transactions that read and then write lose no update."""
    connections.get().execute("INSERT INTO probe VALUES (0)")

    def raise_by_one(_: int) -> None:
        with connections.transaction() as connection:
            (value,) = connection.execute("SELECT value FROM probe").fetchone()
            connection.execute("UPDATE probe SET value = ?", (value + 1,))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(raise_by_one, range(40)))
    assert connections.get().execute("SELECT value FROM probe").fetchone() == (40,)


def test_closing_closes_every_threads_connection(connections: Connections) -> None:
    """After closing no thread's connection is open any more."""
    other: list[sqlite3.Connection] = []
    go, done = threading.Event(), threading.Event()

    def use() -> None:
        other.append(connections.get())
        done.set()
        go.wait(10)

    thread = threading.Thread(target=use)
    thread.start()
    assert done.wait(10)
    connections.close()
    with pytest.raises(sqlite3.ProgrammingError):
        other[0].execute("SELECT 1")
    go.set()
    thread.join()


def test_a_commit_reaches_the_disk(connections: Connections) -> None:
    """Each connection waits for the disk, or a power cut would undo what was committed."""
    assert connections.get().execute("PRAGMA synchronous").fetchone() == (2,)
    assert connections.get().execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_processes_that_start_at_once_share_a_new_home(tmp_path: Path) -> None:
    """Several processes that make the stores at the same moment all come to have them."""
    home = tmp_path / "home"
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", OPENING, str(home)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for process in starting:
        assert process.stdin is not None
        process.stdin.write(b"x")
        process.stdin.flush()
    told = [process.communicate(timeout=60)[1] for process in starting]
    assert [process.returncode for process in starting] == [0] * 4, told


def test_processes_open_new_files_at_the_same_moment(tmp_path: Path) -> None:
    """Whoever comes while another turns a new file's log on waits, instead of being told that
    the file is locked."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", RACING, str(tmp_path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    begin = f"{time.time() + 0.2}\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write(begin)
        process.stdin.flush()
    told = [process.communicate(timeout=60)[1] for process in started]
    assert [process.returncode for process in started] == [0] * 6, told


def test_a_checkpoint_waits_for_a_reader_for_a_moment_only(tmp_path: Path) -> None:
    """Somebody who reads for long keeps the log from being emptied, and holds up no writer; once
    they are done nothing of what was deleted is left in the log."""
    connections = Connections(tmp_path / "a.db")
    with connections.transaction() as connection:
        connection.execute("CREATE TABLE t (text TEXT)")
        connection.execute("INSERT INTO t VALUES ('a mark')")
    reader = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (1,)
    with connections.transaction() as connection:
        connection.execute("DELETE FROM t")
    began = time.monotonic()
    assert not connections.checkpoint()
    assert time.monotonic() - began < 10
    with connections.transaction() as connection:
        connection.execute("INSERT INTO t VALUES ('another')")
    reader.close()
    assert connections.checkpoint()
    assert (tmp_path / "a.db-wal").stat().st_size == 0
    assert b"a mark" not in (tmp_path / "a.db").read_bytes()
    connections.close()


def test_a_file_that_is_written_anew_holds_nothing_that_is_gone(tmp_path: Path) -> None:
    """Rows that grow and move leave pieces behind, whatever is overwritten; a rebuild ends them."""
    connections = Connections(tmp_path / "a.db")
    with connections.transaction() as connection:
        connection.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, body TEXT)")
    mark = "quistgaard"
    for number in range(400):
        with connections.transaction() as connection:
            body = f"{mark}-{number} " * (number % 40)
            connection.execute("INSERT INTO t VALUES (?, ?)", (number * 7 % 400, body))
    with connections.transaction() as connection:
        connection.execute("DELETE FROM t WHERE k % 3 != 0")
        connection.execute("UPDATE t SET body = 'kept'")
    connections.rebuild()
    assert mark.encode() not in (tmp_path / "a.db").read_bytes()
    assert mark.encode() not in (tmp_path / "a.db-wal").read_bytes()
    (left,) = connections.get().execute("SELECT count(*) FROM t").fetchone()
    assert left == 134
    connections.close()


def test_a_rebuild_waits_for_no_one_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process holds the lock: it is an error that can be tried again."""
    monkeypatch.setattr(sqlite_connections, "BUSY_TIMEOUT_SECONDS", 0.1)
    one, other = Connections(tmp_path / "a.db"), Connections(tmp_path / "a.db")
    with one.transaction() as connection:
        connection.execute("CREATE TABLE t (k INTEGER)")
        with pytest.raises(Unavailable):
            other.rebuild()
    other.rebuild()
    one.close()
    other.close()


def test_a_file_that_was_moved_away_is_missed_until_it_is_back(
    connections: Connections, tmp_path: Path
) -> None:
    """Threads and processes that come meanwhile are told so, and put no empty file in its place."""
    path = tmp_path / "probe.db"
    insert(connections)

    def come() -> int:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(insert, connections).result()
            return thread.submit(count, connections).result()

    elsewhere = path.rename(path.with_name("elsewhere.db"))
    with pytest.raises(Unavailable, match="gone"):
        come()
    another = Connections(path)
    with pytest.raises(Unavailable, match="gone"):
        another.get()
    assert not path.exists()
    elsewhere.rename(path)
    assert come() == 2
    assert count(another) == 2
    another.close()
    # with its log, for a thread that comes later: still no empty one
    moved = [
        file.rename(file.with_name(f"away-{file.name}")) for file in tmp_path.glob("probe.db*")
    ]
    with pytest.raises(Unavailable, match="gone"):
        come()
    for file in moved:
        file.rename(file.with_name(file.name.removeprefix("away-")))
    assert come() == 3
    connections.close()


@pytest.mark.parametrize("name", ["a b", "a%20b", "a?mode=ro", "a#b", "ä&b"])
def test_a_file_of_any_name_is_opened(tmp_path: Path, name: str) -> None:
    """Whatever it would mean in a URI."""
    connections = Connections(tmp_path / name / f"{name}.db")
    connections.get().execute("CREATE TABLE probe (value INTEGER)")
    insert(connections)
    assert (tmp_path / name / f"{name}.db").is_file()
    connections.close()


def test_a_file_behind_a_link_is_missed_as_well(tmp_path: Path) -> None:
    """SQLite keeps the log beside what the link leads to."""
    volume = tmp_path / "volume"
    volume.mkdir()
    (tmp_path / "link.db").symlink_to(volume / "a.db")
    connections = Connections(tmp_path / "link.db")
    connections.get().execute("CREATE TABLE probe (value INTEGER)")
    insert(connections)
    (volume / "a.db").rename(volume / "away.db")
    with pytest.raises(Unavailable, match="gone"):
        Connections(tmp_path / "link.db").get()
    assert not (volume / "a.db").exists()
    connections.close()
