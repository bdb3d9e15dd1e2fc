"""Word 97 documents made by hand, for the tests of their reader."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_TEXT_AT = 0x600
_SECTOR = 512
BOLD, HIDDEN, DELETED = b"\x35\x08\x01", b"\x3c\x08\x01", b"\x00\x08\x01"
IN_TABLE, ROW_END, LISTED = b"\x16\x24\x01", b"\x17\x24\x01", b"\x0b\x46\x01\x00"


@dataclass(frozen=True)
class Part:
    """A paragraph with its mark at the end, or a run of characters."""

    text: str
    changes: bytes = b""
    style: int = 0


def word_97(
    paragraphs: Sequence[Part],
    runs: Sequence[Part] = (),
    *,
    narrow: bool = False,
    flags: int = 0x0200,
    version: int = 0xC1,
) -> bytes:
    """Return a document of these paragraphs; ``runs`` spell the same text, none for plain.

    ``narrow`` stores one byte a character. At most about ten paragraphs and runs.
    """
    text = "".join(part.text for part in paragraphs)
    stored = text.encode("cp1252" if narrow else "utf-16-le")
    width = 1 if narrow else 2
    main = bytearray(_TEXT_AT) + stored
    main += bytes(-len(main) % _SECTOR)
    paragraph_page, run_page = len(main) // _SECTOR, len(main) // _SECTOR + 1
    main += _page(paragraphs, width, paragraphs=True)
    main += _page(runs or [Part(text)], width, paragraphs=False)
    main += bytes(max(0, 4096 - len(main)))
    place = _TEXT_AT * 2 | 0x40000000 if narrow else _TEXT_AT
    piece = struct.pack("<II", 0, len(text)) + struct.pack("<HIH", 0, place, 0)
    clx = (
        b"\x01" + struct.pack("<H", 2) + bytes(2) + b"\x02" + struct.pack("<I", len(piece)) + piece
    )
    end = _TEXT_AT + len(stored)
    table = bytearray()
    struct.pack_into("<HH", main, 0, 0xA5EC, version)
    struct.pack_into("<H", main, 10, flags)
    struct.pack_into("<I", main, 0x4C, len(text))
    for at, part in (
        (0xFA, struct.pack("<III", _TEXT_AT, end, run_page)),
        (0x102, struct.pack("<III", _TEXT_AT, end, paragraph_page)),
        (0x1A2, clx),
    ):
        struct.pack_into("<II", main, at, len(table), len(part))
        table += part
    table += bytes(max(0, 4096 - len(table)))
    return compound({"WordDocument": bytes(main), "1Table": bytes(table)})


def _page(parts: Sequence[Part], width: int, *, paragraphs: bool) -> bytes:
    page = bytearray(_SECTOR)
    page[-1] = len(parts)
    entry = 13 if paragraphs else 1
    at, free = _TEXT_AT, _SECTOR - 1
    for index, part in enumerate(parts):
        struct.pack_into("<I", page, 4 * index, at)
        at += width * len(part.text)
        if paragraphs:
            body = struct.pack("<H", part.style) + part.changes
            body += bytes((len(body) + 1) % 2)
            body = bytes([(len(body) + 1) // 2]) + body
        else:
            body = bytes([len(part.changes)]) + part.changes
        free = (free - len(body)) // 2 * 2
        page[free : free + len(body)] = body
        page[4 * (len(parts) + 1) + entry * index] = free // 2
    struct.pack_into("<I", page, 4 * len(parts), at)
    return bytes(page)


def compound(streams: dict[str, bytes]) -> bytes:
    """Return an OLE compound file of streams, each of at least 4,096 bytes."""
    fat, body = [_FAT, _END], b""
    entries = [_entry("Root Entry", 5, _END, 0)]
    for name, content in streams.items():
        content += bytes(-len(content) % _SECTOR)
        start, count = len(fat), len(content) // _SECTOR
        fat += [*range(start + 1, start + count), _END]
        entries.append(_entry(name, 2, start, len(content)))
        body += content
    fat += [_FREE] * (128 - len(fat))
    header = bytearray(_SECTOR)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<8I", header, 44, 1, 1, 0, 4096, _END, 0, _END, 0)
    struct.pack_into("<109I", header, 76, 0, *[_FREE] * 108)
    directory = b"".join(entries).ljust(_SECTOR, b"\0")
    return bytes(header) + struct.pack("<128I", *fat) + directory + body


def _entry(name: str, kind: int, start: int, size: int) -> bytes:
    entry = bytearray(128)
    stored = name.encode("utf-16-le")
    entry[: len(stored)] = stored
    struct.pack_into("<HB", entry, 64, len(stored) + 2, kind)
    struct.pack_into("<III", entry, 68, _FREE, _FREE, _FREE)
    struct.pack_into("<II", entry, 116, start, size)
    return bytes(entry)
