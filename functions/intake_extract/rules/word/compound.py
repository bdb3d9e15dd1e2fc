"""The streams of an OLE compound file ([MS-CFB]), read within bounds."""

from __future__ import annotations

import struct

from functions.intake_extract.rules.errors import Damaged

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST = 0xFFFFFFFA
"""Sector numbers from here on are marks: end of chain, free, and the like."""
_MOST_ENTRIES = 20_000
_STREAM, _ROOT = 2, 5


class CompoundFile:
    """Streams by name; raises :class:`Damaged` when the bytes are no compound file."""

    def __init__(self, data: bytes) -> None:
        if len(data) < 512 or not data.startswith(_MAGIC):
            raise _damaged()
        self._data = data
        shift, mini_shift = struct.unpack_from("<HH", data, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise _damaged()
        self._size, self._mini_size = 1 << shift, 1 << mini_shift
        directory, _, self._cutoff, mini_fat, _, difat, _ = struct.unpack_from("<7I", data, 48)
        self._fat = self._table(self._fat_sectors(difat))
        self._mini_fat = self._table(self._chain(mini_fat, self._fat))
        self._entries: dict[str, tuple[int, int]] = {}
        root = (_LAST, 0)
        raw = b"".join(self._sector(number) for number in self._chain(directory, self._fat))
        for at in range(0, min(len(raw), 128 * _MOST_ENTRIES) - 127, 128):
            length, kind = struct.unpack_from("<HB", raw, at + 64)
            start, size = struct.unpack_from("<II", raw, at + 116)
            name = raw[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            if kind == _ROOT:
                root = (start, size)
            elif kind == _STREAM:
                self._entries.setdefault(name, (start, size))
        self._mini = b"".join(self._sector(number) for number in self._chain(root[0], self._fat))

    def stream(self, name: str) -> bytes | None:
        """Return the bytes of a stream, the first of its name; None when there is none."""
        found = self._entries.get(name)
        if found is None:
            return None
        start, size = found
        if size < self._cutoff:
            chain, width = self._chain(start, self._mini_fat), self._mini_size
            whole = b"".join(self._mini[n * width : (n + 1) * width] for n in chain)
        else:
            whole = b"".join(self._sector(number) for number in self._chain(start, self._fat))
        return whole[:size]

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        return self._data[at : at + self._size]

    def _fat_sectors(self, difat: int) -> list[int]:
        sectors = [n for n in struct.unpack_from("<109I", self._data, 76) if n < _LAST]
        most = len(self._data) // self._size + 1
        for _ in range(most):
            sector = self._sector(difat) if difat < _LAST else b""
            if len(sector) < self._size:
                break
            *numbers, difat = struct.unpack(f"<{self._size // 4}I", sector)
            sectors.extend(n for n in numbers if n < _LAST)
        return sectors[:most]

    def _table(self, sectors: list[int]) -> list[int]:
        raw = b"".join(self._sector(number) for number in sectors)
        return list(struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))

    def _chain(self, start: int, table: list[int]) -> list[int]:
        """Return the sectors of a chain; one that loops is damage."""
        chain: list[int] = []
        while start < _LAST:
            if start >= len(table) or len(chain) > len(table):
                raise _damaged()
            chain.append(start)
            start = table[start]
        return chain


def _damaged() -> Damaged:
    return Damaged("The document is damaged: its container cannot be opened.")
