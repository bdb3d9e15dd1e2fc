"""Writes the audit log, and reads it for admins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.audit import entry_of
from shared.documents.port import Create, Equals, Filter, Order, Range
from shared.events.audit import AuditNoted
from shared.events.envelope import Event, read_data
from shared.messaging import Decision, Outcome, announce_once
from shared.models.audit import CONTAINER, AuditEntry, month_of, sortable
from shared.models.subject import SubjectKind
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores


@dataclass(frozen=True)
class Wanted:
    """Which entries: by whom, of whose data, what was done, in which time."""

    actor_id: str | None = None
    subject_kind: SubjectKind = "user"
    subject_id: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def write_down(stores: Stores, event: Event) -> Outcome:
    """Write the entry of something done, once: its id is the event's."""
    note = read_data(event, AuditNoted)
    entry = entry_of(note, entry_id=event.id, tenant_id=event.tenantid, at=event.time)
    return announce_once(
        stores,
        source="accounts",
        container=CONTAINER,
        partition=(event.tenantid, month_of(event.time)),
        decide=lambda: Decision([Create(entry.stored())], receipts=[entry.id]),
        now=event.time,
    )


def listed(
    stores: Stores,
    pseudonyms: Pseudonyms,
    tenant_id: str,
    wanted: Wanted,
    *,
    limit: int,
    continuation: str | None,
) -> tuple[list[AuditEntry], str | None]:
    """Return a page of a tenant's entries, newest first, and where the next begins."""
    where: list[Filter] = [Equals("kind", "entry")]
    if wanted.actor_id is not None:
        where.append(Equals("actor", pseudonyms.of(tenant_id, "user", wanted.actor_id)))
    if wanted.subject_id is not None:
        target = pseudonyms.of(tenant_id, wanted.subject_kind, wanted.subject_id)
        where.append(Equals("subject", target))
    if wanted.action is not None:
        where.append(Equals("action", wanted.action))
    if wanted.since is not None or wanted.until is not None:
        since = sortable(wanted.since) if wanted.since else None
        until = sortable(wanted.until) if wanted.until else None
        where.append(Range("at", at_least=since, below=until))
    page = stores.documents.query(
        CONTAINER,
        (tenant_id,),
        where=where,
        order=Order("at", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [AuditEntry.of(item.body) for item in page.items], page.continuation
