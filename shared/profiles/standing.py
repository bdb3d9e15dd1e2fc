"""Which profile stands for a candidate."""

from __future__ import annotations

from shared.models.candidate import CONTAINER, CandidateProfile, read_alias
from shared.stores import Stores

_MOST_STEPS = 20


def standing_for(stores: Stores, tenant_id: str, candidate_id: str) -> str:
    """The id under which a candidate's profile is kept: their own, or that of the profile into
    which theirs was merged, over as many merges as there were."""
    for _ in range(_MOST_STEPS):
        stored = stores.documents.get(CONTAINER, (tenant_id, candidate_id), candidate_id)
        merged_into = read_alias(stored.body) if stored else None
        if merged_into is None:
            return candidate_id
        candidate_id = merged_into
    return candidate_id


def all_of(stores: Stores, tenant_id: str, candidate_id: str) -> tuple[str, ...]:
    """Every id under which something of a candidate may be kept: the profile that stands for
    theirs first, then those that were merged into it."""
    standing = standing_for(stores, tenant_id, candidate_id)
    stored = stores.documents.get(CONTAINER, (tenant_id, standing), standing)
    is_profile = stored is not None and read_alias(stored.body) is None
    absorbed = CandidateProfile.of(stored.body).absorbed if stored and is_profile else ()
    return tuple(dict.fromkeys((standing, candidate_id, *absorbed)))
