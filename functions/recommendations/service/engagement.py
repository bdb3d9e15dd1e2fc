"""What learners do with content: clicks, dismissals, recipes used."""

from __future__ import annotations

from datetime import datetime

from functions.recommendations.rules.documents import (
    CONTAINER,
    FRESHNESS_ID,
    Action,
    Cache,
    Engagement,
    Freshness,
    Impressions,
    engagement_id_of,
    impressions_id_of,
)
from functions.recommendations.service import content
from functions.recommendations.service.freshness import SOURCE, invalidated
from shared.auth import Principal
from shared.documents.port import Create, Operation, Partition, Replace
from shared.erasures import erased_at
from shared.errors import Conflict, Invalid, Missing, Rejected
from shared.events.envelope import Event, read_data
from shared.events.recipes import RecipeUsed
from shared.messaging import Decision, Outcome, announce_once
from shared.models.content import RECIPES
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

_ENDS_LIST: tuple[Cache, ...] = ("recommendations",)


def act(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    content_type: str,
    content_id: str,
    action: Action,
    *,
    recommendation_id: str | None,
    now: datetime,
) -> Engagement:
    """Note what the caller did with an item; done again it is the same.

    ``restored`` takes a dismissal back. Raises ``Missing`` for content, or for a list of
    recommendations, that is not there, ``Invalid`` for an item that the list did not have, and
    ``Conflict`` for somebody who was erased.
    """
    partition = (by.tenant_id, by.user_id)
    content.read(stores, by.tenant_id, content_type, content_id)
    position = _position(stores, partition, recommendation_id, (content_type, content_id))
    kept: list[Engagement] = []

    def decide() -> Decision:
        if erased_at(stores, pseudonyms, by.tenant_id, "user", by.user_id):
            raise Conflict("your account was erased, and stays so")
        document_id = engagement_id_of(content_type, content_id)
        stored = stores.documents.get(CONTAINER, partition, document_id)
        before = (
            Engagement.of(stored.body) if stored else _new(partition, content_type, content_id, now)
        )
        after = _after(before, action, recommendation_id, position, now)
        kept[:] = [after]
        if stored is not None and after == before:
            return Decision()
        after = after.model_copy(update={"updated_at": now})
        written: Operation = (
            Replace(after.stored(), stored.etag) if stored else Create(after.stored())
        )
        changes_list = before.dismissed_at != after.dismissed_at
        return Decision([written, *(_ending(stores, partition) if changes_list else ())])

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )
    return kept[0]


def note_recipe(stores: Stores, pseudonyms: Pseudonyms, event: Event, *, now: datetime) -> Outcome:
    """A learner has used a recipe: it counts as completed, from the first time on."""
    told = read_data(event, RecipeUsed)
    partition = (event.tenantid, told.user_id)

    def decide() -> Decision:
        if erased_at(stores, pseudonyms, event.tenantid, "user", told.user_id) is not None:
            raise Rejected("the learner was erased")
        document_id = engagement_id_of(RECIPES, told.slug)
        stored = stores.documents.get(CONTAINER, partition, document_id)
        before = Engagement.of(stored.body) if stored else _new(partition, RECIPES, told.slug, now)
        if before.completed_at is not None:
            return Decision()
        after = before.model_copy(update={"completed_at": told.used_at, "updated_at": now})
        written: Operation = (
            Replace(after.stored(), stored.etag) if stored else Create(after.stored())
        )
        return Decision([written, *_ending(stores, partition)])

    return announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )


def _new(partition: Partition, content_type: str, content_id: str, now: datetime) -> Engagement:
    return Engagement(
        id=engagement_id_of(content_type, content_id),
        tenant_id=partition[0],
        user_id=partition[1],
        content_type=content_type,
        content_id=content_id,
        updated_at=now,
    )


def _after(
    before: Engagement,
    action: Action,
    recommendation_id: str | None,
    position: int | None,
    now: datetime,
) -> Engagement:
    if action == "clicked":
        if before.clicked_at is not None:
            return before
        return before.model_copy(
            update={
                "clicked_at": now,
                "recommendation_id": recommendation_id,
                "position": position,
            }
        )
    if action == "dismissed":
        return before.model_copy(update={"dismissed_at": before.dismissed_at or now})
    return before.model_copy(update={"dismissed_at": None})


def _position(
    stores: Stores, partition: Partition, recommendation_id: str | None, key: tuple[str, str]
) -> int | None:
    """The place that an item had in a list that the learner was shown."""
    if recommendation_id is None:
        return None
    stored = stores.documents.get(CONTAINER, partition, impressions_id_of(recommendation_id))
    if stored is None:
        raise Missing("you were shown no recommendations with this id")
    for each in Impressions.of(stored.body).items:
        if (each.content_type, each.content_id) == key:
            return each.position
    raise Invalid("this list of recommendations does not have that item")


def _ending(stores: Stores, partition: Partition) -> list[Operation]:
    """What ends the lists that were made before, in the same commit."""
    stored = stores.documents.get(CONTAINER, partition, FRESHNESS_ID)
    after = invalidated(Freshness.of(stored.body), _ENDS_LIST) if stored else None
    return [Replace(after.stored(), stored.etag)] if stored and after else []
