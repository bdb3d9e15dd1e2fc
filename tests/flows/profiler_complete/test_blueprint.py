"""The blueprint and the telemetry say what the scores say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from functions.profiler_complete.rules.ability import probability
from functions.profiler_complete.rules.background import (
    LEVEL_FROM,
    difficulty,
    level_of_exposure,
    scenario_choices,
    skill_levels,
    technical_exposure,
    work_style,
)
from functions.profiler_complete.rules.blueprint import Blueprint, blueprint
from functions.profiler_complete.rules.scoring import score
from functions.profiler_session.bank import load
from shared.models.profiling import GivenAnswer, Scores
from shared.models.question_bank import LEVELS, MODULES, TRACKS, Level, QuestionBank
from shared.models.skill_gaps import skill_gaps
from tools.profiler_takers import Answers, answers_of, anybody, draws_from, given

BANK = load()
EXPOSURE = BANK.by_module["technical_exposure"]


def careful(seed: int = 1) -> Answers:
    chance = draws_from(seed)
    return answers_of(BANK, anybody(BANK, chance), chance)


def scored(answers: Answers) -> Scores:
    return score(BANK, answers, language="en")


def plan(scores: Scores) -> Blueprint:
    return blueprint(BANK, scores, track=scores.recommendation.primary, language="en")


def exposed(answers: Answers, step: str) -> Answers:
    return answers | {q.id: given(q, step, 8.0, 1) for q in EXPOSURE}


@pytest.mark.parametrize(("step", "percent"), [("never", 0), ("seen", 25), ("guided", 50),
                                                ("alone", 75), ("often", 100)])  # fmt: skip
def test_exposure_is_the_percentage_of_what_is_possible(step: str, percent: float) -> None:
    """Every item at one step is that step's percentage, over all and by skill."""
    found = technical_exposure(BANK, exposed({}, step))
    assert found.score == pytest.approx(percent)
    assert all(value == pytest.approx(percent) for value in found.by_skill.values())


def test_every_scenarios_choice_is_listed() -> None:
    """What was chosen, in the bank's order; a scenario without an answer is not listed."""
    answers = careful()
    scenarios = BANK.by_module["scenario_preference"]
    del answers[scenarios[1].id]
    found = scenario_choices(BANK, answers)
    assert [(each.question_id, each.selected_option) for each in found] == [
        (question.id, answers[question.id].selected_option)
        for question in scenarios
        if question.id != scenarios[1].id
    ]
    assert found[0].question_key == "first_week"


def test_more_exposure_never_lowers_the_level() -> None:
    """The plausible level rises with exposure, and changes where the bounds say."""
    levels = [LEVELS.index(level_of_exposure(value)) for value in range(101)]
    assert levels == sorted(levels)
    assert [level_of_exposure(least) for least in LEVEL_FROM] == list(LEVELS)


@pytest.mark.parametrize(
    ("step", "chosen", "others", "suggested", "supported"),
    [
        ("never", "novice", "novice", "novice", True),
        ("never", "elite", "novice", "novice", False),
        ("never", "elite", "elite", "intermediate", False),
        ("alone", "advanced", "advanced", "advanced", True),
        ("often", "novice", "elite", "elite", False),
        ("guided", "advanced", "intermediate", "intermediate", True),
    ],
)
def test_the_chosen_level_is_held_against_exposure(
    step: str, chosen: Level, others: Level, suggested: Level, supported: bool
) -> None:
    """A level more than one away from what exposure and the other answers suggest is told."""
    answers = exposed({}, step)
    for question in BANK.by_module["difficulty_selection"]:
        level = chosen if question.id == BANK.level_question else others
        answers[question.id] = given(question, level, 15.0, 1)
    found = difficulty(BANK, answers, technical_exposure(BANK, answers).score)
    assert (found.selected, found.suggested, found.supported) == (chosen, suggested, supported)


