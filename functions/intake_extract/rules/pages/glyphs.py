"""The characters of a PDF page with their place, as PDFium reports them.

Coordinates are points from the page's top left corner as a reader sees it:
page rotation and the crop box are already applied.
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections.abc import Callable
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


ADDRESS, INT = ctypes.c_void_p, ctypes.c_int


def prototype(function: Any, result: Any, *arguments: Any) -> Any:
    """Return a foreign function that takes addresses as numbers: a third of the usual overhead."""
    return ctypes.CFUNCTYPE(result, *arguments)(ctypes.cast(function, ADDRESS).value or 0)


_count_chars = prototype(pdfium.FPDFText_CountChars, INT, ADDRESS)
_unicode_at = prototype(pdfium.FPDFText_GetUnicode, ctypes.c_uint, ADDRESS, INT)
_is_generated = prototype(pdfium.FPDFText_IsGenerated, INT, ADDRESS, INT)
_box_at = prototype(pdfium.FPDFText_GetLooseCharBox, INT, ADDRESS, INT, ADDRESS)
_origin_at = prototype(pdfium.FPDFText_GetCharOrigin, INT, ADDRESS, INT, ADDRESS, ADDRESS)
_object_at = prototype(pdfium.FPDFText_GetTextObject, ADDRESS, ADDRESS, INT)
_matrix_at = prototype(pdfium.FPDFText_GetMatrix, INT, ADDRESS, INT, ADDRESS)
_size_at = prototype(pdfium.FPDFText_GetFontSize, ctypes.c_double, ADDRESS, INT)
_font_of = prototype(pdfium.FPDFTextObj_GetFont, ADDRESS, ADDRESS)
_render_mode_of = prototype(pdfium.FPDFTextObj_GetTextRenderMode, INT, ADDRESS)
_base_name_of = prototype(
    pdfium.FPDFFont_GetBaseFontName, ctypes.c_size_t, ADDRESS, ADDRESS, ctypes.c_size_t
)
_weight_of = prototype(pdfium.FPDFFont_GetWeight, INT, ADDRESS)


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


def _name_of(font: int) -> str:
    length = _base_name_of(font, None, 0)
    if length <= 1:
        return ""
    buffer = ctypes.create_string_buffer(length)
    _base_name_of(font, ctypes.addressof(buffer), length)
    return buffer.value.decode("utf-8", "replace")


def _is_bold_font(font: int) -> bool:
    name = _name_of(font)
    if name:
        return _BOLD_NAME.search(name) is not None
    # Derived from stem width, the weight is often wrong: a witness only where there is no name.
    return bool(_weight_of(font) >= _BOLD_WEIGHT)


class _Styles:
    """The styles of a page's text objects, each looked up once."""

    def __init__(self, text_page: int, turn: int) -> None:
        self._page = text_page
        self._turn = turn
        self._styles: dict[int, _Style] = {}
        self._bold_fonts: dict[int, bool] = {}
        self._matrix = pdfium.FS_MATRIX()
        self._matrix_address = ctypes.addressof(self._matrix)

    def of(self, text_object: int | None, index: int) -> _Style:
        """Return the style of the text object that draws the character ``index``."""
        key = text_object or -index - 1
        style = self._styles.get(key)
        if style is None:
            style = self._styles[key] = self._look_up(text_object, index)
        return style

    def _look_up(self, text_object: int | None, index: int) -> _Style:
        matrix = self._matrix
        _matrix_at(self._page, index, self._matrix_address)
        scale = math.hypot(matrix.c, matrix.d) or math.hypot(matrix.a, matrix.b)
        angle = math.degrees(math.atan2(matrix.b, matrix.a)) - 90 * self._turn
        return _Style(
            size=_size_at(self._page, index) * scale,
            bold=text_object is not None and self._is_bold(text_object),
            upright=abs((angle + 180) % 360 - 180) < 10,
        )

    def _is_bold(self, text_object: int) -> bool:
        if _render_mode_of(text_object) == _FILL_AND_STROKE:
            return True
        font = _font_of(text_object)
        if not font:
            return False
        bold = self._bold_fonts.get(font)
        if bold is None:
            bold = self._bold_fonts[font] = _is_bold_font(font)
        return bold


