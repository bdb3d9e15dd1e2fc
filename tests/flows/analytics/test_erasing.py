"""Somebody is erased: what is of them goes, what was counted stays and names nobody."""

from __future__ import annotations

from typing import Any

import pytest

from functions.accounts.service.personal_data.erasing import SETTLES_AFTER, take_up
from functions.accounts.service.personal_data.requests import erase_person
from functions.analytics.rules.documents import CONTAINER
from functions.analytics.service import following
from shared.errors import Conflict, Rejected
from tests.flows.accounts.planted import ADMIN, USER_ID, join
from tests.flows.analytics.analyst import Analyst, answered, learners, started
from tests.flows.stores import TENANT, House
from tests.flows.stores import house as house


@pytest.fixture
def analyst(house: House) -> Analyst:
    """A house in which ten have learned, one of whom has an account."""
    join(house)
    house.work("accounts")
    analyst = Analyst(house)
    for user in (*learners(9), USER_ID):
        analyst.hear(started(user), answered(user, masters=True))
        analyst.report(user, "coaching.opened")
        following.note_profile(
            house, TENANT, user, at=house.clock(), session_id="s", track="grc", now=house.clock()
        )
    analyst.count()
    return analyst


def _erase(house: House) -> None:
    erase_person(
        house.means, ADMIN, frozenset({"tenant"}), USER_ID, with_candidate=False, now=house.clock()
    )
    house.work("accounts")
    house.clock.advance(seconds=SETTLES_AFTER.total_seconds() + 1)
    take_up(house, now=house.clock())
    house.work("accounts")


def test_events_go_and_counts_stay(analyst: Analyst, house: House) -> None:
    """Events, names, funnel and what was reported go; the group is still of ten."""
    kinds = {
        item.body["kind"]
        for item in house.documents.query(CONTAINER, (TENANT,), limit=1000).items
        if item.body.get("user_id") == USER_ID
    }
    assert kinds == {"event", "words", "begun", "funnel", "reporter"}
    before = analyst.rows("careers", "career")
    cohorts = analyst.rows("effectiveness", "month")
    _erase(house)
    for item in house.documents.query(CONTAINER, (), limit=1000).items:
        assert USER_ID not in str(item.body)
    assert analyst.rows("careers", "career") == before
    assert analyst.rows("effectiveness", "month") == cohorts
    assert before[("pilot",)]["learners"] == 10


def test_an_id_that_is_a_name_goes_with_its_learner(analyst: Analyst, house: House) -> None:
    """Of content and of a skill; what was shared with others is still called what it was."""
    own: dict[str, Any] = {"content_type": "portfolio", "content_id": "jane.doe.1987"}
    analyst.report(USER_ID, "content.opened", "own", **own)
    analyst.count()
    analyst.hear(answered(USER_ID, "own", skill="jane.doe.born-1987"))
    assert not any("jane" in str(body) for body in analyst.stored("aggregate"))
    named = analyst.read("content", "content_id", suppresses=False)
    assert len(named.rows) == 2
    assert ("jane.doe.1987",) in analyst.rows("content", "content_id", suppresses=False)
    _erase(house)
    for item in house.documents.query(CONTAINER, (), limit=1000).items:
        assert "jane" not in str(item.body)
    assert ("(unnamed)",) in analyst.rows("content", "content_id", suppresses=False)
    assert set(analyst.rows("skills", "skill")) == {("math.fractions",)}


def test_nothing_comes_back(analyst: Analyst, house: House) -> None:
    """Neither by an event that was under way nor by an app that goes on reporting."""
    analyst.report(USER_ID, "coaching.opened", "late")
    (waiting,) = house.waiting("analytics")
    _erase(house)
    with pytest.raises(Rejected, match="was erased"):
        analyst.hear(answered(USER_ID, "late"))
    with pytest.raises(Rejected, match="was erased"):
        analyst.recount(waiting)
    with pytest.raises(Conflict, match="stays so"):
        analyst.report(USER_ID, "coaching.opened", "later")
    for item in house.documents.query(CONTAINER, (), limit=1000).items:
        assert USER_ID not in str(item.body)


def test_ratings_and_times_go_with_their_learner(analyst: Analyst, house: House) -> None:
    """What bounds them is found by its person; the counts stay."""
    own: dict[str, Any] = {"content_type": "lesson", "content_id": "ports"}
    for user in (*learners(9), USER_ID):
        analyst.report(user, "content.rated", "rated", **own, rating=4)
        analyst.report(user, "content.left", "left", **own, seconds=60)
    analyst.count()
    before = analyst.rows("content", "content_id")[("ports",)]
    assert [use["user_id"] for use in analyst.stored("use")].count(USER_ID) == 1
    _erase(house)
    assert len(analyst.stored("use")) == 9
    for item in house.documents.query(CONTAINER, (), limit=1000).items:
        assert USER_ID not in str(item.body)
    assert analyst.rows("content", "content_id")[("ports",)] == before
    assert (before["ratings"], before["mean_rating"], before["minutes"]) == (10, 4.0, 10.0)
