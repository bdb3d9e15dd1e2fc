"""Events are kept and counted once, whatever is delivered how often and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.analytics.rules.dimensions import DIMENSIONS, OTHER, UNNAMED
from functions.analytics.rules.documents import CONTAINER, SHARDS, groups_id_of, shard_of
from functions.analytics.service import reading
from shared.documents.port import Delete
from shared.errors import Invalid, Rejected, Unavailable, Unprocessable
from shared.events.envelope import Event
from shared.events.game import GameAdvanced
from shared.events.recipes import RecipeWritten
from tests.flows.analytics.analyst import (
    Analyst,
    answered,
    completed,
    event_of,
    failing,
    learners,
    moment,
    started,
)
from tests.flows.stores import RIVAL, START, TENANT, House
from tests.flows.stores import house as house


@pytest.fixture
def analyst(house: House) -> Analyst:
    return Analyst(house)


def test_an_event_delivered_twice_counts_once(analyst: Analyst) -> None:
    """The second time it is told a repeat, and no number moves."""
    events = [started(user) for user in learners(10)]
    assert analyst.hear(*events) == ["done"] * 10
    before = analyst.rows("careers", "career")
    assert analyst.hear(*events, *events) == ["repeated"] * 20
    assert analyst.rows("careers", "career") == before
    assert before[("pilot",)]["journeys_started"] == 10
    assert len(analyst.stored("event")) == 10


def test_answers_are_counted_for_skill_place_career_and_companion(analyst: Analyst) -> None:
    """First tries, tries until solved, hints, time and XP by rule."""
    for user in learners(10):
        analyst.hear(
            answered(user, correct=False, hints=1),
            answered(user, number=2, masters=True),
            answered(user, skill="math.sums", questions=3),
        )
    skills = analyst.rows("skills", "skill")
    assert skills[("math.fractions",)] == {
        "learners": 10, "answers": 20, "first_try_rate": 0.0, "solved": 10, "mean_tries": 2.0,
        "mastered": 10, "hints": 10, "minutes": 2.0,
    }  # fmt: skip
    assert skills[("math.sums",)]["first_try_rate"] == 1.0
    place = analyst.rows("journeys", "container", "subject")[("LEARN", "Math")]
    assert (place["answers"], place["xp"], place["hints"]) == (50, 10 * (5 + 30), 10)
    assert analyst.rows("careers", "career")[("pilot",)]["skills_mastered"] == 10
    assert analyst.rows("companions", "companion")[("pip",)]["skills_mastered"] == 10


def test_an_event_of_two_months_is_counted_in_each_once(analyst: Analyst) -> None:
    """A journey of February that ends in March raises February's share of completed ones."""
    analyst.house.clock.advance(days=4)
    users = learners(24)
    analyst.hear(*(started(user, at=moment(27, 2)) for user in users))
    done = [completed(user, began=moment(27, 2), at=moment(2)) for user in users[:9]]
    analyst.hear(*done, *done)
    assert analyst.rows("careers", "month") == {}, "nine are too few for March, and not told by it"
    february: Any = {"last": date(2026, 2, 28)}
    row = analyst.rows("careers", "month", **february)[("2026-02",)]
    assert (row["journeys_completed"], row["completion_rate"]) == (0, None)
    analyst.hear(*(completed(user, began=moment(27, 2), at=moment(2)) for user in users[9:12]))
    row = analyst.rows("careers", "month", **february)[("2026-02",)]
    assert (row["journeys_completed"], row["completion_rate"]) == (0, 0.5)
    rows = analyst.rows("careers", "month")
    assert rows[("2026-03",)]["journeys_completed"] == 12
    assert rows[("2026-03",)]["mean_score"] == 80.0
    assert rows[("2026-03",)]["completion_rate"] is None


def test_a_late_answer_counts_on_its_day(analyst: Analyst) -> None:
    """Given in February, told in March."""
    for user in learners(10):
        analyst.hear(answered(user, at=moment(28, 2), told_at=START))
    rows = analyst.rows("skills", "day")
    assert set(rows) == {("2026-02-28",)}
    assert {body["month"] for body in analyst.stored("event")} == {"2026-03"}


