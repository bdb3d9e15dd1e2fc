"""What mentors say of items."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from functions.portfolio.rules.documents import CONTAINER, Feedback, Item, feedback_document_id
from functions.portfolio.service.items import SOURCE, read_own
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create, Delete, Equals, Order
from shared.errors import Conflict, Missing
from shared.events.portfolio import PortfolioFeedbackGiven
from shared.messaging import Answer, Decision, IdempotencyKey, announce_once, answer_once
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

MOST_FEEDBACK = 90
"""Of an item: they are removed with it in one commit."""


def give(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    item: Item,
    feedback_id: str,
    text: str,
    *,
    shown: Callable[[Feedback], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Say something of a learner's item; the learner is told.

    Raises ``Conflict`` above :data:`MOST_FEEDBACK`, ``Missing`` for an item that was removed.
    """
    feedback = Feedback(
        id=feedback_document_id(feedback_id),
        tenant_id=by.tenant_id,
        feedback_id=feedback_id,
        of_item=item.item_id,
        user_id=item.user_id,
        by_user=by.user_id,
        text=text,
        given_at=now,
    )

    def decide() -> Answer:
        read_own(stores, item.partition, item.item_id)
        if len(_of(stores, item)) >= MOST_FEEDBACK:
            raise Conflict(f"an item has {MOST_FEEDBACK} words of feedback at most")
        told = PortfolioFeedbackGiven(
            user_id=item.user_id, item_id=item.item_id, feedback_id=feedback_id
        )
        audited = noted(
            pseudonyms, by, "portfolio.feedback",
            tenant_id=by.tenant_id, of="user", target=item.user_id,
        )  # fmt: skip
        decision = Decision([Create(feedback.stored())], [told, audited])
        return Answer(201, shown(feedback), decision)

    return answer_once(
        stores,
        idempotency,
        source=SOURCE,
        container=CONTAINER,
        partition=item.partition,
        decide=decide,
        now=now,
    )


def listed(stores: Stores, item: Item) -> list[Feedback]:
    """All that was said of an item, the latest first."""
    return _of(stores, item)


def withdraw(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    item: Item,
    feedback_id: str,
    *,
    now: datetime,
) -> None:
    """Take back what the caller said; an admin takes back anybody's. Raises ``Missing``."""
    partition, document_id = item.partition, feedback_document_id(feedback_id)

    def decide() -> Decision:
        stored = stores.documents.get(CONTAINER, partition, document_id)
        found = Feedback.of(stored.body) if stored else None
        is_theirs = found is not None and (found.by_user == by.user_id or "admin" in by.roles)
        if stored is None or found is None or found.of_item != item.item_id or not is_theirs:
            raise Missing("there is no feedback of yours with this id")
        audited = noted(
            pseudonyms, by, "portfolio.withdraw",
            tenant_id=by.tenant_id, of="user", target=item.user_id,
        )  # fmt: skip
        return Decision([Delete(document_id, stored.etag)], [audited])

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )


def _of(stores: Stores, item: Item) -> list[Feedback]:
    page = stores.documents.query(
        CONTAINER,
        item.partition,
        where=[Equals("kind", "feedback"), Equals("of_item", item.item_id)],
        order=Order("given_at", descending=True),
        limit=MOST_FEEDBACK,
    )
    return [Feedback.of(each.body) for each in page.items]
