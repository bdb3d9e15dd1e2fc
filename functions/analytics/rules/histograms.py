"""Counts by size, from which medians and percentiles are read.

A duration falls into one of four buckets an octave, so a percentile is right to within 19 %
(2^(1/4) - 1). Scores from 0 to 100 fall into tenths.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, log2

_AN_OCTAVE = 4


def bucket_of(duration: int) -> int:
    """The bucket of a duration of 0 or more."""
    return 0 if duration < 1 else 1 + floor(log2(duration) * _AN_OCTAVE)


def tenth_of(percent: float) -> int:
    """The tenth, 0 to 9, of a score from 0 to 100."""
    return min(9, max(0, int(percent // 10)))


def percentile(buckets: Mapping[int, int], share: float) -> int | None:
    """The duration below which this share (0 to 1) lies: the middle, by ratio, of its bucket.

    None without any.
    """
    total = sum(buckets.values())
    if not total:
        return None
    sought, seen = share * total, 0
    last = 0
    for bucket in sorted(buckets):
        seen += buckets[bucket]
        last = bucket
        if seen >= sought:
            break
    return 0 if last == 0 else round(2 ** ((last - 0.5) / _AN_OCTAVE))


def exact_percentile(counts: Mapping[int, int], share: float) -> float | None:
    """The value below which this share lies, where each value has a count of its own; the mean of
    two where it falls between them. None without any."""
    total = sum(counts.values())
    if not total:
        return None
    ordered = sorted(value for value in counts if counts[value] > 0)
    lower = upper = ordered[-1]
    sought, seen = share * total, 0
    for at, value in enumerate(ordered):
        seen += counts[value]
        if seen > sought:
            lower = upper = value
            break
        if seen == sought:
            lower, upper = value, ordered[min(at + 1, len(ordered) - 1)]
            break
    return (lower + upper) / 2
