"""What people's apps report: taken once, counted once, bounded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.analytics.rules import reports
from functions.analytics.rules.documents import CONTAINER
from shared.errors import Throttled
from tests.flows.analytics.analyst import Analyst, learners, moment, report
from tests.flows.stores import RIVAL, House
from tests.flows.stores import house as house

LESSON: dict[str, Any] = {"content_type": "lesson", "content_id": "ports"}


@pytest.fixture
def analyst(house: House) -> Analyst:
    return Analyst(house)


def test_what_is_sent_again_is_taken_once(analyst: Analyst) -> None:
    """A batch of known and new events says how many were new, and each is counted once."""
    now = analyst.house.clock()
    batch = [report("content.opened", f"e{n}", now, **LESSON) for n in range(5)]
    for user in learners(10):
        assert analyst.send(user, batch) == 5
        assert analyst.send(user, batch) == 0
        more = [*batch, report("content.left", "left", now, **LESSON, seconds=60), batch[0]]
        assert analyst.send(user, more) == 1
    assert analyst.count() == ["done"] * 20
    (row,) = analyst.rows("content", "content_type", "content_id").values()
    assert (row["learners"], row["opened"], row["minutes"]) == (10, 50, 10.0)


def test_a_batch_is_counted_once(analyst: Analyst) -> None:
    """However often the queue delivers it."""
    for user in learners(10):
        analyst.report(user, "content.rated", **LESSON, rating=4)
    events = analyst.house.waiting("analytics")
    assert [analyst.recount(event) for event in (*events, *events)] == [
        *["done"] * 10, *["repeated"] * 10,
    ]  # fmt: skip
    (row,) = analyst.rows("content", "content_id").values()
    assert (row["ratings"], row["mean_rating"]) == (10, 4.0)


def test_a_batch_over_the_end_of_a_month_is_kept_in_both(analyst: Analyst) -> None:
    """Each event in its own month, and sent again none is new."""
    times = (moment(27, 2), moment(1, 3, 9))
    batch = [report("page.opened", str(at), at, content_id="home") for at in times]
    for user in learners(10):
        assert analyst.send(user, batch) == 2
        assert analyst.send(user, batch) == 0
    analyst.count()
    assert set(analyst.rows("content", "month")) == {("2026-02",), ("2026-03",)}


def test_the_same_id_of_two_people_are_two_events(analyst: Analyst) -> None:
    """Nobody keeps somebody else's events out by guessing their ids."""
    assert [analyst.report(user, "coaching.opened", "same") for user in learners(30)] == [1] * 30
    assert len({body["id"] for body in analyst.stored("event")}) == 30


def test_parents_are_counted_apart_from_learners(analyst: Analyst) -> None:
    """By as what they report."""
    for user in learners(10):
        analyst.report(user, "content.opened", **LESSON)
        analyst.report(f"parent of {user}", "content.opened", **LESSON, roles=("parent",))
    analyst.count()
    rows = analyst.rows("content", "audience")
    assert {key[0]: row["learners"] for key, row in rows.items()} == {"learner": 10, "parent": 10}


def test_one_person_reports_so_much_a_day(
    analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond it they are told to wait until the next day; what was known already is no news."""
    monkeypatch.setattr(reports, "MOST_A_DAY", 3)
    for key in "abc":
        assert analyst.report("lena", "coaching.opened", key) == 1
    assert analyst.report("lena", "coaching.opened", "a") == 0
    with pytest.raises(Throttled, match="at most 3 events a day") as told:
        analyst.report("lena", "coaching.opened", "d")
    assert told.value.retry_after == 12 * 3600
    analyst.house.clock.advance(hours=12)
    assert analyst.report("lena", "coaching.opened", "d") == 1


def test_a_batch_of_fifty_different_things_is_counted(analyst: Analyst) -> None:
    """Each begins a group and says a name of its own."""
    now = analyst.house.clock()
    batch = [
        report("content.opened", str(n), now, content_type=f"type-{n}", content_id=f"c-{n}")
        for n in range(50)
    ]
    assert analyst.send("lena", batch) == 50
    assert analyst.count() == ["done"] * 3
    assert len(analyst.rows("content", "content_type", "content_id", suppresses=False)) == 50


def test_ids_that_are_alike_are_two_things(analyst: Analyst) -> None:
    """In case, or after sixty characters; spellings of a type of content are one."""
    begin = "course-2026-cyber-security-foundations.module-03.networking.lesson-"
    ids = {"Lesson-A", "lesson-a", f"{begin}ports", f"{begin}routing"}
    for user in learners(12):
        for content_id in ids:
            told: dict[str, Any] = {"content_type": "Lesson", "content_id": content_id}
            analyst.report(user, "content.opened", content_id, **told)
    analyst.count()
    rows = analyst.rows("content", "content_type", "content_id")
    assert {key: row["opened"] for key, row in rows.items()} == {("lesson", i): 12 for i in ids}


def test_another_tenants_reports_are_its_own(analyst: Analyst) -> None:
    """The same person's id in two tenants is two people."""
    rival = Analyst(analyst.house, RIVAL)
    for user in learners(10):
        rival.report(user, "content.opened", **LESSON)
    rival.count()
    assert analyst.rows("content", "content_id") == {}
    assert len(rival.rows("content", "content_id")) == 1


def test_events_are_gone_after_their_time(analyst: Analyst) -> None:
    """Twenty-five months after they came, with what was counted of them."""
    for user in learners(10):
        analyst.report(user, "content.opened", **LESSON)
    analyst.count()
    first = analyst.house.clock().date()
    analyst.house.clock.advance(days=750)
    assert len(analyst.rows("content", "content_id", first=first)) == 1
    analyst.house.clock.advance(days=14)
    assert analyst.stored("event") == []
    assert analyst.rows("content", "content_id", first=first) == {}
    page = analyst.house.documents.query(CONTAINER, (analyst.tenant,), limit=1000)
    assert page.items == ()


def test_a_report_of_last_week_counts_on_its_day(analyst: Analyst) -> None:
    """An app that was offline."""
    at = analyst.house.clock() - timedelta(days=6)
    for user in learners(10):
        analyst.report(user, "narration.played", **LESSON, at=at, seconds=30)
    analyst.count()
    ((key, row),) = analyst.rows("content", "day").items()
    assert key == (at.date().isoformat(),)
    assert (row["narrations_played"], row["minutes"]) == (10, 5.0)
