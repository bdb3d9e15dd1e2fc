"""Which profile stands for a candidate."""

from __future__ import annotations

from shared.documents.port import Equals
from shared.models.candidate import CONTAINER, CandidateProfile, leads_to, read_alias
from shared.stores import Stores


def standing_for(stores: Stores, tenant_id: str, candidate_id: str) -> str:
    """The id under which a candidate's profile is kept: their own, or that of the profile into
    which theirs was merged, over as many merges as there were.

    Two that were to be merged into each other at the same instant stand under the lesser id, or
    under the one that is a profile still.
    """
    seen: list[str] = []
    profiles: list[str] = []
    while candidate_id not in seen:
        seen.append(candidate_id)
        stored = stores.documents.get(CONTAINER, (tenant_id, candidate_id), candidate_id)
        if stored is not None and read_alias(stored.body) is None:
            profiles.append(candidate_id)
        following = leads_to(stored.body) if stored else None
        if following is None:
            return candidate_id
        candidate_id = following
    circle = seen[seen.index(candidate_id) :]
    return min([each for each in circle if each in profiles] or circle)


def all_of(stores: Stores, tenant_id: str, candidate_id: str) -> tuple[str, ...]:
    """Every id under which something of a candidate may be kept: the profile that stands for
    theirs first, then those that were merged into it, or are about to be."""
    standing = standing_for(stores, tenant_id, candidate_id)
    found = dict.fromkeys((standing, candidate_id))
    pending = list(found)
    while pending:
        each = pending.pop()
        stored = stores.documents.get(CONTAINER, (tenant_id, each), each)
        is_profile = stored is not None and read_alias(stored.body) is None
        more = list(CandidateProfile.of(stored.body).absorbed) if stored and is_profile else []
        for field in ("merging_into", "merged_into"):
            page = stores.documents.query(
                CONTAINER, (tenant_id,), where=[Equals(field, each)], limit=1000
            )
            more += [str(item.body["id"]) for item in page.items]
        new = [other for other in more if other not in found]
        found |= dict.fromkeys(new)
        pending += new
    return tuple(found)
