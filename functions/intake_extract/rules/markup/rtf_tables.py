"""Tables of a Rich Text file: fonts with their encodings, styles that are headings; code pages."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

# \fcharset to code page; 0 is Windows Western, 1 the file's own, 2 symbols.
_CHARSETS = {
    0: "cp1252", 77: "mac_roman", 78: "shift_jis", 79: "cp949", 80: "gb2312", 81: "big5",
    83: "mac_greek", 85: "mac_turkish", 88: "mac_latin2", 89: "mac_cyrillic", 128: "cp932",
    129: "cp949", 130: "johab", 134: "cp936", 136: "cp950", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
SYMBOLS = "symbols"
"""In place of an encoding: the font draws marks, not letters."""
_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop|rubrik|nagłówek) ?\d", re.I)


def code_page(number: int | None) -> str | None:
    """Return the encoding of an ``\\ansicpg``, None when it is unknown."""
    if number is None or number <= 0:
        return None
    name = {65001: "utf-8", 10000: "mac_roman", 1361: "johab"}.get(number, f"cp{number}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def charset(number: int | None, ansi: str) -> str:
    """Return the encoding of an ``\\fcharset``, or ``SYMBOLS``."""
    if number == 2:
        return SYMBOLS
    return _CHARSETS.get(number if number is not None else 1, ansi)


def decoded(data: bytes, encoding: str) -> str:
    """Return bytes as text; what a font of symbols draws is taken for a list mark."""
    if encoding == SYMBOLS:
        # Printable ASCII in such a font is an icon; its higher half holds bullets and arrows.
        return "".join("•" if byte in (0xB7, 0xA7, 0xD8, 0x76, 0xFC) else " " for byte in data)
    return data.decode(encoding, "replace")


@dataclass(slots=True)
class Tables:
    """What the head of the file says."""

    ansi: str = "cp1252"
    default_font: int = 0
    fonts: dict[int, str] = field(default_factory=dict)
    """Number to encoding."""
    headings: set[int] = field(default_factory=set)
    """Numbers of the paragraph styles that are headings."""
    _font: int = 0
    _style: int = 0
    _name: str = ""

    def in_fonts(self, word: str, number: int | None) -> None:
        """Take a control word of the font table."""
        if word == "f":
            self._font = number or 0
        elif word == "fcharset":
            self.fonts[self._font] = charset(number, self.ansi)
        elif word == "cpg":
            self.fonts[self._font] = code_page(number) or self.ansi

    def in_styles(self, word: str, number: int | None) -> None:
        """Take a control word of the style sheet."""
        if word in ("s", "cs", "ds", "ts"):
            self._style, self._name = (number or 0) if word == "s" else -1, ""
        elif word == "outlinelevel" and number is not None and number < 9:
            self.headings.add(self._style)

    def style_text(self, text: str) -> None:
        """Take text of the style sheet: the name of a style, closed by a semicolon."""
        self._name = (self._name + text)[:200]
        if ";" in text:
            if _HEADING.match(self._name.strip()) and self._style >= 0:
                self.headings.add(self._style)
            self._name, self._style = "", 0

    def encoding(self, font: int) -> str:
        """Return the encoding of a font."""
        return self.fonts.get(font, self.ansi)
