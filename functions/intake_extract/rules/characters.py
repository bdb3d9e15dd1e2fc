"""What a character or a row of characters means to a reader, whatever the format."""

from __future__ import annotations

import re

_SYMBOL_FONT_BULLETS = {0xF0B7, 0xF0A7, 0xF0D8, 0xF076, 0xF0FC}
_PRIVATE_USE = range(0xE000, 0xF900)
_LIGATURES = {
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
}
_INVISIBLE = {0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xFFFD}
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}[./-]\d{2,4}(?!\d)|['’]\d\d\b")
_MONTH = re.compile(
    r"(?:^|[\W\d_])(?:jan|ene|gen|feb|fev|fév|lut|mar|mär|mrt|maa|apr|abr|avr|kwi|mai|may|maj|mei|"
    r"mag|jun|jui|giu|cze|jul|lug|lip|aug|ago|aou|aoû|sie|sep|set|wrz|oct|okt|ott|out|paź|nov|"
    r"lis|dec|dez|dic|déc|gru)[^\W\d_]{0,6}\.?$",
    re.IGNORECASE,
)
DASHES = ("-", "–", "—")
_WIDE_GAP = re.compile(r" {4,}")


def readable(code: int) -> str:
    """Return a code point as text: a space for what only parts words, '' for what is invisible.

    Ligatures are spelled out, list marks of symbol fonts become ``•``, other
    private-use characters (icons) part words.
    """
    if code in _INVISIBLE:
        return ""
    if code in _SYMBOL_FONT_BULLETS:
        return "•"
    if code in _PRIVATE_USE or code < 0x20 or 0xD800 <= code < 0xE000 or code > 0x10FFFF:
        return " "
    char = chr(code)
    if char.isspace():
        return " "
    return _LIGATURES.get(char, char)


def spaced(row: str) -> str:
    """Return a row with one space between words and one tab at each wide gap.

    A gap is wide where the row has a tab or four blanks and more.
    """
    cells: list[str] = []
    for stretch in row.split("\t"):
        clean = "".join(readable(ord(char)) for char in stretch)
        cells.extend(" ".join(cell.split()) for cell in _WIDE_GAP.split(clean))
    return "\t".join(cell for cell in cells if cell)


def is_date(text: str) -> bool:
    """Whether a short text is mainly a date or a range of dates, in any language."""
    return len(text) <= 45 and len(text.split()) <= 8 and _YEAR.search(text) is not None


def date_goes_on(text: str, below: str) -> bool:
    """Whether a date breaks off at the end of ``text`` and goes on in the line below.

    It breaks off behind a dash or a month, or before a dash.
    """
    if not below or len(text) > 45 or len(below) > 45:
        return False
    if below.startswith(DASHES):
        return is_date(text) and is_date(below) and not below[1:2].isalpha()
    if text.endswith(DASHES):
        return is_date(text)
    if not below[0].isdigit() or not is_date(below):
        return False
    return _MONTH.search(text) is not None and (is_date(text) or len(text) <= 12)
