"""Whether the tests of OCR can run here."""

from __future__ import annotations

import pytest

from functions.intake_extract.tesseract import languages, program

needs_ocr = pytest.mark.skipif(
    program() is None or not {"eng", "fra", "osd"} <= set(languages()),
    reason="install tesseract-ocr with tesseract-ocr-fra, -spa, -deu and -por",
)