@pytest.mark.parametrize(
    ("raw", "cluster"),
    [
        (-1, "independent"),
        (-0.25, "independent"),
        (-0.2, "balanced"),
        (0.24, "balanced"),
        (0.25, "collaborative"),
        (1, "collaborative"),
    ],
)
def test_the_work_style_has_three_clusters(raw: float, cluster: str) -> None:
    """A quarter of the way to either end is where a cluster is named."""
    assert work_style(raw).cluster == cluster


def test_the_level_of_a_skill_is_the_mean_of_its_evidence() -> None:
    """Experience counts as reported, an answer by how much better it is than an average taker's
    to that item; rapid guesses do not count."""
    by_skill = [q for q in BANK.questions if "cryptography" in q.skills]
    keyed = [q for q in by_skill if q.kind == "keyed_choice"]
    answers = {q.id: given(q, q.key or "often", 60.0, 1) for q in by_skill}

    def level() -> list[float]:
        found = {each.skill: each for each in skill_levels(BANK, answers)}["cryptography"]
        return [found.level, found.items]

    expected = [probability(0.0, q.a or 0, q.b or 0) for q in keyed]
    reported = 100 * (len(by_skill) - len(keyed))
    right = reported + sum(50 * (2 - chance) for chance in expected)
    assert level() == pytest.approx([right / len(by_skill), len(by_skill)])
    wrong = next(each for each in BANK.choices(keyed[0]) if each != keyed[0].key)
    answers[keyed[0].id] = given(keyed[0], wrong, 60.0, 1)
    assert level()[0] == pytest.approx((right - 50) / len(by_skill))
    answers[keyed[0].id] = given(keyed[0], wrong, 0.5, 1)
    left = right - 50 * (2 - expected[0])
    assert level() == pytest.approx([left / (len(by_skill) - 1), len(by_skill) - 1])


def test_gaps_are_what_the_track_asks_beyond_what_there_is() -> None:
    """The widest first; a skill that is developed far enough is none."""
    scores = scored(exposed(careful(), "never"))
    levels = {each.skill: each.level for each in scores.skills}
    for track in TRACKS:
        gaps = skill_gaps(BANK, scores, track, language="en")
        targets = {each.skill: each.target for each in BANK.track[track].skills}
        sizes = [gap.size for gap in gaps]
        assert sizes == sorted(sizes, reverse=True)
        for gap in gaps:
            assert gap.size == pytest.approx(targets[gap.skill] - levels[gap.skill])
            assert gap.size > 0
    full = scored(
        exposed(careful(), "often")
        | {q.id: given(q, q.key, 60.0, 1) for q in BANK.by_module["cyber_aptitude"]}
    )
    assert all(not skill_gaps(BANK, full, track, language="en") for track in TRACKS)


def test_the_plan_names_strengths_and_next_steps_with_their_reason() -> None:
    """Each step has a reason; the first part of the path and the widest gap are among them."""
    found = plan(scored(exposed(careful(), "seen")))
    described = BANK.track[found.track]
    assert found.track_id == described.track_id
    assert found.learning_path == tuple(each["en"] for each in described.learning_path)
    assert all(step.reason for step in found.next_steps)
    kinds = [step.kind for step in found.next_steps]
    assert "learn" in kinds
    assert kinds.count("close_gap") == min(3, len(found.gaps))
    assert all(role.track == found.track for role in found.roles)
    assert (
        found.alignment == scored(exposed(careful(), "seen")).recommendation.alignment[found.track]
    )


def test_a_plan_for_another_track_is_of_that_track() -> None:
    """Who overrides the recommendation gets that track's path, gaps and roles."""
    scores = scored(careful())
    other = scores.recommendation.secondary
    found = blueprint(BANK, scores, track=other, language="en")
    assert found.title == BANK.track[other].title["en"]
    assert found.alignment == scores.recommendation.alignment[other]
    assert {role.track for role in found.roles} == {other}


