"""Who is hidden stays hidden, by whatever else is asked of the same days."""

from __future__ import annotations

from typing import Any

import pytest

from functions.analytics.rules.facts import plus
from functions.analytics.service import following
from tests.flows.analytics.analyst import Analyst, answered, learners, moment, started
from tests.flows.stores import START, TENANT, House
from tests.flows.stores import house as house


@pytest.fixture
def analyst(house: House) -> Analyst:
    return Analyst(house)


def test_no_other_grouping_tells_of_a_hidden_group(analyst: Analyst) -> None:
    """The total, and rows by month, are of the groups that are shown."""
    for user in learners(30):
        analyst.hear(started(user), answered(user))
    analyst.hear(
        started("secret", career="Spy"), answered("secret", career="Spy", correct=False, hints=3)
    )
    by_career, by_month = analyst.read("careers", "career"), analyst.read("careers", "month")
    ((_, career),), ((_, month),) = by_career.rows, by_month.rows
    assert by_career.total is not None
    assert by_career.hidden == 1
    for other in (by_career.total, month):
        assert other.learners == career.learners
        assert not plus(other.counts, {name: -by for name, by in career.counts.items()})


def test_a_margin_leaves_out_what_is_hidden_in_it(analyst: Analyst) -> None:
    """One learner of grade 12 is neither in the skill by grade nor in the skill alone."""
    for user in learners(12):
        analyst.hear(answered(user, skill="s1"))
    told = answered("kim", skill="s1", correct=False, hints=5)
    told.data["grade_level"] = "12"
    analyst.hear(told)
    (by_grade,) = analyst.rows("skills", "skill", "grade").values()
    (alone,) = analyst.rows("skills", "skill").values()
    assert by_grade == alone
    assert (alone["learners"], alone["hints"]) == (12, 0)


def test_a_day_of_one_is_not_the_month_less_its_days(analyst: Analyst) -> None:
    """Another day goes with it."""
    analyst.house.clock.advance(days=8)
    for user in learners(12):
        analyst.hear(*(answered(user, str(day), at=moment(day)) for day in (2, 3, 4)))
    analyst.hear(answered("solo", at=moment(5), hints=4))
    days: Any = {"first": moment(1).date(), "last": moment(9).date()}
    assert len(analyst.rows("skills", "day", **days)) == 2
    (whole,) = analyst.rows("skills", "skill", **days).values()
    assert whole["learners"] == 13


def test_nothing_is_told_of_when_a_hidden_learner_was_there(analyst: Analyst) -> None:
    """An answer without rows was never updated."""
    analyst.hear(started("only"))
    found = analyst.read("careers", "career")
    assert (found.rows, found.hidden, found.updated_at) == ([], 1, None)


def test_a_small_cohort_is_in_no_range_of_months(analyst: Analyst) -> None:
    """So that two ranges do not differ by it."""
    for number, user in enumerate(learners(32)):
        at = moment(1) if number < 12 else moment(3, 2) if number < 16 else moment(5, 1)
        following.note_profile(
            analyst.house, TENANT, user, at=at, session_id=user, track="grc", now=START
        )
    first = moment(1, 1).date()
    assert analyst.read("effectiveness", "track", first=first).total is not None
    (row,) = analyst.rows("effectiveness", "track", first=first).values()
    assert row["learners"] == 28
    assert set(analyst.rows("effectiveness", "month", first=first)) == {("2026-01",), ("2026-03",)}
