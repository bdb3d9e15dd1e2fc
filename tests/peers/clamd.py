"""A clamd of the tests, with signatures of their own, and one that does what clamd should not."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.peers.loopback import end_with_parent, free_port

PATTERN = b"waymark-test-pattern-7f3a"
"""What the pattern signature finds, anywhere in a file."""
KNOWN_FILE = b"a whole file that the digest signature knows\n"
PATTERN_NAME, FILE_NAME = "Waymark.Test.Pattern", "Waymark.Test.File"
MOST_BYTES = 1024 * 1024
"""What it takes over a connection; of a file it looks at half as much."""
_START_SECONDS = 30.0


def program() -> str:
    """Where clamd is. Skips the test where it is not.

    On a build server nothing is skipped: there the missing program is the failure.
    """
    found = shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        reason = "install clamd (Debian: apt-get install clamav-daemon)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class RunningClamd:
    """A clamd in a folder, on a Unix socket and a port of its own; can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self._program = program()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        # a socket's path has at most 107 bytes, less than a test's folder may have
        self.socket = Path(f"/tmp/waymark-clamd-{os.getpid()}-{self.port}")
        signatures = folder / "signatures"
        signatures.mkdir()
        known = f"{hashlib.md5(KNOWN_FILE).hexdigest()}:{len(KNOWN_FILE)}:{FILE_NAME}\n"
        (signatures / "test.hdb").write_text(known)
        (signatures / "test.ndb").write_text(f"{PATTERN_NAME}:0:*:{PATTERN.hex()}\n")
        (folder / "clamd.conf").write_text(
            f"Foreground yes\nDatabaseDirectory {signatures}\nLocalSocket {self.socket}\n"
            f"TCPSocket {self.port}\nTCPAddr 127.0.0.1\nStreamMaxLength {MOST_BYTES}\n"
            f"MaxFileSize {MOST_BYTES // 2}\nAlertExceedsMax yes\nTemporaryDirectory {folder}\n"
        )

    @property
    def urls(self) -> dict[str, str]:
        """How it is reached, by kind."""
        return {"tcp": f"tcp://127.0.0.1:{self.port}", "unix": f"unix://{self.socket}"}

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.socket.unlink(missing_ok=True)
        with (self._folder / "clamd.out").open("ab") as out:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self._folder / "clamd.conf")],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=end_with_parent(),
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                printed = (self._folder / "clamd.out").read_text(errors="replace")
                raise RuntimeError(f"clamd does not listen:\n{printed}")
            time.sleep(0.02)

    def _listens(self) -> bool:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return self.socket.exists()
        return False

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self.socket.unlink(missing_ok=True)


@contextmanager
def running_clamd(folder: Path) -> Iterator[RunningClamd]:
    """Clamd until the block ends."""
    clamd = RunningClamd(folder)
    clamd.start()
    try:
        yield clamd
    finally:
        clamd.stop()


Behaviour = Callable[[socket.socket], None]


def read_stream(connection: socket.socket) -> bytes:
    """Read a command and its chunks to their end; returns the content."""
    with connection.makefile("rb") as sent:
        assert sent.read(10) == b"zINSTREAM\0"
        content = b""
        while length := int.from_bytes(sent.read(4), "big"):
            content += sent.read(length)
        return content


def saying(answer: bytes) -> Behaviour:
    """Take the whole file and say this."""

    def behave(connection: socket.socket) -> None:
        read_stream(connection)
        connection.sendall(answer)

    return behave


def saying_at_once(answer: bytes) -> Behaviour:
    """Say this and hang up before anything was read to its end."""

    def behave(connection: socket.socket) -> None:
        connection.recv(1)
        connection.sendall(answer)

    return behave


def hanging(connection: socket.socket) -> None:
    """Take the whole file and say nothing."""
    read_stream(connection)
    with suppress(OSError):
        connection.recv(1)


def deaf(connection: socket.socket) -> None:
    """Neither read nor say anything."""
    time.sleep(2)


def hanging_up(connection: socket.socket) -> None:
    """Hang up in the middle of the file."""
    connection.recv(100)


def trickling(connection: socket.socket) -> None:
    """Take the file, and answer a letter at a time, without an end."""
    read_stream(connection)
    with suppress(OSError):
        for letter in b"stream: OK" * 1000:
            connection.sendall(bytes([letter]))
            time.sleep(0.02)


@contextmanager
def misbehaving(behave: Behaviour) -> Iterator[str]:
    """A server on loopback that treats every connection so; gives its URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def treat(connection: socket.socket) -> None:
        with connection, suppress(OSError, AssertionError):
            behave(connection)

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=treat, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
