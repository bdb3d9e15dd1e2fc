"""Asking for an erasure, and what is told of it."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta

from functions.accounts.service.means import SOURCE, Means
from functions.accounts.service.personal_data.finding import is_anything_held
from functions.accounts.service.personal_data.subjects import (
    candidate_of,
    check_speaks_for,
    subjects_of,
)
from shared.access import Reach
from shared.audit import noted
from shared.auth import Principal
from shared.erasures import read_erasure, requested
from shared.errors import Exists, Missing
from shared.events.envelope import EventData
from shared.messaging import Decision, announce_once
from shared.models import candidate
from shared.models.tombstone import CONTAINER, Erasure
from shared.people import read_account
from shared.stores import Stores

REPORTS = "erasure-reports"
REPORT_LINK_LIFETIME = timedelta(days=6)
"""Storage lets no link hold longer than seven days, by its own clock."""


def erase_person(
    means: Means,
    by: Principal,
    reach: frozenset[Reach],
    user_id: str,
    *,
    with_candidate: bool,
    now: datetime,
) -> tuple[Erasure, str]:
    """Begin the erasure of a person; returns it and a link that reads its report for 6 days.

    Asked for twice, it is the same erasure, also for the parent whose link it has ended. It
    runs anew where something is held on the person again. ``with_candidate`` erases the
    candidate's profile under their address as well, though nobody has vouched for the address.
    Raises ``Missing`` for somebody whom the caller does not reach, and ``Forbidden`` to the
    parent of one who is of age.
    """
    stores, tenant_id = means.stores, by.tenant_id
    erasure_id = means.pseudonyms.of(tenant_id, "user", user_id)
    asks = means.pseudonyms.of(tenant_id, "user", by.user_id)
    present = read_erasure(stores, tenant_id, erasure_id)
    if present is None or present[0].requested_by != asks:
        check_speaks_for(means, by, reach, user_id, now=now)
        if user_id != by.user_id and present is None:
            read_account(stores, tenant_id, user_id)
    begun: list[Erasure] = []

    def decide() -> Decision:
        subjects = subjects_of(means, tenant_id, user_id, with_candidate=with_candidate)
        told: list[EventData] = [
            noted(
                means.pseudonyms, by, "erasure.request",
                tenant_id=tenant_id, of="user", target=user_id,
            )
        ]  # fmt: skip
        if "candidate" not in subjects and (left := _left(means, tenant_id, user_id)):
            told.append(
                noted(
                    means.pseudonyms, None, "erasure.left", tenant_id=tenant_id,
                    of="candidate", target=left, reason="same address, which nobody vouched for",
                )
            )  # fmt: skip
        erasure, decision = requested(
            stores,
            means.pseudonyms,
            tenant_id=tenant_id,
            of="user",
            identity=user_id,
            subjects=subjects,
            requested_by=asks,
            events=told,
            is_there=is_anything_held(stores, tenant_id, {"user": (user_id,)}),
            now=now,
        )
        begun[:] = [erasure]
        return decision

    announce_once(
        stores,
        source=SOURCE,
        container=CONTAINER,
        partition=(tenant_id, erasure_id),
        decide=decide,
        now=now,
    )
    erasure = begun[0]
    write_report(stores, erasure, is_first=True)
    link = stores.blobs.link(REPORTS, _report_name(erasure), expires_at=now + REPORT_LINK_LIFETIME)
    return erasure, link


def read_report(stores: Stores, tenant_id: str, erasure_id: str) -> Erasure:
    """Return an erasure. Raises ``Missing``."""
    found = read_erasure(stores, tenant_id, erasure_id)
    if found is None:
        raise Missing("there is no erasure with this id")
    return found[0]


def write_report(stores: Stores, erasure: Erasure, *, is_first: bool = False) -> None:
    """Write the report where its link leads; the first one only where none is, for a later one
    may be there already."""
    with suppress(Exists):
        stores.blobs.put(
            REPORTS,
            _report_name(erasure),
            json.dumps(report_of(erasure), indent=1).encode(),
            content_type="application/json",
            if_absent=is_first,
        )


def report_of(erasure: Erasure) -> dict[str, object]:
    """What an erasure has done so far: counts by store, and nobody's name or id."""
    counts = {name: count.model_dump() for name, count in sorted(erasure.counts.items())}
    return {
        "erasure_id": erasure.tombstone_id,
        "state": erasure.state,
        "requested_at": _moment(erasure.requested_at),
        "erased_at": _moment(erasure.erased_at),
        "settled_at": _moment(erasure.settled_at),
        "removed": sum(count.removed + count.late for count in erasure.counts.values()),
        "stores": counts,
    }


def _left(means: Means, tenant_id: str, user_id: str) -> str | None:
    """The candidate under a person's address whose profile the erasure passes by, if any."""
    try:
        person, _ = read_account(means.stores, tenant_id, user_id)
    except Missing:
        return None
    candidate_id = candidate_of(person)
    if candidate_id is None:
        return None
    stored = means.stores.documents.get(
        candidate.CONTAINER, (tenant_id, candidate_id), candidate_id
    )
    return candidate_id if stored is not None else None


def _report_name(erasure: Erasure) -> str:
    return f"{erasure.tenant_id}/{erasure.tombstone_id}.json"


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