def test_the_plan_is_in_the_learners_language() -> None:
    """Phrases come in the language asked for, with the same values filled in."""
    source = BANK.model_dump()
    source["phrases"]["close_gap"]["text"]["de"] = "Arbeite an: {skill}"
    source["phrases"]["close_gap"]["reason"]["de"] = "{level} von {target}"
    bank = QuestionBank.model_validate(source | {"bank_version": "1-german"})
    scores = scored(exposed(careful(), "never"))
    track = scores.recommendation.primary
    plans = [blueprint(bank, scores, track=track, language=each) for each in ("en", "de-AT")]
    (english, german) = (
        next(step for step in each.next_steps if step.kind == "close_gap") for each in plans
    )
    gap = plans[0].gaps[0]
    assert english.text == f"Work on: {gap.title}"
    assert german.text == f"Arbeite an: {gap.title}"
    assert german.reason == f"{gap.level:.0f} von {gap.target:.0f}"


def test_every_phrase_is_filled_in() -> None:
    """No plan shows a name in braces, whatever it has to say."""
    answers = exposed({}, "never")
    for question in BANK.by_module["cyber_aptitude"]:
        answers[question.id] = given(question, question.key, 0.5, 1)
    level = BANK.by_id[BANK.level_question]
    answers[level.id] = given(level, "elite", 9.0, 1)
    able = exposed(careful(3), "often") | {
        q.id: given(q, q.key, 60.0, 1) for q in BANK.by_module["cyber_aptitude"]
    }
    said = [
        text
        for each in (plan(scored(answers)), plan(scored(able)), plan(scored(careful())))
        for text in (
            *(part for step in each.next_steps for part in (step.text, step.reason)),
            *(part for strength in each.strengths for part in (strength.title, strength.detail)),
        )
    ]
    assert len(said) > 20
    assert not any("{" in text or not text for text in said)
    assert any(text == "Begin at the level Novice rather than Elite" for text in said)


def test_doubts_lead_to_steps() -> None:
    """Rapid guessing, two close tracks and a level out of reach are each answered by a step."""
    answers: dict[str, GivenAnswer] = exposed({}, "never")
    for question in BANK.by_module["cyber_aptitude"]:
        answers[question.id] = given(question, question.key, 0.5, 1)
    level = BANK.by_id[BANK.level_question]
    answers[level.id] = given(level, "elite", 9.0, 1)
    kinds = {step.kind for step in plan(scored(answers)).next_steps}
    assert {"retest", "compare", "level"} <= kinds


def test_strengths_come_from_evidence() -> None:
    """A skill above its target, a trait that the track asks for, and a high aptitude."""
    able = scored(
        exposed(careful(3), "often")
        | {q.id: given(q, q.key, 60.0, 1) for q in BANK.by_module["cyber_aptitude"]}
    )
    kinds = {strength.kind for strength in plan(able).strengths}
    assert {"skill", "aptitude"} <= kinds
    for strength in plan(able).strengths:
        if strength.kind == "skill":
            level = next(each.level for each in able.skills if each.skill == strength.key)
            target = next(
                each.target
                for each in BANK.track[able.recommendation.primary].skills
                if each.skill == strength.key
            )
            assert level >= target
    weak = scored(exposed({}, "never"))
    assert plan(weak).strengths == ()


def test_every_module_is_known() -> None:
    """The seven modules stand in the order in which they are answered."""
    assert MODULES == (
        "identity_value", "cyber_aptitude", "technical_exposure", "scenario_preference",
        "work_style", "difficulty_selection", "reflection",
    )  # fmt: skip
    assert timedelta(seconds=sum(q.mean_seconds for q in BANK.questions)) < timedelta(hours=1)


def test_a_bank_of_another_deployment_is_read_and_worded() -> None:
    """A version without a phrase of today, or with one and a norm that nobody asks for any
    more, still makes a plan: what it has no words for is left out."""
    stored = BANK.stored() | {"bank_version": "0-older", "id": "0-older"}
    del stored["phrases"]["learn"]
    stored["phrases"]["praise"] = stored["phrases"]["role"]
    stored["norms"]["luck"] = stored["norms"]["grc"]
    stored["questions"][0]["lead"] = {}
    older = QuestionBank.of(stored)
    scores = score(older, careful(), language="en")
    track = scores.recommendation.primary
    today = {step.kind for step in plan(scores).next_steps}
    found = {step.kind for step in blueprint(older, scores, track=track, language="en").next_steps}
    assert today - found == {"learn"}
