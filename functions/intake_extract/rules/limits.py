"""How much of a file is read at most."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExtractLimits:
    """Bounds on one extraction; what lies beyond is left out with a warning."""

    max_pages: int = 30
    max_chars: int = 500_000
    max_unpacked_bytes: int = 64 * 1024 * 1024
    """Of one member of a zip container, in bytes as they come out, whatever the header says."""
