"""A learner's profile, and how it lies to the tracks' key profiles.

Each answer adds to the raw scores of some dimensions (interest in each track, traits). Raw
scores become norm scores; the profile is centred on its own mean, and its correlation r
with a track's centred key profile is the alignment, ``100 (1 + r) / 2`` (profile
correlation as in O*NET's interest matching: McCloy, Campbell, Oswald, Lewis & Rivkin 1999).
Uncentred cosines of positive scores cannot tell the tracks apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from shared.models.profiling import Contribution, Explanation, GivenAnswer
from shared.models.question_bank import (
    DIMENSIONS,
    TRACKS,
    Question,
    QuestionBank,
    Track,
)

START = 50.0
"""The alignment of a profile that points nowhere."""
_FLAT = 1e-9


@dataclass(frozen=True)
class Profile:
    """Norm scores by dimension, and what each answer adds to them."""

    scores: dict[str, float]
    parts: dict[str, dict[str, float]]
    """By question, then dimension; they sum to the scores without :attr:`offset`."""
    offset: dict[str, float]
    """What the norms' means take off each dimension."""


def item_scores(bank: QuestionBank, question_id: str, option: str | None) -> dict[str, float]:
    """What an answer adds to the raw score of each dimension, before the division by its span.

    A likert step counts for all that the line measures. An option of a choice counts its own
    weights, less what all options have on average, so that a choice taken at random says
    nothing. Nothing for an option that the item does not have.
    """
    return _table(bank)[question_id].get(option or "", {})


@lru_cache(maxsize=4)
def _table(bank: QuestionBank) -> dict[str, dict[str, dict[str, float]]]:
    return {
        question.id: {
            option: _scores_of(bank, question, option) for option in bank.choices(question)
        }
        for question in bank.questions
    }


def _scores_of(bank: QuestionBank, question: Question, option: str) -> dict[str, float]:
    found: dict[str, float] = {}
    if question.instructed is not None:
        return found
    if question.kind == "likert":
        score = bank.score_of_step(question, option)
        for name, weight in (*question.tracks.items(), *question.traits.items()):
            found[name] = score * weight
    for each in question.options:
        share = (1.0 if each.id == option else 0.0) - 1 / len(question.options)
        for name, weight in (*each.tracks.items(), *each.traits.items()):
            found[name] = found.get(name, 0.0) + share * weight
    return found


@lru_cache(maxsize=4)
def spans(bank: QuestionBank) -> dict[str, float]:
    """The largest raw sum that a dimension can reach, by which it is divided: raw scores
    are -1..1 whatever the number of items."""
    most = dict.fromkeys(DIMENSIONS, 0.0)
    for options in _table(bank).values():
        best: dict[str, float] = {}
        for scores in options.values():
            for name, score in scores.items():
                best[name] = max(best.get(name, 0.0), score)
        for name, score in best.items():
            most[name] += score
    return {name: span or 1.0 for name, span in most.items()}


def raw_scores(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> dict[str, float]:
    """The raw score of each dimension, -1..1, before any norm."""
    span = spans(bank)
    sums: dict[str, list[float]] = {name: [] for name in DIMENSIONS}
    for question in bank.questions:
        answer = answers.get(question.id)
        if answer is not None:
            for name, score in item_scores(bank, question.id, answer.selected_option).items():
                sums[name].append(score)
    return {name: math.fsum(parts) / span[name] for name, parts in sums.items()}


def build_profile(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> Profile:
    """The learner's norm scores, and what each answer adds to them."""
    span = spans(bank)
    parts: dict[str, dict[str, float]] = {}
    for question in bank.questions:
        answer = answers.get(question.id)
        if answer is None:
            continue
        added = {
            name: score / (span[name] * bank.norms[name].sd)
            for name, score in item_scores(bank, question.id, answer.selected_option).items()
            if score
        }
        if added:
            parts[question.id] = added
    offset = {name: -norm.mean / norm.sd for name, norm in bank.norms.items()}
    scores = {
        name: math.fsum([offset[name], *(added.get(name, 0.0) for added in parts.values())])
        for name in DIMENSIONS
    }
    return Profile(scores, parts, offset)


@lru_cache(maxsize=4)
def key_directions(bank: QuestionBank) -> dict[Track, tuple[float, ...]]:
    """Each track's key profile over the dimensions, centred and of length 1."""
    found: dict[Track, tuple[float, ...]] = {}
    for track in TRACKS:
        key = [bank.track[track].profile.get(name, 0.0) for name in DIMENSIONS]
        centre = math.fsum(key) / len(key)
        centred = [weight - centre for weight in key]
        length = math.sqrt(math.fsum(weight * weight for weight in centred))
        found[track] = tuple(weight / length for weight in centred)
    return found


def alignments(bank: QuestionBank, profile: Profile) -> dict[Track, float]:
    """The alignment with each track, 0..100; 50 for a flat profile."""
    length = _length(profile)
    return {
        track: START + (_along(profile.scores, key) * 50 / length if length > _FLAT else 0.0)
        for track, key in key_directions(bank).items()
    }


def explain(bank: QuestionBank, profile: Profile) -> Explanation:
    """By how many points each answer moved each track.

    Because a centred key is blind to the profile's mean, the correlation is linear in the
    answers once its length is known: start, baseline and contributions sum to the alignment.
    """
    length = _length(profile)
    factor = 50 / length if length > _FLAT else 0.0
    keys = key_directions(bank)
    return Explanation(
        start=START,
        baseline={track: factor * _along(profile.offset, key) for track, key in keys.items()},
        contributions=tuple(
            Contribution(
                question_id=question_id,
                points={track: factor * _along(added, key) for track, key in keys.items()},
            )
            for question_id, added in profile.parts.items()
        ),
    )


def _along(scores: Mapping[str, float], key: tuple[float, ...]) -> float:
    return math.fsum(
        scores.get(name, 0.0) * weight for name, weight in zip(DIMENSIONS, key, strict=True)
    )


def _length(profile: Profile) -> float:
    centre = math.fsum(profile.scores.values()) / len(DIMENSIONS)
    return math.sqrt(math.fsum((score - centre) ** 2 for score in profile.scores.values()))
