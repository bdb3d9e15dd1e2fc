"""The characters of a PDF page with their place, as PDFium reports them.

Coordinates are points from the page's top left corner as a reader sees it:
page rotation and the crop box are already applied.
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # ships no type information

from functions.intake_extract.rules.characters import readable

_SPACING_ACCENTS = {
    "´": "\u0301",
    "`": "\u0300",
    "ˆ": "\u0302",
    "^": "\u0302",
    "˜": "\u0303",
    "~": "\u0303",
    "¨": "\u0308",
    "¸": "\u0327",
    "˚": "\u030a",
    "ˇ": "\u030c",
}
_HYPHENS = "-\u2010\u2011"
# PDFium writes these where a word is broken at the end of a line.
_LINE_END_HYPHENS = {0x02, 0xFFFE, 0xAD}
_BOLD_NAME = re.compile(r"bold|black|heavy|demi|cmbx|sfbx|-bd\b|-medi(ital)?$", re.IGNORECASE)
_BOLD_WEIGHT = 700
_FILL_AND_STROKE = 2


@dataclass(slots=True)
class Glyph:
    """One drawn character."""

    text: str
    x0: float
    x1: float
    base: float
    """Baseline, in points from the top of the page."""
    size: float
    bold: bool
    spaced: bool
    """A space character stands before it in the content stream."""
    guessed: bool
    """PDFium supposes a space before it, judging by the advance widths."""
    order: int
    """Index in the content stream."""
    upright: bool


@dataclass(slots=True, frozen=True)
class _Style:
    size: float
    bold: bool
    upright: bool


@dataclass(slots=True, frozen=True)
class Frame:
    """Turns PDF user space into what the reader sees."""

    left: float
    bottom: float
    right: float
    top: float
    turn: int
    """Clockwise page rotation in quarter turns, 0 to 3."""

    @property
    def width(self) -> float:
        """Visible width in points."""
        return self.right - self.left if self.turn % 2 == 0 else self.top - self.bottom

    @property
    def height(self) -> float:
        """Visible height in points."""
        return self.top - self.bottom if self.turn % 2 == 0 else self.right - self.left

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return the point ``(x, y)`` of user space as seen from the top left, y downwards."""
        if self.turn == 1:
            return y - self.bottom, x - self.left
        if self.turn == 2:
            return self.right - x, y - self.bottom
        if self.turn == 3:
            return self.top - y, self.right - x
        return x - self.left, self.top - y


