"""One order out of several.

Reciprocal rank fusion, ``Σ 1 / (60 + rank)`` (Cormack, Clarke and Büttcher, Reciprocal rank fusion
outperforms Condorcet, SIGIR 2009), and the rarity of words (inverse document frequency as in BM25,
Robertson and Zaragoza, The probabilistic relevance framework, 2009).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from math import log
from typing import TypeVar

from shared.search_terms import words

FUSION_CONSTANT = 60
MOST_WORDS = 8
"""Words of a question that are looked for, the longest of them: those say most."""

_SAY_NOTHING = frozenset(
    """
    a about an and any are as at be by can do does for from has have how i in into is it its me my
    of on or our so that the their them there they this to was we were what when where which who why
    will with you your
    das dem den der des die ein eine einen fur ich im ist mit nicht oder sich sie und von was wer
    wie wir zu zum zur
    au aux ce ces comment dans de du elle en est et il je la le les mais ne nous ou par pas pour que
    qui quoi se sur un une vous
    as com como con cual da del do donde dos e el em es las lo los mas muy na nao nas no nos num
    numa o os para pero por quien ser si sin su sus te um uma voce y yo
    """.split()  # noqa: SIM905  a list to read, not a program
)
"""Words of English, German, French, Spanish and Portuguese that stand in every text."""

Key = TypeVar("Key", bound=Hashable)


def asked_words(question: str) -> list[str]:
    """The words of a question that are looked for: those that say something, or all where none
    does."""
    distinct = list(dict.fromkeys(words(question)))
    telling = [each for each in distinct if each not in _SAY_NOTHING] or distinct
    return sorted(telling, key=lambda each: (-len(each), each))[:MOST_WORDS]


def rarity(spread: int, total: int) -> float:
    """The inverse document frequency of a word that ``spread`` of ``total`` texts hold, never
    below zero."""
    return log(1 + (max(total, spread) - spread + 0.5) / (spread + 0.5))


def fused_scores(orders: Iterable[Sequence[Key]]) -> dict[Key, float]:
    """What stands in any of several orders, each best first, with its score over all of them."""
    scores: dict[Key, float] = {}
    for order in orders:
        for rank, key in enumerate(order, start=1):
            scores[key] = scores.get(key, 0.0) + 1 / (FUSION_CONSTANT + rank)
    return scores
