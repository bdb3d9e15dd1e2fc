"""Text out of a Word 97-2003 document: its pieces in order, with what sets them apart.

Kept: headers and footers, notes, tables, text boxes, links, headings, what is
bold, items of lists (their numbers are not counted). Left out: hidden and
deleted text, comments, field codes. Sizes are unknown, and bold of styles.
"""

from __future__ import annotations

import struct

from functions.intake_extract.rules.errors import Damaged, Encrypted, ExtractionError
from functions.intake_extract.rules.limits import ExtractLimits
from functions.intake_extract.rules.rows import Block, field_url, text_of
from functions.intake_extract.rules.sheets import Sheet
from functions.intake_extract.rules.word.compound import CompoundFile
from functions.intake_extract.rules.word.doc_format import Look, Looks, Piece, pieces
from shared.models.text import ExtractedText

MEDIA_TYPE = "application/msword"
_WORD_97 = 0xC1
_IDENTITY = 0xA5EC
_LENGTHS = 0x4C
"""Characters of body, notes, headers, macros, comments, endnotes, text boxes; in this order."""
_HEADERS, _RUNS, _PARAGRAPHS, _PIECES = 0xF2, 0xFA, 0x102, 0x1A2
_SEPARATORS = 6
_LONGEST_CODE = 4_096
_BEGIN, _RESULT, _END = "\x13", "\x14", "\x15"
_PLAIN = {"\x1e": "-", "\xa0": " ", "\t": "\t"}


def extract_doc(data: bytes, limits: ExtractLimits) -> ExtractedText:
    """Return the text of a Word 97-2003 document, its language still undecided.

    Everything is on page 1. Raises :class:`Encrypted` when a password is
    needed, :class:`Damaged` when it is no such document or an older one.
    """
    try:
        blocks = _Document(CompoundFile(data), limits).blocks()
    except ExtractionError:
        raise
    except (struct.error, IndexError, ValueError) as error:
        raise Damaged("The document is damaged: its structure is broken.") from error
    return text_of(MEDIA_TYPE, blocks, limits)


class _Document:
    """The streams of one document."""

    def __init__(self, file: CompoundFile, limits: ExtractLimits) -> None:
        main = file.stream("WordDocument")
        if main is None or len(main) < _PIECES + 8:
            raise Damaged("The document is damaged: it has no text.")
        identity, version = struct.unpack_from("<HH", main, 0)
        (flags,) = struct.unpack_from("<H", main, 10)
        if identity != _IDENTITY or version < _WORD_97:
            raise Damaged("The document is of a Word before 97. Please save it as DOCX.")
        if flags & 0x0100:
            raise Encrypted("The document is protected by a password. Please send it without.")
        self._main = main
        self._table = file.stream("1Table" if flags & 0x0200 else "0Table") or b""
        self._pieces = pieces(self._part(_PIECES))
        self._runs = Looks(main, self._part(_RUNS), paragraphs=False)
        self._paragraphs = Looks(main, self._part(_PARAGRAPHS), paragraphs=True)
        self._left = 2 * limits.max_chars + 1_000

    def _part(self, at: int) -> bytes:
        """Return a part of the table stream by the place of its own place in the header."""
        begin, length = struct.unpack_from("<II", self._main, at)
        return self._table[begin : begin + length]

    def blocks(self) -> list[Block]:
        """Return headers, body, text boxes, notes and footers."""
        text, notes, heads, macros, comments, ends, boxes = struct.unpack_from(
            "<7I", self._main, _LENGTHS
        )
        before, after = self._margins(text + notes, heads)
        at = text + notes + heads + macros + comments
        return [
            *before,
            *self._story(0, text),
            *self._story(at + ends, at + ends + boxes),
            *self._story(text, text + notes),
            *self._story(at, at + ends),
            *after,
        ]

    def _margins(self, begin: int, length: int) -> tuple[list[Block], list[Block]]:
        """Return the different headers and footers."""
        table = self._part(_HEADERS)
        places = struct.unpack_from(f"<{min(len(table), 4_000) // 4}I", table, 0)
        found: tuple[dict[str, list[Block]], dict[str, list[Block]]] = ({}, {})
        for index in range(_SEPARATORS, len(places) - 2):
            if places[index] < places[index + 1] <= length:
                story = self._story(begin + places[index], begin + places[index + 1])
                footer = (index - _SEPARATORS) % 6 in (2, 3, 5)
                words = "\n".join(row.text for block in story for row in block)
                found[footer].setdefault(words, story)
        headers, footers = ([b for story in kind.values() for b in story] for kind in found)
        return headers, footers

    def _story(self, begin: int, end: int) -> list[Block]:
        reader = _Reader()
        for piece in self._pieces:
            if piece.start < end and begin < piece.end and self._left > 0:
                self._read(piece, begin, end, reader)
        return reader.sheet.blocks()

    def _read(self, piece: Piece, begin: int, end: int, reader: _Reader) -> None:
        width = 1 if piece.narrow else 2
        first = max(begin, piece.start) - piece.start
        text = piece.text(self._main)[: min(end, piece.end) - piece.start]
        self._left -= len(text) - first
        at, place = first, piece.place
        for stop, look in self._runs.runs(place + width * first, place + width * len(text)):
            upto = min(len(text), -(-(stop - place) // width))
            for index in range(at, upto):
                char = text[index]
                if char in "\r\x07":
                    reader.mark(char, self._paragraphs.at(place + width * index))
                else:
                    reader.char(char, look)
            at = max(at, upto)


class _Reader:
    """Takes the characters of one story."""

    def __init__(self) -> None:
        self.sheet = Sheet("body")
        self._fields: list[tuple[str, bool]] = []
        """Code of each open field, and whether its result has begun."""

    def char(self, char: str, look: Look) -> None:
        """Take one character of the text."""
        if char == _BEGIN:
            self._fields.append(("", False))
        elif char == _RESULT and self._fields:
            self._fields[-1] = (self._fields[-1][0], True)
        elif char == _END and self._fields:
            self._fields.pop()
        elif self._fields and not self._fields[-1][1]:
            code = self._fields[-1][0]
            if len(code) < _LONGEST_CODE:
                self._fields[-1] = (code + char, False)
        elif char == "\x0b":
            self.sheet.paragraph("line", None, heading=False)
        elif char in "\x0c\x0e":
            self.sheet.paragraph("page", None, heading=False)
        elif not look.unseen and (char >= " " or char in _PLAIN):
            urls = (field_url(code) for code, begun in self._fields if begun)
            url = next((url for url in urls if url), None)
            self.sheet.write(_PLAIN.get(char, char), 0.0, bold=look.bold, url=url)

    def mark(self, char: str, look: Look) -> None:
        """Take the mark that ends a paragraph, a cell or a row, with the paragraph's look."""
        sheet = self.sheet
        sheet.paragraph("pard", None, heading=False)
        if look.heading:
            sheet.paragraph("outlinelevel", 0, heading=True)
        if look.in_table or char == "\x07":
            sheet.paragraph("intbl", None, heading=False)
        if look.listed:
            sheet.write("•", 0.0, bold=False, url=None, mark=True)
            sheet.end_mark()
        name = "par" if char == "\r" else ("row" if look.row_end else "cell")
        sheet.paragraph(name, None, heading=False)
