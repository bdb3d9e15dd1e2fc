"""What learning says of a learner: by the formulas, with evidence, silent where there is little."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import exp, log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.recommendations.rules.documents import PERSONALITY_SECONDS, PersonalityCache
from functions.recommendations.rules.norms import (
    ASSUMED,
    PRIORS,
    Norm,
    contribution,
    moved,
    norm,
    united,
)
from functions.recommendations.rules.personality import Trait, habits_said, summary, traits
from functions.recommendations.rules.signals import (
    SIGNALS,
    Habits,
    MeanTime,
    Measured,
    Signal,
    habits,
    measure,
)
from functions.recommendations.rules.traits_documents import (
    CONTAINER,
    Norms,
    QuestionTime,
    SignalSums,
)
from functions.recommendations.service import hearing, personality
from shared.errors import Conflict, Rejected
from shared.models.journey import Attempt
from tests.flows.journey_summary.test_making import erase
from tests.flows.journeying import Journeyer, offer
from tests.flows.stores import PSEUDONYMS, RIVAL, TENANT, House
from tests.flows.stores import house as house

LENA = (TENANT, "lena")
MONDAY = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
EVEN: dict[Signal, Norm] = {signal: Norm(0.5, 0.1, 40) for signal in SIGNALS}


def attempt(question: str = "q", **more: Any) -> Attempt:
    return Attempt.model_validate(
        {
            "id": "a", "tenant_id": TENANT, "attempt_id": "a", "session_id": "s", "user_id": "lena",
            "position": 1, "question_id": question, "container": "LEARN", "subject": "Math",
            "skill_id": "k", "correct": True, "number": 1, "practice": False, "hints_used": 0,
            "duration_ms": 4000, "xp": 10, "mastery_before": 0, "mastery_after": 0,
            "answered_at": MONDAY, "received_at": MONDAY, **more,
        }
    )  # fmt: skip


def measured(
    *attempts: Attempt, times: dict[str, MeanTime] | None = None
) -> dict[Signal, Measured]:
    return measure(attempts, times or {}, "UTC")


def test_each_signal_is_what_it_says() -> None:
    """First tries, hints, tries after wrong answers; practice counts for none of them."""
    found = measured(
        attempt("a"), attempt("b", correct=False), attempt("b", number=2, hints_used=1),
        attempt("c", correct=False), attempt("d", correct=False, practice=True), attempt("e"),
    )  # fmt: skip
    assert found["first_try"] == Measured(0.5, 4)
    assert found["hints"] == Measured(0.2, 5)
    assert found["persistence"] == Measured(0.5, 2)
    assert found["exploration"] == Measured(1 / 6, 6)
    assert "pace" not in found


def test_the_last_wrong_answer_is_not_yet_given_up() -> None:
    """Nobody knows what follows it; in another journey the question is another one."""
    assert "persistence" not in measured(attempt(correct=False))
    found = measured(attempt(correct=False), attempt(correct=False, session_id="t"), attempt("z"))
    assert found["persistence"] == Measured(0.0, 2)


def test_pace_is_beside_the_questions_own_time() -> None:
    """The median; questions that few have answered, and absences, say nothing or little."""
    times = {"q": MeanTime(5, log(4000)), "r": MeanTime(4, log(4000))}
    found = measured(
        attempt(duration_ms=8000), attempt(duration_ms=4000), attempt(duration_ms=40_000_000),
        attempt("r", duration_ms=1), attempt("new"), attempt(number=2, duration_ms=9),
        times=times,
    )  # fmt: skip
    assert found["pace"].observations == 3
    assert exp(found["pace"].value) == pytest.approx(2)


def test_set_hours_are_regular_and_scattered_ones_are_not() -> None:
    """In the learner's own zone, each active hour once."""
    weekly = [attempt(answered_at=MONDAY + timedelta(weeks=at, minutes=at)) for at in range(40)]
    scattered = [attempt(answered_at=MONDAY + timedelta(hours=37 * at)) for at in range(400)]
    regular, irregular = measured(*weekly)["regularity"], measured(*scattered)["regularity"]
    assert regular == Measured(1.0, 40)
    # thirty hours that never met again: the plain estimate would be ln 30
    apart = [attempt(answered_at=MONDAY + timedelta(hours=at)) for at in range(30)]
    entropy = log(30) + 29 / 60
    assert measured(*apart)["regularity"].value == pytest.approx(1 - entropy / log(168))
    assert irregular.value < 0.1
    assert irregular.observations == 400
    double = [*weekly, *weekly]
    assert measured(*double)["regularity"] == regular
    # over a change of the clocks the hour stays the learner's
    march = ((23, 15), (30, 14))
    zone = [attempt(answered_at=datetime(2026, 3, day, hour, tzinfo=UTC)) for day, hour in march]
    assert measure(zone, {}, "Europe/Berlin")["regularity"] == Measured(1.0, 2)


