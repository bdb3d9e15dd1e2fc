"""Ability from keyed items: the two-parameter logistic model, EAP, and person fit.

``P(θ) = 1 / (1 + exp(-a(θ - b)))`` (Birnbaum 1968). The estimate is the posterior mean under a
standard normal prior on 61 nodes from -4 to 4 (Bock & Mislevy 1982).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

NODES = tuple(-4 + 8 * index / 60 for index in range(61))
_LOG_PRIOR = tuple(-node * node / 2 for node in NODES)
_NORMAL = NormalDist()
FEWEST_FOR_FIT = 5


@dataclass(frozen=True, slots=True)
class Response:
    """An answer to a keyed item: the item's discrimination and difficulty, right or wrong."""

    a: float
    b: float
    correct: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """Ability ``theta`` (mean 0, spread 1 in the reference population) and its standard error."""

    theta: float
    standard_error: float


def probability(theta: float, a: float, b: float) -> float:
    """The probability of a right answer, 0..1, at ability ``theta``."""
    return 1 / (1 + math.exp(-a * (theta - b)))


def above_average(response: Response) -> float:
    """How much better an answer is than an average taker's, -1..1: right (1) or wrong (0) less
    the probability that somebody of ability 0 is right. Over such takers it comes to 0, however
    hard the item is."""
    return (1.0 if response.correct else 0.0) - probability(0.0, response.a, response.b)


def eap(responses: Sequence[Response]) -> Estimate:
    """Expected a posteriori ability; ``SE² = Σ (θ_q - θ̂)² · posterior``.

    Without responses it is the prior: 0 with a standard error of 1. The responses are
    summed exactly, so their order does not matter.
    """
    weights = []
    logs = [
        math.fsum(
            [
                prior,
                *(
                    # log P when right, log (1 - P) when wrong
                    -math.log1p(math.exp(-each.a * (node - each.b) * (1 if each.correct else -1)))
                    for each in responses
                ),
            ]
        )
        for node, prior in zip(NODES, _LOG_PRIOR, strict=True)
    ]
    highest = max(logs)
    weights = [math.exp(each - highest) for each in logs]
    total = math.fsum(weights)
    theta = math.fsum(w * node for w, node in zip(weights, NODES, strict=True)) / total
    variance = (
        math.fsum(w * (node - theta) ** 2 for w, node in zip(weights, NODES, strict=True)) / total
    )
    return Estimate(theta, math.sqrt(variance))


def percentile(theta: float) -> float:
    """The share of the reference population below ``theta``, 0..100."""
    return 100 * _NORMAL.cdf(theta)


def person_fit(responses: Sequence[Response]) -> float | None:
    """The statistic lz*: how usual the pattern of right and wrong is at this ability.

    About standard normal for people who answer by their ability; large negative values are
    odd patterns. lz is corrected for the estimated ability (Snijders 2001), here the
    Bayes modal one with a standard normal prior: ``r_i = a_i``, ``r_0 = -θ`` (Magis, Raîche &
    Béland 2012). None where fewer than five items, or no spread, leave nothing to judge.
    """
    if len(responses) < FEWEST_FOR_FIT:
        return None
    theta = _modal(responses)
    chances = [probability(theta, each.a, each.b) for each in responses]
    weights = [math.log(p / (1 - p)) for p in chances]
    slopes = [
        each.a * p * (1 - p) for each, p in zip(responses, chances, strict=True)
    ]  # derivative of P
    information = math.fsum(s * each.a for s, each in zip(slopes, responses, strict=True))
    ratio = math.fsum(s * w for s, w in zip(slopes, weights, strict=True)) / information
    adjusted = [w - ratio * each.a for w, each in zip(weights, responses, strict=True)]
    variance = math.fsum(w * w * p * (1 - p) for w, p in zip(adjusted, chances, strict=True))
    if variance < 1e-9:
        return None
    deviation = math.fsum(
        (each.correct - p) * w for each, p, w in zip(responses, chances, weights, strict=True)
    )
    return (deviation + ratio * -theta) / math.sqrt(variance)


def _modal(responses: Sequence[Response]) -> float:
    """The maximum of the posterior, by bisection: its derivative falls everywhere."""
    low, high = -6.0, 6.0
    for _ in range(60):
        middle = (low + high) / 2
        slope = -middle + math.fsum(
            each.a * (each.correct - probability(middle, each.a, each.b)) for each in responses
        )
        low, high = (middle, high) if slope > 0 else (low, middle)
    return (low + high) / 2
