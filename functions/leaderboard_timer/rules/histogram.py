"""Histograms of scores: how many learners have which score, exact and small.

Competition rank (1, 2, 2, 4) is a function of the score alone: one more than the number of
learners with a higher one. So a histogram answers everybody's rank at once.
"""

from __future__ import annotations

import base64
import json
import zlib
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise


@dataclass(frozen=True)
class Histogram:
    """Scores in falling order, each with how many learners have it or a higher one."""

    scores: tuple[int, ...]
    up_to: tuple[int, ...]

    @classmethod
    def of(cls, counts: Mapping[int, int]) -> Histogram:
        """From how many have each score."""
        scores = tuple(sorted(counts, reverse=True))
        return cls(scores, tuple(accumulate(counts[score] for score in scores)))

    @property
    def members(self) -> int:
        """How many learners there are."""
        return self.up_to[-1] if self.up_to else 0

    def above(self, score: int) -> int:
        """How many have a higher score than this one."""
        position = bisect_left(self.scores, -score, key=lambda each: -each)
        return self.up_to[position - 1] if position else 0

    def rank(self, score: int) -> int:
        """The competition rank of a score, whether or not somebody has it."""
        return 1 + self.above(score)

    def next_above(self, score: int) -> int | None:
        """The lowest score that is higher than this one, None at the top."""
        position = bisect_left(self.scores, -score, key=lambda each: -each)
        return self.scores[position - 1] if position else None

    def encoded(self) -> str:
        """As text: differences of scores and counts, as compressed JSON in base 64."""
        falls = [before - after for before, after in pairwise((0, *self.scores))]
        counts = [after - before for before, after in pairwise((0, *self.up_to))]
        return base64.b64encode(zlib.compress(json.dumps([falls, counts]).encode(), 9)).decode()

    @classmethod
    def decoded(cls, text: str) -> Histogram:
        """From :meth:`encoded`."""
        falls, counts = json.loads(zlib.decompress(base64.b64decode(text)))
        return cls(tuple(-fallen for fallen in accumulate(falls)), tuple(accumulate(counts)))
