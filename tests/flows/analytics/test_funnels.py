"""From the profiler over recipes and coaching to what is achieved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.analytics.rules.comparing import comparisons
from functions.analytics.rules.documents import Funnel, Stage
from functions.analytics.rules.facts import plus
from functions.analytics.rules.funnels import (
    STAGES,
    CohortKey,
    cohort_of,
    contribution,
    moved,
    profiled,
    reached,
)
from functions.analytics.service import following
from functions.coaching.service import recipes
from functions.profiler_complete import service as completion
from shared.models.recipes import seed
from tests.flows.analytics.analyst import Analyst, answered, learners, moment
from tests.flows.profiling import Profiler, learner, offers
from tests.flows.stores import PSEUDONYMS, START, TENANT, House
from tests.flows.stores import house as house


@pytest.fixture
def analyst(house: House) -> Analyst:
    return Analyst(house)


def _note(analyst: Analyst, user: str, at: datetime = START, track: Any = "grc") -> None:
    following.note_profile(
        analyst.house, TENANT, user, at=at, session_id=f"s of {user} {at}", track=track,
        now=analyst.house.clock(),
    )  # fmt: skip


def _reach(analyst: Analyst, user: str, stage: Stage, *days: int) -> None:
    moments = [START + timedelta(days=day) for day in days]
    following.note_stage(analyst.house, TENANT, user, stage, *moments, now=analyst.house.clock())


def test_a_cohort_counts_each_learner_once_within_the_window(analyst: Analyst) -> None:
    """The first day of a stage after the profiler; what was before or too late does not count."""
    for number, user in enumerate(learners(22)):
        _reach(analyst, user, "achieved", -3, 8 if number < 11 else 91)
        _note(analyst, user)
        _reach(analyst, user, "recipe", 4, 2 + number % 2)
    ((key, row),) = analyst.rows("effectiveness", "month").items()
    assert (key, row["learners"]) == (("2026-03",), 22)
    assert (row["recipe"], row["recipe_median_days"], row["recipe_mean_days"]) == (22, 2.5, 2.5)
    assert (row["achieved"], row["achieved_rate"], row["achieved_median_days"]) == (11, 0.5, 8)
    assert (row["coaching"], row["coaching_median_days"]) == (0, None)


def test_who_did_so_before_is_set_beside_who_did_not(analyst: Analyst) -> None:
    """A recipe that was used after something was achieved did not come before it."""
    for number, user in enumerate(learners(80)):
        _note(analyst, user)
        if number < 50:
            _reach(analyst, user, "recipe", 3 if number < 30 else 30)
        if number % 2 == 0:
            _reach(analyst, user, "achieved", 10)
    total = analyst.read("effectiveness", "month").total
    assert total is not None
    recipe, coaching, either = comparisons(total.counts)
    assert recipe.used is not None
    assert recipe.without is not None
    # of 30 to 49 the even ones had achieved something before they used one
    assert (recipe.used.learners, recipe.used.achieved) == (40, 15)
    assert (recipe.without.learners, recipe.without.achieved) == (40, 25)
    assert coaching.used is None
    assert either.used == recipe.used


def test_the_whole_way_from_events_of_the_house(analyst: Analyst, house: House) -> None:
    """Profiler, acceptance, a recipe, coaching and a mastered skill, as the flows tell of them."""
    profiler = Profiler(house)
    for user in learners(10):
        who = learner(user)
        session = profiler.begun(who)
        profiler.answer(session, offers(), who)
        profiler.complete(session, who)
        completion.accept(
            house, PSEUDONYMS, who, session, accepted=True, override_track_id=None,
            shown=lambda *_: {}, idempotency=None, now=house.clock(),
        )  # fmt: skip
    house.clock.advance(days=2)
    for user in learners(10):
        recipes.use(house, PSEUDONYMS, learner(user), next(iter(seed())), 5, now=house.clock())
        analyst.report(user, "coaching.opened")
    analyst.hear(*(answered(user, at=moment(5), masters=True) for user in learners(10)))
    # recipes first: what comes before the profiler's own event is not lost
    analyst.drain("recipes", "profiler")
    ((key, row),) = analyst.rows("effectiveness", "month", "track").items()
    assert key[0] == "2026-03"
    for stage, days in (("accepted", 0), ("recipe", 2), ("coaching", 2), ("achieved", 4)):
        assert (row[f"{stage}_rate"], row[f"{stage}_median_days"]) == (1.0, days)
    (told,) = analyst.rows("profiler", "track").values()
    assert (told["sessions"], told["accepted"], told["acceptance_rate"]) == (10, 10, 1.0)
    assert sum(told["aptitude_tenths"]) == sum(told["confidence_tenths"]) == 10
    assert set(told["mean_alignment"]) == {
        "defender", "offensive", "innovation", "leadership", "grc"
    }  # fmt: skip
    assert analyst.rows("content", "content_type")[("recipe",)]["completed"] == 10


def test_of_telemetry_nothing_is_kept_that_nobody_counts(analyst: Analyst, house: House) -> None:
    """Neither the value statement nor what tells one device from another."""
    profiler = Profiler(house)
    session = profiler.begun()
    profiler.answer(session, offers())
    profiler.complete(session)
    analyst.drain("profiler")
    (kept,) = analyst.stored("event")
    assert kept["data"]["recommended_track"] == "defender"
    assert kept["data"]["device"] == "other"
    for name in ("value_statement", "device_browser", "user_agent", "ip_address"):
        assert name not in str(kept)


def test_the_cohort_is_that_of_the_first_profile(analyst: Analyst) -> None:
    """Also when its event comes last."""
    for user in learners(10):
        _note(analyst, user, moment(20), "offensive")
        _note(analyst, user, moment(2), "grc")
        _note(analyst, user, moment(20), "offensive")
    rows = analyst.rows("effectiveness", "track")
    assert {key[0]: row["learners"] for key, row in rows.items()} == {"grc": 10}


STEP = st.one_of(
    st.tuples(st.just("profiled"), st.integers(0, 200), st.sampled_from(["grc", "defender"])),
    st.tuples(st.sampled_from(STAGES), st.integers(0, 300), st.just("")),
)


def _walked(steps: list[Any]) -> tuple[Funnel, dict[CohortKey, dict[str, int]]]:
    blank = Funnel(id="f", tenant_id="t", shard="0", user_id="u", updated_at=START)
    funnel: Funnel | None = None
    cohorts: dict[CohortKey, dict[str, int]] = {}
    for what, day, track in steps:
        at = START + timedelta(days=day)
        before, held = funnel, funnel or blank
        after = (
            profiled(held, at, f"s{day}", track) if what == "profiled" else reached(held, what, at)
        )
        for key, sums in moved(before, after).items():
            cohorts[key] = plus(cohorts.get(key, {}), sums)
        funnel = after
    return funnel or blank, {key: sums for key, sums in cohorts.items() if sums}


@given(st.lists(STEP, max_size=12), st.randoms())
def test_a_funnel_does_not_heed_order_or_repeats(steps: list[Any], chance: Any) -> None:
    """And a cohort's counts are those of where its learners are at last."""
    mixed = [*steps, *(chance.choice(steps) for _ in steps[:3])]
    chance.shuffle(mixed)
    sole = sorted(steps, key=str)
    one, cohorts = _walked(sole)
    other, same = _walked(mixed)
    if len({(day, track) for what, day, track in steps if what == "profiled"}) == len(
        {day for what, day, _ in steps if what == "profiled"}
    ):  # one session has one track
        assert one == other
        assert cohorts == same
    key = cohort_of(other)
    assert same == ({key: contribution(other)} if key else {})
