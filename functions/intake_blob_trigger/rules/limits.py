"""How much the check accepts and how much it looks at."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the check; sizes in bytes."""

    max_bytes: int = 10 * _MIB
    max_mail_bytes: int = 36 * _MIB
    """Of an e-mail, whose attachments are a third longer in it than by themselves."""
    max_unpacked_bytes: int = 64 * _MIB
    """All members of a container together, counted as they come out."""
    max_ratio: int = 200
    """Unpacked to packed size of one member, once it has unpacked to more than 1 MiB."""
    max_members: int = 2000
    max_inflated_bytes: int = 16 * _MIB
    """Of a PDF's object streams together; what lies beyond is left to the sandbox."""
    max_pixels: int = 50_000_000
    """Of one image or of one page of it; A4 at 600 dots per inch has 35 million."""

    @property
    def most_bytes(self) -> int:
        """The size above which nothing is read, whatever it is."""
        return max(self.max_bytes, self.max_mail_bytes)
