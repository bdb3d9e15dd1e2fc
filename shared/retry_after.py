"""How long a peer asks to be left alone."""

from __future__ import annotations

DEFAULT_SECONDS = 30.0
MOST_SECONDS = 3600.0


def seconds_asked(header: str | None) -> float:
    """The wait that a ``Retry-After`` header asks for (RFC 9110: whole seconds, or a date), an hour
    at most; half a minute without one, and for a date."""
    if header is None or not (header.isascii() and header.isdigit()):
        return DEFAULT_SECONDS
    # cut before it is read: a float of many digits is no number any more
    return min(MOST_SECONDS, float(header.lstrip("0")[:9] or "0"))
