"""Streaks: no day counts twice, none is lost by travelling or by a clock that changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.models.game import Streak
from shared.models.streaks import (
    MOST_FREEZES,
    current_length,
    length_of,
    local_date,
    with_activity,
    with_outage,
)

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Kolkata",
    "Asia/Tokyo", "Pacific/Auckland", "Pacific/Kiritimati", "Pacific/Pago_Pago",
    "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca",
)  # fmt: skip
"""With half hours, both ends of the calendar, and daylight saving by an hour and by half of one."""
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

Deed = tuple[datetime, str]
moments = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001  the zone is drawn beside it
    max_value=datetime(2027, 3, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
zones = st.sampled_from(ZONES)


def after(deeds: list[Deed]) -> Streak:
    return reduce(lambda streak, deed: with_activity(streak, *deed).streak, deeds, Streak())


def at_noon(*days: int, zone: str = "UTC") -> Streak:
    return after([(NOON + timedelta(days=day), zone) for day in days])


def active_days(streak: Streak) -> list[date]:
    return [
        run.first + timedelta(days=n)
        for run in streak.runs
        for n in range((run.last - run.first).days + 1)
    ]


@st.composite
def journeys(draw: st.DrawFn, longest: timedelta) -> list[Deed]:
    """Deeds in order, each at most ``longest`` after the one before, in whatever zones."""
    moment = draw(moments)
    deeds = [(moment, draw(zones))]
    seconds = st.integers(60, int(longest.total_seconds()))
    for gap in draw(st.lists(seconds, min_size=1, max_size=40)):
        moment += timedelta(seconds=gap)
        deeds.append((moment, draw(zones)))
    return deeds


@given(st.lists(st.tuples(moments, zones), max_size=60))
def test_a_day_counts_once(deeds: list[Deed]) -> None:
    """Whatever comes in whatever order, the active days are the local dates, each once."""
    streak = after(deeds)
    dates = sorted({local_date(*deed) for deed in deeds})
    assert active_days(streak) == dates
    assert length_of(streak) <= len(dates)
    assert streak.best <= len(dates)


@given(st.lists(st.tuples(moments, zones), min_size=1, max_size=30), st.data())
def test_the_same_again_changes_nothing(deeds: list[Deed], data: st.DataObject) -> None:
    """A deed that is told twice, at once or late, leaves the streak as it is."""
    streak = after(deeds)
    again = with_activity(streak, *data.draw(st.sampled_from(deeds)))
    assert again.streak == streak
    assert not again.is_new


@given(journeys(timedelta(hours=24)))
def test_travel_costs_no_streak(deeds: list[Deed]) -> None:
    """Who is active at least every 24 hours keeps every day, whatever borders are crossed."""
    streak = after(deeds)
    dates = {local_date(*deed) for deed in deeds}
    assert length_of(streak) == len(dates)
    assert streak.best == len(dates)
    assert current_length(streak, *deeds[-1]) == len(dates)


@given(journeys(timedelta(hours=24)), st.integers(0, 24 * 60), zones)
def test_a_streak_holds_for_a_day_wherever_it_is_read(
    deeds: list[Deed], minutes: int, zone: str
) -> None:
    """Read within 24 hours of the last deed, in the zone of that or another, it stands."""
    streak = after(deeds)
    last, _ = deeds[-1]
    assert current_length(streak, last + timedelta(minutes=minutes), zone) == length_of(streak)


@given(st.sampled_from(ZONES), st.integers(0, 364), st.lists(st.integers(0, 86399), min_size=9))
def test_daylight_saving_makes_no_day_and_takes_none(
    zone: str, first: int, seconds: list[int]
) -> None:
    """A deed on each local day, at whatever hour, over any change of clocks: all days count."""
    days = [date(2026, 1, 1) + timedelta(days=first + n) for n in range(len(seconds))]
    deeds = []
    for day, second in zip(days, seconds, strict=True):
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
        while local_date(moment, zone) != day:
            moment += timedelta(minutes=30)
        deeds.append((moment + timedelta(seconds=second % 1800), zone))
    streak = after(deeds)
    assert active_days(streak) == days
    assert length_of(streak) == len(days)


@given(st.lists(st.tuples(moments, zones), min_size=1, max_size=40), moments, zones)
def test_what_is_shown_is_what_the_next_deed_goes_on_from(
    deeds: list[Deed], now: datetime, zone: str
) -> None:
    """A streak that still holds grows by the next day; one that has lapsed begins at one."""
    streak = after(deeds)
    now = max(now, *(at for at, _ in deeds))
    shown = current_length(streak, now, zone)
    found = with_activity(streak, now, zone)
    if not found.is_new:
        assert shown == found.length
    elif found.is_latest:
        assert found.length == shown + 1
    assert 0 <= found.streak.freezes <= MOST_FREEZES


@given(st.permutations(range(12)))
def test_days_that_come_late_fill_the_gaps(order: list[int]) -> None:
    """Twelve days on end are a streak of twelve, in whatever order they are told."""
    assert length_of(at_noon(*order)) == 12


@given(st.lists(st.integers(0, 60), min_size=1, max_size=60), st.integers(0, 60))
def test_an_outage_never_costs_a_day(days: list[int], start: int) -> None:
    """Covering days makes no streak shorter, and adds no day to it by itself."""
    streak = at_noon(*days)
    outage = [NOON.date() + timedelta(days=start + n) for n in range(5)]
    repaired = with_outage(streak, outage)
    assert length_of(streak) <= length_of(repaired) <= len(set(days))
    assert with_outage(repaired, outage) == repaired
    assert repaired.freezes >= streak.freezes


def test_a_missed_day_breaks_a_streak() -> None:
    """Without a freeze a day without activity ends it: it reads 0, and the next is the first."""
    streak = at_noon(0, 1, 2)
    assert current_length(streak, NOON + timedelta(days=3), "UTC") == 3
    assert current_length(streak, NOON + timedelta(days=4), "UTC") == 0
    assert length_of(at_noon(0, 1, 2, 4)) == 1
    assert at_noon(0, 1, 2, 4).best == 3


def test_a_week_earns_a_freeze_that_saves_a_day() -> None:
    """The frozen day keeps the streak and does not add to it."""
    week = at_noon(*range(7))
    assert week.freezes == 1
    assert current_length(week, NOON + timedelta(days=8), "UTC") == 7
    assert current_length(week, NOON + timedelta(days=9), "UTC") == 0
    later = at_noon(*range(7), 8)
    assert (length_of(later), later.freezes) == (8, 0)
    assert later.covered == {NOON.date() + timedelta(days=7): "frozen"}


def test_at_most_two_freezes_are_kept() -> None:
    """Three weeks earn two, which save two days on end and not three."""
    weeks = at_noon(*range(21))
    assert weeks.freezes == MOST_FREEZES
    assert length_of(at_noon(*range(21), 23)) == 22
    too_long = at_noon(*range(21), 24)
    assert length_of(too_long) == 1
    assert too_long.freezes == MOST_FREEZES  # none is wasted on a gap they cannot fill


def test_a_frozen_day_that_was_active_after_all_gives_its_freeze_back() -> None:
    """What a device kept while offline counts when it comes."""
    streak = at_noon(*range(7), 8, 7)
    assert (length_of(streak), streak.freezes, streak.covered) == (9, 1, {})


def test_over_the_border_of_dates() -> None:
    """From Los Angeles to Auckland a date is skipped; back, one comes twice."""
    there = [
        (datetime(2026, 3, 2, 20, tzinfo=UTC), "America/Los_Angeles"),  # 2 March
        (datetime(2026, 3, 3, 20, tzinfo=UTC), "Pacific/Auckland"),  # 4 March
    ]
    streak = after(there)
    assert streak.covered == {date(2026, 3, 3): "travelled"}
    assert length_of(streak) == 2
    back = [
        *there,
        (datetime(2026, 3, 4, 9, tzinfo=UTC), "Pacific/Auckland"),  # 4 March
        (datetime(2026, 3, 4, 20, tzinfo=UTC), "America/Los_Angeles"),  # 4 March again
        (datetime(2026, 3, 5, 20, tzinfo=UTC), "America/Los_Angeles"),  # 5 March
    ]
    assert length_of(after(back)) == 3


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe"])
def test_an_unknown_zone_is_read_as_utc(zone: str) -> None:
    """A name that this machine does not know stops nobody's XP."""
    assert local_date(datetime(2026, 3, 1, 23, 59, tzinfo=UTC), zone) == date(2026, 3, 1)