def frame_of(page: Any) -> Frame:
    """Return the visible frame of a ``pypdfium2.PdfPage``."""
    left, bottom, right, top = page.get_cropbox()
    return Frame(left, bottom, right, top, (page.get_rotation() // 90) % 4)


def _name_of(font: Any) -> str:
    length = pdfium.FPDFFont_GetBaseFontName(font, None, 0)
    if length <= 1:
        return ""
    buffer = ctypes.create_string_buffer(length)
    pdfium.FPDFFont_GetBaseFontName(font, buffer, length)
    return buffer.value.decode("utf-8", "replace")


def _is_bold(text_object: Any) -> bool:
    if pdfium.FPDFTextObj_GetTextRenderMode(text_object) == _FILL_AND_STROKE:
        return True
    font = pdfium.FPDFTextObj_GetFont(text_object)
    if not font:
        return False
    name = _name_of(font)
    if name:
        return _BOLD_NAME.search(name) is not None
    # Derived from stem width, the weight is often wrong: a witness only where there is no name.
    return bool(pdfium.FPDFFont_GetWeight(font) >= _BOLD_WEIGHT)


def _style_of(text_page: Any, index: int, text_object: Any, turn: int) -> _Style:
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(text_page, index, matrix)
    scale = math.hypot(matrix.c, matrix.d) or math.hypot(matrix.a, matrix.b)
    size = pdfium.FPDFText_GetFontSize(text_page, index) * scale
    angle = math.degrees(math.atan2(matrix.b, matrix.a)) - 90 * turn
    return _Style(
        size=size,
        bold=bool(text_object) and _is_bold(text_object),
        upright=abs((angle + 180) % 360 - 180) < 10,
    )


def read_glyphs(text_page: Any, frame: Frame, max_chars: int) -> list[Glyph]:
    """Return the visible characters of a page in content-stream order.

    Icon glyphs become word breaks, characters drawn twice for boldness count
    once, and what lies outside the visible page is left out. ``text_page`` is
    a ``pypdfium2.PdfTextPage``; at most ``max_chars`` characters are read.
    """
    raw = text_page.raw
    box, x, y = pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    glyphs: list[Glyph] = []
    styles: dict[int, _Style] = {}
    drawn: dict[tuple[str, int, int], Glyph] = {}
    spaced = guessed = False
    last_key, last_pen = 0, (math.nan, math.nan)
    for index in range(min(pdfium.FPDFText_CountChars(raw), max_chars)):
        code = pdfium.FPDFText_GetUnicode(raw, index)
        text = "-" if code in _LINE_END_HYPHENS else readable(code)
        if not text:
            continue
        if text == " ":
            if pdfium.FPDFText_IsGenerated(raw, index) == 1:
                guessed = True
            else:
                spaced = True
            continue
        if not pdfium.FPDFText_GetLooseCharBox(raw, index, box):
            continue
        pdfium.FPDFText_GetCharOrigin(raw, index, x, y)
        text_object = pdfium.FPDFText_GetTextObject(raw, index)
        key = ctypes.cast(text_object, ctypes.c_void_p).value or -index - 1
        if glyphs and key == last_key and (x.value, y.value) == last_pen and not spaced:
            # One drawn ligature that stands for several characters; a hyphen stands for one.
            if text not in _HYPHENS or glyphs[-1].text not in _HYPHENS:
                glyphs[-1].text += text
            glyphs[-1].x1 = max(glyphs[-1].x1, frame.place(box.right, box.top)[0])
            continue
        last_key, last_pen = key, (x.value, y.value)
        style = styles.get(key)
        if style is None:
            style = styles[key] = _style_of(raw, index, text_object, frame.turn)
        glyph = _place(text, style, (box, x.value, y.value), frame)
        if glyph is None:
            continue
        glyph.order, glyph.spaced, glyph.guessed = index, spaced, guessed
        spaced = guessed = False
        twin = _drawn_already(glyph, drawn)
        if twin is not None:
            twin.bold = True
            continue
        glyphs.append(glyph)
    return _with_accents(glyphs)


def _place(
    text: str,
    style: _Style,
    where: tuple[Any, float, float],
    frame: Frame,
) -> Glyph | None:
    box, origin_x, origin_y = where
    ax, ay = frame.place(box.left, box.bottom)
    bx, by = frame.place(box.right, box.top)
    pen, base = frame.place(origin_x, origin_y)
    x0, x1 = min(ax, bx), max(ax, bx)
    if style.upright and x0 < pen < x1:
        x0 = pen  # the box also covers what hangs out to the left, as a j does
    size = style.size
    if not 2.0 <= size <= 400.0:
        # Type 3 fonts carry their scale in a matrix of their own.
        size = max(1.0, abs(by - ay))
    if x1 < 0 or x0 > frame.width or base < 0 or base - size > frame.height:
        return None
    return Glyph(text, x0, x1, base, size, style.bold, False, False, 0, style.upright)


def _drawn_already(glyph: Glyph, drawn: dict[tuple[str, int, int], Glyph]) -> Glyph | None:
    """Return the same character drawn before at the same place, else remember this one."""
    for dx in (-0.4, 0.4):
        for dy in (-0.4, 0.4):
            twin = drawn.get((glyph.text, round(glyph.x0 + dx), round(glyph.base + dy)))
            if (
                twin is not None
                and abs(twin.x0 - glyph.x0) < 0.12 * glyph.size
                and abs(twin.base - glyph.base) < 0.12 * glyph.size
            ):
                return twin
    drawn[(glyph.text, round(glyph.x0), round(glyph.base))] = glyph
    return None


def _with_accents(glyphs: list[Glyph]) -> list[Glyph]:
    """Join an accent drawn over a letter with that letter, as old TeX fonts need."""
    joined: list[Glyph] = []
    pending: Glyph | None = None
    for glyph in glyphs:
        if pending is not None:
            accent, pending = pending, None
            centre = (accent.x0 + accent.x1) / 2
            if (
                glyph.text.isalpha()
                and glyph.x0 <= centre <= glyph.x1
                and abs(glyph.base - accent.base) < 0.5 * glyph.size
            ):
                base = {"ı": "i", "ȷ": "j"}.get(glyph.text, glyph.text)
                composed = unicodedata.normalize("NFC", base + _SPACING_ACCENTS[accent.text])
                if len(composed) == 1:
                    glyph.text, glyph.spaced = composed, accent.spaced
                    joined.append(glyph)
                    continue
            joined.append(accent)
        if glyph.text in _SPACING_ACCENTS:
            pending = glyph
        else:
            joined.append(glyph)
    if pending is not None:
        joined.append(pending)
    return joined
