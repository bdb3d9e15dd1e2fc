"""What people's apps report: taken once, counted once, bounded."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.analytics.rules import reports
from functions.analytics.rules.dimensions import DIMENSIONS, OTHER
from functions.analytics.rules.documents import CONTAINER, shard_of
from functions.analytics.service import reporting
from shared.errors import Throttled, Unavailable
from tests.flows.analytics.analyst import (
    Analyst,
    completed,
    failing,
    learners,
    moment,
    report,
    started,
)
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


def test_a_late_redelivery_counts_nothing_twice(analyst: Analyst, house: House) -> None:
    """Long after every receipt of the house is gone: what was reported, what was heard, and what
    an event said of another month."""
    house.clock.advance(days=4)
    for user in learners(20):
        analyst.report(user, "content.rated", **LESSON, rating=4)
        analyst.report(user, "content.left", "left", **LESSON, seconds=60)
        analyst.hear(started(user, at=moment(27, 2)))
    messages = house.waiting("analytics")
    assert [analyst.recount(each) for each in messages] == ["done"] * 40
    ended = [completed(user, began=moment(27, 2), at=moment(2)) for user in learners(10)]
    assert analyst.hear(*ended) == ["done"] * 10
    days: Any = {"first": moment(1, 2).date(), "last": moment(31).date()}
    content, careers = (
        analyst.rows("content", "content_id", **days),
        analyst.rows("careers", "career", "month", **days),
    )
    assert content[("ports",)]["minutes"] == 20
    for _ in range(3):
        house.clock.advance(days=45)
        house.documents.purge_expired()
        assert [analyst.recount(each) for each in messages] == ["repeated"] * 40
        assert analyst.hear(*ended) == ["repeated"] * 10
    assert analyst.rows("content", "content_id", **days) == content
    assert analyst.rows("careers", "career", "month", **days) == careers


def test_a_crash_before_the_counts_loses_nothing(
    analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message of more events than one commit takes is finished at its next delivery."""
    monkeypatch.setattr(reporting, "_COUNTED_AT_ONCE", 4)
    now = analyst.house.clock()
    for user in learners(10):
        analyst.send(user, [report("content.opened", f"e{n}", now, **LESSON) for n in range(10)])
    monkeypatch.setattr(reporting, "_COUNTED_AT_ONCE", 2)
    for message in analyst.house.waiting("analytics"):
        with failing(monkeypatch, analyst.house, commits=1), suppress(Unavailable):
            analyst.recount(message)
        assert analyst.recount(message) in ("done", "repeated")
        assert analyst.recount(message) == "repeated"
    (row,) = analyst.rows("content", "content_id").values()
    assert (row["learners"], row["opened"]) == (10, 100)


def test_the_last_rating_of_each_counts(analyst: Analyst, house: House) -> None:
    """Once, also over the end of a month, and in whatever order it is told."""
    now = house.clock()
    for number, user in enumerate(learners(10)):
        late = report("content.rated", "last", now, **LESSON, rating=5 if number else 3)
        early = [
            report("content.rated", f"r{n}", now - timedelta(hours=n), **LESSON, rating=1)
            for n in range(1, 20)
        ]
        analyst.send(user, [early[3], late, *early[:3]])
        analyst.count()
        analyst.send(user, early)
        messages = house.waiting("analytics")
        for _ in range(2):
            for message in messages:
                analyst.recount(message)
    days: Any = {"first": moment(1, 2).date(), "last": moment(30, 4).date()}
    (row,) = analyst.rows("content", "content_id", **days).values()
    assert (row["learners"], row["ratings"], row["mean_rating"]) == (10, 10, 4.8)
    house.clock.advance(days=40)
    analyst.report("learner-0", "content.rated", "changed", **LESSON, rating=5)
    analyst.count()
    (row,) = analyst.rows("content", "content_id", **days).values()
    assert (row["ratings"], row["mean_rating"]) == (10, 5.0)
    assert {
        key: row["ratings"]
        for key, row in analyst.rows("content", "month", **days, suppresses=False).items()
    } == {("2026-02",): 0, ("2026-03",): 10, ("2026-04",): 0}


