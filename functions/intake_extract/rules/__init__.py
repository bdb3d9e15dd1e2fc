"""Text out of bytes: one reader for each media type, one entry for all."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from functions.intake_extract.rules.errors import (
    BY_CODE,
    Crashed,
    Damaged,
    Encrypted,
    ExtractionError,
    Killed,
    NoText,
    OcrMissing,
    OutOfMemory,
    Scripted,
    TimedOut,
    TooLarge,
    UnknownFormat,
)
from functions.intake_extract.rules.language import detect_language
from functions.intake_extract.rules.limits import ExtractLimits
from functions.intake_extract.rules.ocr.recogniser import Recogniser
from shared.models.text import ExtractedText

__all__ = [
    "BY_CODE",
    "FORMATS",
    "Crashed",
    "Damaged",
    "Encrypted",
    "ExtractLimits",
    "ExtractionError",
    "Killed",
    "NoText",
    "OcrMissing",
    "OutOfMemory",
    "Scripted",
    "TimedOut",
    "TooLarge",
    "UnknownFormat",
    "extract",
]

Reader = Callable[[bytes, ExtractLimits], ExtractedText]
SeeingReader = Callable[[bytes, ExtractLimits, Recogniser], ExtractedText]

# Media type to module and function: a reader loads with the first file of its kind.
FORMATS: dict[str, tuple[str, str]] = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (
        "functions.intake_extract.rules.word.docx",
        "extract_docx",
    ),
    "application/vnd.oasis.opendocument.text": (
        "functions.intake_extract.rules.opendocument.odt",
        "extract_odt",
    ),
    "application/msword": ("functions.intake_extract.rules.word.doc", "extract_doc"),
    "application/rtf": ("functions.intake_extract.rules.markup.rtf", "extract_rtf"),
    "text/html": ("functions.intake_extract.rules.markup.html", "extract_html"),
    "text/plain": ("functions.intake_extract.rules.plain", "extract_plain"),
}
# Those whose pages may be images.
SEEN: dict[str, tuple[str, str]] = {
    "application/pdf": ("functions.intake_extract.rules.pdf", "extract_pdf"),
    **{
        f"image/{kind}": ("functions.intake_extract.rules.ocr.images", "extract_image")
        for kind in ("png", "jpeg", "tiff", "bmp", "webp", "gif")
    },
}
_FEWEST_CHARACTERS = 20


class _Blind:
    """Reads no images."""

    def read(self, image: bytes) -> str:  # noqa: ARG002  # the protocol's
        raise OcrMissing("The file is a scan or an image, and nothing here reads those.")

    def turned(self, image: bytes) -> int:  # noqa: ARG002  # the protocol's
        return 0


def _read(
    data: bytes, media_type: str, limits: ExtractLimits, recogniser: Recogniser
) -> ExtractedText:
    if media_type in SEEN:
        module, name = SEEN[media_type]
        seeing: SeeingReader = getattr(import_module(module), name)
        return seeing(data, limits, recogniser)
    try:
        module, name = FORMATS[media_type]
    except KeyError:
        raise UnknownFormat(f"Files of type {media_type} cannot be read yet.") from None
    reader: Reader = getattr(import_module(module), name)
    return reader(data, limits)


def extract(
    data: bytes,
    media_type: str,
    limits: ExtractLimits | None = None,
    recogniser: Recogniser | None = None,
) -> ExtractedText:
    """Return the text of a file in reading order, with its language.

    ``data`` is the whole file, ``media_type`` what its content was recognised
    as; ``recogniser`` reads scanned pages and images. Raises an
    :class:`ExtractionError`: :class:`NoText` when the file holds fewer than 20
    characters of text, and what the reader of the format raises.
    """
    text = _read(data, media_type, limits or ExtractLimits(), recogniser or _Blind())
    characters = sum(len(line.text) - line.text.count(" ") for line in text.lines)
    if characters < _FEWEST_CHARACTERS:
        raise NoText("The file holds no text. It may be a scan or an image of a page.")
    return text.model_copy(update={"language": detect_language(text.text)})
