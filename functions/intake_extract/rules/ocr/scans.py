"""Pages of a PDF that are pictures: which they are, drawing them, having them read."""

from __future__ import annotations

import math
from typing import Any

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # ships no type information

from functions.intake_extract.rules.errors import OcrMissing
from functions.intake_extract.rules.limits import ExtractLimits
from functions.intake_extract.rules.ocr.recogniser import DPI, Recogniser, Unfinished
from functions.intake_extract.rules.ocr.recognition import recognised
from functions.intake_extract.rules.pages.flow import Page

_FEW_CHARACTERS = 20
"""A page with fewer is taken for a scan or an empty page."""
_FEW_ON_PICTURE = 150
"""A picture of the whole page may have a line of text on it, such as the scanner's name."""
_WHOLE_PAGE = 0.6
_MOST_OBJECTS = 2_000
_MOST_PIXELS = 9_000_000
_POINTS = 72.0


def is_scan(page: Any, characters: int) -> bool:
    """Whether a ``pypdfium2.PdfPage`` with so many visible characters is a picture of text."""
    if characters >= _FEW_ON_PICTURE:
        return False
    count = pdfium.FPDFPage_CountObjects(page.raw)
    if characters < _FEW_CHARACTERS:
        return bool(count > 0)
    width, height = page.get_size()
    area = 0.0
    for index in range(min(count, _MOST_OBJECTS)):
        drawn = pdfium.FPDFPage_GetObject(page.raw, index)
        if not drawn or pdfium.FPDFPageObj_GetType(drawn) != pdfium.FPDF_PAGEOBJ_IMAGE:
            continue
        edges = [pdfium.c_float() for _ in range(4)]
        if pdfium.FPDFPageObj_GetBounds(drawn, *edges):
            left, bottom, right, top = [edge.value for edge in edges]
            area += max(0.0, right - left) * max(0.0, top - bottom)
    return bool(area >= _WHOLE_PAGE * width * height)


class Scans:
    """The scanned pages of one document."""

    def __init__(self, recogniser: Recogniser, limits: ExtractLimits) -> None:
        self._recogniser = recogniser
        self._limits = limits
        self._missing: OcrMissing | None = None
        self._read: list[int] = []
        self._beyond: list[int] = []
        self._late: list[int] = []
        self._unread: list[int] = []

    def read(self, page: Any, number: int) -> Page | None:
        """Return what a page says as it is drawn, None when it cannot be read so."""
        if len(self._read) + len(self._late) >= self._limits.max_ocr_pages:
            self._beyond.append(number)
            return None
        if self._late:
            self._late.append(number)
            return None
        if self._missing is not None:
            self._unread.append(number)
            return None
        width, height = page.get_size()
        most = math.sqrt(_MOST_PIXELS / max(width * height, 1.0))
        scale = min(DPI / _POINTS, most)
        bitmap = page.render(scale=scale, grayscale=True)
        try:
            found = recognised(
                bitmap.to_pil().convert("L"), number, self._recogniser, scale * _POINTS
            )
        except Unfinished:
            self._late.append(number)
            return None
        except OcrMissing as error:
            self._missing = error
            self._unread.append(number)
            return None
        finally:
            bitmap.close()
        if not found.segments:
            self._unread.append(number)
            return None
        self._read.append(number)
        return found

    def warnings(self, text: bool) -> list[str]:
        """Return what is to be said of the scans; ``text`` says whether any page has text.

        Raises :class:`OcrMissing` when there is no text for want of a recogniser.
        """
        if self._missing is not None and not text:
            raise self._missing
        said = []
        if self._read:
            said.append(f"{_pages(self._read)} read by OCR")
        said.extend(f"page {number} has no text: scanned?" for number in self._unread)
        if self._beyond:
            most = self._limits.max_ocr_pages
            said.append(f"{_pages(self._beyond)} left out: OCR reads {most} pages of a file")
        if self._late:
            said.append(f"{_pages(self._late)} left out: reading took too long")
        return said


def _pages(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"page {numbers[0]} was"
    return f"pages {', '.join(map(str, numbers))} were"
