"""Rules of learning: mastery, remediation, grades, merging, progress."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.journey_tracking.rules.documents import Grade, SharedState, SubjectGrade
from functions.journey_tracking.rules.grades import is_ready, new_grade, next_level, with_skill
from functions.journey_tracking.rules.mastery import (
    GUESS,
    LOW,
    MASTERED_AT,
    PRIOR,
    SLIP,
    TRANSIT,
    mastered,
    new_skill,
    reopened,
    traced,
    with_answer,
)
from functions.journey_tracking.rules.merging import MOST_FIELDS, merged
from functions.journey_tracking.rules.progress import Report, new_progress, with_report
from shared.errors import Invalid, Unprocessable
from shared.models.journey import Progress, Skill
from shared.models.learning import GRADE_LEVELS, SUBJECTS
from tests.flows.stores import START, TENANT

probabilities = st.floats(0.001, 0.999)


def skill(skill_id: str = "s", subject: Any = "Math") -> Skill:
    return new_skill(TENANT, "lena", skill_id, subject=subject, grade_level="5", now=START)


def after(*answers: tuple[bool, int, int], start: Skill | None = None) -> Skill:
    """The skill after answers: correct, try, hints."""
    return reduce(
        lambda held, each: with_answer(
            held, correct=each[0], number=each[1], hints_used=each[2], now=START
        ),
        answers,
        start or skill(),
    )


RIGHT, WRONG, HINTED, SECOND = (True, 1, 0), (False, 1, 0), (True, 1, 1), (True, 2, 0)


# mastery


def test_the_first_answers_are_traced_as_in_the_paper() -> None:
    """Bayes' rule by hand for a right and for a wrong answer."""
    right = 0.3 * 0.9 / (0.3 * 0.9 + 0.7 * 0.2)
    assert traced(PRIOR, correct=True, aided=False) == pytest.approx(right + (1 - right) * 0.12)
    wrong = 0.3 * 0.1 / (0.3 * 0.1 + 0.7 * 0.8)
    assert traced(PRIOR, correct=False, aided=False) == pytest.approx(wrong + (1 - wrong) * 0.12)
    assert (GUESS, SLIP, TRANSIT) == (0.20, 0.10, 0.12)


@given(probabilities, probabilities)
def test_a_trace_stays_a_probability_and_orders_evidence(one: float, other: float) -> None:
    """Right beats right with help beats wrong, and who knew more before knows more after."""
    plain, aided = (traced(one, correct=True, aided=each) for each in (False, True))
    wrong = traced(one, correct=False, aided=False)
    assert 0 < wrong < aided < plain <= 1
    low, high = sorted((one, other))
    for correct in (True, False):
        assert traced(low, correct=correct, aided=False) <= traced(
            high, correct=correct, aided=False
        )


def test_three_right_answers_master_a_skill() -> None:
    """At 0.95 and after three answers at least; with hints it takes longer."""
    assert not after(RIGHT, RIGHT).is_mastered
    found = after(RIGHT, RIGHT, RIGHT)
    assert found.is_mastered
    assert found.mastery >= MASTERED_AT
    assert found.first_mastered_at == START
    assert not after(HINTED, HINTED, HINTED).is_mastered
    assert not after(SECOND, SECOND, SECOND).is_mastered


def test_a_slip_does_not_take_mastery_away() -> None:
    """One wrong answer lowers the probability; two on end bring the skill into remediation."""
    held = after(RIGHT, RIGHT, RIGHT, WRONG)
    assert held.is_mastered
    assert held.mastery < MASTERED_AT
    lost = after(RIGHT, RIGHT, RIGHT, WRONG, WRONG)
    assert not lost.is_mastered
    assert lost.remediation is not None
    assert lost.remediation.why == "wrong_in_a_row"
    assert lost.first_mastered_at == START


