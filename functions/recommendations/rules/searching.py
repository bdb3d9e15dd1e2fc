"""Search by words and by meaning together.

Each way puts what it finds in an order of its own; :mod:`shared.ranking` makes one of both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.models.content import Content, encoded_text
from shared.ranking import fused_scores, rarity
from shared.search_terms import limited, words

MOST_TERMS = 400
CLOSE_FROM = 0.25
"""Cosine below which a text has another subject than the question."""
_SATURATION, _LENGTH_SHARE, _USUAL_WORDS = 1.2, 0.75, 120.0

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
            rarity(spread.get(word, 0), total) * counts[word] * (_SATURATION + 1)
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
    for key, score in fused_scores(orders.values()).items():
        ways = tuple(way for way, order in orders.items() if key in order)
        hits.append(Hit(items[key], score, ways, cosines.get(key)))
    hits.sort(key=lambda hit: (-hit.score, -(hit.similarity or 0.0), hit.content.key))
    return hits[:limit]
