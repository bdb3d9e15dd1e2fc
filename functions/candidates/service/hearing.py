"""What follows when a profile was written: its meaning, and who else it may be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from functions.candidates.rules.documents import About
from functions.candidates.rules.duplicates import (
    CONTAINER as PAIRS,
)
from functions.candidates.rules.duplicates import (
    MOST_PROPOSED,
    PAIR_ID,
    PROPOSED_FROM,
    CandidatePair,
    Likeness,
    likeness,
    pair_of,
)
from functions.candidates.rules.meaning import digest_of, meaning_of
from functions.candidates.service.ats import hand_over
from functions.candidates.service.counting import count_profile
from functions.candidates.service.merging import absorb
from shared import telemetry
from shared.documents.port import Contains, Create, Equals, Filter, Patch, Replace
from shared.encoding import Encoder
from shared.errors import Missing, Stale, Unavailable
from shared.events.candidate import CandidateEdited, CandidateSaved, CandidatesMerged
from shared.events.envelope import Event, read_data
from shared.messaging import Decision, Outcome, announce_once
from shared.models.candidate import CONTAINER, CandidateProfile, leads_to
from shared.profiles.standing import standing_for
from shared.pseudonyms import Pseudonyms
from shared.search_terms import whole_words
from shared.stores import Stores

_MOST_COMPARED = 50


def embed(stores: Stores, encoder: Encoder, tenant_id: str, candidate_id: str) -> bool:
    """Bring the vector of a profile up to date; returns whether it was not.

    Idempotent: the vector names the text that it is of. Without an encoder, and while somebody
    else writes the profile, nothing happens: the next event brings it up to date.
    """
    stored = stores.documents.get(CONTAINER, (tenant_id, candidate_id), candidate_id)
    if stored is None or leads_to(stored.body):
        return False
    profile = CandidateProfile.of(stored.body)
    text = meaning_of(profile)
    digest = digest_of(text, encoder.model)
    if profile.embedded == digest or not text:
        return False
    try:
        (vector,) = encoder.encode([text])
    except Unavailable as error:
        telemetry.log("candidate.not_embedded", error=type(error).__name__)
        return False
    patch = Patch(
        candidate_id, set={"embedding": list(vector), "embedded": digest}, etag=stored.etag
    )
    try:
        stores.documents.commit(CONTAINER, profile.partition, [patch])
    except (Stale, Missing):
        return False
    return True


def propose_duplicates(stores: Stores, tenant_id: str, candidate_id: str, *, now: datetime) -> int:
    """Propose who may be the same person as a candidate; returns how many proposals are new.

    A pair that a recruiter has judged stays judged.
    """
    stored = stores.documents.get(CONTAINER, (tenant_id, candidate_id), candidate_id)
    if stored is None or leads_to(stored.body):
        return 0
    profile = CandidateProfile.of(stored.body)
    scored = [
        (likeness(profile, other), other.candidate_id)
        for other in _alike(stores, tenant_id, profile)
    ]
    likely = [each for each in scored if each[0].score >= PROPOSED_FROM]
    likely.sort(key=lambda each: (-each[0].score, each[1]))
    return sum(
        _propose(stores, tenant_id, candidate_id, other, found, now)
        for found, other in likely[:MOST_PROPOSED]
    )


def _alike(stores: Stores, tenant_id: str, profile: CandidateProfile) -> Iterator[CandidateProfile]:
    """Profiles that share an address, a number or a name; of a name its last word alone, too, for
    the others may be initials."""
    names = [f"name:{word}" for word in whole_words(profile.name or "")][:4]
    asked: list[list[Filter]] = [[Contains("emails", email)] for email in profile.emails[:5]]
    asked += [[Contains("phones", phone)] for phone in profile.phones[:5]]
    if len(names) >= 2:
        asked.append([Contains("terms", names[0]), Contains("terms", names[-1])])
        asked.append([Contains("terms", names[-1])])
    seen = {profile.candidate_id}
    for where in asked:
        page = stores.documents.query(
            CONTAINER, (tenant_id,), where=[Equals("kind", "profile"), *where], limit=_MOST_COMPARED
        )
        for item in page.items:
            other = CandidateProfile.of(item.body)
            if other.candidate_id not in seen:
                seen.add(other.candidate_id)
                yield other


def _propose(
    stores: Stores, tenant_id: str, one: str, other: str, found: Likeness, now: datetime
) -> bool:
    pair = pair_of(tenant_id, one, other, found, now=now)

    def decide() -> Decision:
        stored = stores.documents.get(PAIRS, pair.partition, PAIR_ID)
        if stored is None:
            return Decision([Create(pair.stored())])
        present = CandidatePair.of(stored.body)
        if present.state != "open" or present.score == pair.score:
            return Decision()
        again = pair.model_copy(update={"found_at": present.found_at})
        return Decision([Replace(again.stored(), stored.etag)])

    outcome = announce_once(
        stores, source="candidates", container=PAIRS, partition=pair.partition,
        decide=decide, now=now,
    )  # fmt: skip
    return outcome == "done"


def hear(
    stores: Stores, pseudonyms: Pseudonyms, encoder: Encoder, event: Event, *, now: datetime
) -> Outcome:
    """Do what follows when a profile was written, or two were merged.

    Every step finds what is done already: the event may come twice, or a process die between
    two of them.
    """
    if event.type == CandidatesMerged.type:
        merged = read_data(event, CandidatesMerged)
        absorbed: Outcome = absorb(stores, pseudonyms, event, now=now)
        kept = standing_for(stores, event.tenantid, merged.candidate_id)
        _follow(stores, encoder, event.tenantid, kept, "candidate.merged", now)
        return absorbed
    outcome: Outcome = "done"
    if event.type == CandidateSaved.type:
        saved = read_data(event, CandidateSaved)
        candidate_id, is_new = saved.candidate_id, saved.created
    else:
        edited = read_data(event, CandidateEdited)
        candidate_id, is_new = edited.candidate_id, edited.created
    if is_new:
        outcome = count_profile(stores, event, now=now)
    about: About = "candidate.created" if is_new else "candidate.updated"
    _follow(stores, encoder, event.tenantid, candidate_id, about, now)
    return outcome


def _follow(
    stores: Stores, encoder: Encoder, tenant_id: str, candidate_id: str, about: About, now: datetime
) -> None:
    stored = stores.documents.get(CONTAINER, (tenant_id, candidate_id), candidate_id)
    if stored is None or leads_to(stored.body):
        return  # erased or merged meanwhile
    embed(stores, encoder, tenant_id, candidate_id)
    propose_duplicates(stores, tenant_id, candidate_id, now=now)
    revision = CandidateProfile.of(stored.body).revision
    hand_over(stores, tenant_id, candidate_id, about, revision, now=now)
