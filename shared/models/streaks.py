"""Streaks: days on end on which a learner was active, in the learner's own time zone.

A day is the local date of what was done, so daylight saving never makes two of one. What
breaks a streak is a day that passed whole without activity: for a traveller only one that
did so in the zone left as well as in the zone reached, so a date that is skipped on the way
costs nothing, and one that comes twice counts once. Days that come late fill the gap where they
belong. The streak's length is worked out from the days themselves, never counted up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.models.game import Cover, Run, Streak

MOST_FREEZES = 2
FREEZE_EVERY = 7
"""Days of a streak that earn a freeze."""
MOST_RUNS = 200
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Active:
    """A streak after something was done: whether its day is new, and the latest one."""

    streak: Streak
    is_new: bool
    is_latest: bool
    length: int


@lru_cache(maxsize=512)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # a name that this machine's data does not know
        return UTC


def local_date(moment: datetime, zone: str) -> date:
    """The date of a moment in an IANA time zone; in UTC where its name is unknown."""
    try:
        return moment.astimezone(_zone(zone)).date()
    except OverflowError:  # at the very ends of the calendar
        return moment.date()


def with_activity(streak: Streak, at: datetime, zone: str) -> Active:
    """The streak after something done at a moment in a zone.

    A gap before the latest day takes freezes where they suffice for all of it; each
    :data:`FREEZE_EVERY` days earn one, of which :data:`MOST_FREEZES` are kept. A frozen day
    that turns out to have been active gives its freeze back.
    """
    day = local_date(at, zone)
    last = _last_day(streak)
    if _is_active(streak.runs, day) or (
        len(streak.runs) >= MOST_RUNS and day < streak.runs[0].first
    ):
        return Active(_seen(streak, at, zone), False, False, length_of(streak))
    covered, freezes = dict(streak.covered), streak.freezes
    is_latest = last is None or day > last
    if last is not None and day > last:
        bridged = _bridge(streak, at, zone)
        covered |= bridged
        freezes -= sum(cover == "frozen" for cover in bridged.values())
    elif covered.pop(day, None) == "frozen":
        freezes = min(MOST_FREEZES, freezes + 1)
    runs = _with_day(streak.runs, day)[-MOST_RUNS:]
    covered = {each: cover for each, cover in covered.items() if each > runs[0].first}
    length = _length(runs, covered)
    if is_latest and length % FREEZE_EVERY == 0:
        freezes = min(MOST_FREEZES, freezes + 1)
    later = streak.model_copy(
        update={
            "runs": runs,
            "covered": covered,
            "freezes": freezes,
            "best": max(streak.best, length),
        }
    )
    return Active(_seen(later, at, zone), True, is_latest, length)


def with_outage(streak: Streak, days: Iterable[date]) -> Streak:
    """The streak with the days of an outage covered; frozen ones give their freezes back."""
    covered, freezes = dict(streak.covered), streak.freezes
    for day in days:
        if _is_active(streak.runs, day) or covered.get(day) == "outage":
            continue
        if covered.get(day) == "frozen":
            freezes = min(MOST_FREEZES, freezes + 1)
        covered[day] = "outage"
    best = max(streak.best, _length(streak.runs, covered))
    return streak.model_copy(update={"covered": covered, "freezes": freezes, "best": best})


def length_of(streak: Streak) -> int:
    """Active days of the streak that ends with the latest of them; see :func:`current_length`
    for whether it still holds."""
    return _length(streak.runs, streak.covered)


def current_length(streak: Streak, now: datetime, zone: str) -> int:
    """The streak as it is at a moment in a zone: 0 once it has lapsed.

    It holds while today can still add to it, the freezes at hand counted.
    """
    last = _last_day(streak)
    if last is None:
        return 0
    open_days = [day for day, cover in _gap(streak, now, zone).items() if cover is None]
    return length_of(streak) if len(open_days) <= streak.freezes else 0


def _bridge(streak: Streak, at: datetime, zone: str) -> dict[date, Cover]:
    """What covers the gap between the latest day and one after it: travel, and freezes if they
    suffice."""
    gap = _gap(streak, at, zone)
    found: dict[date, Cover] = {day: cover for day, cover in gap.items() if cover is not None}
    open_days = [day for day, cover in gap.items() if cover is None]
    if len(open_days) <= streak.freezes:
        found |= dict.fromkeys(open_days, "frozen")
    return {day: cover for day, cover in found.items() if day not in streak.covered}


def _gap(streak: Streak, at: datetime, zone: str) -> dict[date, Cover | None]:
    """The days between the latest active one and the date of a moment, each with what covers it.

    Where fewer days passed whole than the dates differ by, a border of dates was crossed.
    """
    last, last_at = _last_day(streak), streak.last_at
    if last is None or last_at is None:
        return {}
    days = [last + _DAY * n for n in range(1, (local_date(at, zone) - last).days)]
    passed = min(
        (local_date(at, each) - local_date(last_at, each)).days - 1
        for each in (zone, streak.last_zone)
    )
    skipped = max(0, len(days) - max(0, passed)) if zone != streak.last_zone else 0
    gap: dict[date, Cover | None] = {day: streak.covered.get(day) for day in days}
    for day in days[:skipped]:
        gap[day] = gap[day] or "travelled"
    return gap


def _seen(streak: Streak, at: datetime, zone: str) -> Streak:
    if streak.last_at is not None and at <= streak.last_at:
        return streak
    return streak.model_copy(update={"last_at": at, "last_zone": zone})


def _last_day(streak: Streak) -> date | None:
    return streak.runs[-1].last if streak.runs else None


def _is_active(runs: tuple[Run, ...], day: date) -> bool:
    return any(run.first <= day <= run.last for run in reversed(runs))


def _with_day(runs: tuple[Run, ...], day: date) -> tuple[Run, ...]:
    found: list[Run] = []
    for run in sorted((*runs, Run(first=day, last=day)), key=lambda run: run.first):
        if found and run.first <= found[-1].last + _DAY:
            found[-1] = Run(first=found[-1].first, last=max(found[-1].last, run.last))
        else:
            found.append(run)
    return tuple(found)


def _length(runs: tuple[Run, ...], covered: Mapping[date, Cover]) -> int:
    length = 0
    after: Run | None = None
    for run in reversed(runs):
        if after is not None:
            between = (run.last + _DAY * n for n in range(1, (after.first - run.last).days))
            if not all(day in covered for day in between):
                break
        length += (run.last - run.first).days + 1
        after = run
    return length