class _Drawn:
    """The characters drawn so far, to find those drawn twice for boldness."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, int, int], Glyph] = {}
        self._reach: dict[int, float] = {}
        """How far to the right each row of one point has characters."""
        self._base, self._rows = math.nan, (0, 0, 0)

    def twin(self, glyph: Glyph) -> Glyph | None:
        """Return the same character drawn before at the same place, else remember this one."""
        x, base, reach = glyph.x0, glyph.base, self._reach
        if base != self._base:
            self._base, self._rows = base, (round(base - 0.4), round(base), round(base + 0.4))
        upper, row, lower = self._rows
        near = x - 0.12 * glyph.size
        if near < reach.get(upper, -1.0) or near < reach.get(lower, -1.0):
            for column in {round(x - 0.4), round(x + 0.4)}:
                for level in {upper, lower}:
                    twin = self._places.get((glyph.text, column, level))
                    if (
                        twin is not None
                        and abs(twin.x0 - x) < 0.12 * glyph.size
                        and abs(twin.base - base) < 0.12 * glyph.size
                    ):
                        return twin
        self._places[(glyph.text, round(x), row)] = glyph
        if x >= reach.get(row, -1.0):
            reach[row] = x
        return None


def read_glyphs(text_page: Any, frame: Frame, max_chars: int) -> list[Glyph]:
    """Return the visible characters of a page in content-stream order.

    Icon glyphs become word breaks, characters drawn twice for boldness count
    once, and what lies outside the visible page is left out. ``text_page`` is
    a ``pypdfium2.PdfTextPage``; at most ``max_chars`` characters are read.
    """
    raw = ctypes.cast(text_page.raw, ctypes.c_void_p).value or 0
    box, x, y = pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    box_address, x_address, y_address = map(ctypes.addressof, (box, x, y))
    glyphs: list[Glyph] = []
    styles, drawn = _Styles(raw, frame.turn), _Drawn()
    letters: dict[int, str] = {}
    spaced = guessed = False
    last_key: int | None = None
    last_x = last_y = math.nan
    style = _Style(0.0, bold=False, upright=True)
    place, page_width, page_height = _placing(frame), frame.width, frame.height
    end = min(_count_chars(raw), max_chars)
    for index in range(end):
        code = _unicode_at(raw, index)
        text = letters.get(code)
        if text is None:
            text = letters[code] = "-" if code in _LINE_END_HYPHENS else readable(code)
        if not text:
            continue
        if text == " ":
            if _is_generated(raw, index) == 1:
                guessed = True
            else:
                spaced = True
            continue
        if not _box_at(raw, index, box_address):
            continue
        _origin_at(raw, index, x_address, y_address)
        key, pen_x, pen_y = _object_at(raw, index), x.value, y.value
        if pen_x == last_x and pen_y == last_y and key == last_key and glyphs and not spaced:
            # One drawn ligature that stands for several characters; a hyphen stands for one.
            if text not in _HYPHENS or glyphs[-1].text not in _HYPHENS:
                glyphs[-1].text += text
            glyphs[-1].x1 = max(glyphs[-1].x1, frame.place(box.right, box.top)[0])
            continue
        if key != last_key or key is None:
            style = styles.of(key, index)
        last_key, last_x, last_y = key, pen_x, pen_y
        pen, base, x0, x1, height = place(box, pen_x, pen_y)
        if x0 < pen < x1 and style.upright:
            x0 = pen  # the box also covers what hangs out to the left, as a j does
        size = style.size
        if not 2.0 <= size <= 400.0:
            # Type 3 fonts carry their scale in a matrix of their own.
            size = max(1.0, height)
        if x1 < 0 or x0 > page_width or base < 0 or base - size > page_height:
            continue
        glyph = Glyph(text, x0, x1, base, size, style.bold, spaced, guessed, index, style.upright)
        spaced = guessed = False
        twin = drawn.twin(glyph)
        if twin is not None:
            twin.bold = True
            continue
        glyphs.append(glyph)
    return _with_accents(glyphs)


_Place = Callable[[Any, float, float], tuple[float, float, float, float, float]]


def _placing(frame: Frame) -> _Place:
    """Return what gives pen, baseline, left and right edge and height of a character as seen."""
    left, top = frame.left, frame.top

    def upright(box: Any, x: float, y: float) -> tuple[float, float, float, float, float]:
        x0, x1 = box.left - left, box.right - left
        height = abs(box.top - box.bottom)
        return (
            (x - left, top - y, x0, x1, height) if x0 <= x1 else (x - left, top - y, x1, x0, height)
        )

    def turned(box: Any, x: float, y: float) -> tuple[float, float, float, float, float]:
        ax, ay = frame.place(box.left, box.bottom)
        bx, by = frame.place(box.right, box.top)
        return (*frame.place(x, y), min(ax, bx), max(ax, bx), abs(by - ay))

    return turned if frame.turn else upright


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
