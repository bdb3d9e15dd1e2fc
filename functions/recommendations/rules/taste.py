"""A learner's vector: what they have finished, and the track that fits them.

``u = norm(Σ w e)`` over finished items, ``w = mastery · 2^(-age / 45 days)``, blended with the
tracks' centroids by ``(n · history + 5 · tracks) / (n + 5)``; the tracks' part is the sum of the
centroids, each weighted by the probability that its track is the best one. So low confidence
gives a broad mix (the shrinkage of an empirical Bayes estimate: Efron and Morris, Data analysis
using Stein's estimator, 1975).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from shared.models.question_bank import Track

HALF_LIFE_DAYS = 45.0
PRIOR_ITEMS = 5.0
"""Finished items that weigh as much as the tracks."""

Vector = tuple[float, ...]


@dataclass(frozen=True)
class Finished:
    """A completed item. ``mastery`` is how well, 0 to 1."""

    key: tuple[str, str]
    title: str
    vector: Vector
    mastery: float
    at: datetime


def weight(finished: Finished, now: datetime) -> float:
    """How much a finished item says of the learner today, 0 to 1."""
    days = max(0.0, (now - finished.at).total_seconds() / 86400)
    return float(finished.mastery * 2 ** (-days / HALF_LIFE_DAYS))


def taste(
    finished: Sequence[Finished],
    centroids: Mapping[Track, Vector],
    probabilities: Mapping[Track, float],
    now: datetime,
) -> Vector | None:
    """A learner's vector of unit length; None where there is neither a finished item nor a track
    with content.

    ``probabilities`` are those of the tracks; one without a centroid counts for nothing.
    """
    history = normalised(_sum((weight(each, now), each.vector) for each in finished))
    tracks = normalised(
        _sum((share, centroids[track]) for track, share in probabilities.items()
             if track in centroids)
    )  # fmt: skip
    if history is None or tracks is None:
        return history or tracks
    number = len(finished)
    return normalised(_sum([(number, history), (PRIOR_ITEMS, tracks)]))


def centroid(vectors: Sequence[Vector]) -> Vector | None:
    """The mean direction of some vectors; None of none."""
    return normalised(_sum((1.0, each) for each in vectors))


def cosine(one: Vector, other: Vector) -> float:
    """The cosine of two vectors of unit length."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def normalised(vector: Sequence[float]) -> Vector | None:
    """The vector at unit length; None of one without any."""
    length = sqrt(sum(value * value for value in vector))
    return tuple(value / length for value in vector) if length > 0 else None


def _sum(weighted: Iterable[tuple[float, Vector]]) -> list[float]:
    total: list[float] = []
    for share, vector in weighted:
        if not total:
            total = [0.0] * len(vector)
        total = [so_far + share * value for so_far, value in zip(total, vector, strict=True)]
    return total
