"""The parser's view of a page: rows with features, each tied to its place in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from functions.intake_parse.rules.lexicon import fold
from shared.models.resume import Span, Value
from shared.models.text import ExtractedText, TextLine

MOST_ROWS = 5_000
"""Rows read at most; a résumé has a few hundred."""
LONGEST_ROW = 1_500
"""Characters of a row that are looked at; what lies behind is prose."""
MOST_CHARACTERS = 200_000
"""Characters read at most, about sixty full pages: bounds the work on a hostile text."""

_BULLET = re.compile(
    r"\s*(?:[•●○◦▪▫■□◆◇♦►▶▸▹‣⁃∙·➢➤➔→✓✔✦★☆※❖⬥⦿◉♢\uf0b7\uf0a7\uf0d8\uf076\uf0fc\u2022\u2219\uf06c\uf071]+"
    r"|[-–—*+>»](?=\s)|o(?=\s+[A-Z]))\s*"
)
_ICON = re.compile(r"[\ue000-\uf8ff\U0001f000-\U0001faff\u2600-\u27bf\u200b\ufeff\ufffd]")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of text; ``text`` has the source's length, so offsets carry over."""

    index: int
    text: str
    folded: str
    start: int
    page: int
    block: int
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool
    heading: bool
    body: int
    """Offset at which the words begin, behind a bullet."""
    bullet: bool
    cells: tuple[tuple[int, int], ...] = field(default=())
    """``(start, end)`` of the pieces that wide gaps set apart, bullet excluded."""

    @property
    def content(self) -> str:
        """The words without bullet and outer space."""
        return self.text[self.body :].strip()

    @property
    def style(self) -> tuple[bool, int]:
        """What the eye compares: weight and size in whole points."""
        return self.bold, round(self.size)


_LEADER = re.compile(r"(?<=\S)\s?(?:[._…]{4,}|(?<=\s)[.…]{3,}(?=\s)|(?:\s?[.·]){5,})\s?(?=\w)")
_PAGE_NUMBER = re.compile(
    r"(?:page|seite|pagina|pagina|sida|side|strona|strana|sayfa|blz\.?)\s\d{1,3}"
    r"(?:\s?(?:/|of|von|de|di|sur|av|z|ze|van|din)\s?\d{1,3})?"
)


def _clean(text: str) -> str:
    text = "".join(
        " " if (c != "\t" and (c.isspace() or (ord(c) < 32))) else c for c in text[:LONGEST_ROW]
    )
    if "...." in text or "___" in text or "… " in text or " ... " in text or ". . ." in text:
        text = _LEADER.sub(lambda m: "\t" + " " * (len(m[0]) - 1), text)
    return _ICON.sub(" ", text) if not text.isascii() else text


_GAP = re.compile(r"\s*\t\s*|\s{3,}")


def cut(text: str, start: int, end: int) -> tuple[int, int]:
    """Return ``(start, end)`` without outer white space."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _cells(text: str, body: int) -> tuple[tuple[int, int], ...]:
    found = []
    at = body
    for gap in _GAP.finditer(text, body):
        found.append(cut(text, at, gap.start()))
        at = gap.end()
    found.append(cut(text, at, len(text)))
    return tuple(cell for cell in found if cell[0] < cell[1])


def _row(index: int, line: TextLine, start: int) -> Row:
    text = _clean(line.text)
    raw = line.text[:LONGEST_ROW]
    mark = _BULLET.match(raw)
    bullet = mark is not None
    body = mark.end() if mark else 0
    while body < len(text) and text[body].isspace():
        body += 1
    return Row(
        index=index,
        text=text,
        folded=fold(text),
        start=start,
        page=line.page,
        block=line.block,
        x0=line.x0,
        y0=line.y0,
        x1=line.x1,
        y1=line.y1,
        size=line.size,
        bold=line.bold,
        heading=line.heading,
        body=body,
        bullet=bullet,
        cells=_cells(text, body),
    )


def read(text: ExtractedText) -> list[Row]:
    """Return the rows that hold words, in reading order; within the limits above."""
    rows: list[Row] = []
    pending = False
    budget = MOST_CHARACTERS
    for line, start in zip(text.lines[:MOST_ROWS], text.starts, strict=False):
        if not line.text.strip():
            continue
        budget -= min(len(line.text), LONGEST_ROW)
        if budget < 0:
            break
        row = _row(len(rows), line, start)
        if _PAGE_NUMBER.fullmatch(row.folded.strip(" -|·")):
            continue
        if row.body >= len(row.text):
            # A bullet alone on its line belongs to the words that follow.
            pending = row.bullet
            continue
        if pending:
            row = replace(row, bullet=True)
            pending = False
        rows.append(row)
    return rows if text.language in {"en", "und"} else _without_signature(rows)


_SIGNED = re.compile(
    r"[^\d\t,|@:]{2,30},\s(?:den\s|le\s|li\s|am\s|il\s|a\s|dnia\s|dne\s|d\.\s)?"
    r"\d{1,2}[./-]?\s?(?:de\s)?(?:[^\W\d_]{3,10}|\d{1,2})[./-]?\s?(?:de\s)?(?:19|20)\d\d\.?"
)
"""Place and full date, as over a signature."""


def _without_signature(rows: list[Row]) -> list[Row]:
    """Cut place, date and signature off the end, as they close a résumé outside English."""
    for position in range(max(1, len(rows) - 4), len(rows)):
        row, before = rows[position], rows[position - 1]
        apart = row.block != before.block or row.y0 - before.y1 > row.y1 - row.y0 > 0
        short = all(len(r.content.split()) <= 4 for r in rows[position + 1 :])
        if apart and short and _SIGNED.fullmatch(row.folded.strip()):
            return rows[:position]
    return rows


def value(row: Row, start: int, end: int, confidence: float, text: str | None = None) -> Value:
    """Return the value at ``row.text[start:end]``; ``text`` when it is to be written otherwise."""
    start, end = cut(row.text, start, end)
    written = " ".join(row.text[start:end].split()) if text is None else text
    return Value(
        value=written,
        confidence=round(min(max(confidence, 0.0), 1.0), 2),
        span=Span(page=row.page, start=row.start + start, end=row.start + end),
    )
