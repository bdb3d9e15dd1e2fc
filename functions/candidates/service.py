"""Reads candidates' profiles, and has them erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from functions.candidates import rules
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Contains, Equals, Order
from shared.erasures import read_erasure, requested
from shared.errors import Missing
from shared.messaging import Decision, announce_once
from shared.models import tombstone
from shared.models.candidate import CONTAINER, CandidateProfile
from shared.models.tombstone import Erasure
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores


@dataclass(frozen=True)
class Found:
    """A page of profiles, newest first, and where the next begins."""

    profiles: list[CandidateProfile]
    continuation: str | None


def read(stores: Stores, tenant_id: str, candidate_id: str) -> tuple[CandidateProfile, str]:
    """Return a candidate's profile and its etag. Raises ``Missing``."""
    stored = stores.documents.get(CONTAINER, (tenant_id, candidate_id), candidate_id)
    if stored is None:
        raise Missing("there is no candidate with this id")
    return CandidateProfile.of(stored.body), stored.etag


def erase(
    stores: Stores, pseudonyms: Pseudonyms, by: Principal, candidate_id: str, *, now: datetime
) -> Erasure:
    """Begin the erasure of a candidate; asked for again while it runs, it is the same one.

    Raises ``Missing`` when there is no such candidate and never was one erased.
    """
    tombstone_id = pseudonyms.of(by.tenant_id, "candidate", candidate_id)
    begun: list[Erasure] = []

    def decide() -> Decision:
        present = stores.documents.get(CONTAINER, (by.tenant_id, candidate_id), candidate_id)
        if present is None and read_erasure(stores, by.tenant_id, tombstone_id) is None:
            raise Missing("there is no candidate with this id")
        note = noted(
            pseudonyms, by, "erasure.request",
            tenant_id=by.tenant_id, of="candidate", target=candidate_id,
        )  # fmt: skip
        erasure, decision = requested(
            stores,
            pseudonyms,
            tenant_id=by.tenant_id,
            of="candidate",
            identity=candidate_id,
            subjects={"candidate": (candidate_id,)},
            events=[note],
            requested_by=pseudonyms.of(by.tenant_id, "user", by.user_id),
            is_there=present is not None,
            now=now,
        )
        begun[:] = [erasure]
        return decision

    announce_once(
        stores,
        source="candidates",
        container=tombstone.CONTAINER,
        partition=(by.tenant_id, tombstone_id),
        decide=decide,
        now=now,
    )
    return begun[0]


def search(
    stores: Stores,
    tenant_id: str,
    wanted: rules.Search,
    *,
    limit: int,
    continuation: str | None,
) -> Found:
    """Return the profiles of a tenant that fit everything wanted, changed last first.

    Raises ``Invalid`` for a search that says nothing.
    """
    terms = rules.wanted_terms(wanted)
    page = stores.documents.query(
        CONTAINER,
        (tenant_id,),
        where=[Equals("kind", "profile"), *(Contains("terms", term) for term in terms)],
        order=Order("updated_at", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return Found([CandidateProfile.of(item.body) for item in page.items], page.continuation)
