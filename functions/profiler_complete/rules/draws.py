"""Standard normal draws from a seed: the same for the same seed, on every machine."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

_MASK = (1 << 64) - 1
_NORMAL = NormalDist()


@lru_cache(maxsize=8)
def standard_normals(seed: int, draws: int, size: int) -> tuple[tuple[float, ...], ...]:
    """``draws`` vectors of ``size`` independent standard normal numbers.

    Uniform numbers come from SplitMix64 (Steele, Lea & Flood 2014). Each second vector
    is the one before it with its signs turned (antithetic variates), so means are exact.
    """
    state = seed & _MASK
    vectors: list[tuple[float, ...]] = []
    while len(vectors) < draws:
        vector = []
        for _ in range(size):
            state = (state + 0x9E3779B97F4A7C15) & _MASK
            mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
            mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
            mixed ^= mixed >> 31
            # the middle of one of 2^53 steps: never 0 or 1
            vector.append(_NORMAL.inv_cdf(((mixed >> 11) + 0.5) / (1 << 53)))
        vectors.append(tuple(vector))
        vectors.append(tuple(-number for number in vector))
    return tuple(vectors[:draws])
