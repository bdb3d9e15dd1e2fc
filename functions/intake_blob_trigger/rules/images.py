"""How large an image unpacks, by its header alone."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from functions.intake_blob_trigger.rules.limits import Limits
from functions.intake_blob_trigger.rules.source import Source
from functions.intake_blob_trigger.rules.verdict import Code, quarantine, reject

_MOST_MARKERS = 2_000
_MOST_TAGS = 500
_MOST_PAGES = 2_000
_Size = tuple[int, int]


def check_image(source: Source, media_type: str, limits: Limits) -> None:
    """Raise an ``Objection`` to an image without a size, or of more pixels than a page has."""
    sizes = list(_READERS[media_type](source))
    if not sizes or any(width < 1 or height < 1 for width, height in sizes):
        raise reject(Code.DAMAGED, "The image is damaged: its header cannot be read.")
    if any(width * height > limits.max_pixels for width, height in sizes):
        raise quarantine(
            Code.BOMB,
            "The image unpacks to far more than a page holds, as decompression bombs do.",
        )


def _unpacked(source: Source, form: str, at: int) -> tuple[int, ...]:
    data = source.read(at, struct.calcsize(form))
    if len(data) < struct.calcsize(form):
        raise reject(Code.TRUNCATED, "The image is incomplete. Please upload it again.")
    return struct.unpack(form, data)


def _png(source: Source) -> Iterator[_Size]:
    if source.read(12, 4) == b"IHDR":
        width, height = _unpacked(source, ">II", 16)
        yield width, height


def _gif(source: Source) -> Iterator[_Size]:
    width, height = _unpacked(source, "<HH", 6)
    yield width, height


def _bmp(source: Source) -> Iterator[_Size]:
    (length,) = _unpacked(source, "<I", 14)
    if length == 12:
        width, height = _unpacked(source, "<HH", 18)
    else:
        width, height = _unpacked(source, "<ii", 18)
    yield abs(width), abs(height)


def _jpeg(source: Source) -> Iterator[_Size]:
    at = 2
    for _ in range(_MOST_MARKERS):
        mark, kind = _unpacked(source, ">BB", at)
        if mark != 0xFF:
            return
        if kind == 0xFF:  # a filler
            at += 1
        elif 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = _unpacked(source, ">HH", at + 5)
            yield width, height
            return
        elif kind in (0xD9, 0xDA):
            return
        elif kind == 0x01 or 0xD0 <= kind <= 0xD8:
            at += 2
        else:
            (length,) = _unpacked(source, ">H", at + 2)
            at += 2 + max(2, length)


def _webp(source: Source) -> Iterator[_Size]:
    kind = source.read(12, 4)
    if kind == b"VP8X":
        data = source.read(24, 6)
        if len(data) == 6:
            yield (
                1 + int.from_bytes(data[:3], "little"),
                1 + int.from_bytes(data[3:], "little"),
            )
    elif kind == b"VP8L":
        (bits,) = _unpacked(source, "<I", 21)
        yield 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 ":
        width, height = _unpacked(source, "<HH", 26)
        yield width & 0x3FFF, height & 0x3FFF


def _tiff(source: Source) -> Iterator[_Size]:
    order = "<" if source.read(0, 2) == b"II" else ">"
    (at,) = _unpacked(source, f"{order}I", 4)
    seen: set[int] = set()
    while at and at not in seen and len(seen) < _MOST_PAGES:
        seen.add(at)
        (count,) = _unpacked(source, f"{order}H", at)
        width = height = 0
        for index in range(min(count, _MOST_TAGS)):
            entry = source.read(at + 2 + 12 * index, 12)
            if len(entry) < 12:
                return
            tag, kind = struct.unpack(f"{order}HH", entry[:4])
            value = struct.unpack(
                f"{order}H" if kind == 3 else f"{order}I", entry[8 : 10 if kind == 3 else 12]
            )[0]
            width = value if tag == 256 else width
            height = value if tag == 257 else height
        yield width, height
        at = int.from_bytes(
            source.read(at + 2 + 12 * count, 4), "little" if order == "<" else "big"
        )


_READERS: dict[str, Callable[[Source], Iterator[_Size]]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/gif": _gif,
    "image/bmp": _bmp,
    "image/webp": _webp,
    "image/tiff": _tiff,
}
IMAGES = tuple(_READERS)
"""The media types that it knows."""
