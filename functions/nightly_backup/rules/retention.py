"""Which backups are kept: grandfather, father, son.

Of each of the last seven days that have a backup the newest, of each of the last four weeks that
have one, and of each of the last twelve months. Days without a backup count for nothing, so a
house that stood still for a month still has its seven.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

DAILY, WEEKLY, MONTHLY = 7, 4, 12


def kept(backups: Iterable[tuple[str, datetime]]) -> set[str]:
    """The ids of the backups to keep, of all good ones with the moment each was finished.

    Days, weeks (from Monday, ISO 8601) and months are those of UTC. The newest of all is among
    them, whatever its age.
    """
    newest_first = sorted(backups, key=lambda each: (each[1], each[0]), reverse=True)
    return {
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
