"""How long somebody has worked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from shared.models.resume import Position


def month_number(value: str, *, last: bool) -> int:
    """Return months since year 0 of a partial date; a bare year is January, or December if last."""
    year = int(value[:4])
    month = int(value[5:7]) if len(value) > 4 else (12 if last else 1)
    return year * 12 + month - 1


def months_covered(periods: list[tuple[str, str | None]], today: date) -> int:
    """Return the calendar months that ``(start, end)`` cover together, overlaps counted once.

    ``end`` None means until ``today``. Both ends count: 2019-05 to 2019-05 is one month.
    """
    now = today.year * 12 + today.month - 1
    covered: set[int] = set()
    for start, end in periods:
        first = month_number(start, last=False)
        final = min(now if end is None else month_number(end, last=True), now)
        if first <= final:
            covered.update(range(first, final + 1))
    return len(covered)


def months_of(work: Sequence[Position], today: date) -> int | None:
    """Return the months that these positions cover together, None when none says when it was."""
    periods = [
        (position.start.value, None if position.current or not position.end else position.end.value)
        for position in work
        if position.start is not None and (position.current or position.end is not None)
    ]
    return months_covered(periods, today) if periods else None
