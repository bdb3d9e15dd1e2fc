"""Erases candidates whose time is over."""

from __future__ import annotations

from datetime import datetime

from functions.candidates.service.profiles import erase
from shared import telemetry
from shared.documents.port import Equals, Range
from shared.models.candidate import CONTAINER
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

MOST_A_NIGHT = 2000


def erase_expired(stores: Stores, pseudonyms: Pseudonyms, *, now: datetime) -> int:
    """Begin the erasure of the candidates of all tenants whose `expires_at` has passed; returns
    how many, 2,000 at most: the next night goes on."""
    begun, continuation = 0, None
    while begun < MOST_A_NIGHT:
        page = stores.documents.query(
            CONTAINER,
            (),
            where=[Equals("kind", "profile"), Range("expires_at", below=now.isoformat())],
            limit=200,
            continuation=continuation,
        )
        for item in page.items:
            tenant_id, candidate_id = item.body["tenant_id"], item.body["candidate_id"]
            try:
                erase(stores, pseudonyms, None, tenant_id, candidate_id, now=now)
                begun += 1
            except Exception as error:  # one candidate's trouble does not hold up the others
                telemetry.failure("candidate.not_expired", error)
        continuation = page.continuation
        if continuation is None:
            break
    return begun
