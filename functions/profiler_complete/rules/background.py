"""What a learner has done and knows so far, how they work, and where they want to begin."""

from __future__ import annotations

import math
from collections.abc import Mapping

from functions.profiler_complete.rules.ability import above_average
from functions.profiler_complete.rules.integrity import response_with_effort
from shared.models.profiling import (
    Difficulty,
    Exposure,
    GivenAnswer,
    ScenarioChoice,
    SkillLevel,
    WorkStyle,
    WorkStyleResult,
)
from shared.models.question_bank import LEVELS, Level, Question, QuestionBank

LEVEL_FROM = (0.0, 15.0, 35.0, 60.0, 80.0)
"""The technical exposure, 0..100, from which each of :data:`LEVELS` is plausible."""
CLUSTER_FROM = 0.25
"""How far from the middle, of 1, a working style is named."""


def technical_exposure(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> Exposure:
    """Technical exposure, 0..100: the percentage of the maximum possible (POMP: Cohen,
    Cohen, Aiken & West 1999), over all items and by skill."""
    values: list[float] = []
    by_skill: dict[str, list[float]] = {}
    for question in bank.by_module["technical_exposure"]:
        answer = answers.get(question.id)
        if answer is None:
            continue
        value = _percent(bank, question, answer)
        values.append(value)
        for skill in question.skills:
            by_skill.setdefault(skill, []).append(value)
    return Exposure(
        score=_mean(values), by_skill={name: _mean(each) for name, each in by_skill.items()}
    )


def work_style(raw_teamwork: float) -> WorkStyleResult:
    """The work-style cluster by the raw teamwork score (-1 independent, 1 collaborative)."""
    cluster: WorkStyle = "balanced"
    if raw_teamwork >= CLUSTER_FROM:
        cluster = "collaborative"
    elif raw_teamwork <= -CLUSTER_FROM:
        cluster = "independent"
    return WorkStyleResult(cluster=cluster, teamwork=max(-1.0, min(1.0, raw_teamwork)))


def scenario_choices(
    bank: QuestionBank, answers: Mapping[str, GivenAnswer]
) -> tuple[ScenarioChoice, ...]:
    """What was chosen in each scenario, in the bank's order."""
    return tuple(
        ScenarioChoice(
            question_id=question.id,
            selected_option=answers[question.id].selected_option or "",
            question_key=question.id.removeprefix("scenario_"),
        )
        for question in bank.by_module["scenario_preference"]
        if question.id in answers
    )


def level_of_exposure(exposure: float) -> Level:
    """The level that a technical exposure of 0..100 speaks for."""
    return LEVELS[max(i for i, least in enumerate(LEVEL_FROM) if exposure >= least)]


def difficulty(
    bank: QuestionBank, answers: Mapping[str, GivenAnswer], exposure: float
) -> Difficulty:
    """The chosen level, and whether exposure and the module's other answers support it.

    The suggested level is the mean of what exposure and each of those answers speak for,
    rounded down: to begin too low costs an hour, to begin too high the wish to go on.
    """
    by_exposure = level_of_exposure(exposure)
    chosen: dict[str, Level] = {}
    for question in bank.by_module["difficulty_selection"]:
        answer = answers.get(question.id)
        for option in question.options:
            if answer is not None and option.id == answer.selected_option and option.level:
                chosen[question.id] = option.level
    selected = chosen.pop(bank.level_question, by_exposure)
    evidence = [LEVELS.index(level) for level in (by_exposure, *chosen.values())]
    suggested = sum(evidence) // len(evidence)
    return Difficulty(
        selected=selected,
        suggested=LEVELS[suggested],
        supported=abs(LEVELS.index(selected) - suggested) <= 1,
        by_exposure=by_exposure,
    )


def skill_levels(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> tuple[SkillLevel, ...]:
    """How far each skill seems developed, 0..100: the mean of what was reported and of what
    was answered on it, where 50 is what an average taker answers.

    An answer counts by how much better it is than an average taker's, or the levels would tell
    how hard each skill's items are. Rapid guesses count for nothing either way.
    """
    values: dict[str, list[float]] = {}
    for question in bank.questions:
        answer = answers.get(question.id)
        if answer is None or not question.skills:
            continue
        if question.kind == "keyed_choice":
            response = response_with_effort(question, answer)
            if response is None:
                continue
            value = 50 * (1 + above_average(response))
        else:
            value = _percent(bank, question, answer)
        for skill in question.skills:
            values.setdefault(skill, []).append(value)
    return tuple(
        SkillLevel(skill=skill.code, level=_mean(values[skill.code]), items=len(values[skill.code]))
        for skill in bank.skills
        if skill.code in values
    )


def _percent(bank: QuestionBank, question: Question, answer: GivenAnswer) -> float:
    return 50 * (1 + bank.score_of_step(question, answer.selected_option or ""))


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0
