"""Whether two profiles may be of one person.

After Fellegi and Sunter (A theory for record linkage, JASA 1969): each field that agrees weighs
by how rarely it does among strangers. Addresses and numbers are next to unique, names are not, and
what a career looks like tells namesakes apart. The weights are set, not learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from pydantic import AwareDatetime, Field

from shared.models.candidate import CandidateProfile
from shared.models.document import Document
from shared.profiles.identity import number_of, text_of
from shared.search_terms import folded, words

CONTAINER = "candidate_pairs"
PAIR_ID = "pair"
PROPOSED_FROM = 0.6
"""Likelihood below which two profiles are not proposed."""
MOST_PROPOSED = 20
_PAIRS = UUID("5e2b7a90-1c3d-5f48-9a6e-0d7c4b8f2e11")

Reason = Literal["same_email", "same_phone", "same_name", "similar_career", "same_employers"]


@dataclass(frozen=True)
class Likeness:
    """How likely two profiles are of one person, 0 to 1, and what speaks for it."""

    score: float
    reasons: tuple[Reason, ...]


class CandidatePair(Document):
    """Two profiles that may be of one person, in the partition ``(tenant_id, pair_id)``."""

    id: str = PAIR_ID
    kind: Literal["pair"] = "pair"
    pair_id: str
    first_id: str
    second_id: str
    score: float = Field(ge=0, le=1)
    reasons: tuple[Reason, ...]
    state: Literal["open", "dismissed", "merged"] = "open"
    found_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        """The logical partition of the pair."""
        return (self.tenant_id, self.pair_id)


def pair_id_of(one: str, other: str) -> str:
    """The id of a pair, whichever is named first."""
    return str(uuid5(_PAIRS, "\n".join(sorted((one, other)))))


def pair_of(
    tenant_id: str, one: str, other: str, likeness: Likeness, *, now: datetime
) -> CandidatePair:
    """The proposal that two profiles are of one person."""
    first, second = sorted((one, other))
    return CandidatePair(
        tenant_id=tenant_id,
        pair_id=pair_id_of(one, other),
        first_id=first,
        second_id=second,
        score=likeness.score,
        reasons=likeness.reasons,
        found_at=now,
        updated_at=now,
    )


def likeness(one: CandidateProfile, other: CandidateProfile) -> Likeness:
    """How likely two profiles are of one person."""
    reasons: list[Reason] = []
    doubt = 1.0
    if set(one.emails) & set(other.emails):
        reasons.append("same_email")
        doubt *= 0.1
    if _numbers(one) & _numbers(other):
        reasons.append("same_phone")
        doubt *= 0.25
    if _same_name(one, other):
        reasons.append("same_name")
        doubt *= 0.6
        if _employers(one) & _employers(other):
            reasons.append("same_employers")
            doubt *= 0.35
        if _overlap(one, other) >= 0.4:
            reasons.append("similar_career")
            doubt *= 0.5
    elif _names(one) and _names(other) and not _names(one) & _names(other):
        doubt = min(1.0, doubt * 3)  # families share numbers, and at times an address
    return Likeness(round(1 - doubt, 3), tuple(reasons))


def _numbers(profile: CandidateProfile) -> set[str]:
    """Numbers with their country; without it, many have the same."""
    sound = (value for value in profile.resume.personal.phones if value.value.startswith("+"))
    return {number_of(value) for value in sound}


def _names(profile: CandidateProfile) -> set[str]:
    return set(words(profile.name or ""))


def _same_name(one: CandidateProfile, other: CandidateProfile) -> bool:
    """Whether one name holds all words of the other, two at least, an initial for a word: second
    names come and go."""
    first, second = sorted((_names(one), _names(other)), key=len)
    if len(first) < 2 or not any(len(word) > 1 for word in first & second):
        return False
    return all(any(_fits(word, full) for full in second) for word in first)


def _fits(word: str, full: str) -> bool:
    return word == full or (1 in (len(word), len(full)) and word[0] == full[0])


def _employers(profile: CandidateProfile) -> set[str]:
    return {text_of(job.company) for job in profile.resume.work_experience if job.company}


def _overlap(one: CandidateProfile, other: CandidateProfile) -> float:
    """Jaccard's index of what both can and have learned."""
    first, second = _career(one), _career(other)
    return len(first & second) / len(first | second) if min(len(first), len(second)) >= 3 else 0.0


def _career(profile: CandidateProfile) -> set[str]:
    resume = profile.resume
    named = {skill.key or folded(skill.name.value) for skill in resume.skills}
    schools = {text_of(study.institution) for study in resume.education if study.institution}
    return named | schools
