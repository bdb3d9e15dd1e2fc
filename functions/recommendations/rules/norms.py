"""How a signal is spread over the learners of a tenant.

Before there are many, some are assumed: :data:`ASSUMED` learners with the mean and spread of
:data:`PRIORS`, which are guesses of ours and fade as real ones come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from functions.recommendations.rules.signals import Measured, Signal
from functions.recommendations.rules.traits_documents import SignalSums

ASSUMED = 20
LEAST_OBSERVATIONS = 30
"""Observations from which a learner's signal counts among the others'."""


@dataclass(frozen=True)
class Norm:
    """The mean and the standard deviation of a signal, over how many learners of the tenant."""

    mean: float
    deviation: float
    learners: int


PRIORS: Mapping[Signal, tuple[float, float]] = {
    "first_try": (0.70, 0.12),
    "hints": (0.15, 0.12),
    "persistence": (0.60, 0.20),
    "pace": (0.0, 0.35),
    "regularity": (0.45, 0.15),
    "exploration": (0.15, 0.10),
}


def norm(signal: Signal, sums: SignalSums | None) -> Norm:
    """The norm of a signal, by the sums of the tenant's learners with those assumed."""
    mean, deviation = PRIORS[signal]
    learners = sums.learners if sums else 0
    total = (sums.total if sums else 0.0) + ASSUMED * mean
    squares = (sums.squares if sums else 0.0) + ASSUMED * (deviation**2 + mean**2)
    number = learners + ASSUMED
    middle = total / number
    return Norm(middle, sqrt(max(squares / number - middle**2, 1e-6)), learners)


def contribution(measured: Mapping[Signal, Measured]) -> dict[Signal, float]:
    """What a learner adds to the norms: signals that rest on enough."""
    return {
        signal: each.value
        for signal, each in measured.items()
        if each.observations >= LEAST_OBSERVATIONS
    }


def moved(
    sums: Mapping[Signal, SignalSums],
    before: Mapping[Signal, float],
    after: Mapping[Signal, float],
) -> dict[Signal, SignalSums]:
    """The sums once a learner's contribution has changed."""
    found = dict(sums)
    for signal in {*before, *after}:
        held = found.get(signal, SignalSums())
        for values, sign in ((before, -1), (after, 1)):
            if signal in values:
                value = values[signal]
                held = SignalSums(
                    learners=held.learners + sign,
                    total=held.total + sign * value,
                    squares=held.squares + sign * value**2,
                )
        found[signal] = held
    return found


def united(several: list[Mapping[Signal, SignalSums]]) -> dict[Signal, SignalSums]:
    """The sums of several shards together."""
    found: dict[Signal, SignalSums] = {}
    for sums in several:
        for signal, each in sums.items():
            held = found.get(signal, SignalSums())
            found[signal] = SignalSums(
                learners=held.learners + each.learners,
                total=held.total + each.total,
                squares=held.squares + each.squares,
            )
    return found
