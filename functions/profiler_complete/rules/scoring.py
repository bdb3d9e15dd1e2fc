"""Scoring: all answers of a session and the bank they were given to, into all results."""

from __future__ import annotations

from collections.abc import Mapping

from functions.profiler_complete.rules import background, profile
from functions.profiler_complete.rules.ability import eap, percentile
from functions.profiler_complete.rules.confidence import TWO_TRACKS_BELOW, track_probabilities
from functions.profiler_complete.rules.integrity import judge, keyed_responses
from functions.profiler_complete.rules.roles import matching_roles
from functions.profiler_complete.rules.statement import value_statement
from shared.models.profiling import Aptitude, GivenAnswer, Recommendation, Scores
from shared.models.question_bank import TRACKS, QuestionBank

SEED = 20260
"""Of the draws behind the confidence: one for all, so that equal answers score equally."""


def score(
    bank: QuestionBank,
    answers: Mapping[str, GivenAnswer],
    *,
    language: str,
    elapsed_seconds: float | None = None,
    seed: int = SEED,
) -> Scores:
    """Score a session's answers, whatever order they came in.

    Answers to questions that the bank does not have are left aside; a question without an
    answer adds nothing. ``language`` is that of the value statement's leads,
    ``elapsed_seconds`` how long the session has existed by our clock, where that is known.
    """
    raw = profile.raw_scores(bank, answers)
    built = profile.build_profile(bank, answers)
    exposure = background.technical_exposure(bank, answers)
    return Scores(
        bank_version=bank.bank_version,
        aptitude=_aptitude(bank, answers),
        exposure=exposure,
        work_style=background.work_style(raw["teamwork"]),
        scenario_choices=background.scenario_choices(bank, answers),
        difficulty=background.difficulty(bank, answers, exposure.score),
        profile=built.scores,
        recommendation=_recommendation(bank, answers, built, seed),
        explanation=profile.explain(bank, built),
        skills=background.skill_levels(bank, answers),
        integrity=judge(bank, answers, elapsed_seconds=elapsed_seconds),
        value_statement=value_statement(bank, answers, language=language),
    )


def _aptitude(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> Aptitude:
    responses, rapid, correct = keyed_responses(bank, answers)
    estimate = eap(responses)
    return Aptitude(
        score=percentile(estimate.theta),
        theta=estimate.theta,
        standard_error=estimate.standard_error,
        score_low=percentile(estimate.theta - estimate.standard_error),
        score_high=percentile(estimate.theta + estimate.standard_error),
        items=len(responses),
        left_out=rapid,
        correct=correct,
    )


def _recommendation(
    bank: QuestionBank,
    answers: Mapping[str, GivenAnswer],
    built: profile.Profile,
    seed: int,
) -> Recommendation:
    alignment = profile.alignments(bank, built)
    chances = track_probabilities(bank, built.scores, seed=seed)
    # equal chances go by alignment, then by the tracks' own order
    ranked = sorted(
        TRACKS, key=lambda track: (-chances[track], -alignment[track], TRACKS.index(track))
    )
    primary, secondary = ranked[:2]
    return Recommendation(
        primary=primary,
        secondary=secondary,
        confidence=chances[primary],
        probabilities=chances,
        two_tracks=chances[primary] < TWO_TRACKS_BELOW,
        alignment=alignment,
        roles=matching_roles(bank, answers, ranked),
    )
