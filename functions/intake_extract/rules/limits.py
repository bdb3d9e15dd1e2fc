"""How much of a file is read at most."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExtractLimits:
    """Bounds on one extraction; what lies beyond is left out with a warning."""

    max_pages: int = 30
    max_chars: int = 500_000
    max_ocr_pages: int = 10
    """Scanned pages that are read; each takes seconds."""
    ocr_seconds: float = 90.0
    """For the scanned pages of one file together; those not begun by then are left out."""
    max_pixels: int = 50_000_000
    """Of one image or one page of it."""
    max_unpacked_bytes: int = 64 * 1024 * 1024
    """Of one member of a zip container, in bytes as they come out, whatever the header says."""
