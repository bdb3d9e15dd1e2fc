"""Scans with ClamAV's daemon, over its own protocol.

``zINSTREAM\\0``, then chunks, each after its length in four bytes, and a length of zero;
the answer is one line that ends with a zero byte. Only ``stream: OK`` to the whole of the
very file is clean.
"""

from __future__ import annotations

import hashlib
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

from shared.blobs.port import BlobReader, Blobs
from shared.errors import Missing, Stale, Unavailable
from shared.scanning.port import (
    Clean,
    Infected,
    Pending,
    Unscannable,
    Verdict,
    Version,
    plain_name,
)

Address = tuple[Literal["tcp"], str, int] | tuple[Literal["unix"], str]

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 45.0
_CHUNK = 64 * 1024
_LONGEST_ANSWER = 4096
_FOUND = re.compile(r"stream: ([^\0]+) FOUND")
_TOO_LARGE = "INSTREAM size limit exceeded. ERROR"
_PASSED_OVER = "Heuristics.Limits.Exceeded"
"""What clamd names, with AlertExceedsMax, a file of which it left parts unread."""


class _Overwritten(Exception):
    """The bytes are not those that were asked about."""


class Clamd:
    """The :class:`~shared.scanning.port.Scanner` port on a clamd.

    Each file is sent over a connection of its own in pieces of 64 KiB. ``answer_seconds``
    bound a whole scan, the sending included. There is no encryption in the protocol: clamd
    listens on this machine, or on a network that is trusted as this machine is.
    """

    def __init__(
        self,
        address: Address,
        blobs: Blobs,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._address = address
        self._blobs = blobs
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds

    def scan(self, version: Version) -> Verdict:
        try:
            with self._blobs.open(version.container, version.name) as blob:
                answer = self._sent(blob, version.sha256)
        except (Missing, Stale, _Overwritten):
            return Pending("The file was overwritten or removed while it was scanned.")
        return _verdict(answer)

    def ping(self, *, seconds: float) -> None:
        """See :class:`shared.scanning.port.Scanner`."""
        deadline = time.monotonic() + seconds
        with self._connected(seconds) as connection, _telling():
            _send(connection, b"zPING\0", deadline)
            if _answer(connection, deadline) != "PONG":
                raise Unavailable("clamd answers something else")

    def version(self) -> str:
        """The daemon's version and that of its signatures, in its own words.

        Raises ``Unavailable``.
        """
        deadline = time.monotonic() + self._answer_seconds
        with self._connected() as connection, _telling():
            _send(connection, b"zVERSION\0", deadline)
            return _answer(connection, deadline)

    def _sent(self, blob: BlobReader, sha256: str) -> str:
        """What clamd answers to these bytes. Raises ``_Overwritten`` when they are others."""
        deadline = time.monotonic() + self._answer_seconds
        with self._connected() as connection:
            for piece in _framed(blob, sha256):
                try:
                    _send(connection, piece, deadline)
                except OSError:
                    # it hangs up as soon as it has read more than it takes
                    return _early_answer(connection, deadline)
            with _telling():
                return _answer(connection, deadline)

    @contextmanager
    def _connected(self, seconds: float | None = None) -> Iterator[socket.socket]:
        connect_seconds = self._connect_seconds if seconds is None else seconds
        with _telling():
            if self._address[0] == "tcp":
                connection = socket.create_connection(self._address[1:], timeout=connect_seconds)
            else:
                connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                try:
                    connection.settimeout(connect_seconds)
                    connection.connect(self._address[1])
                except OSError:
                    connection.close()
                    raise
        with connection:
            yield connection


def address_of(url: str) -> Address:
    """The address in ``tcp://host:port`` or ``unix:///path``, which the settings hold it to be."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return "unix", parts.path
    return "tcp", parts.hostname or "", parts.port or 0


def _framed(blob: BlobReader, sha256: str) -> Iterator[bytes]:
    """The command with the whole content. Raises ``_Overwritten`` before its end for another."""
    digest = hashlib.sha256()
    yield b"zINSTREAM\0"
    while chunk := blob.read(_CHUNK):
        digest.update(chunk)
        yield len(chunk).to_bytes(4, "big") + chunk
    if digest.hexdigest() != sha256:
        raise _Overwritten
    yield bytes(4)


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"clamd does not answer ({type(error).__name__})") from error


def _send(connection: socket.socket, data: bytes, deadline: float) -> None:
    connection.settimeout(_left(deadline))
    connection.sendall(data)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the scan takes too long")
    return left


def _answer(connection: socket.socket, deadline: float) -> str:
    """Read one line that ends with a zero byte; one that does not is no answer."""
    answer = bytearray()
    while not answer.endswith(b"\0"):
        connection.settimeout(_left(deadline))
        piece = connection.recv(_LONGEST_ANSWER)
        if not piece or len(answer) + len(piece) > _LONGEST_ANSWER:
            raise Unavailable("clamd's answer has no end")
        answer += piece
    return answer[:-1].decode("utf-8", "replace")


def _early_answer(connection: socket.socket, deadline: float) -> str:
    """The answer of a clamd that stopped to read: an error or none, never that it is clean."""
    answer = ""
    with suppress(OSError):
        answer = _answer(connection, deadline)
    if answer != _TOO_LARGE:
        raise Unavailable("clamd hung up while the file was sent")
    return answer


def _verdict(answer: str) -> Verdict:
    if answer == "stream: OK":
        return Clean()
    if answer == _TOO_LARGE:
        return Unscannable("The file is larger than the scanner takes.")
    found = _FOUND.fullmatch(answer)
    if found is None:
        raise Unavailable("clamd gave no verdict")
    if found[1].startswith(_PASSED_OVER):
        return Unscannable("The file holds more than the scanner looks at.")
    return Infected(plain_name(found[1]))