def test_remediation_is_left_by_passing() -> None:
    """Two right first tries on end without a hint; hints, second tries and one alone do not."""
    low = after(WRONG, WRONG)
    assert low.in_remediation
    for not_enough in ((RIGHT,), (RIGHT, WRONG, RIGHT), (HINTED, HINTED), (SECOND, SECOND)):
        assert after(*not_enough, start=low).in_remediation
    passed = after(RIGHT, RIGHT, start=low)
    assert not passed.in_remediation
    assert passed.remediation is None
    assert not after(WRONG, start=passed).in_remediation  # the count begins anew


def test_low_mastery_is_remedied_after_three_answers() -> None:
    """Wrong first tries with right second ones in between are not two on end."""
    low = after(WRONG, (False, 2, 0), (False, 3, 0))
    assert low.remediation is not None
    assert low.remediation.why == "low_mastery"
    assert after(WRONG, (False, 2, 0)).remediation is None


def test_a_right_answer_brings_no_skill_into_remediation() -> None:
    """However little is known of it yet."""
    found = after(WRONG, (False, 2, 0), (True, 3, 1))
    assert found.mastery < LOW
    assert found.remediation is None


@given(st.lists(st.sampled_from([RIGHT, WRONG, HINTED, SECOND, (False, 2, 0)]), max_size=40))
def test_a_skill_is_never_mastered_and_in_remediation(answers: list[tuple[bool, int, int]]) -> None:
    """And its flags are what its fields say."""
    found = after(*answers)
    assert not (found.is_mastered and found.in_remediation)
    assert found.in_remediation == (found.remediation is not None)
    assert found.is_mastered == (found.mastered_at is not None)
    assert found.attempts == len(answers)


# grades


def graded(**subjects: tuple[int, int]) -> Grade:
    named = dict(zip(("math", "ela", "science", "social"), SUBJECTS, strict=True))
    held = {
        named[name]: SubjectGrade(met=met, mastered=done) for name, (met, done) in subjects.items()
    }
    return new_grade(TENANT, "lena", "5", now=START).model_copy(update={"subjects": held})


@pytest.mark.parametrize(
    ("subjects", "ready"),
    [
        ({"math": (3, 3), "ela": (3, 3), "science": (3, 3), "social": (3, 3)}, True),
        ({"math": (5, 4), "ela": (5, 4), "science": (5, 4), "social": (5, 4)}, True),
        ({"math": (3, 3), "ela": (3, 3), "science": (3, 3), "social": (2, 2)}, False),
        ({"math": (3, 3), "ela": (3, 3), "science": (3, 3)}, False),
        ({"math": (5, 3), "ela": (3, 3), "science": (3, 3), "social": (3, 3)}, False),
    ],
)
def test_ready_for_the_next_level(subjects: dict[str, tuple[int, int]], ready: bool) -> None:
    """Three skills met in each subject, and four fifths of those met mastered."""
    assert is_ready(graded(**subjects)) == ready


def test_the_moment_of_being_ready_is_kept() -> None:
    """A skill that is lost later does not take it away."""
    grade = graded(math=(2, 2), ela=(3, 3), science=(3, 3), social=(3, 3))
    third = mastered(skill("third"), by="attempts", now=START)
    ready = with_skill(grade, None, third, now=START)
    assert ready.ready_at == START
    lost = with_skill(ready, third, reopened(third, now=START), now=START + timedelta(days=1))
    assert lost.subjects["Math"] == SubjectGrade(met=3, mastered=2)
    assert lost.ready_at == START


def test_levels_follow_each_other() -> None:
    """From K to 12, and none after it."""
    assert [next_level(level) for level in GRADE_LEVELS] == [*GRADE_LEVELS[1:], None]


# merging

Change = tuple[str, dict[str, tuple[Any, datetime]]]
changes = st.tuples(
    st.sampled_from(["phone", "tablet", "laptop"]),
    st.dictionaries(
        st.sampled_from(["position", "theme", "draft"]),
        st.tuples(
            st.one_of(st.integers(0, 3), st.text(max_size=2)),
            st.integers(0, 4).map(lambda n: START + timedelta(minutes=n)),
        ),
        max_size=3,
    ),
)
LATE = START + timedelta(hours=1)


def state() -> SharedState:
    return SharedState(
        id="sync:s", tenant_id=TENANT, user_id="lena", session_id="s", updated_at=START
    )


