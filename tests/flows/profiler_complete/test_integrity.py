"""Doubts about effort: each index, its flag, and that flags change no score."""

from __future__ import annotations

import pytest

from functions.profiler_complete.rules.integrity import (
    LONGEST_RUN,
    even_odd_consistency,
    inconsistency,
    instructed_missed,
    judge,
    longest_run,
    seconds_an_item,
)
from functions.profiler_complete.rules.scoring import score
from functions.profiler_session.bank import load
from shared.models.profiling import GivenAnswer
from tools.profiler_takers import (
    Answers,
    answers_of,
    anybody,
    at_random,
    draws_from,
    given,
    straight_line,
)

BANK = load()
LINES = [q for q in BANK.questions if q.scale == "agreement" and q.instructed is None]
KEYED = BANK.by_module["cyber_aptitude"]


def careful(seed: int = 1) -> Answers:
    chance = draws_from(seed)
    return answers_of(BANK, anybody(BANK, chance), chance)


def codes(answers: Answers) -> set[str]:
    return {flag.code for flag in judge(BANK, answers).flags}


def timed(answers: Answers, names: list[str], milliseconds: int) -> Answers:
    return {
        name: each.model_copy(update={"response_time_ms": milliseconds}) if name in names else each
        for name, each in answers.items()
    }


def consistent(answers: Answers) -> Answers:
    """The same person, who says the same wherever the same is asked."""
    stand = {"defender": 1, "composure": 1, "structure": 1, "grc": 0.5, "leadership": -0.5}
    found = dict(answers)
    for question in LINES:
        name = next(iter([*question.tracks, *question.traits]))
        wanted = stand.get(name, -1)
        step = next(
            each
            for each in BANK.choices(question)
            if BANK.score_of_step(question, each) == pytest.approx(wanted)
        )
        found[question.id] = given(question, step, 7.0, 1)
    return found


def test_a_careful_learner_is_not_flagged() -> None:
    """Consistent answers at a reading pace raise no doubt at all."""
    found = judge(BANK, consistent(careful()))
    assert found.flags == ()
    assert found.response_time_effort == 1
    assert found.inconsistency == 0
    assert found.even_odd == pytest.approx(1)
    assert not found.retest_advised


@pytest.mark.parametrize(("rapid", "flagged", "retest"), [(2, False, False), (3, True, False),
                                                            (9, True, True)])  # fmt: skip
def test_rapid_guesses_are_counted(rapid: int, flagged: bool, retest: bool) -> None:
    """Below an effort of 0.90 an attempt is flagged, from 30 % rapid on a retest advised."""
    fast = timed(consistent(careful()), [q.id for q in KEYED[:rapid]], 900)
    found = judge(BANK, fast)
    assert found.rapid_guesses == rapid
    assert found.response_time_effort == pytest.approx(1 - rapid / len(KEYED))
    assert ("rapid_guessing" in {flag.code for flag in found.flags}) == flagged
    assert found.retest_advised == retest


def test_the_threshold_is_a_fifth_of_the_items_time_at_most_ten_seconds() -> None:
    """An answer exactly at the threshold was made with effort; one millisecond less was not."""
    question = KEYED[0]
    at = round(question.rapid_seconds * 1000)
    assert question.rapid_seconds == pytest.approx(min(0.2 * question.mean_seconds, 10))
    assert judge(BANK, timed(careful(), [question.id], at)).rapid_guesses == 0
    assert judge(BANK, timed(careful(), [question.id], at - 1)).rapid_guesses == 1
    assert all(q.rapid_seconds <= 10 for q in BANK.questions)


def test_one_step_throughout_is_straight_lining() -> None:
    """A run is counted within a module, and checks do not interrupt it."""
    answers = straight_line(BANK, careful(), draws_from(1))
    lines = [q for q in LINES if q.module == "identity_value"]
    assert longest_run(BANK, answers) == len(lines)
    assert "straight_lining" in codes(answers)


