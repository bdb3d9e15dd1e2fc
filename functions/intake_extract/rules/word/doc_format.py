"""Pieces of text and their formatting in a Word 97-2003 document ([MS-DOC])."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from functions.intake_extract.rules.errors import Damaged

_MOST_PIECES = 100_000
_PAGE = 512
_BOLD, _HIDDEN, _DELETED = 0x0835, 0x083C, 0x0800
_LIST = 0x460B
_IN_TABLE, _ROW_END, _OUTLINE = 0x2416, 0x2417, 0x2640
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
_TELLING = {_BOLD, _HIDDEN, _DELETED, _IN_TABLE, _ROW_END, _OUTLINE, _LIST}
_HEADINGS = range(1, 10)
"""Numbers of the built-in heading styles."""


@dataclass(slots=True, frozen=True)
class Piece:
    """A stretch of text that is stored in one place."""

    start: int
    """Of its first character in the text."""
    end: int
    place: int
    """Of its first byte in the main stream."""
    narrow: bool
    """Whether a character takes one byte."""

    def text(self, stream: bytes) -> str:
        """Return its characters."""
        count = self.end - self.start
        if self.narrow:
            return stream[self.place : self.place + count].decode("cp1252", "replace")
        return stream[self.place : self.place + 2 * count].decode("utf-16-le", "replace")


@dataclass(slots=True, frozen=True)
class Look:
    """What is said of a run or of a paragraph."""

    bold: bool = False
    unseen: bool = False
    in_table: bool = False
    row_end: bool = False
    heading: bool = False
    listed: bool = False


def pieces(clx: bytes) -> list[Piece]:
    """Return the pieces of the text in its order; raises :class:`Damaged`."""
    at = 0
    while at + 3 <= len(clx) and clx[at] == 1:
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if at + 5 > len(clx) or clx[at] != 2:
        raise Damaged("The document is damaged: its text cannot be found.")
    (length,) = struct.unpack_from("<I", clx, at + 1)
    table = clx[at + 5 : at + 5 + length]
    count = min((len(table) - 4) // 12, _MOST_PIECES)
    if count < 1:
        raise Damaged("The document is damaged: its text cannot be found.")
    ends = struct.unpack_from(f"<{count + 1}I", table, 0)
    found = []
    for index in range(count):
        (place,) = struct.unpack_from("<I", table, 4 * (count + 1) + 8 * index + 2)
        narrow = bool(place & 0x40000000)
        place &= 0x3FFFFFFF
        if ends[index] < ends[index + 1]:
            found.append(
                Piece(ends[index], ends[index + 1], place // 2 if narrow else place, narrow)
            )
    return found


class Looks:
    """The looks of runs or paragraphs by their place in the main stream."""

    def __init__(self, stream: bytes, table: bytes, *, paragraphs: bool) -> None:
        self._starts: list[int] = []
        self._looks: list[Look] = []
        count = max(0, (len(table) - 4) // 8)
        for index in range(min(count, _MOST_PIECES)):
            (number,) = struct.unpack_from("<I", table, 4 * (count + 1) + 4 * index)
            page = stream[(number & 0x3FFFFF) * _PAGE :][:_PAGE]
            if len(page) == _PAGE:
                self._page(page, paragraphs)
        if self._starts != sorted(self._starts):
            both = sorted(zip(self._starts, self._looks, strict=True), key=lambda pair: pair[0])
            self._starts = [start for start, _ in both]
            self._looks = [look for _, look in both]

    def _page(self, page: bytes, paragraphs: bool) -> None:
        count = page[-1]
        width = 13 if paragraphs else 1
        if 4 * (count + 1) + width * count > _PAGE - 1:
            return
        for index in range(count):
            (start,) = struct.unpack_from("<I", page, 4 * index)
            at = 2 * page[4 * (count + 1) + width * index]
            self._starts.append(start)
            self._looks.append(_look(page, at, paragraphs) if at else Look())

    def runs(self, begin: int, end: int) -> Iterator[tuple[int, Look]]:
        """Yield where each run in a stretch of bytes ends, and its look."""
        index = bisect_right(self._starts, begin) - 1
        while begin < end:
            following = self._starts[index + 1] if index + 1 < len(self._starts) else end
            stop = min(end, max(following, begin + 1))
            yield stop, self._looks[index] if index >= 0 else Look()
            begin, index = stop, index + 1

    def at(self, place: int) -> Look:
        """Return the look at one place."""
        index = bisect_right(self._starts, place) - 1
        return self._looks[index] if index >= 0 else Look()


def _look(page: bytes, at: int, paragraphs: bool) -> Look:
    length = page[at]
    style = 0
    if not paragraphs:
        changes = page[at + 1 : at + 1 + length]
    else:
        begin = at + 1 if length else at + 2
        size = 2 * length - 1 if length else 2 * page[min(at + 1, _PAGE - 1)]
        raw = page[begin : begin + size]
        style = int.from_bytes(raw[:2], "little")
        changes = raw[2:]
    said = dict(_said(changes))
    outline = said.get(_OUTLINE)
    return Look(
        bold=said.get(_BOLD, 0) in (1, 0x81),
        unseen=said.get(_HIDDEN, 0) == 1 or said.get(_DELETED, 0) == 1,
        in_table=said.get(_IN_TABLE, 0) == 1,
        row_end=said.get(_ROW_END, 0) == 1,
        listed=said.get(_LIST, 0) > 0,
        heading=style in _HEADINGS if outline is None else outline < 9,
    )


def _said(changes: bytes) -> Iterator[tuple[int, int]]:
    """Yield the telling properties of a list of changes, of each its first byte."""
    at = 0
    while at + 3 <= len(changes):
        (code,) = struct.unpack_from("<H", changes, at)
        width = _WIDTHS.get(code >> 13, 0) or 1 + changes[at + 2]
        if code in _TELLING:
            yield code, changes[at + 2]
        at += 2 + width
