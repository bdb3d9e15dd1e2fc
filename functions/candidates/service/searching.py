"""Searches candidates: by fields and words, and by words and meaning together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from functions.candidates.rules.filters import Search, wanted_terms
from shared.documents.port import Contains, Equals, Filter, Json, Neighbour, Order, Range
from shared.encoding import Encoder
from shared.errors import Invalid, Unavailable
from shared.models.candidate import CONTAINER, CandidateProfile
from shared.ranking import asked_words, fused_scores, rarity
from shared.stores import Stores

MOST_COUNTED = 2000
_MOST_OF_A_WORD = 200
_MOST_BY_MEANING = 100
_CLOSE_FROM = 0.1
"""Cosine below which a profile has nothing to do with the question; a résumé of lists is far from
any sentence, so it is low."""
_USUAL_TOTAL = 10_000
"""How many profiles there are, for the rarity of words: counting them would read them all."""
_RANKED = "r:"

Way = Literal["words", "meaning"]


@dataclass(frozen=True)
class Found:
    """A page of profiles, changed last first, and where the next begins."""

    profiles: list[CandidateProfile]
    continuation: str | None


@dataclass(frozen=True)
class RankedHit:
    """A profile that was found by rank: its score, by which ways, how near in meaning."""

    profile: CandidateProfile
    score: float
    ways: tuple[Way, ...]
    similarity: float | None


@dataclass(frozen=True)
class Ranked:
    """A page of hits, the best first, by which ways was looked, and where the next begins."""

    hits: list[RankedHit]
    ways: tuple[Way, ...]
    continuation: str | None


@dataclass(frozen=True)
class Facets:
    """How many of the profiles that fit have what; ``complete`` when all were counted."""

    counted: int
    complete: bool
    skills: list[tuple[str, int]]
    languages: list[tuple[str, int]]
    levels: list[tuple[str, int]]
    channels: list[tuple[str, int]]
    tags: list[tuple[str, int]]
    places: list[tuple[str, int]]


def conditions(wanted: Search, *, now: datetime) -> list[Filter]:
    """What a profile must hold to fit everything wanted. Raises ``Invalid`` for a search that
    says nothing."""
    where: list[Filter] = [
        Equals("kind", "profile"),
        Range("expires_at", at_least=now.isoformat()),
        *(Contains("terms", term) for term in wanted_terms(wanted)),
        *(Contains("tags", tag) for tag in wanted.tags),
        *(Contains("language_codes", code) for code in wanted.languages),
    ]
    if wanted.level is not None:
        where.append(Contains("levels", wanted.level))
    if wanted.channel is not None:
        where.append(Contains("channels", wanted.channel))
    if wanted.least_years is not None:
        where.append(Range("months_of_experience", at_least=round(wanted.least_years * 12)))
    if wanted.changed_since is not None:
        where.append(Range("updated_at", at_least=wanted.changed_since.astimezone(UTC).isoformat()))
    return where


def search(
    stores: Stores,
    tenant_id: str,
    wanted: Search,
    *,
    limit: int,
    continuation: str | None,
    now: datetime,
) -> Found:
    """Return the profiles of a tenant that fit everything wanted, changed last first.

    Raises ``Invalid`` for a search that says nothing.
    """
    page = stores.documents.query(
        CONTAINER,
        (tenant_id,),
        where=conditions(wanted, now=now),
        order=Order("updated_at", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return Found([CandidateProfile.of(item.body) for item in page.items], page.continuation)


def ranked(
    stores: Stores,
    encoder: Encoder,
    tenant_id: str,
    question: str,
    wanted: Search,
    *,
    limit: int,
    continuation: str | None,
    now: datetime,
) -> Ranked:
    """Return the profiles that fit everything wanted and are about a question, the best first.

    Without an encoder it is looked for by words alone, and ``ways`` says so. Raises ``Invalid``
    for a search that says nothing.
    """
    start = _start(continuation)
    where = conditions(wanted, now=now)
    asked = asked_words(question)
    bodies: dict[str, Json] = {}
    weights: Counter[str] = Counter()
    for word in asked:
        page = stores.documents.query(
            CONTAINER,
            (tenant_id,),
            where=[*where, Contains("terms", word)],
            order=Order("updated_at", descending=True),
            limit=_MOST_OF_A_WORD,
        )
        weight = rarity(len(page.items), _USUAL_TOTAL)
        for item in page.items:
            bodies[item.body["id"]] = item.body
            weights[item.body["id"]] += weight  # type: ignore[assignment]  # a float
    worded = sorted(weights, key=lambda each: (-weights[each], each))
    near = _nearest(stores, encoder, tenant_id, question, where, _MOST_BY_MEANING)
    close = [each for each in near or () if each.similarity >= _CLOSE_FROM]
    bodies |= {each.stored.body["id"]: each.stored.body for each in close}
    cosines = {each.stored.body["id"]: each.similarity for each in close}
    orders: dict[Way, list[str]] = {"words": worded, "meaning": list(cosines)}
    scores = fused_scores(orders.values())
    best = sorted(scores, key=lambda key: (-scores[key], -cosines.get(key, 0.0), key))
    hits = [
        RankedHit(
            CandidateProfile.of(bodies[key]),
            scores[key],
            tuple(way for way, order in orders.items() if key in order),
            cosines.get(key),
        )
        for key in best[start : start + limit]
    ]
    more = f"{_RANKED}{start + limit}" if len(best) > start + limit else None
    ways: tuple[Way, ...] = ("words",) if near is None else ("words", "meaning")
    return Ranked(hits, ways, more)


def meant(
    stores: Stores,
    encoder: Encoder,
    tenant_id: str,
    question: str,
    where: list[Filter],
    *,
    limit: int = _MOST_BY_MEANING,
) -> list[tuple[CandidateProfile, float]] | None:
    """Profiles by their nearness to a question, the nearest first; None without an encoder."""
    found = _nearest(stores, encoder, tenant_id, question, where, limit)
    if found is None:
        return None
    return [(CandidateProfile.of(each.stored.body), each.similarity) for each in found]


def _nearest(
    stores: Stores,
    encoder: Encoder,
    tenant_id: str,
    question: str,
    where: list[Filter],
    limit: int,
) -> tuple[Neighbour, ...] | None:
    try:
        (vector,) = encoder.encode([question])
    except Unavailable:
        return None
    return stores.documents.nearest(CONTAINER, (tenant_id,), vector, where=where, limit=limit)


def facets(stores: Stores, tenant_id: str, wanted: Search, *, now: datetime) -> Facets:
    """Count what the profiles that fit have, over the 2,000 that were changed last at most.

    Raises ``Invalid`` for a search that says nothing.
    """
    counts: dict[str, Counter[str]] = {
        name: Counter() for name in ("skills", "languages", "levels", "channels", "tags", "places")
    }
    counted, complete = 0, True
    for body in _fitting(stores, tenant_id, wanted, now):
        if counted == MOST_COUNTED:
            complete = False
            break
        counted += 1
        counts["skills"].update(body["skill_keys"])
        counts["languages"].update(body["language_codes"])
        counts["levels"].update(body["levels"][-1:])
        counts["channels"].update(body["channels"])
        counts["tags"].update(body["tags"])
        location = body["resume"]["personal"]["location"]
        counts["places"].update([location["value"]] if location else [])
    return Facets(counted, complete, **{name: _most(each) for name, each in counts.items()})


def _fitting(stores: Stores, tenant_id: str, wanted: Search, now: datetime) -> Iterator[Json]:
    """The stored profiles that fit, as they lie there: reading thousands as models takes ten
    times as long."""
    continuation = None
    while True:
        page = stores.documents.query(
            CONTAINER,
            (tenant_id,),
            where=conditions(wanted, now=now),
            order=Order("updated_at", descending=True),
            limit=500,
            continuation=continuation,
        )
        yield from (item.body for item in page.items)
        continuation = page.continuation
        if continuation is None:
            return


def _most(counts: Counter[str], most: int = 25) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:most]


def _start(continuation: str | None) -> int:
    if continuation is None:
        return 0
    digits = continuation.removeprefix(_RANKED)
    if not (continuation.startswith(_RANKED) and digits.isascii() and digits.isdigit()):
        raise Invalid("the continuation is not one of this search")
    return min(int(digits), 10**6)