@given(
    st.lists(
        st.builds(
            attempt, st.sampled_from("abc"), correct=st.booleans(), number=st.integers(1, 3),
            practice=st.booleans(), hints_used=st.integers(0, 2), duration_ms=st.integers(0, 10**9),
            skill_id=st.sampled_from("xyz"),
            answered_at=st.integers(0, 10**6).map(lambda at: MONDAY + timedelta(minutes=at)),
        ),
        max_size=40,
    )
)  # fmt: skip
def test_signals_stay_within_their_bounds(given_attempts: list[Attempt]) -> None:
    """Shares from 0 to 1 over no more than there is; no answers, no signal."""
    times = {"a": MeanTime(9, log(4000))}
    found = measure(given_attempts, times, "Asia/Tokyo")
    assert set(found) <= set(SIGNALS)
    assert bool(found) == bool(given_attempts)
    for signal, each in found.items():
        assert 1 <= each.observations <= len(given_attempts)
        if signal != "pace":
            assert 0 <= each.value <= 1 + 1e-9, signal
    when = habits(given_attempts, "Asia/Tokyo")
    assert sum(when.parts_of_day.values()) == len(given_attempts)
    assert when.sessions <= len(given_attempts)


def test_sittings_end_after_half_an_hour() -> None:
    """And the parts of the day are the learner's own."""
    minutes = (0, 10, 20, 60, 61, 200)
    attempts = [attempt(answered_at=MONDAY + timedelta(minutes=at)) for at in minutes]
    when = habits(attempts, "UTC")
    assert (when.sessions, when.median_minutes) == (3, 1)
    assert when.parts_of_day == {"night": 0, "morning": 0, "afternoon": 5, "evening": 1}
    assert habits(attempts, "Asia/Tokyo").parts_of_day["night"] == 6
    assert habits([], "UTC").sessions == 0


def trait(signal: Signal, found: Sequence[Trait]) -> Trait:
    return next(each for each in found if each.signal == signal)


def test_nothing_is_said_of_little_or_of_the_usual() -> None:
    """Below 30 observations, and within half a deviation after shrinking."""
    few = trait("first_try", traits({"first_try": Measured(0.9, 29)}, EVEN, ()))
    assert (few.standing, few.says, few.shrunk) == ("thin", None, None)
    assert "29 questions so far" in few.evidence
    # z = 0.8, shrunk 0.8 · 30/50 = 0.48
    usual = trait("first_try", traits({"first_try": Measured(0.58, 30)}, EVEN, ()))
    assert (usual.standing, usual.says) == ("average", None)
    assert usual.shrunk == pytest.approx(0.48)
    more = trait("first_try", traits({"first_try": Measured(0.58, 100)}, EVEN, ()))
    assert more.standing == "high"
    assert more.shrunk == pytest.approx(0.8 * 100 / 120)
    assert "58 % over 100 questions; usual is 50 %" in more.evidence
    low = trait("hints", traits({"hints": Measured(0.3, 100)}, EVEN, ()))
    assert low.standing == "low"
    assert low.says
    assert low.advice
    none = traits({}, EVEN, ())
    assert [each.signal for each in none] == list(SIGNALS)
    assert {each.standing for each in none} == {"thin"}


