"""Work roles of the NICE Framework that a learner's answers speak for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from functions.profiler_complete.rules.ability import above_average
from functions.profiler_complete.rules.integrity import response_with_effort
from shared.models.profiling import GivenAnswer, RoleMatch
from shared.models.question_bank import Question, QuestionBank, Track

MOST_A_TRACK = 3
DOUBT = 4
FEWEST_ANSWERS = 3


def role_affinities(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> dict[str, float]:
    """How much the answers speak for each work role, -1..1.

    The mean over the answers that bear on a role: the step of a likert line, how much better
    than an average taker's an answer to a keyed item is, and in a scenario 1 for the option that
    was chosen and so much less for each other that a random choice comes to 0. It is drawn
    towards 0 as if :data:`DOUBT` answers more had said nothing, or roles with few answers would
    always be the extremes.
    """
    return {
        role: math.fsum(each) / (len(each) + DOUBT) for role, each in _values(bank, answers).items()
    }


def _values(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> dict[str, list[float]]:
    values: dict[str, list[float]] = {}
    for question in bank.questions:
        answer = answers.get(question.id)
        if answer is None:
            continue
        for role, value in _evidence(bank, question, answer):
            values.setdefault(role, []).append(value)
    return values


def _evidence(
    bank: QuestionBank, question: Question, answer: GivenAnswer
) -> list[tuple[str, float]]:
    if question.kind == "likert" and question.instructed is None:
        score = bank.score_of_step(question, answer.selected_option or "")
        return [(role, score) for role in question.roles]
    response = response_with_effort(question, answer)
    if response is not None:
        return [(role, above_average(response)) for role in question.roles]
    return [
        (role, 1.0 if option.id == answer.selected_option else -1 / (len(question.options) - 1))
        for option in question.options
        for role in option.roles
    ]


def matching_roles(
    bank: QuestionBank, answers: Mapping[str, GivenAnswer], tracks: Sequence[Track]
) -> tuple[RoleMatch, ...]:
    """The three roles of each track that the answers speak for most, tracks in this order.

    Ties go by the order of the track's own list; a role that fewer than
    :data:`FEWEST_ANSWERS` bear on is left out: that is a question, not a work role.
    """
    values = _values(bank, answers)
    affinities = {
        role: affinity
        for role, affinity in role_affinities(bank, answers).items()
        if len(values[role]) >= FEWEST_ANSWERS
    }
    found: list[RoleMatch] = []
    for track in tracks:
        known = [role for role in bank.track[track].roles if role.id in affinities]
        known.sort(key=lambda role: -affinities[role.id])
        found += [
            RoleMatch(id=role.id, title=role.title, track=track, affinity=affinities[role.id])
            for role in known[:MOST_A_TRACK]
        ]
    return tuple(found)
