"""Two profiles of one person become one, by a recruiter's word."""

from __future__ import annotations

from datetime import datetime

from functions.candidates.rules.duplicates import (
    CONTAINER as PAIRS,
)
from functions.candidates.rules.duplicates import (
    PAIR_ID,
    CandidatePair,
    pair_id_of,
)
from functions.candidates.service.profiles import (
    moved_notes,
    read,
    read_standing,
    refuse_erased,
)
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create, Equals, Order, Patch, Replace
from shared.errors import Conflict, Missing, Rejected, Throttled
from shared.events.candidate import CandidatesMerged
from shared.events.envelope import Event, read_data
from shared.messaging import Decision, Outcome, announce_once, handle_once
from shared.models.candidate import (
    CONTAINER,
    CandidateAlias,
    CandidateProfile,
    leads_to,
    read_alias,
)
from shared.profiles.history import revision_of
from shared.profiles.standing import standing_for
from shared.profiles.writing import united
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

HANDLER = "candidates_merge"


def merge(
    stores: Stores,
    pseudonyms: Pseudonyms,
    tenant_id: str,
    kept_id: str,
    other_id: str,
    *,
    by: Principal,
    now: datetime,
) -> CandidateProfile:
    """Merge another candidate's profile into one; returns it as it is now.

    What the kept profile says stands where both say something. The other is marked first, with
    the event that brings the merge to its end, whoever dies here; from then on its id leads to
    the kept profile. Asked for again, it changes nothing. Raises ``Missing``, and ``Conflict``
    for a profile with itself, and while either is being merged or erased.
    """
    kept = standing_for(stores, tenant_id, kept_id)
    other = standing_for(stores, tenant_id, other_id)
    if kept == other:
        if kept_id == other_id:
            raise Conflict("a candidate cannot be merged with itself")
        _settle_pairs(stores, tenant_id, other_id, now)  # it was done before
        return read(stores, tenant_id, kept, now=now)
    who = pseudonyms.of(tenant_id, "user", by.user_id)

    def decide() -> Decision:
        absorbed, etag = read_standing(stores, tenant_id, other, now=now)
        into, _ = read_standing(stores, tenant_id, kept, now=now)
        for profile in (absorbed, into):
            refuse_erased(stores, pseudonyms, profile)
        marked = absorbed.model_copy(update={"merging_into": kept})
        note = noted(
            pseudonyms, by, "candidate.merge", tenant_id=tenant_id, of="candidate", target=kept
        )
        told = CandidatesMerged(candidate_id=kept, absorbed_id=other, by=who)
        return Decision([Replace(marked.stored(), etag)], [told, note])

    announce_once(
        stores,
        source="candidates",
        container=CONTAINER,
        partition=(tenant_id, other),
        decide=decide,
        now=now,
    )
    # done at once for who asked; the event finds it done, or does it
    _unite(stores, pseudonyms, tenant_id, other, kept, who, now)
    judge(stores, tenant_id, pair_id_of(kept, other), "merged", now=now, must_exist=False)
    return read(stores, tenant_id, kept, now=now)


def absorb(stores: Stores, pseudonyms: Pseudonyms, event: Event, *, now: datetime) -> Outcome:
    """Leave an alias where a profile was that was merged into another, with what came to it
    meanwhile and its notes brought over.

    Each step finds what the one before it did: whoever dies in between goes on from there. Of
    two that were to be merged into each other the lesser id stays.
    """
    data = read_data(event, CandidatesMerged)
    tenant_id, absorbed_id = event.tenantid, data.absorbed_id

    def decide() -> Decision:
        kept = standing_for(stores, tenant_id, data.candidate_id)
        stored = stores.documents.get(CONTAINER, (tenant_id, absorbed_id), absorbed_id)
        if stored is None or read_alias(stored.body):
            raise Rejected("the profile is gone already")
        own = CandidateProfile.of(stored.body).model_copy(update={"merging_into": None})
        if kept == absorbed_id:  # both were marked at the same instant
            return Decision([Replace(own.stored(), stored.etag)])
        try:
            _unite(stores, pseudonyms, tenant_id, absorbed_id, kept, data.by, now)
        except Conflict:  # the one that was to stay is gone, or is being erased
            return Decision([Replace(own.stored(), stored.etag)])
        alias = CandidateAlias(
            id=absorbed_id,
            tenant_id=tenant_id,
            candidate_id=absorbed_id,
            merged_into=kept,
            merged_at=now,
        )
        return Decision([Replace(alias.stored(), stored.etag)])

    outcome = handle_once(
        stores,
        event,
        handler=HANDLER,
        container=CONTAINER,
        partition=(tenant_id, absorbed_id),
        decide=decide,
        now=now,
    )
    if standing_for(stores, tenant_id, absorbed_id) != absorbed_id:
        _bring_notes(stores, tenant_id, absorbed_id, now)
        _settle_pairs(stores, tenant_id, absorbed_id, now)
    return outcome


