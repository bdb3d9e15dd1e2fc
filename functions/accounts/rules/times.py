"""Time zones and years that people give."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from shared.errors import FieldError, Invalid

OLDEST = 120


def check_time_zone(name: str) -> str:
    """Return an IANA time zone's name; raises ``Invalid`` for any other."""
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # malformed, unknown, or a folder of zones
        raise Invalid(
            "the time zone is not known",
            fields=(FieldError("/time_zone", "give an IANA name, e.g. Europe/Berlin"),),
        ) from None
    return name


def check_birth_year(year: int | None, *, this_year: int) -> None:
    """Raise ``Invalid`` for a year in which nobody alive was born."""
    if year is not None and not this_year - OLDEST <= year <= this_year:
        raise Invalid(
            "the year of birth does not hold",
            fields=(FieldError("/birth_year", f"{this_year - OLDEST} to {this_year}"),),
        )
