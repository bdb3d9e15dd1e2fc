"""What response times and answer patterns say about effort.

Flags stand beside the scores and never change them; the one exception is the ability
estimate, which leaves rapid guesses out of its likelihood (effort-moderated scoring: Wise &
DeMars 2006). Limits were set by simulation so that careful takers are seldom flagged; see
docs/profiler.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from statistics import median

from functions.profiler_complete.rules.ability import Response, person_fit
from functions.profiler_complete.rules.profile import item_scores
from shared.models.profiling import Flag, GivenAnswer, Integrity
from shared.models.profiling_times import SKEW_SECONDS
from shared.models.question_bank import DIMENSIONS, Question, QuestionBank

EFFORT_BELOW = 0.90
"""Response-time effort below which an attempt is flagged (Wise & Kong 2005)."""
RETEST_FROM = 0.30
"""Share of rapid guesses from which a retest is advised."""
SECONDS_AN_ITEM = 2.0
"""Less than this for a line of self-report is not reading (Huang et al. 2012)."""
LONGEST_RUN = 8
"""A longer run of one step is straight-lining (Meade & Craig 2012)."""
EVEN_ODD_BELOW = -0.99
INCONSISTENCY_ABOVE = 0.75
INSTRUCTED_MISSED_FROM = 2
PERSON_FIT_BELOW = -2.33


def is_rapid(question: Question, answer: GivenAnswer) -> bool:
    """Whether an answer came faster than the item can be read (NT20: Wise & Ma 2012)."""
    return answer.seconds < question.rapid_seconds


def response_with_effort(question: Question, answer: GivenAnswer) -> Response | None:
    """The answer to an item with a right one; None for a rapid guess, or an item without."""
    if question.a is None or question.b is None or is_rapid(question, answer):
        return None
    return Response(question.a, question.b, answer.selected_option == question.key)


def keyed_responses(
    bank: QuestionBank, answers: Mapping[str, GivenAnswer]
) -> tuple[list[Response], int, int]:
    """The keyed answers given with effort, how many were rapid guesses, and how many right."""
    responses, rapid, correct = [], 0, 0
    for question in bank.by_module["cyber_aptitude"]:
        answer = answers.get(question.id)
        if answer is None or question.a is None or question.b is None:
            continue
        response = response_with_effort(question, answer)
        if response is None:
            rapid += 1
            continue
        correct += response.correct
        responses.append(response)
    return responses, rapid, correct


def judge(
    bank: QuestionBank,
    answers: Mapping[str, GivenAnswer],
    *,
    elapsed_seconds: float | None = None,
) -> Integrity:
    """Every index of effort, and a flag for each that is beyond its limit.

    ``elapsed_seconds`` is how long the session has existed by our clock: times are measured by
    the client, and answers cannot have taken longer than that. None leaves this check out.
    """
    claimed = math.fsum(answer.seconds for answer in answers.values())
    at_most = math.inf if elapsed_seconds is None else elapsed_seconds + SKEW_SECONDS
    responses, rapid, _ = keyed_responses(bank, answers)
    keyed = len(responses) + rapid
    effort = 1 - rapid / keyed if keyed else 1.0
    run = longest_run(bank, answers)
    even_odd = even_odd_consistency(bank, answers)
    contradiction = inconsistency(bank, answers)
    pace = seconds_an_item(bank, answers)
    missed = instructed_missed(bank, answers)
    fit = person_fit(responses)
    flags = [
        Flag(code=code, detail=detail, value=round(value, 4), limit=limit)
        for code, detail, value, limit, beyond in (
            (
                "rapid_guessing",
                "Many aptitude answers came faster than the question can be read.",
                effort, EFFORT_BELOW, effort < EFFORT_BELOW,
            ),
            (
                "straight_lining",
                "The same step was chosen many times in a row.",
                run, LONGEST_RUN, run > LONGEST_RUN,
            ),
            (
                "uneven_halves",
                "The two halves of the scales do not agree.",
                _or(even_odd, 1.0), EVEN_ODD_BELOW, _or(even_odd, 1.0) < EVEN_ODD_BELOW,
            ),
            (
                "inconsistency",
                "Lines that ask the same in other words, or turned round, got unlike answers.",
                _or(contradiction, 0.0), INCONSISTENCY_ABOVE,
                _or(contradiction, 0.0) > INCONSISTENCY_ABOVE,
            ),
            (
                "too_fast",
                "The lines about yourself were answered faster than they can be read.",
                _or(pace, 99.0), SECONDS_AN_ITEM, _or(pace, 99.0) < SECONDS_AN_ITEM,
            ),
            (
                "instructed_items",
                "Lines that ask for a certain answer got another one.",
                missed, INSTRUCTED_MISSED_FROM, missed >= INSTRUCTED_MISSED_FROM,
            ),
            (
                "person_fit",
                "Hard questions were right and easy ones wrong more often than chance allows.",
                _or(fit, 0.0), PERSON_FIT_BELOW, _or(fit, 0.0) < PERSON_FIT_BELOW,
            ),
            (
                "impossible_times",
                "The answers claim more time than has passed since the session was started.",
                claimed, at_most, claimed > at_most,
            ),
        )
        if beyond
    ]  # fmt: skip
    return Integrity(
        response_time_effort=effort,
        rapid_guesses=rapid,
        longest_run=run,
        even_odd=even_odd,
        inconsistency=contradiction,
        seconds_an_item=pace,
        instructed_missed=missed,
        person_fit=fit,
        flags=tuple(flags),
        retest_advised=bool(keyed) and rapid / keyed >= RETEST_FROM,
    )


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _self_report(
    bank: QuestionBank, answers: Mapping[str, GivenAnswer]
) -> Iterator[tuple[Question, GivenAnswer]]:
    """The likert lines about interests and work style that were answered, in their order."""
    for question in (*bank.by_module["identity_value"], *bank.by_module["work_style"]):
        answer = answers.get(question.id)
        if question.kind == "likert" and answer is not None:
            yield question, answer


def longest_run(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> int:
    """How often the same step was chosen in a row, at most, within one module."""
    longest = run = 0
    before: tuple[str, str | None] | None = None
    for question, answer in _self_report(bank, answers):
        if question.instructed is not None:
            continue
        here = (question.module, answer.selected_option)
        run = run + 1 if here == before else 1
        longest, before = max(longest, run), here
    return longest


def even_odd_consistency(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> float | None:
    """How far the two halves of each scale agree within this person, -1..1.

    Each dimension's lines are split in turn into two halves; the halves are correlated over
    the dimensions and the correlation stepped up by the Spearman-Brown formula (Meade &
    Craig 2012). None when too little was answered or nothing varies.
    """
    halves: dict[str, tuple[list[float], list[float]]] = {}
    for question, answer in _self_report(bank, answers):
        for name, score in item_scores(bank, question.id, answer.selected_option).items():
            odd, even = halves.setdefault(name, ([], []))
            (odd if len(odd) <= len(even) else even).append(score)
    pairs = [
        (math.fsum(odd) / len(odd), math.fsum(even) / len(even))
        for name in DIMENSIONS
        if name in halves
        for odd, even in (halves[name],)
        if odd and even
    ]
    if len(pairs) < 3:
        return None
    mean_odd = math.fsum(odd for odd, _ in pairs) / len(pairs)
    mean_even = math.fsum(even for _, even in pairs) / len(pairs)
    covariance = math.fsum((odd - mean_odd) * (even - mean_even) for odd, even in pairs)
    spread = math.sqrt(
        math.fsum((odd - mean_odd) ** 2 for odd, _ in pairs)
        * math.fsum((even - mean_even) ** 2 for _, even in pairs)
    )
    if spread < 1e-12:
        return None
    r = covariance / spread
    # the formula leaves the scale where r is near -1
    return max(-1.0, min(1.0, 2 * r / (1 + r))) if r > -0.5 else -1.0


def inconsistency(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> float | None:
    """The mean distance, 0..2, between two lines that measure the same, once reversed ones are
    turned round (psychometric synonyms and antonyms: Meade & Craig 2012).

    Over all pairs: those of opposites alone are too few to tell careful from careless. None
    without a pair.
    """
    said: dict[str, list[float]] = {}
    for question, answer in _self_report(bank, answers):
        for name in item_scores(bank, question.id, answer.selected_option):
            said.setdefault(name, []).append(
                bank.score_of_step(question, answer.selected_option or "")
            )
    distances = [abs(one - two) for scores in said.values() for one, two in combinations(scores, 2)]
    return math.fsum(distances) / len(distances) if distances else None


def seconds_an_item(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> float | None:
    """The median time for a line about oneself: a pause does not hide the haste of the rest."""
    times = [answer.seconds for _, answer in _self_report(bank, answers)]
    return median(times) if times else None


def instructed_missed(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> int:
    """How many lines that ask for one step got another."""
    return sum(
        question.instructed is not None and answer.selected_option != question.instructed
        for question, answer in _self_report(bank, answers)
    )
