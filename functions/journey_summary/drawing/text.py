"""Text of any script as a paragraph's markup.

What people are called is theirs to write, so every text goes this way: it is escaped, each
stretch is given a font that has it, and a stretch from right to left is kept in one piece, so
that it is shaped and ordered as a whole. Between two fonts there is always a space: reportlab
shapes a word with one font.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from xml.sax.saxutils import escape

from functions.journey_summary.drawing.fonts import BASE, EMOJI, Face, face_of

UNKNOWN = "?"
"""Stands for a character that no font has."""
MOST_CHARACTERS = 100
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
_NUMBER = re.compile(r"\d+(?:[.,:/٫٬]\d+)*")
_JOINERS = {"\u200c", "\u200d", "\ufe0f"}
_MOST_IN_ONE_PIECE = 48


@dataclass(frozen=True)
class Marked:
    """A text as markup. ``joins`` says that it has letters that change with their neighbours."""

    markup: str
    joins: bool = False

    def __add__(self, other: Marked) -> Marked:
        return Marked(self.markup + other.markup, self.joins or other.joins)


@dataclass(frozen=True)
class _Glyph:
    char: str
    face: Face


def marked(text: str, *, semibold: bool = False, most: int = MOST_CHARACTERS) -> Marked:
    """The markup of a text of one line, cut to ``most`` characters."""
    glyphs = list(_glyphs(_cut(unicodedata.normalize("NFC", text), most)))
    pieces = []
    joins = False
    for face, run in groupby(_kept_together(glyphs), key=lambda glyph: glyph.face):
        found = "".join(glyph.char for glyph in run)
        joins = joins or face.joins or any(_changes(char) for char in found)
        name = face.font_name(semibold=semibold)
        pieces.append((found, f'<font name="{name}">{escape(found)}</font>'))
    markup = ""
    for position, (found, piece) in enumerate(pieces):
        before = pieces[position - 1][0] if position else " "
        markup += piece if before[-1].isspace() or found[0].isspace() else f" {piece}"
    return Marked(markup, joins)


def said(text: str) -> Marked:
    """Markup of our own words, which may hold reportlab's tags."""
    return Marked(text)


def _cut(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _glyphs(text: str) -> Iterator[_Glyph]:
    """The characters of a text, each with its font; marks and joiners go with what they are on."""
    previous = BASE
    for char in text:
        category = unicodedata.category(char)
        if char in _JOINERS:
            if previous is not BASE:
                yield _Glyph(char, previous)
            continue
        if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            continue
        if category in {"Mn", "Me", "Mc"} and previous.has(char):
            yield _Glyph(char, previous)
            continue
        if 0x1F3FB <= ord(char) <= 0x1F3FF and previous is EMOJI:
            yield _Glyph(char, EMOJI)  # a skin tone
            continue
        face = face_of(char)
        previous = face or BASE
        yield _Glyph(char, face) if face else _Glyph(UNKNOWN, BASE)


def _kept_together(glyphs: list[_Glyph]) -> list[_Glyph]:
    """The same, with what stands between two words from right to left given to them: they are
    one word then, whose letters come in the order in which they are read.

    A whole word is turned around when it is shaped, so numbers in it are turned before.
    """
    kept = list(glyphs)
    position = 0
    while position < len(kept):
        if not _is_right_to_left(kept[position]):
            position += 1
            continue
        end = position
        for later in range(position + 1, len(kept)):
            if _is_right_to_left(kept[later]) or kept[later].char.isdecimal():
                end = later
            elif kept[later].char.isalpha():
                break
        face = kept[position].face
        end += _closes(kept[position : end + 2])
        stretch = kept[position : end + 1]
        if len(stretch) <= _MOST_IN_ONE_PIECE and all(face.has(glyph.char) for glyph in stretch):
            text = "".join(glyph.char for glyph in stretch).replace(" ", "\u00a0")
            turned = _NUMBER.sub(lambda number: number[0][::-1], text)
            kept[position : end + 1] = [_Glyph(char, face) for char in turned]
        position = end + 1
    return kept


def _closes(glyphs: list[_Glyph]) -> bool:
    """Whether the last of some characters is the bracket that closes one opened among them."""
    kinds = [unicodedata.category(glyph.char) for glyph in glyphs]
    return kinds[-1] == "Pe" and kinds.count("Ps") == kinds.count("Pe")


def _is_right_to_left(glyph: _Glyph) -> bool:
    return unicodedata.bidirectional(glyph.char) in _RIGHT_TO_LEFT


def _changes(char: str) -> bool:
    """Whether a letter of the base font has to be shaped: Devanagari, and marks on letters."""
    return 0x900 <= ord(char) <= 0x97F or unicodedata.category(char) in {"Mn", "Me"}
