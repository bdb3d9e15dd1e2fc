"""Looks for candidates who fit a job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from functions.candidates.rules.filters import Search
from functions.candidates.rules.jobs import Job
from functions.candidates.rules.matching import Match, match, ranked
from functions.candidates.service.searching import conditions, meant
from shared.documents.port import Contains, Order
from shared.encoding import Encoder
from shared.errors import Unprocessable
from shared.models.candidate import CONTAINER, CandidateProfile
from shared.stores import Stores

_MOST_OF_A_SKILL = 200
_MOST_SKILLS_ASKED = 15


@dataclass(frozen=True)
class Matches:
    """The best matches, and out of how many."""

    best: list[Match]
    considered: int
    by_meaning: bool


def match_job(
    stores: Stores,
    encoder: Encoder,
    tenant_id: str,
    job: Job,
    *,
    limit: int,
    now: datetime,
) -> Matches:
    """The candidates of a tenant who fit a job best, with reasons and gaps.

    Looked at are those who have one of its skills, the 200 changed last for each, and the 100
    nearest in meaning. Raises ``Unprocessable`` when the job asks for nothing that is known.
    """
    where = conditions(Search(), now=now)
    near = meant(stores, encoder, tenant_id, job.text, where)
    if not (job.must or job.may or near):
        raise Unprocessable(
            "no skill was found in the description: name some, or describe the job further"
        )
    cosines = {profile.candidate_id: cosine for profile, cosine in near or []}
    profiles = {profile.candidate_id: profile for profile, _ in near or []}
    for key in (*job.must, *job.may)[:_MOST_SKILLS_ASKED]:
        page = stores.documents.query(
            CONTAINER,
            (tenant_id,),
            where=[*where, Contains("skill_keys", key)],
            order=Order("updated_at", descending=True),
            limit=_MOST_OF_A_SKILL,
        )
        for item in page.items:
            profile = CandidateProfile.of(item.body)
            profiles.setdefault(profile.candidate_id, profile)
    similarity = _similarity(encoder, job, profiles, cosines, by_meaning=near is not None)
    found = [
        match(profile, job, similarity.get(key), today=now.date())
        for key, profile in profiles.items()
    ]
    return Matches(ranked(found, limit), len(found), near is not None)


def _similarity(
    encoder: Encoder,
    job: Job,
    profiles: dict[str, CandidateProfile],
    cosines: dict[str, float],
    *,
    by_meaning: bool,
) -> dict[str, float]:
    """The cosine of each profile to the job; those that were not among the nearest are computed
    from their own vectors, so that nobody is judged by having been found another way."""
    if not by_meaning:
        return {}
    (asked,) = encoder.encode([job.text])
    found = dict(cosines)
    for key, profile in profiles.items():
        if key not in found and profile.embedding:
            found[key] = sum(a * b for a, b in zip(asked, profile.embedding, strict=True))
    return found
