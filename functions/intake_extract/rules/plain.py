"""Text out of plain-text files of any common encoding."""

from __future__ import annotations

import codecs

from functions.intake_extract.rules.characters import spaced
from functions.intake_extract.rules.errors import Damaged
from functions.intake_extract.rules.limits import ExtractLimits
from shared.models.text import ExtractedText, TextLine

MEDIA_TYPE = "text/plain"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 65_536
# What people's programs write; rarer ones only steal from them.
_LIKELY = [
    "utf_16_le", "utf_16_be", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255",
    "cp1256", "cp1257", "cp1258", "iso8859_2", "iso8859_5", "iso8859_7", "iso8859_9",
    "iso8859_15", "koi8_r", "koi8_u", "cp437", "cp850", "cp852", "cp866", "mac_roman",
    "mac_cyrillic", "cp932", "euc_jp", "iso2022_jp", "gb18030", "big5", "cp949", "cp874",
]  # fmt: skip


def decode(data: bytes) -> str:
    """Return bytes as text: by byte-order mark, as UTF-16 without mark, as UTF-8, by guess.

    Raises :class:`Damaged` when a marked file breaks its own encoding early on.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            text = data[len(bom) :].decode(encoding, "replace")
            if text.count("\ufffd") > max(10, len(text) // 10):
                raise Damaged("The text file is damaged: it does not follow its own encoding.")
            return text
    sample = data[:_SAMPLE]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) > len(sample) // 5 and min(even, odd) <= len(sample) // 50:
        return data.decode("utf-16-be" if even > odd else "utf-16-le", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    return data.decode(_guess(sample), "replace")


def _guess(sample: bytes) -> str:
    """Return the likeliest 8-bit encoding, Windows Western when nothing speaks for another."""
    from charset_normalizer import from_bytes

    best = from_bytes(sample, steps=5, chunk_size=512, cp_isolation=_LIKELY).best()
    if best is None or best.encoding in ("ascii", "utf_8"):
        return "cp1252"
    western = {"cp1252", "latin_1", "iso8859_15", "cp1254", "mac_roman", "cp437", "cp850", "cp858"}
    others = {best.encoding, *best.could_be_from_charset}
    return "cp1252" if western & others else best.encoding


def extract_plain(data: bytes, limits: ExtractLimits) -> ExtractedText:
    """Return the lines of a text file; a form feed begins a new page, an empty line a new block.

    Runs of blanks of four or more inside a line become a tab: that is how
    plain text sets columns.
    """
    text = decode(data)
    warnings = []
    if len(text) > limits.max_chars:
        text = text[: limits.max_chars]
        warnings.append(f"text beyond {limits.max_chars} characters was left out")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    pages = text.split("\f")
    if len(pages) > limits.max_pages:
        first = limits.max_pages + 1
        warnings.append(f"pages {first}-{len(pages)} beyond the page limit were left out")
    lines: list[TextLine] = []
    block = 0
    for number, page in enumerate(pages[: limits.max_pages], start=1):
        for row in page.split("\n"):
            words = spaced(row.expandtabs(8))
            if words:
                indent = len(row) - len(row.lstrip())
                lines.append(TextLine(text=words, page=number, block=block, x0=float(indent)))
            elif lines and lines[-1].block == block:
                block += 1
        block += 1
    return ExtractedText(
        media_type=MEDIA_TYPE, page_count=len(pages), lines=tuple(lines), warnings=tuple(warnings)
    )
