"""Telling plain text from binary junk."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Control characters that no text file has: all but tab, line feeds, form feed, escape and ^Z.
_CONTROLS = bytes(set(range(32)) - {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1A, 0x1B}) + b"\x7f"
_MOST_CONTROLS = 0.002
_MOST_BROKEN = 0.01


def is_text(pieces: Iterable[bytes]) -> bool:
    """Whether the pieces of a file are text: UTF-8, UTF-16, UTF-32 or an 8-bit encoding.

    Text has hardly any control characters; random bytes have one in ten.
    """
    pieces = iter(pieces)
    head = next(pieces, b"")
    encoding = _wide_encoding(head)
    if encoding is None:
        return _few_controls(head, pieces)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    total = odd = 0
    for piece in _chained(head, pieces):
        text = decoder.decode(piece)
        total += len(text)
        odd += text.count("\ufffd") + sum(text.count(chr(control)) for control in _CONTROLS)
    return total > 0 and odd <= max(1, _MOST_BROKEN * total)


def _chained(head: bytes, rest: Iterable[bytes]) -> Iterable[bytes]:
    yield head
    yield from rest


def _wide_encoding(head: bytes) -> str | None:
    """Return a UTF-16 or UTF-32 encoding by mark, or UTF-16 by its pattern of zero bytes."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    sample = head[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) > len(sample) // 5 and min(even, odd) <= len(sample) // 50:
        return "utf-16-be" if even > odd else "utf-16-le"
    return None


def _few_controls(head: bytes, rest: Iterable[bytes]) -> bool:
    total = controls = 0
    for piece in _chained(head, rest):
        total += len(piece)
        controls += len(piece) - len(piece.translate(None, _CONTROLS))
    return total > 0 and controls <= _MOST_CONTROLS * total