def apply(order: list[Change]) -> dict[str, Any]:
    found = reduce(
        lambda held, change: merged(held, change[0], held.version, change[1], now=LATE).state,
        order,
        state(),
    )
    return {
        name: (each.value, each.changed_at, each.device_id) for name, each in found.fields.items()
    }


@given(st.lists(changes, max_size=4))
def test_devices_come_in_any_order_and_any_number_of_times(sent: list[Change]) -> None:
    """The shared fields are the same after every order, and after each device came twice."""
    first = apply(sent)
    assert all(apply(list(order)) == first for order in permutations(sent))
    assert apply([*sent, *sent]) == first


def test_the_latest_write_of_each_field_wins_and_conflicts_are_told() -> None:
    """By field, not by device; only what somebody else changed since is a conflict."""
    early, late = START, START + timedelta(minutes=5)
    one = merged(state(), "phone", 0, {"position": (1, late), "theme": ("dark", early)}, now=LATE)
    assert one.conflicts == ()
    two = merged(
        one.state, "tablet", 0, {"position": (2, early), "theme": ("light", late)}, now=LATE
    )
    fields = {name: each.value for name, each in two.state.fields.items()}
    assert fields == {"position": 1, "theme": "light"}
    told = [(each.field, each.kept, each.discarded, each.winner_device) for each in two.conflicts]
    assert told == [("position", 1, 2, "phone"), ("theme", "light", "dark", "tablet")]
    seen = merged(two.state, "phone", two.state.version, {"theme": ("dark", LATE)}, now=LATE)
    assert seen.conflicts == ()


def test_a_clock_ahead_wins_no_future() -> None:
    """What is said to be of tomorrow counts as now, so that a later write still wins."""
    ahead = merged(state(), "phone", 0, {"theme": ("dark", LATE + timedelta(days=1))}, now=START)
    assert ahead.state.fields["theme"].changed_at == START
    later = merged(ahead.state, "laptop", 1, {"theme": ("light", LATE)}, now=LATE)
    assert later.state.fields["theme"].value == "light"


def test_fields_are_bounded() -> None:
    """More than fifty over all devices are refused."""
    many = {f"f{'a' * n}": (n, START) for n in range(MOST_FIELDS + 1)}
    with pytest.raises(Unprocessable):
        merged(state(), "phone", 0, many, now=LATE)


# progress

reports = st.builds(
    Report,
    status=st.sampled_from([None, "not_started", "in_progress", "completed"]),
    percent=st.one_of(st.none(), st.floats(0, 100)),
    seconds=st.integers(0, 100),
)


def record(*sent: Report) -> Progress:
    first = Report(content_type="video")
    made = new_progress(TENANT, "lena", "intro", first, now=START)
    return reduce(lambda held, each: with_report(held, each, now=START), sent, made)


@given(st.lists(reports, max_size=8), reports)
def test_progress_only_grows(sent: list[Report], late: Report) -> None:
    """A report that comes late takes nothing back, and time adds up."""
    before, found = record(*sent), record(*sent, late)
    order = ("not_started", "in_progress", "completed")
    assert found.percent >= before.percent
    assert order.index(found.status) >= order.index(before.status)
    assert found.time_spent_seconds == before.time_spent_seconds + late.seconds
    assert (found.status == "completed") == (found.percent >= 100) == bool(found.completed_at)


def test_a_restart_goes_back_to_the_start() -> None:
    """Status and percent; the time that was spent stays."""
    found = record(Report(percent=100, seconds=50), Report(restart=True, percent=10))
    assert (found.status, found.percent, found.completed_at) == ("in_progress", 10, None)
    assert found.time_spent_seconds == 50


def test_a_record_stays_with_its_content() -> None:
    """A report on another piece of content is refused, and a first one without a type."""
    with pytest.raises(Invalid, match="another content_id"):
        record(Report(content_id="other"))
    with pytest.raises(Invalid, match="content_type"):
        new_progress(TENANT, "lena", "intro", Report(), now=datetime(2026, 1, 1, tzinfo=UTC))
