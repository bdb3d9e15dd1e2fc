"""How many different learners: the k smallest of their hashes.

A sketch holds the :data:`K` smallest 48-bit hashes of what it has seen (KMV). Up to ``K - 1`` it
counts exactly. From there on the k-th smallest, as a share u of all hashes there could be, says
how densely they lie: (k - 1) / u is an unbiased estimate with a relative error of about
1 / sqrt(k - 2) (Bar-Yossef et al. 2002, "Counting distinct elements in a data stream"; Beyer et
al. 2007, "On synopses for distinct-value estimation under multiset operations"). The sketch of a
union is the k smallest of both, so days and groups are put together in any order.

A learner is always in the same shard, so shards are counted apart and added up; with all 16 of
them full the error falls to a quarter of a single one's.

A kept sketch says of each learner as well what they did, as marks (:mod:`.traits`): the k smallest
hashes are a random sample of all who were seen, so they also say how many did what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import nsmallest

K = 64
BITS = 48
_HASHES = 1 << BITS

Sketch = tuple[int, ...]
"""Hashes in ascending order, :data:`K` at most."""


def hash_of(pseudonym: str) -> int:
    """A learner's hash, 0 to 2^48 - 1, by their keyed pseudonym (hexadecimal)."""
    return int(pseudonym[: BITS // 4], 16)


def united(*sketches: Iterable[int]) -> Sketch:
    """The sketch of everybody whom these have seen."""
    return tuple(nsmallest(K, {hashed for each in sketches for hashed in each}))


def estimate(sketch: Sketch) -> float:
    """How many learners a sketch has seen: exact below :data:`K`, an estimate from there on."""
    if len(sketch) < K:
        return len(sketch)
    return (K - 1) * _HASHES / (sketch[K - 1] + 1)


_DIGITS = BITS // 4

Marked = Mapping[int, int]
"""What each learner did, as marks, by their hash."""


def marked(sketch: Iterable[str], hashed: int, marks: int) -> tuple[str, ...]:
    """A kept sketch with one more learner, or with more marks of one that it has; the same where
    it changes nothing."""
    held = dict(read(sketch))
    held[hashed] = held.get(hashed, 0) | marks
    return written(held)


def written(held: Marked) -> tuple[str, ...]:
    """A sketch as it is kept: of each of the :data:`K` smallest hashes twelve digits and the
    marks, hexadecimal."""
    return tuple(f"{hashed:0{_DIGITS}x}{held[hashed]:x}" for hashed in nsmallest(K, held))


def read(sketch: Iterable[str]) -> list[tuple[int, int]]:
    """The hashes of a kept sketch in ascending order, each with its marks."""
    return [(int(each[:_DIGITS], 16), int(each[_DIGITS:], 16)) for each in sketch]
