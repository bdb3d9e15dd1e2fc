"""What a child of the sandbox does with one file: the rules, with tesseract to read images."""

from __future__ import annotations

from functions.intake_extract import rules
from functions.intake_extract.rules import mail
from functions.intake_extract.rules.limits import ExtractLimits
from functions.intake_extract.tesseract import Tesseract
from shared.models.text import ExtractedText


def open_file(
    data: bytes, media_type: str, limits: ExtractLimits | None = None
) -> ExtractedText | mail.UnpackedMail:
    """Return the text of a file, or the files of an e-mail; raises an :class:`ExtractionError`."""
    return mail.unpack(data) if media_type == mail.MEDIA_TYPE else extract(data, media_type, limits)


def extract(data: bytes, media_type: str, limits: ExtractLimits | None = None) -> ExtractedText:
    """Return the text of a file, scans included; raises an :class:`ExtractionError`."""
    limits = limits or ExtractLimits()
    return rules.extract(data, media_type, limits, Tesseract(limits.ocr_seconds))
