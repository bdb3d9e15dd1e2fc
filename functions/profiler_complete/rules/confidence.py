"""How likely each track is to be the one that truly fits best.

Norm scores are true scores and error. With reliabilities ρ, ``Λ = diag(ρ/(1-ρ))``, and the
correlations R of the true scores, the true profile given scores y in units of the true spread
is normal with ``S = (R⁻¹ + Λ)⁻¹`` and mean ``SΛy`` (Kelley's regressed scores, for several
scales at once). Profiles are drawn from it, and a track's probability is the share of draws in
which its profile correlation is the highest. A softmax of the scores would not be one: it
knows nothing of how many items they rest on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from functions.profiler_complete.rules.draws import standard_normals
from functions.profiler_complete.rules.profile import key_directions
from shared.models.question_bank import DIMENSIONS, TRACKS, QuestionBank, Track

DRAWS = 2000
TWO_TRACKS_BELOW = 0.45
"""A confidence below which two tracks are named and none preferred."""

Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]


@dataclass(frozen=True)
class _Geometry:
    """What all learners of a bank version share: how scores become posterior means of the
    tracks' correlations, and the draws around them."""

    means: Matrix
    spread: Matrix


def track_probabilities(
    bank: QuestionBank, scores: Mapping[str, float], *, seed: int, draws: int = DRAWS
) -> dict[Track, float]:
    """The probability of each track to be the best, by norm scores. They sum to 1."""
    norms = [bank.norms[name] for name in DIMENSIONS]
    geometry = _geometry(
        tuple(norm.reliability for norm in norms),
        _correlation_matrix(bank),
        tuple(key_directions(bank)[track] for track in TRACKS),
        seed,
        draws,
    )
    y = [
        scores[name] / math.sqrt(norm.reliability)
        for name, norm in zip(DIMENSIONS, norms, strict=True)
    ]
    m0, m1, m2, m3, m4 = (_dot(row, y) for row in geometry.means)
    won = [0] * len(TRACKS)
    for d0, d1, d2, d3, d4 in geometry.spread:
        tracks = (m0 + d0, m1 + d1, m2 + d2, m3 + d3, m4 + d4)
        won[tracks.index(max(tracks))] += 1
    return {track: count / draws for track, count in zip(TRACKS, won, strict=True)}


@lru_cache(maxsize=8)
def _geometry(
    reliabilities: Vector, correlations: Matrix, keys: Matrix, seed: int, draws: int
) -> _Geometry:
    size = len(reliabilities)
    with_error = tuple(
        tuple(
            value + ((1 - reliabilities[i]) / reliabilities[i] if i == j else 0.0)
            for j, value in enumerate(row)
        )
        for i, row in enumerate(correlations)
    )
    # (R⁻¹ + Λ)⁻¹ Λ = R (R + Λ⁻¹)⁻¹, and S = R - R (R + Λ⁻¹)⁻¹ R
    gain = _product(correlations, _inverse(with_error))
    explained = _product(gain, correlations)
    posterior = tuple(
        tuple(correlations[i][j] - explained[i][j] for j in range(size)) for i in range(size)
    )
    along = _product(keys, _cholesky(posterior))
    vectors = standard_normals(seed, draws, size)
    return _Geometry(
        means=_product(keys, gain),
        spread=tuple(tuple(_dot(row, vector) for row in along) for vector in vectors),
    )


@lru_cache(maxsize=4)
def _correlation_matrix(bank: QuestionBank) -> Matrix:
    named = bank.correlations
    return tuple(
        tuple(
            1.0 if one == two else named.get(one, {}).get(two, named.get(two, {}).get(one, 0.0))
            for two in DIMENSIONS
        )
        for one in DIMENSIONS
    )


def _dot(one: Sequence[float], two: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, two, strict=True))


def _product(one: Matrix, two: Matrix) -> Matrix:
    columns = tuple(zip(*two, strict=True))
    return tuple(tuple(_dot(row, column) for column in columns) for row in one)


def _cholesky(matrix: Matrix) -> Matrix:
    """The lower triangle L with ``L Lᵀ = matrix``; ``ValueError`` if not positive definite."""
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - math.fsum(lower[i][k] * lower[j][k] for k in range(j))
            if i == j and rest <= 0:
                raise ValueError("the correlations of the bank's norms contradict one another")
            lower[i][j] = math.sqrt(rest) if i == j else rest / lower[j][j]
    return tuple(tuple(row) for row in lower)


def _inverse(matrix: Matrix) -> Matrix:
    """The inverse of a positive definite matrix, through its triangle."""
    lower = _cholesky(matrix)
    size = len(matrix)
    columns = []
    for unit in range(size):
        forward: list[float] = []
        for i in range(size):
            rest = (1.0 if i == unit else 0.0) - math.fsum(
                lower[i][k] * forward[k] for k in range(i)
            )
            forward.append(rest / lower[i][i])
        back = [0.0] * size
        for i in reversed(range(size)):
            rest = forward[i] - math.fsum(lower[k][i] * back[k] for k in range(i + 1, size))
            back[i] = rest / lower[i][i]
        columns.append(tuple(back))
    return tuple(columns)  # symmetric: its columns are its rows


@lru_cache(maxsize=4)
def correlation_triangle(bank: QuestionBank) -> Matrix:
    """The lower triangle of the true scores' correlations; ``ValueError`` when no population
    can have them."""
    return _cholesky(_correlation_matrix(bank))