def test_a_run_up_to_the_limit_is_not() -> None:
    """Eight of one step in a row are let pass, nine are not."""
    steps = ["agree", "disagree"]
    lines = [q for q in LINES if q.module == "identity_value"]
    for length in (LONGEST_RUN, LONGEST_RUN + 1):
        answers = {
            q.id: given(q, "neutral" if at < length else steps[at % 2], 7.0, 1)
            for at, q in enumerate(lines)
        }
        assert longest_run(BANK, answers) == length
        assert ("straight_lining" in codes(answers)) == (length > LONGEST_RUN)


def test_agreeing_with_a_line_and_its_opposite_is_inconsistent() -> None:
    """The index is the mean distance of lines that measure the same, turned round."""
    upright, turned = next(
        (BANK.by_id[q.opposite_of], q) for q in LINES if q.opposite_of is not None
    )
    both = {q.id: given(q, "strongly_agree", 7.0, 1) for q in (upright, turned)}
    assert inconsistency(BANK, both) == pytest.approx(2)
    one = {upright.id: both[upright.id], turned.id: given(turned, "strongly_disagree", 7.0, 1)}
    assert inconsistency(BANK, one) == pytest.approx(0)
    assert inconsistency(BANK, {upright.id: both[upright.id]}) is None


def test_haste_is_judged_by_the_median() -> None:
    """Most lines below two seconds are too fast, whatever pause lies between."""
    answers = timed(consistent(careful()), [q.id for q in LINES[1:]], 1500)
    answers = timed(answers, [LINES[0].id], 600_000)
    assert seconds_an_item(BANK, answers) == pytest.approx(1.5)
    assert "too_fast" in codes(answers)


def test_two_missed_checks_are_a_flag_and_one_is_a_slip() -> None:
    """A line that asks for one step counts as missed with any other."""
    checks = [q for q in BANK.questions if q.instructed is not None]
    answers = consistent(careful())
    answers |= {q.id: given(q, q.instructed, 6.0, 1) for q in checks}
    assert instructed_missed(BANK, answers) == 0
    answers[checks[0].id] = given(checks[0], "neutral", 6.0, 1)
    assert "instructed_items" not in codes(answers)
    answers[checks[1].id] = given(checks[1], "neutral", 6.0, 1)
    assert "instructed_items" in codes(answers)


def test_a_pattern_upside_down_does_not_fit_the_person() -> None:
    """Hard items right and easy ones wrong is flagged."""
    answers = consistent(careful())
    for question in KEYED:
        wrong = next(each for each in BANK.choices(question) if each != question.key)
        option = question.key if (question.b or 0) > 0 else wrong
        answers[question.id] = given(question, option, 40.0, 1)
    assert "person_fit" in codes(answers)


def test_answers_by_lot_are_caught_and_careful_ones_seldom() -> None:
    """Of 150 each: nearly all by lot are flagged though slow, few careful ones are."""
    chance = draws_from(6)
    lot = sum(bool(codes(at_random(BANK, chance, seconds=20))) for _ in range(150))
    honest = sum(bool(codes(answers_of(BANK, anybody(BANK, chance), chance))) for _ in range(150))
    assert lot > 142
    assert honest < 15


def test_flags_stand_beside_the_scores() -> None:
    """Straight-lining, haste and missed checks move no score by themselves."""
    answers = consistent(careful())
    hasty = timed(answers, [q.id for q in LINES], 500)
    before, after = (score(BANK, each, language="en") for each in (answers, hasty))
    assert after.integrity.flags
    assert after.model_copy(update={"integrity": before.integrity}) == before


def test_nothing_answered_is_no_doubt() -> None:
    """Without answers no index speaks, and none raises a flag."""
    found = judge(BANK, {})
    assert found.flags == ()
    assert (found.even_odd, found.inconsistency, found.seconds_an_item) == (None, None, None)
    assert found.person_fit is None
    assert not found.retest_advised


def test_halves_that_do_not_vary_say_nothing() -> None:
    """All lines in the middle have no consistency to speak of."""
    answers: dict[str, GivenAnswer] = {q.id: given(q, "neutral", 7.0, 1) for q in LINES}
    assert even_odd_consistency(BANK, answers) is None
