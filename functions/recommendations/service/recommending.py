"""Lists of recommendations: made, kept for an hour while nothing changes, shown and counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from functions.recommendations.rules.documents import (
    CONTAINER,
    Impressions,
    ListedItem,
    RecommendationList,
    ShownItem,
    impressions_id_of,
    list_id_of,
)
from functions.recommendations.rules.ranking import Pick, Standing, in_language, is_open, ranked
from functions.recommendations.rules.reasons import reasons
from functions.recommendations.rules.taste import Vector, taste
from functions.recommendations.service import candidates, freshness
from functions.recommendations.service.learners import LearnerFacts, facts
from shared.documents.port import Create, Patch, Upsert
from shared.erasures import erased_at
from shared.errors import Conflict, Exists, Missing
from shared.models.content import Content
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

_POOL = 200
_MOST_POOL = 1000
_SUMMARY = 280

Partition = tuple[str, str]


@dataclass(frozen=True)
class Served:
    """A list as it is served, and whether it was made before."""

    made: RecommendationList
    is_cached: bool


def recommend(
    stores: Stores,
    pseudonyms: Pseudonyms,
    partition: Partition,
    *,
    recommendation_id: str,
    content_type: str | None,
    language: str | None,
    limit: int,
    is_shown: bool,
    now: datetime,
) -> Served:
    """What to recommend to a learner. ``recommendation_id`` names the list if one is made.

    ``is_shown`` says that the learner sees it, which is then counted. Raises ``Conflict`` for
    somebody who was erased.
    """
    if erased_at(stores, pseudonyms, partition[0], "user", partition[1]) is not None:
        raise Conflict("this person's data was erased, and stays so")
    served = _served(stores, partition, content_type, language, limit)
    if served is None:
        number = freshness.begin(stores, partition, "recommendations", now=now)
        made = _made(
            stores, partition, number, recommendation_id,
            content_type=content_type, language=language, limit=limit, now=now,
        )  # fmt: skip
        if made.items:  # one without any would hide for an hour what is stored next
            stores.documents.commit(CONTAINER, partition, [Upsert(made.stored())])
        served = Served(made, is_cached=False)
    if is_shown and served.made.items:
        _count(stores, partition, served.made, now)
    return served


def _served(
    stores: Stores,
    partition: Partition,
    content_type: str | None,
    language: str | None,
    limit: int,
) -> Served | None:
    """The list that was made before, if it holds still."""
    stored = stores.documents.get(CONTAINER, partition, list_id_of(content_type, language, limit))
    if stored is None:
        return None
    made = RecommendationList.of(stored.body)
    if made.number != freshness.present(stores, partition, "recommendations"):
        return None
    return Served(made, is_cached=True)


def _made(
    stores: Stores,
    partition: Partition,
    number: int,
    recommendation_id: str,
    *,
    content_type: str | None,
    language: str | None,
    limit: int,
    now: datetime,
) -> RecommendationList:
    tenant_id, user_id = partition
    known = facts(stores, partition, candidates.TRACKS, now=now)
    centroids = candidates.centroids(stores, tenant_id, now=now)
    user = taste(known.finished, centroids, known.fit.probabilities, now)
    pool = _pool(stores, tenant_id, user, content_type, known.standing)
    spoken = in_language(pool, language, known.fit.language, known.standing, enough=limit)
    if user is None:
        opened = [each for each in spoken if is_open(each, known.standing)]
        picks = [Pick(each, 0.0, 0.0, None) for each in opened[:limit]]
    else:
        seed = f"{user_id}|{recommendation_id}"
        picks = ranked(spoken, user, known.standing, limit=limit, shown=known.shown, seed=seed)
    return RecommendationList(
        id=list_id_of(content_type, language, limit),
        tenant_id=tenant_id,
        user_id=user_id,
        number=number,
        recommendation_id=recommendation_id,
        items=tuple(_item(at, each, known, now) for at, each in enumerate(picks, start=1)),
        finished=len(known.finished),
        profiling_complete=known.fit.is_complete,
        made_at=now,
    )


def _pool(
    stores: Stores,
    tenant_id: str,
    user: Vector | None,
    content_type: str | None,
    standing: Standing,
) -> list[Content]:
    """Candidates: so many that enough are left without what was completed or dismissed."""
    done = len(standing.completed) + len(standing.dismissed)
    most = min(_POOL + done, _MOST_POOL)
    if user is None:
        return candidates.newest(stores, tenant_id, content_type=content_type, most=most)
    found = candidates.nearest(stores, tenant_id, user, content_type=content_type, most=most)
    return [each for each, _ in found]


def _item(at: int, pick: Pick, known: LearnerFacts, now: datetime) -> ListedItem:
    content = pick.content
    return ListedItem(
        position=at,
        content_type=content.content_type,
        content_id=content.content_id,
        title=content.title,
        summary=summary_of(content.text),
        url=content.url,
        minutes=content.minutes,
        score=round(pick.score, 4),
        similarity=round(pick.similarity, 4),
        predicted_success=(
            None if pick.predicted_success is None else round(pick.predicted_success, 3)
        ),
        explored=pick.explored,
        reasons=reasons(
            pick,
            known.standing,
            finished=known.finished,
            gaps=known.fit.gaps,
            probabilities=known.fit.probabilities if known.fit.is_complete else {},
            track_titles=known.fit.track_titles,
            now=now,
        ),
    )


def summary_of(text: str) -> str:
    """The beginning of a text, cut between two words."""
    line = " ".join(text.split())
    return line if len(line) <= _SUMMARY else f"{line[:_SUMMARY].rpartition(' ')[0]} …"


def _count(stores: Stores, partition: Partition, made: RecommendationList, now: datetime) -> None:
    """Note that a list was shown, once more if it was before."""
    document_id = impressions_id_of(made.recommendation_id)
    first = Impressions(
        id=document_id,
        tenant_id=partition[0],
        user_id=partition[1],
        recommendation_id=made.recommendation_id,
        items=tuple(
            ShownItem(
                content_type=each.content_type,
                content_id=each.content_id,
                position=each.position,
                explored=each.explored,
            )
            for each in made.items
        ),
        times=1,
        first_at=now,
    )
    try:
        stores.documents.commit(CONTAINER, partition, [Patch(document_id, increment={"times": 1})])
    except Missing:
        try:
            stores.documents.commit(CONTAINER, partition, [Create(first.stored())])
        except Exists:
            stores.documents.commit(
                CONTAINER, partition, [Patch(document_id, increment={"times": 1})]
            )