def test_what_a_learner_disputes_is_marked_and_not_advised_on() -> None:
    """It stays with its evidence, and is out of the summary."""
    found = traits({"pace": Measured(0.9, 90)}, EVEN, {"pace"})
    pace = trait("pace", found)
    assert pace.disputed
    assert pace.says
    assert pace.advice is None
    assert "nothing stands out" in summary(found)
    assert pace.says in summary(traits({"pace": Measured(0.9, 90)}, EVEN, ()))
    assert "too early" in summary(traits({"pace": Measured(0.9, 9)}, EVEN, ()))


def test_habits_are_said_where_they_are_clear() -> None:
    """More than half of thirty answers; never a preference of nobody."""

    def said(parts: int, total: int) -> list[str]:
        when = Habits(
            {"night": 0, "morning": parts, "afternoon": total - parts, "evening": 0},
            {"Math": parts, "ELA": total - parts, "Science": 0, "Social Studies": 0}, 5, 12.4,
        )  # fmt: skip
        return [each.key for each in habits_said(when, completed=1, started=2)]

    assert said(16, 30) == ["part_of_day", "subject", "session", "completion"]
    assert said(15, 30) == ["session", "completion"]
    assert said(29, 29) == ["session", "completion"]
    empty = Habits(
        {"night": 0, "morning": 0, "afternoon": 0, "evening": 0},
        {"Math": 0, "ELA": 0, "Science": 0, "Social Studies": 0}, 0, 0.0,
    )  # fmt: skip
    assert habits_said(empty, completed=0, started=0) == []


def test_norms_begin_with_what_is_assumed_and_end_with_what_is() -> None:
    """Twenty assumed learners fade as real ones come."""
    mean, deviation = PRIORS["hints"]
    assumed = norm("hints", None)
    assert (assumed.mean, assumed.deviation) == pytest.approx((mean, deviation))
    assert assumed.learners == 0
    values = [0.4, 0.6] * 500
    sums = SignalSums(learners=1000, total=sum(values), squares=sum(v * v for v in values))
    found = norm("hints", sums)
    assert found.learners == 1000
    assert found.mean == pytest.approx((500 + ASSUMED * mean) / 1020)
    assert found.deviation == pytest.approx(0.1, abs=0.02)
    still = norm("hints", SignalSums(learners=10**7, total=0.0, squares=0.0))
    assert still.deviation > 0


VALUES = st.dictionaries(st.sampled_from(SIGNALS), st.floats(-2, 2))


@given(st.lists(st.tuples(st.sampled_from("abc"), VALUES), max_size=12))
def test_sums_are_those_of_who_is_in_them(changes: list[tuple[str, dict[Signal, float]]]) -> None:
    """However often each learner's contribution changes."""
    sums: dict[Signal, SignalSums] = {}
    known: dict[str, dict[Signal, float]] = {}
    for user, values in changes:
        sums = moved(sums, known.get(user, {}), values)
        known[user] = values
    for signal, each in united([sums]).items():
        there = [values[signal] for values in known.values() if signal in values]
        assert each.learners == len(there)
        assert each.total == pytest.approx(sum(there), abs=1e-6)
        assert each.squares == pytest.approx(sum(value**2 for value in there), abs=1e-6)
    assert contribution({"pace": Measured(1, 29), "hints": Measured(1, 30)}) == {"hints": 1}


def analyse(house: House, user: str = "lena", tenant: str = TENANT) -> PersonalityCache:
    return personality.analyse(house, PSEUDONYMS, (tenant, user), now=house.clock())


def answered(house: House, number: int, user: str = "lena", **more: Any) -> Journeyer:
    """A learner who has answered so many questions, told and heard."""
    journeyer = Journeyer(house, user)
    journeyer.start()
    for start in range(0, number, 20):
        journeyer.send(
            *(offer(f"q{at}", attempt=f"{user} {at}", **more)
              for at in range(start, min(start + 20, number)))
        )  # fmt: skip
        house.clock.advance(minutes=20)
    return journeyer


def hear(house: House) -> list[str]:
    return [
        hearing.hear(house, PSEUDONYMS, event, now=house.clock())
        for event in house.waiting("journeys/recommendations")
    ]


