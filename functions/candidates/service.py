"""Reads candidates' profiles."""

from __future__ import annotations

from dataclasses import dataclass

from functions.candidates import rules
from shared.documents.port import Contains, Equals, Order
from shared.errors import Missing
from shared.models.candidate import CONTAINER, CandidateProfile
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
