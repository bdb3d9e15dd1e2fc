"""Items of portfolios: the learner's to write, others' to see as far as they are open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from functions.portfolio.rules.documents import CONTAINER, Item, ItemType
from functions.portfolio.rules.items import changed, openness_of, statement_item
from shared.access import Reach
from shared.auth import Principal
from shared.documents.port import Create, Delete, Equals, Filter, Order, Range, Replace
from shared.erasures import erased_at
from shared.errors import Conflict, Missing, Rejected, Stale
from shared.events.envelope import Event, read_data
from shared.events.portfolio import PortfolioItemRemoved
from shared.events.profiler import ProfilerCompleted
from shared.messaging import (
    Answer,
    Decision,
    IdempotencyKey,
    Outcome,
    announce_once,
    answer_once,
    handle_once,
    was_handled,
)
from shared.models import profiling
from shared.models.profiling import ProfilerResult, result_id_of
from shared.people import find_owned, is_parent_of
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores
from shared.wording.rewording import Reworder

SOURCE = "portfolio"
MOST_ITEMS = 500
_MOST_FEEDBACK = 90
Partition = tuple[str, str]


def add_statement(
    stores: Stores,
    pseudonyms: Pseudonyms,
    event: Event,
    *,
    reworder: Reworder | None = None,
    now: datetime,
) -> Outcome:
    """A learner has completed the profiler: what they said of themselves becomes an item, once;
    in better words where a model is at hand and says the same.

    An item that is there stays as it is: it may have been edited.
    """
    told = read_data(event, ProfilerCompleted)
    partition = (event.tenantid, told.user_id)
    worded = (
        _worded(stores, pseudonyms, event, told, reworder, now) if reworder is not None else None
    )

    def decide() -> Decision:
        if erased_at(stores, pseudonyms, event.tenantid, "user", told.user_id) is not None:
            raise Rejected("the learner was erased")
        stored = stores.documents.get(profiling.CONTAINER, partition, result_id_of(told.session_id))
        if stored is None:
            raise Rejected("the result is gone")
        item = statement_item(ProfilerResult.of(stored.body), worded=worded, now=now)
        if item is None or stores.documents.get(CONTAINER, partition, item.id) is not None:
            return Decision()
        return Decision([Create(item.stored())])

    return handle_once(
        stores,
        event,
        handler=SOURCE,
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )


def _worded(
    stores: Stores,
    pseudonyms: Pseudonyms,
    event: Event,
    told: ProfilerCompleted,
    reworder: Reworder,
    now: datetime,
) -> tuple[str, str] | None:
    """A statement in better words and the model that found them; None where there are none, or
    nothing is left to be done."""
    partition = (event.tenantid, told.user_id)
    if was_handled(stores, event.id, handler=SOURCE, container=CONTAINER, partition=partition):
        return None
    if erased_at(stores, pseudonyms, event.tenantid, "user", told.user_id) is not None:
        return None
    stored = stores.documents.get(profiling.CONTAINER, partition, result_id_of(told.session_id))
    if stored is None:
        return None
    result = ProfilerResult.of(stored.body)
    item = statement_item(result, now=now)
    if item is None or stores.documents.get(CONTAINER, partition, item.id) is not None:
        return None
    paragraphs = {str(at): each for at, each in enumerate(item.text.split("\n\n"))}
    found = reworder.reword(
        stores, event.tenantid, paragraphs, purpose="value_statement", language=result.language,
        now=now,
    )  # fmt: skip
    if not found:
        return None
    return "\n\n".join({**paragraphs, **found}.values()), reworder.model


def add(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    item_id: str,
    fields: Mapping[str, Any],
    *,
    shown: Callable[[Item], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Add an item to the caller's portfolio.

    Raises ``Conflict`` above :data:`MOST_ITEMS`, and for somebody who was erased.
    """
    partition = (by.tenant_id, by.user_id)

    def decide() -> Answer:
        if erased_at(stores, pseudonyms, by.tenant_id, "user", by.user_id):
            raise Conflict("your account was erased, and stays so")
        if _is_full(stores, partition):
            raise Conflict(f"a portfolio has {MOST_ITEMS} items at most; remove one first")
        item = Item.model_validate(
            {
                **fields,
                "id": item_id,
                "tenant_id": by.tenant_id,
                "item_id": item_id,
                "user_id": by.user_id,
                "openness": openness_of(fields["visibility"]),
                "created_at": now,
                "updated_at": now,
            }
        )
        return Answer(201, shown(item), Decision([Create(item.stored())]))

    return answer_once(
        stores,
        idempotency,
        source=SOURCE,
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )


