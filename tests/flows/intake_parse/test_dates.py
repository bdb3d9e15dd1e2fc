"""Dates and ranges in the writings of many languages."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.intake_parse.rules.dates import find
from functions.intake_parse.rules.lexicon import fold
from shared.profiles.experience import months_covered


@pytest.mark.parametrize(
    ("written", "start", "end", "current"),
    [
        ("Mar 2021 - Present", "2021-03", None, True),
        ("Sept. 2018 – May 2023", "2018-09", "2023-05", False),
        ("05/2019 - 08/2020", "2019-05", "2020-08", False),
        ("10/2011–02/2015", "2011-10", "2015-02", False),
        ("2019-05 — 2020-01", "2019-05", "2020-01", False),
        ("2014-2018", "2014", "2018", False),
        ("2013–17", "2013", "2017", False),
        ("'19 – '21", "2019", "2021", False),
        ("Fall 2013 – Spring 2014", "2013-09", "2014-03", False),
        ("May - August 2019", "2019-05", "2019-08", False),
        ("November - February 2019", "2018-11", "2019-02", False),
        ("2016 to 2018", "2016", "2018", False),
        ("since May 2020", "2020-05", None, True),
        ("Jan 2020 -", "2020-01", None, True),
        ("15 June 2017 — 3 July 2018", "2017-06-15", "2018-07-03", False),
        ("seit 2019", "2019", None, True),
        ("sinds mei 2019", "2019-05", None, True),
        ("mrt. 2019 t/m okt. 2020", "2019-03", "2020-10", False),
        ("augusti 2019 – tills vidare", "2019-08", None, True),
        ("od 2019", "2019", None, True),
        ("marzec 2019 – nadal", "2019-03", None, True),
        ("říjen 2018 – září 2019", "2018-10", "2019-09", False),
        ("iulie 2018 – în prezent", "2018-07", None, True),
        ("Ağustos 2018 – Devam ediyor", "2018-08", None, True),
        ("März 2019 bis heute", "2019-03", None, True),
        ("01.02.2019 – 31.03.2020", "2019-02-01", "2020-03-31", False),
        ("Okt. 2012 – Sept. 2015", "2012-10", "2015-09", False),
        ("Depuis janvier 2020", "2020-01", None, True),
        ("de 2015 à 2018", "2015", "2018", False),
        ("févr. 2017 – août 2020", "2017-02", "2020-08", False),
        ("enero de 2019 - actualidad", "2019-01", None, True),
        ("Desde 2019", "2019", None, True),
        ("ago 2019 - o momento", "2019-08", None, True),
        ("gennaio 2005 - alla data attuale", "2005-01", None, True),
        ("Da settembre 2019 ad oggi", "2019-09", None, True),
    ],
)
def test_reads_ranges(written: str, start: str, end: str | None, current: bool) -> None:
    """A range is read with its precision, its end, and whether it lasts."""
    found = find(fold(written))
    assert len(found) == 1
    period = found[0]
    assert period.begin is not None
    assert period.begin.value == start
    assert (period.finish.value if period.finish else None) == end
    assert period.current is current


@pytest.mark.parametrize("written", ["January 20XX - Current", "Sep 20XX - May 20XX", "20XX"])
def test_placeholder_years_are_ranges_without_dates(written: str) -> None:
    """A template's 20XX gives no date and no crash."""
    for period in find(fold(written)):
        assert period.begin is None
        assert period.finish is None


@pytest.mark.parametrize("written", ["614-555-2012", "$2019", "2,019 items", "99.2019%"])
def test_figures_are_not_years(written: str) -> None:
    """Telephone numbers, money and figures hold no dates."""
    assert find(fold(written)) == []


def test_expected_graduation_is_a_single_date() -> None:
    """ "Expected Graduation: May 2027" is one date that is yet to come."""
    (period,) = find(fold("Expected Graduation: May 2027"))
    assert period.expected
    assert period.finish is not None
    assert period.finish.value == "2027-05"


def test_overlaps_count_once() -> None:
    """Two jobs in the same months are those months once."""
    today = date(2024, 1, 15)
    assert months_covered([("2020-01", "2020-12"), ("2020-07", "2021-06")], today) == 18
    assert months_covered([("2023-12", None)], today) == 2
    assert months_covered([("2019", "2019")], today) == 12


_MONTHS = st.tuples(st.integers(1990, 2023), st.integers(1, 12)).map(lambda p: f"{p[0]}-{p[1]:02d}")


@given(st.lists(st.tuples(_MONTHS, st.one_of(st.none(), _MONTHS)), max_size=8))
def test_months_never_exceed_the_calendar(periods: list[tuple[str, str | None]]) -> None:
    """Months of experience stay within the span from the first start to today."""
    today = date(2023, 12, 31)
    total = months_covered(periods, today)
    first = min((start for start, _ in periods), default="2023-12")
    assert 0 <= total <= (2023 - int(first[:4])) * 12 + 12 - int(first[5:]) + 1


@given(st.text(alphabet="0123456789 -–/.'xX\tJanuaryMärzheutepresent", max_size=120))
def test_periods_lie_in_order_within_the_text(text: str) -> None:
    """Whatever the text, periods lie inside it, and each date inside its period."""
    folded = fold(text)
    at = 0
    for period in find(folded):
        assert at <= period.start < period.end <= len(folded)
        at = period.end
        for moment in (period.begin, period.finish):
            if moment is not None:
                assert period.start <= moment.start < moment.end <= period.end
