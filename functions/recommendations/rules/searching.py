"""Search by words and by meaning together.

Each way puts what it finds in an order of its own; reciprocal rank fusion makes one of both:
``Σ 1 / (60 + rank)`` (Cormack, Clarke and Büttcher, Reciprocal rank fusion outperforms Condorcet,
SIGIR 2009).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Literal

from shared.models.content import Content, encoded_text
from shared.search_terms import limited, words

MOST_WORDS = 8
"""Words of a question that are looked for, the longest of them: those say most."""
MOST_TERMS = 400
CLOSE_FROM = 0.25
"""Cosine below which a text has another subject than the question."""
FUSION_CONSTANT = 60
_SATURATION, _LENGTH_SHARE, _USUAL_WORDS = 1.2, 0.75, 120.0

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

Key = tuple[str, str]
Way = Literal["words", "meaning"]


@dataclass(frozen=True)
class Hit:
    """An item that was found: by which ways, and how near in meaning."""

    content: Content
    score: float
    ways: tuple[Way, ...]
    similarity: float | None


def terms_of(title: str, text: str) -> tuple[str, ...]:
    """The terms under which an item is found."""
    return limited(words(encoded_text(title, text)))[:MOST_TERMS]


def asked_words(question: str) -> list[str]:
    """The words of a question that are looked for: those that say something, or all where none
    does."""
    distinct = list(dict.fromkeys(words(question)))
    telling = [each for each in distinct if each not in _SAY_NOTHING] or distinct
    return sorted(telling, key=lambda each: (-len(each), each))[:MOST_WORDS]


def by_words(
    found: Sequence[Content], asked: Sequence[str], spread: Mapping[str, int], total: int
) -> list[Content]:
    """Items that hold some of the words, the best first, by BM25 (Robertson and Zaragoza, The
    probabilistic relevance framework, 2009).

    ``spread`` is how many items hold each word, ``total`` how many there are.
    """
    scored = []
    for content in found:
        counts = Counter(words(encoded_text(content.title, content.text)))
        counts.update(words(content.title))  # what the title says, an item is about
        length = sum(counts.values()) / _USUAL_WORDS
        norm = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * length)
        score = sum(
            _rarity(spread.get(word, 0), total) * counts[word] * (_SATURATION + 1)
            / (counts[word] + norm)
            for word in asked
        )  # fmt: skip
        scored.append((-score, content.key, content))
    return [content for score, _, content in sorted(scored, key=lambda each: each[:2]) if score]


def fused(
    worded: Sequence[Content], meant: Sequence[tuple[Content, float]], *, limit: int
) -> list[Hit]:
    """One order of both, at most ``limit``. ``meant`` are items with their cosine to the question,
    the nearest first."""
    near = [(content, cosine) for content, cosine in meant if cosine >= CLOSE_FROM]
    items = {content.key: content for content in worded}
    items |= {content.key: content for content, _ in near}
    orders: dict[Way, list[Key]] = {
        "words": [content.key for content in worded],
        "meaning": [content.key for content, _ in near],
    }
    cosines = {content.key: cosine for content, cosine in near}
    hits = []
    for key, content in items.items():
        ways = tuple(way for way, order in orders.items() if key in order)
        score = sum(1 / (FUSION_CONSTANT + 1 + orders[way].index(key)) for way in ways)
        hits.append(Hit(content, score, ways, cosines.get(key)))
    hits.sort(key=lambda hit: (-hit.score, -(hit.similarity or 0.0), hit.content.key))
    return hits[:limit]


def _rarity(spread: int, total: int) -> float:
    """The inverse document frequency, never below zero."""
    return log(1 + (max(total, spread) - spread + 0.5) / (spread + 0.5))