def read_own(stores: Stores, partition: Partition, item_id: str) -> tuple[Item, str]:
    """An item of a learner's partition, and its etag. Raises ``Missing``."""
    stored = stores.documents.get(CONTAINER, partition, item_id)
    if stored is None or stored.body.get("kind") != "item":
        raise missing()
    return Item.of(stored.body), stored.etag


def find(stores: Stores, by: Principal, reach: frozenset[Reach], item_id: str) -> tuple[Item, str]:
    """An item of the caller's, or one that they reach and that is open to them, and its etag.

    Raises ``Missing``.
    """
    try:
        return read_own(stores, (by.tenant_id, by.user_id), item_id)
    except Missing:
        if reach <= {"own"}:
            raise
    found = find_owned(stores, by, reach, CONTAINER, "item_id", item_id)
    if found is None:
        raise missing()
    item = Item.of(found.body)
    if item.openness < least_openness(stores, by, reach, item.user_id):
        raise missing()
    return item, found.etag


def least_openness(stores: Stores, by: Principal, reach: frozenset[Reach], user_id: str) -> int:
    """How open an item of somebody has to be for a caller who reaches them to see it."""
    if user_id == by.user_id:
        return openness_of("private")
    is_close = "tenant" in reach or (
        "children" in reach
        and is_parent_of(stores, by.tenant_id, parent_id=by.user_id, learner_id=user_id)
    )
    return openness_of("family" if is_close else "mentors")


def listed(
    stores: Stores,
    partition: Partition,
    *,
    least: int,
    item_type: ItemType | None,
    limit: int,
    continuation: str | None,
) -> tuple[list[Item], str | None]:
    """A page of a portfolio's items that are open enough, newest first, and where the next
    begins."""
    where: list[Filter] = [Equals("kind", "item"), Range("openness", at_least=least)]
    if item_type is not None:
        where.append(Equals("type", item_type))
    page = stores.documents.query(
        CONTAINER,
        partition,
        where=where,
        order=Order("created_at", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [Item.of(each.body) for each in page.items], page.continuation


def change(
    stores: Stores,
    by: Principal,
    item_id: str,
    changes: Mapping[str, Any],
    *,
    if_match: str | None,
    now: datetime,
) -> tuple[Item, str]:
    """Change an item of the caller's; returns it with its new etag.

    Raises ``Missing``, and ``Stale`` when it was written since ``if_match``.
    """
    return rewrite(stores, by, item_id, lambda item: changed(item, changes, now=now), if_match, now)


def rewrite(
    stores: Stores,
    by: Principal,
    item_id: str,
    write: Callable[[Item], Item],
    if_match: str | None,
    now: datetime,
) -> tuple[Item, str]:
    """Write an item of the caller's anew, from what it is at that moment."""
    partition = (by.tenant_id, by.user_id)

    def decide() -> Decision:
        item, etag = read_own(stores, partition, item_id)
        _check_unchanged(etag, if_match)
        return Decision([Replace(write(item).stored(), etag)])

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )
    return read_own(stores, partition, item_id)


def remove(
    stores: Stores, by: Principal, item_id: str, *, if_match: str | None, now: datetime
) -> None:
    """Remove an item of the caller's with its feedback; its files go by the event that tells of
    it. Raises ``Missing``, and ``Stale`` when it was written since ``if_match``."""
    partition = (by.tenant_id, by.user_id)

    def decide() -> Decision:
        item, etag = read_own(stores, partition, item_id)
        _check_unchanged(etag, if_match)
        feedback = stores.documents.query(
            CONTAINER,
            partition,
            where=[Equals("kind", "feedback"), Equals("of_item", item_id)],
            limit=_MOST_FEEDBACK,
        )
        gone = [Delete(str(each.body["id"])) for each in feedback.items]
        told = PortfolioItemRemoved(user_id=by.user_id, item_id=item_id)
        return Decision([Delete(item.id, etag), *gone], [told])

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )


def missing() -> Missing:
    """That an item is not there, or not open: the same words for both."""
    return Missing("there is no portfolio item with this id")


def _is_full(stores: Stores, partition: Partition) -> bool:
    page = stores.documents.query(
        CONTAINER, partition, where=[Equals("kind", "item")], limit=MOST_ITEMS
    )
    return len(page.items) >= MOST_ITEMS


def _check_unchanged(etag: str, if_match: str | None) -> None:
    if if_match is not None and if_match.strip('"') != etag.strip('"'):
        raise Stale("somebody has changed this item; read it again")
