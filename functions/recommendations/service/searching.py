"""Searches content by words and by meaning together."""

from __future__ import annotations

from dataclasses import dataclass

from functions.recommendations.rules.searching import Hit, Way, by_words, fused
from functions.recommendations.service import candidates
from shared.documents.port import Contains, Equals, Filter
from shared.encoding import Encoder
from shared.errors import Unavailable
from shared.models.content import Content
from shared.ranking import asked_words
from shared.stores import Stores

_MOST_OF_A_WORD = 200
_MOST_BY_MEANING = 50
_USUAL_TOTAL = 10_000
"""How many items there are, for the rarity of words: counting them would read them all."""


@dataclass(frozen=True)
class Found:
    """Hits, the best first, and by which ways they were looked for."""

    hits: list[Hit]
    ways: tuple[Way, ...]


def search(
    stores: Stores,
    encoder: Encoder,
    tenant_id: str,
    question: str,
    *,
    content_type: str | None,
    language: str | None,
    limit: int,
) -> Found:
    """What a tenant's content and the platform's recipes have on a question.

    Without an encoder it is looked for by words alone, and ``ways`` says so.
    """
    where: list[Filter] = [Equals("language", language)] if language else []
    asked = asked_words(question)
    spread: dict[str, int] = {}
    worded: dict[tuple[str, str], Content] = {}
    for word in asked:
        holding = candidates.holding(
            stores, tenant_id, Contains("terms", word), content_type=content_type, where=where,
            most=_MOST_OF_A_WORD,
        )  # fmt: skip
        spread[word] = len(holding)
        worded |= {each.key: each for each in holding}
    try:
        (vector,) = encoder.encode([question])
    except Unavailable:
        vector = ()
    meant = (
        candidates.nearest(
            stores, tenant_id, vector, content_type=content_type, where=where,
            most=_MOST_BY_MEANING,
        )
        if vector
        else []
    )  # fmt: skip
    ways: tuple[Way, ...] = ("words", "meaning") if vector else ("words",)
    ranked = by_words(list(worded.values()), asked, spread, _USUAL_TOTAL)
    return Found(fused(ranked, meant, limit=limit), ways)
