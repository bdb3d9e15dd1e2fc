"""The fonts of a page: which one has a character, each loaded when a text first needs it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FOLDER = Path(__file__).parent.with_name("fonts")


@dataclass(frozen=True)
class Face:
    """A font of ``fonts/``. ``blocks`` are the code points it is looked at for, in hexadecimal;
    ``joins`` says that its letters change with their neighbours."""

    name: str
    blocks: tuple[range, ...] = ()
    joins: bool = True
    has_semibold: bool = False

    def covers(self, char: str) -> bool:
        """Whether the font is for this character and has it."""
        return self._is_for(ord(char)) and self.has(char)

    def has(self, char: str) -> bool:
        """Whether the font has a character, be it for it or not."""
        return ord(char) in _loaded(self.name).face.charToGlyph

    def _is_for(self, code: int) -> bool:
        return not self.blocks or any(code in block for block in self.blocks)

    def font_name(self, *, semibold: bool) -> str:
        """The name under which reportlab knows the font, which is loaded by now."""
        weight = "SemiBold" if semibold and self.has_semibold else "Regular"
        _loaded(self.name, weight)
        return f"{self.name}-{weight}"


def _blocks(*bounds: tuple[int, int]) -> tuple[range, ...]:
    return tuple(range(first, last + 1) for first, last in bounds)


BASE = Face("NotoSans", joins=False, has_semibold=True)
"""Latin, Greek, Cyrillic, Devanagari, digits and signs: looked at first."""
EMOJI = Face("NotoEmoji")
ARABIC = Face(
    "NotoSansArabic",
    _blocks((0x600, 0x6FF), (0x750, 0x77F), (0x870, 0x8FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF)),
    has_semibold=True,
)
FACES = (
    BASE,
    ARABIC,
    Face("NotoSansHebrew", _blocks((0x590, 0x5FF), (0xFB1D, 0xFB4F)), has_semibold=True),
    Face("NotoSansArmenian", _blocks((0x530, 0x58F), (0xFB13, 0xFB17)), joins=False),
    Face("NotoSansGeorgian", _blocks((0x10A0, 0x10FF), (0x1C90, 0x1CBF)), joins=False),
    Face("NotoSansBengali", _blocks((0x980, 0x9FF))),
    Face("NotoSansGurmukhi", _blocks((0xA00, 0xA7F))),
    Face("NotoSansGujarati", _blocks((0xA80, 0xAFF))),
    Face("NotoSansTamil", _blocks((0xB80, 0xBFF))),
    Face("NotoSansTelugu", _blocks((0xC00, 0xC7F))),
    Face("NotoSansKannada", _blocks((0xC80, 0xCFF))),
    Face("NotoSansMalayalam", _blocks((0xD00, 0xD7F))),
    Face("NotoSansSinhala", _blocks((0xD80, 0xDFF))),
    Face("NotoSansThai", _blocks((0xE00, 0xE7F))),
    Face("NotoSansLao", _blocks((0xE80, 0xEFF))),
    Face("NotoSansMyanmar", _blocks((0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F))),
    Face("NotoSansEthiopic", _blocks((0x1200, 0x139F), (0x2D80, 0x2DDF)), joins=False),
    Face("NotoSansKhmer", _blocks((0x1780, 0x17FF), (0x19E0, 0x19FF))),
    Face(
        "DroidSansFallback",
        _blocks((0x1100, 0x11FF), (0x2E80, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF),
                (0xFF00, 0xFFEF), (0x20000, 0x2FA1F)),
        joins=False,
    ),
    EMOJI,
)  # fmt: skip


def face_of(char: str) -> Face | None:
    """The first font that has a character, None when none has."""
    return _face_of(char)


@cache
def _face_of(char: str) -> Face | None:
    return next((face for face in FACES if face.covers(char)), None)


class _Embedded(TTFont):
    """A font whose characters beyond the first 65,536 can be read back from the file.

    reportlab writes them as one number, where PDF wants UTF-16: two.
    """

    def addObjects(self, doc: Any) -> None:  # noqa: N802  reportlab's name
        super().addObjects(doc)
        for name, found in doc.idToObject.items():
            if str(name).startswith("toUnicodeCMap:"):
                found.content = re.sub("<([0-9A-F]{5,6})>", _as_utf_16, found.content)


def _as_utf_16(code: re.Match[str]) -> str:
    return f"<{chr(int(code[1], 16)).encode('utf-16-be').hex().upper()}>"


@cache
def _loaded(name: str, weight: str = "Regular") -> TTFont:
    path = FOLDER / f"{name}-{weight}.ttf"
    font = _Embedded(f"{name}-{weight}", str(path if path.exists() else FOLDER / f"{name}.ttf"))
    pdfmetrics.registerFont(font)
    return font
