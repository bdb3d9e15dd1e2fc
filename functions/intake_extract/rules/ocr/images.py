"""Text out of images of pages: decoded, read by a recogniser, put in order as PDFs are."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from functions.intake_extract.rules.errors import Damaged, NoText, TooLarge
from functions.intake_extract.rules.limits import ExtractLimits
from functions.intake_extract.rules.ocr.recogniser import DPI, Recogniser, Unfinished
from functions.intake_extract.rules.ocr.recognition import recognised
from functions.intake_extract.rules.pages.flow import Page, in_reading_order, numbered
from shared.models.text import ExtractedText

READ_BY_OCR = "read by OCR"
_MEDIA_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
    "WEBP": "image/webp",
    "GIF": "image/gif",
}
_FORMATS = [name for name in _MEDIA_TYPES if name != "MPO"]  # that is a kind of JPEG
_A4_LONGER_SIDE = 11.7
"""Inches: the size of a page that does not say its own."""
_LARGEST_PAGE = 24.0
_SMALLEST_PAGE = 4.0
_MOST_ENLARGED = 3.0
# What a hostile file makes decoders raise.
_BROKEN = (OSError, ValueError, LookupError, SyntaxError, TypeError, AttributeError,
           ArithmeticError, EOFError, RuntimeError, AssertionError, struct.error)  # fmt: skip


def extract_image(data: bytes, limits: ExtractLimits, recogniser: Recogniser) -> ExtractedText:
    """Return the text of an image of one page, or of several in a TIFF.

    The language is still undecided. Raises :class:`Damaged` when it is no
    image, :class:`TooLarge` when it has more pixels than ``limits.max_pixels``,
    :class:`OcrMissing` when there is nothing to read it with, :class:`NoText`
    when reading took too long.
    """
    pages: list[Page] = []
    image = _opened(data)
    count = _pages_of(image)
    missing = "they are damaged"
    try:
        for number, (grey, dpi) in enumerate(_frames(image, limits), start=1):
            pages.append(recognised(grey, number, recogniser, dpi))
    except Unfinished as error:
        if not pages:
            raise NoText("Reading the image took too long.") from error
        missing = "reading took too long"
    warnings = [READ_BY_OCR]
    if len(pages) < count:
        if len(pages) == limits.max_ocr_pages:
            missing = f"OCR reads {len(pages)} pages of a file"
        first = len(pages) + 1
        which = f"page {first} was" if first == count else f"pages {first}-{count} were"
        warnings.append(f"{which} left out: {missing}")
    lines, _ = numbered(in_reading_order(pages))
    return ExtractedText(
        media_type=_MEDIA_TYPES[image.format],
        page_count=count,
        lines=tuple(lines),
        warnings=tuple(warnings),
    )


def _opened(data: bytes) -> Any:
    try:
        return Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_large() from error
    except UnidentifiedImageError as error:
        raise Damaged("The image is damaged: it cannot be opened.") from error
    except _BROKEN as error:
        raise Damaged("The image is damaged: it cannot be opened.") from error


def _pages_of(image: Any) -> int:
    """Return how many pages it has; what moves counts as one."""
    if image.format != "TIFF":
        return 1
    try:
        return max(1, int(image.n_frames))
    except _BROKEN:
        return 1


def _frames(image: Any, limits: ExtractLimits) -> Iterator[tuple[Any, float]]:
    """Yield each page in grey at about 200 dots per inch, with its resolution."""
    for index in range(min(_pages_of(image), limits.max_ocr_pages)):
        try:
            if index:
                image.seek(index)
            if image.width * image.height > limits.max_pixels:
                raise _too_large()
            yield _prepared(image)
        except Image.DecompressionBombError as error:
            raise _too_large() from error
        except _BROKEN as error:
            if index:
                return
            raise Damaged("The image is damaged: it cannot be decoded.") from error


def _too_large() -> TooLarge:
    return TooLarge("The image has more pixels than the limit allows.")


def _prepared(image: Any) -> tuple[Any, float]:
    told = image.info.get("dpi", (0, 0))
    if image.format in ("JPEG", "MPO"):
        image.draft("L", image.size)
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        # Letters are often drawn in black on nothing.
        upright = upright.convert("RGBA")
        paper = Image.new("RGBA", upright.size, "white")
        paper.alpha_composite(upright)
        upright = paper
    grey = _grey(upright)
    dpi = _resolution(grey, told)
    factor = min(DPI / dpi, _MOST_ENLARGED)
    if not 0.9 < factor < 1.2:
        size = (max(1, round(grey.width * factor)), max(1, round(grey.height * factor)))
        grey = grey.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        dpi *= factor
    return grey, dpi


def _grey(image: Any) -> Any:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        low, high = image.getextrema()
        span = float(high) - float(low) or 1.0
        return image.convert("F").point(lambda value: (value - low) * (255.0 / span)).convert("L")
    return image.convert("L")


def _resolution(image: Any, told: Any) -> float:
    """Return dots per inch: what the image says if that makes a page, else as of an A4 page."""
    longer = max(image.size)
    try:
        dpi = float(told[0])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        dpi = 0.0
    if dpi > 0 and _SMALLEST_PAGE <= longer / dpi <= _LARGEST_PAGE:
        return dpi
    return max(float(longer) / _A4_LONGER_SIDE, 1.0)