def _unite(
    stores: Stores,
    pseudonyms: Pseudonyms,
    tenant_id: str,
    other_id: str,
    kept: str,
    by: str | None,
    now: datetime,
) -> None:
    """Bring what the other profile has to the kept one; what is there already changes nothing.

    Raises ``Conflict`` when either is gone or is being erased, and ``Throttled`` when the kept one
    is merged on this instant.
    """
    stored = stores.documents.get(CONTAINER, (tenant_id, other_id), other_id)
    if stored is None or read_alias(stored.body):
        return
    other = CandidateProfile.of(stored.body)

    def decide() -> Decision:
        present = stores.documents.get(CONTAINER, (tenant_id, kept), kept)
        if present is None:
            raise Conflict("the profile that was to stay is gone")
        if leads_to(present.body) not in {None, other_id}:
            raise Throttled("the profile is merged into another; try again", retry_after=1)
        before = CandidateProfile.of(present.body)
        for profile in (before, other):
            refuse_erased(stores, pseudonyms, profile)
        profile = united(before, other, now=now)
        if profile == before:
            return Decision()
        change = revision_of(before, profile, "merged", by=by, absorbed=other.resume, now=now)
        return Decision([Replace(profile.stored(), present.etag), Create(change.stored())])

    announce_once(
        stores,
        source="candidates",
        container=CONTAINER,
        partition=(tenant_id, kept),
        decide=decide,
        now=now,
    )


def _bring_notes(stores: Stores, tenant_id: str, other: str, now: datetime) -> None:
    """Move notes to whoever stands for a profile, a few at a time, until none is left: no new one
    comes where an alias is."""
    while True:
        kept = standing_for(stores, tenant_id, other)
        made, removed = moved_notes(stores, tenant_id, other, kept)
        if not removed:
            return

        def decide(made: list[Create] = made, kept: str = kept) -> Decision:
            present = stores.documents.get(CONTAINER, (tenant_id, kept), kept)
            if present is None or leads_to(present.body) not in {None, other}:
                raise Throttled("the profile is merged into another; try again", retry_after=1)
            missing = [
                each
                for each in made
                if stores.documents.get(CONTAINER, (tenant_id, kept), each.body["id"]) is None
            ]
            touched = Patch(kept, set={"last_noted_at": now.isoformat()}, etag=present.etag)
            return Decision([*missing, touched] if missing else [])

        announce_once(
            stores,
            source="candidates",
            container=CONTAINER,
            partition=(tenant_id, kept),
            decide=decide,
            now=now,
        )
        stores.documents.commit(CONTAINER, (tenant_id, other), removed)


def _settle_pairs(stores: Stores, tenant_id: str, absorbed_id: str, now: datetime) -> None:
    """Close the pairs of a profile that is none any more: the one that stands for it is compared
    anew."""
    for field in ("first_id", "second_id"):
        page = stores.documents.query(
            PAIRS,
            (tenant_id,),
            where=[Equals(field, absorbed_id), Equals("state", "open")],
            limit=1000,
        )
        for item in page.items:
            judge(stores, tenant_id, item.body["pair_id"], "merged", now=now, must_exist=False)


def pairs(
    stores: Stores, tenant_id: str, state: str, *, limit: int, continuation: str | None
) -> tuple[list[CandidatePair], str | None]:
    """Return a page of pairs in a state, the likeliest first, and where the next begins."""
    page = stores.documents.query(
        PAIRS,
        (tenant_id,),
        where=[Equals("kind", "pair"), Equals("state", state)],
        order=Order("score", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [CandidatePair.of(item.body) for item in page.items], page.continuation


def judge(
    stores: Stores,
    tenant_id: str,
    pair_id: str,
    state: str,
    *,
    now: datetime,
    must_exist: bool = True,
) -> CandidatePair | None:
    """Note what a recruiter says of a pair. Raises ``Missing``, and ``Conflict`` where they were
    merged."""
    judged: list[CandidatePair | None] = [None]

    def decide() -> Decision:
        stored = stores.documents.get(PAIRS, (tenant_id, pair_id), PAIR_ID)
        if stored is None:
            if must_exist:
                raise Missing("there is no such pair")
            return Decision()
        pair = CandidatePair.of(stored.body)
        if pair.state == "merged" and state != "merged":
            raise Conflict("the two were merged; that cannot be taken back")
        after = pair.model_copy(update={"state": state, "updated_at": now})
        judged[0] = after
        return Decision([Replace(after.stored(), stored.etag)])

    announce_once(
        stores, source="candidates", container=PAIRS, partition=(tenant_id, pair_id),
        decide=decide, now=now,
    )  # fmt: skip
    return judged[0]
