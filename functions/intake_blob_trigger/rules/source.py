"""The file under check, read in pieces; keeps faults of the store apart from faults of the file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

PIECE = 256 * 1024


class Source:
    """Random access to a seekable stream whose size is measured, not believed."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.failure: Exception | None = None
        """What the stream itself raised: a fault of the store, to be tried again."""
        try:
            self.size = stream.seek(0, io.SEEK_END)
        except Exception as error:
            self.failure = error
            raise

    def read(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset``; fewer at the end, none outside."""
        if length <= 0 or not 0 <= offset < self.size:
            return b""
        length = min(length, self.size - offset)
        read = bytearray()
        try:
            self._stream.seek(offset)
            while len(read) < length:
                piece = self._stream.read(length - len(read))
                if not piece:
                    break
                read += piece
        except Exception as error:
            self.failure = error
            raise
        return bytes(read)

    def pieces(self, overlap: int = 0) -> Iterator[bytes]:
        """Yield the file in pieces, each beginning with the last ``overlap`` bytes before it."""
        tail = b""
        for offset in range(0, self.size, PIECE):
            piece = tail + self.read(offset, PIECE)
            yield piece
            tail = piece[-overlap:] if overlap else b""
