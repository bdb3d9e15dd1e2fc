"""What clamd finds, and that nothing it says by mistake is ever taken for clean."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shared.blobs.files import FileBlobs
from shared.errors import Unavailable
from shared.scanning.clamd import Clamd, address_of
from shared.scanning.port import Clean, Infected, Pending, Unscannable, Verdict, Version
from tests.contracts.blobs_fixtures import BlobStore, files_store
from tests.contracts.scanning_fixtures import put
from tests.peers.clamd import (
    FILE_NAME,
    KNOWN_FILE,
    MOST_BYTES,
    PATTERN,
    PATTERN_NAME,
    Behaviour,
    RunningClamd,
    deaf,
    hanging,
    hanging_up,
    misbehaving,
    read_stream,
    saying,
    saying_at_once,
    trickling,
)
from tests.peers.loopback import free_port

LARGE = b"z" * 8 * MOST_BYTES


@pytest.fixture
def files(tmp_path: Path) -> BlobStore:
    """Files to scan."""
    return files_store(tmp_path)


def scan(url: str, files: BlobStore, data: bytes = b"text", *, seconds: float = 5.0) -> Verdict:
    """Have a clamd scan these bytes."""
    scanner = Clamd(address_of(url), files.blobs, connect_seconds=1, answer_seconds=seconds)
    return scanner.scan(put(files.blobs, files.container, "a", data))


@pytest.mark.parametrize("way", ["tcp", "unix"])
@pytest.mark.parametrize(
    ("data", "name"),
    [
        (KNOWN_FILE, FILE_NAME),
        (PATTERN, PATTERN_NAME),
        (b"x" * (64 * 1024 - 5) + PATTERN, PATTERN_NAME),
        (b"x" * 500_000 + PATTERN, PATTERN_NAME),
    ],
    ids=["whole file", "pattern", "across chunks", "at the end"],
)
def test_both_kinds_of_signatures_are_found(
    clamd: RunningClamd, files: BlobStore, way: str, data: bytes, name: str
) -> None:
    """A file by its digest and a pattern anywhere in it are told by the signature's name."""
    found = scan(clamd.urls[way], files, data)
    assert isinstance(found, Infected)
    assert found.signature.startswith(name)


@pytest.mark.parametrize("way", ["tcp", "unix"])
@pytest.mark.parametrize("size", [MOST_BYTES // 2 + 1, MOST_BYTES, MOST_BYTES + 1, len(LARGE)])
def test_more_than_it_takes_or_looks_at_is_never_clean(
    clamd: RunningClamd, files: BlobStore, way: str, size: int
) -> None:
    """Above MaxFileSize and above StreamMaxLength a file is unscannable, however it is told."""
    assert isinstance(scan(clamd.urls[way], files, LARGE[:size]), Unscannable)


def test_the_version_tells_that_it_is_there(clamd: RunningClamd, files: BlobStore) -> None:
    """Its own words name it; nobody there is Unavailable."""
    assert "ClamAV" in Clamd(address_of(clamd.urls["unix"]), files.blobs).version()
    with pytest.raises(Unavailable):
        Clamd(address_of("unix:///nowhere/clamd.ctl"), files.blobs).version()


def test_many_at_once_are_each_told_their_own(clamd: RunningClamd, files: BlobStore) -> None:
    """Threads that share an adapter do not mix up their files."""
    scanner = Clamd(address_of(clamd.urls["unix"]), files.blobs)
    versions = [
        put(files.blobs, files.container, f"{n}", b"x" * n * 1000 + (PATTERN if n % 2 else b""))
        for n in range(24)
    ]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(scanner.scan, versions))
    assert [isinstance(each, Infected) for each in found] == [n % 2 == 1 for n in range(24)]


ANSWERS = [
    b"",
    b"\0",
    b"stream: OK",
    b"stream: OK\n",
    b"stream: OK\n\0",
    b"stream: ok\0",
    b" stream: OK\0",
    b"stream: OK \0",
    b"stream: OK\0stream: OK\0",
    b"stream: OK\0Evil FOUND\0",
    b"1: stream: OK\0",
    b"OK\0",
    b"PONG\0",
    b"ERROR\0",
    b"stream: Can't allocate memory ERROR\0",
    b"stream: OK ERROR\0",
    b"stream:  FOUND\0",
    b"UNKNOWN COMMAND\0",
    b"COMMAND READ TIMED OUT\0",
    b"\xff\xfe\0",
    b"x" * 5000 + b"\0",
    b"HTTP/1.1 200 OK\r\n\r\n",
]


@pytest.mark.parametrize("answer", ANSWERS, ids=[str(at) for at in range(len(ANSWERS))])
def test_what_is_no_verdict_is_unavailable(files: BlobStore, answer: bytes) -> None:
    """Nothing but the very words is clean: an error, another protocol, half an answer."""
    began = time.monotonic()
    with misbehaving(saying(answer)) as url, pytest.raises(Unavailable):
        scan(url, files)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (b"stream: OK\0", Clean()),
        (b"stream: Win.Test FOUND\0", Infected("Win.Test")),
        (b"stream: OK FOUND\0", Infected("OK")),
        (b"stream: a b\n\xc3\xa9<c> FOUND\0", Infected("a_b__<c>")),
        (b"stream: " + b"n" * 900 + b" FOUND\0", Infected("n" * 120)),
    ],
    ids=["clean", "found", "named OK", "odd name", "long name"],
)
def test_a_verdict_is_read(files: BlobStore, answer: bytes, verdict: Verdict) -> None:
    """A signature's name is shown plain and short, whatever was sent."""
    with misbehaving(saying(answer)) as url:
        assert scan(url, files) == verdict