def test_a_crash_between_two_months_is_made_good(
    analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was counted before it stays counted once, what was not is counted after it."""
    analyst.house.clock.advance(days=4)
    for user in learners(10):
        analyst.hear(started(user, at=moment(27, 2)))
        with failing(monkeypatch, analyst.house, commits=1), pytest.raises(Unavailable):
            analyst.hear(completed(user, began=moment(27, 2), at=moment(2)))
        assert analyst.hear(completed(user, began=moment(27, 2), at=moment(2))) == ["done"]
        assert analyst.hear(completed(user, began=moment(27, 2), at=moment(2))) == ["repeated"]
    rows = analyst.rows("careers", "month")
    assert rows[("2026-02",)]["completion_rate"] == 1.0
    assert rows[("2026-03",)]["journeys_completed"] == 10


def test_another_tenant_sees_nothing(analyst: Analyst) -> None:
    """Each tenant's events are counted in partitions of its own."""
    analyst.hear(*(started(user) for user in learners(10)))
    analyst.hear(*(started(user, tenant=RIVAL, career="Baker") for user in learners(11)))
    assert set(analyst.rows("careers", "career")) == {("pilot",)}
    assert set(Analyst(analyst.house, RIVAL).rows("careers", "career")) == {("baker",)}


def test_a_learner_is_always_in_the_same_shard(analyst: Analyst) -> None:
    """And learners are spread over all of them."""
    users = learners(200)
    analyst.hear(*(started(user) for user in users))
    for body in analyst.stored("event"):
        assert body["shard"] == shard_of(body["user_id"])
    assert {body["shard"] for body in analyst.stored("event")} == set("0123456789abcdef")


def test_made_up_careers_do_not_grow_without_end(
    analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the most that a shard takes in a month they are counted together."""
    few = replace(DIMENSIONS["careers"], most_groups=5)
    monkeypatch.setitem(DIMENSIONS, "careers", few)
    analyst.hear(*(started("mallory", str(n), career=f"Career {n}") for n in range(40)))
    found = [body for body in analyst.stored("aggregate") if body["view"] == "careers"]
    assert len(found) == 6
    (words,) = analyst.stored("words")
    assert len([name for name in words["names"].values() if "career" in name]) == 5
    assert analyst.hear(started("mallory", "41", career="Career 1")) == ["done"]
    names = {("career 1",): 2, (OTHER,): 35} | {(f"career {n}",): 1 for n in (0, 2, 3, 4)}
    rows = analyst.rows("careers", "career", suppresses=False)
    assert {key: row["journeys_started"] for key, row in rows.items()} == names


def test_a_made_up_name_lies_beside_its_people_alone(analyst: Analyst) -> None:
    """Counts know it by a digest. Once nobody is left who used it, nobody can say it."""
    analyst.hear(*(started(user, career="Zebulon Quistgaard") for user in learners(10)))
    for body in analyst.house.documents.query(CONTAINER, (), limit=1000).items:
        is_said = "quistgaard" in str(body.body).casefold()
        assert is_said <= ("user_id" in body.body)
    assert set(analyst.rows("careers", "career")) == {("zebulon quistgaard",)}
    *others, last = analyst.stored("words")
    for words in others:
        _forget(analyst, words)
    assert set(analyst.rows("careers", "career")) == {("zebulon quistgaard",)}
    _forget(analyst, last)
    assert set(analyst.rows("careers", "career")) == {(UNNAMED,)}


def _forget(analyst: Analyst, body: Any) -> None:
    partition = (body["tenant_id"], body["month"], body["shard"])
    analyst.house.documents.commit(CONTAINER, partition, [Delete(body["id"])])


def test_one_spelling_of_a_career(analyst: Analyst) -> None:
    """Case and spaces make no other career; what a program would act on is left out."""
    for number, user in enumerate(learners(12)):
        name = ("Security Analyst", "security  analyst", " SECURITY ANALYST\u200b")[number % 3]
        analyst.hear(started(user, career=name))
    assert set(analyst.rows("careers", "career")) == {("security analyst",)}


def test_a_leap_over_many_levels_is_counted(analyst: Analyst) -> None:
    """As far as one commit takes it, the last levels first."""
    told = GameAdvanced(user_id="lena", level_before=1, level=300, tier="gold", at=START)
    assert analyst.hear(event_of(told, "1")) == ["done"]
    rows = analyst.rows("achievements", "kind", "key", suppresses=False)
    assert set(rows) == {("level", str(level)) for level in range(256, 301)}


def test_an_event_that_analytics_does_not_hear_is_refused(analyst: Analyst) -> None:
    """It goes to the dead letters, not into the counts."""
    with pytest.raises(Invalid, match="does not hear"):
        analyst.hear(event_of(RecipeWritten(slug="a-lab"), "1"))


def test_a_session_without_telemetry_is_finished(analyst: Analyst) -> None:
    """What it would be counted by was erased meanwhile."""
    from shared.events.profiler import ProfilerCompleted

    told = ProfilerCompleted(user_id="lena", session_id="s", attempt=1, track_key="grc")
    with pytest.raises(Rejected, match="telemetry is gone"):
        analyst.hear(event_of(told, "1"))


USERS = learners(14)


def _events() -> list[Event]:
    found: list[Event] = []
    for number, user in enumerate(USERS):
        at = moment(1 + number % 3)
        found.append(started(user, at=at, career="Pilot" if number % 2 else "Nurse"))
        found.append(answered(user, at=at, correct=number % 4 > 0, hints=number % 3))
        found.append(answered(user, number=2, at=moment(28, 2), masters=number % 2 == 0))
        found.append(completed(user, began=at, at=moment(4), score=50 + number))
    return found


EVENTS = _events()


def _shown(analyst: Analyst) -> Any:
    days: Any = {"first": date(2026, 2, 1), "last": date(2026, 3, 31)}
    views = [
        analyst.rows("careers", "career", **days),
        analyst.rows("companions", "companion", "week", **days),
        analyst.rows("skills", "skill", "month", **days),
        analyst.rows("journeys", "grade", "container", **days),
    ]
    aggregates = [
        {name: value for name, value in body.items() if name != "updated_at"}
        for body in analyst.stored("aggregate")
    ]
    return views, aggregates


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_any_order_with_any_repeats_shows_the_same(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The views, and the counts they rest on, are those of each event once."""
    order = data.draw(st.permutations(range(len(EVENTS))))
    repeats = data.draw(st.lists(st.sampled_from(range(len(EVENTS))), max_size=20))
    home: Path = tmp_path_factory.mktemp("house")
    house = House(home)
    analyst = Analyst(house)
    plain = House(tmp_path_factory.mktemp("plain"))
    try:
        for each in (*order, *repeats):
            analyst.hear(EVENTS[each])
        expected = Analyst(plain)
        expected.hear(*EVENTS)
        assert _shown(analyst) == _shown(expected)
    finally:
        house.close()
        plain.close()


def test_sums_are_those_of_the_events(analyst: Analyst) -> None:
    """Counted by hand from the events themselves."""
    analyst.hear(*EVENTS)
    days: Any = {"first": date(2026, 2, 1), "last": date(2026, 3, 31)}
    total = analyst.read("skills", "skill", **days).total
    assert total is not None
    assert total.counts["answers"] == 2 * len(USERS)
    assert total.counts["first"] == len(USERS)
    assert total.counts["first_correct"] == sum(n % 4 > 0 for n in range(len(USERS)))
    assert total.counts["mastered"] == sum(n % 2 == 0 for n in range(len(USERS)))
    assert total.counts["hints"] == sum(n % 3 for n in range(len(USERS)))


def test_a_view_reads_counts_alone(analyst: Analyst, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the index of views, page by page; no event, no other view and no other month."""
    analyst.house.clock.advance(days=4)
    analyst.hear(*EVENTS)
    real, asked = analyst.house.documents.query, []

    def query(container: str, scope: Any, **more: Any) -> Any:
        page = real(container, scope, **more)
        asked.append((container, more, page))
        return page

    def refused(*given: Any, **more: Any) -> Any:
        raise AssertionError("a view reads by its index alone")

    monkeypatch.setattr(analyst.house.documents, "query", query)
    monkeypatch.setattr(analyst.house.documents, "get", refused)
    analyst.read("skills", "skill", first=date(2026, 3, 1), last=date(2026, 3, 4))
    assert len(asked) == 1
    (container, more, page) = asked[0]
    assert container == CONTAINER
    assert more["order"].path == "view_key"
    assert {each.body["kind"] for each in page.items} == {"aggregate"}
    keys = [each.body["view_key"] for each in page.items]
    assert all(key.startswith("skills/2026-03/") for key in keys)
    assert len(set(keys)) == len(keys)


def test_pages_begin_where_the_one_before_ended(
    analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the key alone, and what is read page by page is what is read at once."""
    analyst.house.clock.advance(days=4)
    analyst.hear(*EVENTS)
    days: Any = {"first": date(2026, 2, 1), "last": date(2026, 3, 31)}
    whole = analyst.rows("skills", "skill", "month", **days)
    real, asked = analyst.house.documents.query, []

    def query(container: str, scope: Any, **more: Any) -> Any:
        asked.append(more)
        return real(container, scope, **more)

    monkeypatch.setattr(reading, "PAGE", 3)
    monkeypatch.setattr(analyst.house.documents, "query", query)
    assert analyst.rows("skills", "skill", "month", **days) == whole
    assert len(asked) > 3
    assert all(more.get("continuation") is None for more in asked)
    begins = [more["where"][0].at_least for more in asked]
    assert begins == sorted(set(begins))


def test_too_many_counts_are_refused_with_what_to_narrow(
    analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Naming the parameters."""
    analyst.hear(*EVENTS)
    monkeypatch.setattr(reading, "MOST_DOCUMENTS", 4)
    with pytest.raises(Unprocessable, match="fewer months, with a later `from`") as told:
        analyst.read("skills", "skill")
    assert [each.pointer for each in told.value.fields] == ["from", "to"]


def test_too_many_counts_are_refused_before_they_are_read(
    analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After five pages the shards say how many there are; as many as may be read are read."""
    analyst.hear(*EVENTS)
    groups = sum(
        each.body["groups"]
        for shard in SHARDS
        for month in ("2026-02", "2026-03")
        if (
            each := analyst.house.documents.get(
                CONTAINER, (TENANT, month, shard), groups_id_of("skills")
            )
        )
    )
    assert groups > 6
    real, pages = analyst.house.documents.query, []

    def query(container: str, scope: Any, **more: Any) -> Any:
        pages.append(more)
        return real(container, scope, **more)

    monkeypatch.setattr(analyst.house.documents, "query", query)
    monkeypatch.setattr(reading, "PAGE", 1)
    days: Any = {"first": date(2026, 2, 1), "last": date(2026, 3, 31)}
    monkeypatch.setattr(reading, "MOST_DOCUMENTS", groups - 1)
    with pytest.raises(Unprocessable, match="fewer months"):
        analyst.read("skills", "skill", **days)
    assert len(pages) == 5
    pages.clear()
    monkeypatch.setattr(reading, "MOST_DOCUMENTS", groups)
    analyst.read("skills", "skill", **days)
    assert len(pages) == groups


def test_the_index_is_used(analyst: Analyst, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded store seeks each page by its key; it reads neither the tenant nor events."""
    analyst.hear(*EVENTS)
    monkeypatch.setattr(reading, "PAGE", 3)
    connection = analyst.house.documents._connections.get()
    run: list[str] = []
    connection.set_trace_callback(run.append)
    analyst.read("skills", "skill")
    connection.set_trace_callback(None)
    pages = [statement for statement in run if "view_key" in statement]
    assert len(pages) > 3
    for statement in pages:
        plan = str(connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall())
        assert f"{CONTAINER}.view_key (tenant=? AND <expr>>? AND <expr><?)" in plan
        assert "TEMP B-TREE" not in plan


def test_weeks_and_days_are_those_of_utc(analyst: Analyst) -> None:
    """A learner's own time zone moves nothing."""
    for user in learners(10):
        analyst.hear(started(user, at=moment(1, hour=23)), started(user, "2", at=moment(2, hour=0)))
    assert set(analyst.rows("careers", "day", last=date(2026, 3, 9))) == {
        ("2026-03-01",), ("2026-03-02",),
    }  # fmt: skip
    weeks = list(analyst.rows("careers", "week", last=date(2026, 3, 9)))
    assert weeks == [("2026-W09",), ("2026-W10",)]
    assert all(one < other for one, other in pairwise(weeks))
    assert DIMENSIONS["careers"].names == ("career",)
