"""Which backups are kept: grandfather, father, son.

Of each of the last seven days that have a backup the newest, of each of the last four weeks that
have one, and of each of the last twelve months. Days without a backup count for nothing, so a
house that stood still for a month still has its seven. All of the last day before the newest are
kept as well: one that somebody made by hand before a change is not gone the moment after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

DAILY, WEEKLY, MONTHLY = 7, 4, 12
ALL_OF = timedelta(days=1)


def kept(backups: Iterable[tuple[str, datetime]]) -> set[str]:
    """The ids of the backups to keep, of all good ones with the moment each was finished.

    Days, weeks (from Monday, ISO 8601) and months are those of UTC. The newest of all is among
    them, whatever its age.
    """
    newest_first = sorted(backups, key=lambda each: (each[1], each[0]), reverse=True)
    recent = {each for each, moment in newest_first if moment > newest_first[0][1] - ALL_OF}
    return recent | {
        backup_id
        for number, period in ((DAILY, _day), (WEEKLY, _week), (MONTHLY, _month))
        for backup_id in _newest_of(newest_first, period, number)
    }


def _newest_of(
    newest_first: list[tuple[str, datetime]],
    period: Callable[[datetime], tuple[int, ...]],
    number: int,
) -> list[str]:
    found: dict[tuple[int, ...], str] = {}
    for backup_id, moment in newest_first:
        found.setdefault(period(moment.astimezone(UTC)), backup_id)
        if len(found) == number:
            break
    return list(found.values())


def _day(moment: datetime) -> tuple[int, ...]:
    return (moment.year, moment.month, moment.day)


def _week(moment: datetime) -> tuple[int, ...]:
    return tuple(moment.isocalendar()[:2])


def _month(moment: datetime) -> tuple[int, ...]:
    return (moment.year, moment.month)