def test_a_new_learner_is_told_that_it_is_too_early(house: House) -> None:
    """And nothing is made up of twelve answers."""
    assert "too early" in analyse(house).summary
    answered(house, 12)
    hear(house)
    house.clock.advance(seconds=PERSONALITY_SECONDS + 1)
    found = analyse(house)
    assert {each.standing for each in found.traits} == {"thin"}
    assert found.compared_with is None
    assert [each.key for each in found.habits] == ["completion"]


def test_who_stands_out_is_told_so_with_evidence(house: House) -> None:
    """All right at the first try, over sixty questions; the same for a day, unless more is done."""
    answered(house, 60)
    hear(house)
    found = analyse(house)
    first = next(each for each in found.traits if each.signal == "first_try")
    assert (first.standing, first.value, first.observations) == ("high", 1.0, 60)
    assert "100 % over 60 questions" in first.evidence
    assert first.says in found.summary  # type: ignore[operator]
    house.clock.advance(hours=1)
    assert analyse(house) == found
    house.clock.advance(seconds=PERSONALITY_SECONDS)
    assert analyse(house).made_at > found.made_at
    assert {each.standing for each in analyse(house, tenant=RIVAL).traits} == {"thin"}


def test_what_was_long_ago_says_nothing_any_more(house: House) -> None:
    """Answers of more than half a year ago are left out."""
    answered(house, 40)
    house.clock.advance(days=181)
    first = next(each for each in analyse(house).traits if each.signal == "first_try")
    assert (first.standing, first.observations) == ("thin", 0)


def test_a_completed_journey_ends_what_was_said_and_joins_the_norms(house: House) -> None:
    """Each learner once, whatever is told how often."""
    before = analyse(house)
    Journeyer(house, "lena").whole()
    events = house.waiting("journeys/recommendations")
    for _ in range(2):
        for event in events:
            hearing.hear(house, PSEUDONYMS, event, now=house.clock())
    (added,) = house.kinds("contribution", container=CONTAINER)
    assert added["user_id"] == "lena"  # without anybody having asked
    assert analyse(house).number > before.number
    sums = united([Norms.of(body).sums for body in house.kinds("norms", container=CONTAINER)])
    assert sums["first_try"].learners == 1


def test_times_of_questions_are_counted_once(house: House) -> None:
    """First tries alone, of any learner, whatever is delivered how often."""
    for user in ("lena", "max"):
        journeyer = Journeyer(house, user)
        journeyer.start()
        journeyer.send(
            offer("q1", correct=False, attempt=f"{user} 1", ms=2000),
            offer("q1", attempt=f"{user} 2", ms=9000),
            offer("q2", attempt=f"{user} 3", ms=4000),
        )
    events = house.waiting("journeys/recommendations")
    for event in (*events, *events):
        hearing.hear(house, PSEUDONYMS, event, now=house.clock())
    kept = {
        each.question_id: each
        for each in map(QuestionTime.of, house.kinds("time", container=CONTAINER))
    }
    assert {name: each.answers for name, each in kept.items()} == {"q1": 2, "q2": 2}
    assert exp(kept["q1"].sum_log / 2) == pytest.approx(2000)


def test_a_learners_word_stands(house: House) -> None:
    """Until it is taken back; others' traits are as they were."""
    answered(house, 60)

    def correct(agrees: bool) -> None:
        personality.correct(
            house, PSEUDONYMS, LENA, "first_try", agrees=agrees, comment="No", now=house.clock()
        )

    correct(True)
    analyse(house)
    for agrees in (False, False, True, True):
        correct(agrees)
        disputed = {each.signal for each in analyse(house).traits if each.disputed}
        assert disputed == (set() if agrees else {"first_try"})


def test_nothing_is_kept_of_who_was_erased(house: House) -> None:
    """Neither of what comes late, nor of what is asked."""
    answered(house, 40)
    events = house.waiting("journeys/recommendations")
    erase(house, "lena")
    for event in events:
        with pytest.raises(Rejected):
            hearing.hear(house, PSEUDONYMS, event, now=house.clock())
    with pytest.raises(Conflict):
        analyse(house)
    personality.contribute(house, PSEUDONYMS, LENA, {"hints": Measured(0.5, 99)}, now=house.clock())
    assert house.documents.query(CONTAINER, (TENANT,)).items == ()
