"""Hands candidates over to a tenant's applicant-tracking system."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from functions.candidates.rules.documents import (
    HANDOVER_ID,
    HANDOVERS,
    WEBHOOK_ID,
    WEBHOOKS,
    About,
    AtsHandover,
    AtsWebhook,
    handover_id_of,
)
from functions.candidates.rules.handovers import SIGNATURE_HEADER, body_of, signature_of
from functions.candidates.service.profiles import read
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create, Delete, Equals, Order, Replace, Upsert
from shared.errors import Conflict, Missing, Rejected, Throttled, Unavailable
from shared.events.candidate import HandoverDue
from shared.events.envelope import Event, read_data
from shared.messaging import Decision, Outcome, announce_once, handle_once
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

HANDLER = "candidates_handover"


class Ats(Protocol):
    """Calls webhooks."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a body; raises ``Unavailable``, ``Throttled`` or ``Rejected``."""


def webhook(stores: Stores, tenant_id: str) -> AtsWebhook:
    """Return the tenant's webhook. Raises ``Missing``."""
    stored = stores.documents.get(WEBHOOKS, (tenant_id,), WEBHOOK_ID)
    if stored is None:
        raise Missing("no webhook is set")
    return AtsWebhook.of(stored.body)


def set_webhook(
    stores: Stores, pseudonyms: Pseudonyms, by: Principal, webhook_: AtsWebhook
) -> None:
    """Set where the tenant's system is told, and with which secret it is signed."""
    _write_webhook(stores, pseudonyms, by, Upsert(webhook_.stored()), webhook_.updated_at)


def remove_webhook(stores: Stores, pseudonyms: Pseudonyms, by: Principal, *, now: datetime) -> None:
    """Tell nobody any more. Raises ``Missing``."""
    webhook(stores, by.tenant_id)
    _write_webhook(stores, pseudonyms, by, Delete(WEBHOOK_ID), now)


def _write_webhook(
    stores: Stores, pseudonyms: Pseudonyms, by: Principal, change: Upsert | Delete, now: datetime
) -> None:
    """The audit log holds who changed where candidates are sent."""
    action = "ats.webhook_remove" if isinstance(change, Delete) else "ats.webhook_set"
    note = noted(pseudonyms, by, action, tenant_id=by.tenant_id)
    announce_once(
        stores,
        source="candidates",
        container=WEBHOOKS,
        partition=(by.tenant_id,),
        decide=lambda: Decision([change], [note]),
        now=now,
    )


def hand_over(
    stores: Stores,
    tenant_id: str,
    candidate_id: str,
    about: About,
    revision: int,
    *,
    now: datetime,
) -> bool:
    """Note that a candidate is to be handed over, once for each state of the profile; returns
    whether it was new. Nothing where no webhook asks for it."""
    stored = stores.documents.get(WEBHOOKS, (tenant_id,), WEBHOOK_ID)
    if stored is None or about not in AtsWebhook.of(stored.body).about:
        return False
    handover = AtsHandover(
        tenant_id=tenant_id,
        handover_id=handover_id_of(tenant_id, candidate_id, about, revision),
        about=about,
        candidate_id=candidate_id,
        revision=revision,
        created_at=now,
        updated_at=now,
    )

    def decide() -> Decision:
        if stores.documents.get(HANDOVERS, handover.partition, HANDOVER_ID) is not None:
            return Decision()
        return Decision(
            [Create(handover.stored())], [HandoverDue(handover_id=handover.handover_id)]
        )

    outcome = announce_once(
        stores, source="candidates", container=HANDOVERS, partition=handover.partition,
        decide=decide, now=now,
    )  # fmt: skip
    return outcome == "done"


