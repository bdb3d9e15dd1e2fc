"""What a child of the sandbox does with one file: the rules, with tesseract to read images."""

from __future__ import annotations

from functions.intake_extract import rules
from functions.intake_extract.rules.limits import ExtractLimits
from functions.intake_extract.tesseract import Tesseract
from shared.models.text import ExtractedText


def extract(data: bytes, media_type: str, limits: ExtractLimits | None = None) -> ExtractedText:
    """Return the text of a file, scans included; raises an :class:`ExtractionError`."""
    limits = limits or ExtractLimits()
    return rules.extract(data, media_type, limits, Tesseract(limits.ocr_seconds))
