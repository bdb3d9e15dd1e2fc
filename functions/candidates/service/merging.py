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
from functions.candidates.service.profiles import moved_notes
from shared.documents.port import Create, Equals, Operation, Order, Replace
from shared.errors import Conflict, Missing, Rejected
from shared.events.candidate import CandidatesMerged
from shared.events.envelope import Event, read_data
from shared.messaging import Decision, Outcome, announce_once, handle_once
from shared.models.candidate import (
    CONTAINER,
    CandidateAlias,
    CandidateProfile,
    read_alias,
)
from shared.profiles.history import revision_of
from shared.profiles.standing import standing_for
from shared.profiles.writing import united
from shared.stores import Stores

HANDLER = "candidates_merge"
_GONE = "there is no candidate with this id"


def merge(
    stores: Stores, tenant_id: str, kept_id: str, other_id: str, *, by: str, now: datetime
) -> CandidateProfile:
    """Merge another candidate's profile into one; returns it as it is now.

    What the kept profile says stands where both say something. The other's id leads to it from
    now on; what is left of the other is cleared in the background. Asked for again, it changes
    nothing. Raises ``Missing``, and ``Conflict`` for a profile with itself.
    """
    kept = standing_for(stores, tenant_id, kept_id)
    other = standing_for(stores, tenant_id, other_id)
    if kept == other:
        if kept_id != other_id:  # it was done before
            return _read(stores, tenant_id, kept)[0]
        raise Conflict("a candidate cannot be merged with itself")
    merged: list[CandidateProfile] = []

    def decide() -> Decision:
        before, etag = _read(stores, tenant_id, kept)
        absorbed, _ = _read(stores, tenant_id, other)
        profile = united(before, absorbed, now=now)
        merged[:] = [profile]
        told = CandidatesMerged(candidate_id=kept, absorbed_id=other)
        if profile == before:
            return Decision([Replace(before.stored(), etag)], [told])
        change = revision_of(before, profile, "merged", by=by, now=now)
        return Decision([Replace(profile.stored(), etag), Create(change.stored())], [told])

    announce_once(
        stores,
        source="candidates",
        container=CONTAINER,
        partition=(tenant_id, kept),
        decide=decide,
        now=now,
    )
    judge(stores, tenant_id, pair_id_of(kept, other), "merged", now=now, must_exist=False)
    return merged[0]


def absorb(stores: Stores, event: Event, *, now: datetime) -> Outcome:
    """Leave an alias where a profile was that was merged into another, with what came to it
    meanwhile and its notes brought over.

    Each step finds what the one before it did: whoever dies in between goes on from there.
    """
    data = read_data(event, CandidatesMerged)
    tenant_id = event.tenantid
    kept = standing_for(stores, tenant_id, data.candidate_id)
    _bring_notes(stores, tenant_id, data.absorbed_id, kept, now)

    def decide() -> Decision:
        stored = stores.documents.get(CONTAINER, (tenant_id, data.absorbed_id), data.absorbed_id)
        if stored is None or read_alias(stored.body):
            raise Rejected("the profile is gone already")
        _bring_changes(stores, tenant_id, CandidateProfile.of(stored.body), kept, now)
        alias = CandidateAlias(
            id=data.absorbed_id,
            tenant_id=tenant_id,
            candidate_id=data.absorbed_id,
            merged_into=kept,
            merged_at=now,
        )
        return Decision([Replace(alias.stored(), stored.etag)])

    return handle_once(
        stores,
        event,
        handler=HANDLER,
        container=CONTAINER,
        partition=(tenant_id, data.absorbed_id),
        decide=decide,
        now=now,
    )


def _bring_changes(
    stores: Stores, tenant_id: str, other: CandidateProfile, kept: str, now: datetime
) -> None:
    """Unite what came to the other since the merge was asked for."""

    def decide() -> Decision:
        before, etag = _read(stores, tenant_id, kept)
        profile = united(before, other, now=now)
        if profile == before:
            return Decision()
        change = revision_of(before, profile, "merged", now=now)
        return Decision([Replace(profile.stored(), etag), Create(change.stored())])

    announce_once(
        stores,
        source="candidates",
        container=CONTAINER,
        partition=(tenant_id, kept),
        decide=decide,
        now=now,
    )


def _bring_notes(stores: Stores, tenant_id: str, other: str, kept: str, now: datetime) -> None:
    while True:
        made, removed = moved_notes(stores, tenant_id, other, kept)
        if not removed:
            return

        def decide(made: list[Operation] = made) -> Decision:
            _read(stores, tenant_id, kept)
            present = {
                item.body["id"]
                for item in stores.documents.query(
                    CONTAINER, (tenant_id, kept), where=[Equals("kind", "note")], limit=1000
                ).items
            }
            missing = [
                each for each in made if isinstance(each, Create) and each.body["id"] not in present
            ]
            return Decision(missing)

        announce_once(
            stores,
            source="candidates",
            container=CONTAINER,
            partition=(tenant_id, kept),
            decide=decide,
            now=now,
        )
        stores.documents.commit(CONTAINER, (tenant_id, other), removed)


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


def _read(stores: Stores, tenant_id: str, candidate_id: str) -> tuple[CandidateProfile, str]:
    stored = stores.documents.get(CONTAINER, (tenant_id, candidate_id), candidate_id)
    if stored is None or read_alias(stored.body):
        raise Missing(_GONE)
    return CandidateProfile.of(stored.body), stored.etag
