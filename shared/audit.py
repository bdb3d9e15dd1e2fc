"""What goes into the audit log, and how.

A change tells of itself by an event in its own commit, so that neither can be without the
other; a read writes its entry before it answers, and is refused where it cannot.
"""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from shared import telemetry
from shared.auth import Principal
from shared.documents.port import Create
from shared.events.audit import AuditNoted
from shared.models.audit import CONTAINER, AuditEntry, month_of
from shared.models.roles import ROLES
from shared.models.subject import SubjectKind
from shared.models.tenant import PLATFORM
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

SYSTEM = "system"


def noted(
    pseudonyms: Pseudonyms,
    by: Principal | None,
    action: str,
    *,
    tenant_id: str,
    of: SubjectKind | None = None,
    target: str | None = None,
    reason: str | None = None,
) -> AuditNoted:
    """The event of something done to what has the id ``target``; add it to the decision.

    ``by`` None is the house itself. ``reason`` is shown to admins as it is: no personal data.
    """
    return AuditNoted(
        action=action,
        actor=SYSTEM if by is None else pseudonyms.of(by.tenant_id, "user", by.user_id),
        roles=() if by is None else tuple(role for role in ROLES if role in by.roles),
        subject_kind=of,
        target=None if of is None or target is None else pseudonyms.of(tenant_id, of, target),
        reason=reason,
    )


def entry_of(note: AuditNoted, *, entry_id: str, tenant_id: str, at: datetime) -> AuditEntry:
    """The entry that holds a note."""
    here = telemetry.current()
    return AuditEntry(
        id=entry_id,
        tenant_id=tenant_id,
        month=month_of(at),
        action=note.action,
        actor=note.actor,
        roles=note.roles,
        subject_kind=note.subject_kind,
        subject=note.target,
        reason=note.reason,
        request_id=here.request_id if here else None,
        at=at,
    )


def record_read(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    action: str,
    *,
    of: SubjectKind | None = None,
    target: str | None = None,
    now: datetime,
) -> None:
    """Write down that somebody reads what is a person's, or with neither ``of`` nor ``target``
    a list of people; call it before the answer goes out.

    Raises what the store raises: a read that cannot be written down must not happen.
    """
    note = noted(pseudonyms, by, action, tenant_id=by.tenant_id, of=of, target=target)
    _write(stores, note, by.tenant_id, now)


def record_act(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal | None,
    action: str,
    *,
    reason: str,
    now: datetime,
) -> None:
    """Write down that an operator does what no commit holds; call it before it is done.

    ``by`` None is somebody at the command line. ``reason`` says what it was done to. Raises
    what the store raises: what cannot be written down must not happen.
    """
    note = noted(pseudonyms, by, action, tenant_id=PLATFORM, reason=reason)
    _write(stores, note, PLATFORM, now)


def _write(stores: Stores, note: AuditNoted, tenant_id: str, now: datetime) -> None:
    entry = entry_of(note, entry_id=str(uuid4()), tenant_id=tenant_id, at=now)
    stores.documents.commit(CONTAINER, (tenant_id, entry.month), [Create(entry.stored())])
