"""What reads text in images, as the rules need it."""

from __future__ import annotations

from typing import Protocol

DPI = 200
"""Dots per inch of the images that it gets, about."""


class Unfinished(Exception):
    """The recogniser had no time left for the image."""


class Recogniser(Protocol):
    """Reads text in images, each a whole file in grey (PGM)."""

    def read(self, image: bytes) -> str:
        """Return what it sees as hOCR.

        Raises :class:`OcrMissing` where it is not installed, else :class:`Unfinished`.
        """

    def turned(self, image: bytes) -> int:
        """Return by how many degrees to turn the image clockwise: 0, 90, 180 or 270."""