@pytest.mark.parametrize("commits", range(5))
def test_a_crash_while_a_rating_is_counted(
    analyst: Analyst, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    """Between any two of its commits: at the next delivery the last rating counts once."""
    house = analyst.house
    for user in learners(10):
        analyst.report(user, "content.rated", "1", **LESSON, rating=1)
        if commits % 2:
            analyst.count()
    house.clock.advance(days=40)
    for user in learners(10):
        analyst.report(user, "content.rated", "2", **LESSON, rating=4)
    messages = house.waiting("analytics")
    for message in messages:
        with failing(monkeypatch, house, commits=commits), suppress(Unavailable):
            analyst.recount(message)
    for message in reversed(messages):
        analyst.recount(message)
    days: Any = {"first": moment(1, 2).date(), "last": moment(30, 4).date()}
    (row,) = analyst.rows("content", "content_id", **days).values()
    assert (row["ratings"], row["mean_rating"]) == (10, 4.0)


def test_a_rating_among_the_others_is_changed_there(
    analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of content that found no place, though it has one by then."""
    few = replace(DIMENSIONS["content"], most_begun=0)
    whole = DIMENSIONS["content"]
    monkeypatch.setitem(DIMENSIONS, "content", few)
    now = analyst.house.clock()
    for user in learners(10):
        analyst.report(user, "content.rated", "0", **LESSON, rating=1, at=now - timedelta(hours=1))
        analyst.report(user, "content.rated", "1", **LESSON, rating=2)
    analyst.count()
    assert analyst.rows("content", "content_id")[(OTHER,)]["mean_rating"] == 2.0
    monkeypatch.setitem(DIMENSIONS, "content", whole)
    for user in learners(10):
        analyst.report(user, "content.opened", "2", **LESSON)
        analyst.report(user, "content.rated", "3", **LESSON, rating=4)
    analyst.count()
    rows = analyst.rows("content", "content_id")
    assert (rows[(OTHER,)]["ratings"], rows[(OTHER,)]["mean_rating"]) == (10, 4.0)
    assert (rows[("ports",)]["opened"], rows[("ports",)]["ratings"]) == (10, 0)


def test_time_with_one_thing_ends_at_four_hours_a_day(analyst: Analyst, house: House) -> None:
    """Of one person, of one piece of content, however many reports say more; the next day begins
    anew."""
    now = house.clock()
    for user in learners(10):
        analyst.send(
            user,
            [report("content.left", f"a{n}", now, **LESSON, seconds=14_400) for n in range(5)]
            + [report("narration.played", "n", now, **LESSON, seconds=600)],
        )
        analyst.count()
        other: dict[str, Any] = {"content_type": "lesson", "content_id": "routing"}
        analyst.send(user, [report("content.left", "b", now, **other, seconds=3600)])
    analyst.count()
    rows = analyst.rows("content", "content_id")
    assert (rows[("ports",)]["minutes"], rows[("routing",)]["minutes"]) == (2400, 600)
    house.clock.advance(days=1)
    for user in learners(10):
        analyst.report(user, "content.left", "next", **LESSON, seconds=60)
    analyst.count()
    assert analyst.rows("content", "content_id")[("ports",)]["minutes"] == 2410


def test_one_person_does_not_take_the_places_of_all(analyst: Analyst) -> None:
    """Of so many groups a month they are the first; what others do still has its own."""
    same = [user for user in learners(600) if shard_of(user) == shard_of("mallory")][:12]
    now = analyst.house.clock()
    most, content = DIMENSIONS["content"].most_begun, 400
    for begin in range(0, content, 50):
        made_up = [
            report("content.opened", f"e{n}", now, content_type="x", content_id=f"x{n}")
            for n in range(begin, begin + 50)
        ]
        analyst.send("mallory", made_up)
    analyst.count()
    analyst.hear(*(started("mallory", str(n), career=f"Career {n}") for n in range(60)))
    rows = analyst.rows("content", "content_id", suppresses=False)
    assert len(rows) == most + 1
    assert rows[(OTHER,)]["opened"] == content - most
    careers = analyst.rows("careers", "career", suppresses=False)
    assert len(careers) == DIMENSIONS["careers"].most_begun + 1
    for user in same:
        analyst.report(user, "content.opened", **LESSON)
        analyst.hear(started(user))
    analyst.count()
    assert ("ports",) in analyst.rows("content", "content_id")
    assert ("pilot",) in analyst.rows("careers", "career")
    # what is known already is not another place
    analyst.report("mallory", "content.opened", "ports", **LESSON)
    analyst.count()
    assert analyst.rows("content", "content_id")[("ports",)]["learners"] == 13