def deliver(stores: Stores, ats: Ats, event: Event, *, now: datetime) -> Outcome:
    """Call the webhook with a candidate as the profile is now.

    The receiver may be called twice for one handover, whose id tells: a process can die after
    the call. Raises ``Unavailable`` and ``Throttled`` for a later try; what the receiver will
    never take ends as failed.
    """
    data = read_data(event, HandoverDue)

    def decide() -> Decision:
        handover, etag = _read(stores, event.tenantid, data.handover_id)
        if handover.state == "delivered":
            raise Rejected("the candidate was handed over")
        try:
            hook = webhook(stores, event.tenantid)
            profile = read(stores, event.tenantid, handover.candidate_id, now=now)
        except Missing as error:
            return Decision([Replace(_after(handover, "failed", error.detail, now), etag)])
        body = body_of(handover, profile)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Waymark",
            "X-Waymark-Event": handover.about,
            "X-Waymark-Delivery": handover.handover_id,
            SIGNATURE_HEADER: signature_of(hook.secret, body, now=now),
        }
        try:
            status = ats.post(hook.url, body, headers)
        except Rejected as error:
            return Decision([Replace(_after(handover, "failed", error.reason, now), etag)])
        return Decision([Replace(_after(handover, "delivered", str(status), now), etag)])

    try:
        return handle_once(
            stores,
            event,
            handler=HANDLER,
            container=HANDOVERS,
            partition=(event.tenantid, data.handover_id),
            decide=decide,
            now=now,
        )
    except (Unavailable, Throttled) as error:
        _note_try(stores, event.tenantid, data.handover_id, error.detail, now)
        raise


def give_up(stores: Stores, event: Event, cause: str, *, now: datetime) -> None:
    """Note that a handover becomes a dead letter."""
    data = read_data(event, HandoverDue)

    def decide() -> Decision:
        try:
            handover, etag = _read(stores, event.tenantid, data.handover_id)
        except Rejected:
            return Decision()
        if handover.state != "pending":
            return Decision()
        said = f"{handover.answer or cause}; given up"
        return Decision([Replace(_after(handover, "failed", said, now), etag)])

    announce_once(
        stores, source="candidates", container=HANDOVERS,
        partition=(event.tenantid, data.handover_id), decide=decide, now=now,
    )  # fmt: skip


def retry(stores: Stores, tenant_id: str, handover_id: str, *, now: datetime) -> AtsHandover:
    """Have a handover that failed tried again. Raises ``Missing``, and ``Conflict`` for one that
    did not fail."""
    again: list[AtsHandover] = []

    def decide() -> Decision:
        stored = stores.documents.get(HANDOVERS, (tenant_id, handover_id), HANDOVER_ID)
        if stored is None:
            raise Missing("there is no handover with this id")
        handover = AtsHandover.of(stored.body)
        if handover.state != "failed":
            raise Conflict(f"the handover is {handover.state}: there is nothing to retry")
        pending = handover.model_copy(update={"state": "pending", "updated_at": now})
        again[:] = [pending]
        told = HandoverDue(handover_id=handover_id, attempt=handover.attempts + 1)
        return Decision([Replace(pending.stored(), stored.etag)], [told])

    announce_once(
        stores, source="candidates", container=HANDOVERS, partition=(tenant_id, handover_id),
        decide=decide, now=now,
    )  # fmt: skip
    return again[0]


def handovers(
    stores: Stores, tenant_id: str, state: str | None, *, limit: int, continuation: str | None
) -> tuple[list[AtsHandover], str | None]:
    """Return a page of handovers, the last first, all or in one state, and where the next
    begins."""
    where = [Equals("kind", "handover"), *([Equals("state", state)] if state else [])]
    page = stores.documents.query(
        HANDOVERS,
        (tenant_id,),
        where=where,
        order=Order("created_at", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [AtsHandover.of(item.body) for item in page.items], page.continuation


def _read(stores: Stores, tenant_id: str, handover_id: str) -> tuple[AtsHandover, str]:
    stored = stores.documents.get(HANDOVERS, (tenant_id, handover_id), HANDOVER_ID)
    if stored is None:
        raise Rejected("the handover is gone")
    return AtsHandover.of(stored.body), stored.etag


def _after(handover: AtsHandover, state: str, answer: str, now: datetime) -> dict[str, object]:
    update = {
        "state": state,
        "attempts": handover.attempts + 1,
        "answer": answer[:200],
        "updated_at": now,
    }
    return handover.model_copy(update=update).stored()


def _note_try(stores: Stores, tenant_id: str, handover_id: str, answer: str, now: datetime) -> None:
    def decide() -> Decision:
        try:
            handover, etag = _read(stores, tenant_id, handover_id)
        except Rejected:
            return Decision()
        if handover.state != "pending":
            return Decision()
        return Decision([Replace(_after(handover, "pending", answer, now), etag)])

    announce_once(
        stores, source="candidates", container=HANDOVERS, partition=(tenant_id, handover_id),
        decide=decide, now=now,
    )  # fmt: skip