@pytest.mark.parametrize("data", [b"text", LARGE], ids=["small", "large"])
@pytest.mark.parametrize("behave", [hanging, deaf, trickling], ids=lambda each: each.__name__)
def test_a_scan_ends_in_time(files: BlobStore, behave: Behaviour, data: bytes) -> None:
    """Whoever neither reads nor answers, or never comes to an end, holds nobody up for long."""
    began = time.monotonic()
    with misbehaving(behave) as url, pytest.raises(Unavailable):
        scan(url, files, data, seconds=0.5)
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    "behave",
    [hanging_up, saying_at_once(b"stream: OK\0"), saying_at_once(b"stream: OK")],
    ids=["hangs up", "says clean at once", "says half of it at once"],
)
def test_who_did_not_take_the_whole_file_is_not_believed(
    files: BlobStore, behave: Behaviour
) -> None:
    """A connection that ends, or an answer that comes, before the file was sent is no verdict."""
    with misbehaving(behave) as url, pytest.raises(Unavailable):
        scan(url, files, LARGE)


def test_a_refused_connection_is_unavailable(files: BlobStore) -> None:
    """Nobody listens on the port, or at the socket."""
    for url in (f"tcp://127.0.0.1:{free_port()}", "unix:///nowhere/clamd.ctl"):
        with pytest.raises(Unavailable):
            scan(url, files)


def test_the_file_is_sent_whole_and_in_pieces(files: BlobStore) -> None:
    """What arrives is the file, byte by byte."""
    arrived: list[bytes] = []

    def behave(connection: Any) -> None:
        arrived.append(read_stream(connection))
        connection.sendall(b"stream: OK\0")

    with misbehaving(behave) as url:
        assert scan(url, files, LARGE) == Clean()
    assert arrived == [LARGE]


class Overwriting:
    """Blobs that are other bytes when they are opened than they were known to be."""

    def __init__(self, real: FileBlobs) -> None:
        self._real = real

    @contextmanager
    def open(self, container: str, name: str) -> Iterator[Any]:
        self._real.put(container, name, b"other")
        with self._real.open(container, name) as reader:
            yield reader


def test_other_bytes_are_not_scanned_to_their_end(files: BlobStore) -> None:
    """Content of another digest is pending, though clamd would call it clean."""
    version = put(files.blobs, files.container, "a", b"first")
    blobs: Any = Overwriting(files.blobs)  # type: ignore[arg-type]  # the files' store is one
    with misbehaving(saying(b"stream: OK\0")) as url:
        assert isinstance(Clamd(address_of(url), blobs).scan(version), Pending)


def test_a_store_that_breaks_is_not_taken_for_the_scanner(files: BlobStore) -> None:
    """An error of the disk goes up as it is, and does not wait for clamd."""

    class Broken:
        @contextmanager
        def open(self, *_: str) -> Iterator[Any]:
            yield self

        def read(self, _: int) -> bytes:
            raise OSError("disk")

    blobs: Any = Broken()
    with misbehaving(hanging) as url, pytest.raises(OSError, match="disk"):
        Clamd(address_of(url), blobs).scan(Version("things", "a", "", ""))
