"""Profiles of candidates: read, made, edited, noted on, erased."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from functions.candidates.rules.documents import CandidateNote
from functions.candidates.rules.edits import CandidateChanges, applied
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create, Delete, Equals, Operation, Order, Replace
from shared.erasures import read_erasure, requested
from shared.errors import Invalid, Missing, Stale
from shared.events.candidate import CandidateEdited
from shared.messaging import Answer, Decision, IdempotencyKey, announce_once, reply_once
from shared.models import tombstone
from shared.models.candidate import (
    CONTAINER,
    CandidateProfile,
    CandidateRevision,
    ProfileSource,
    candidate_id_of,
    read_alias,
)
from shared.models.resume import Resume
from shared.models.tombstone import Erasure
from shared.profiles.history import revision_of
from shared.profiles.standing import all_of, standing_for
from shared.profiles.writing import Incoming, created, edited, merged, words_of
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

SOURCE = "candidates"
_GONE = "there is no candidate with this id"


@dataclass(frozen=True)
class Written:
    """A profile that was made or merged into."""

    profile: CandidateProfile
    was_there: bool


def read(stores: Stores, tenant_id: str, candidate_id: str) -> CandidateProfile:
    """Return a candidate's profile, or the one into which it was merged. Raises ``Missing``."""
    return _read(stores, tenant_id, standing_for(stores, tenant_id, candidate_id))[0]


def _read(stores: Stores, tenant_id: str, candidate_id: str) -> tuple[CandidateProfile, str]:
    stored = stores.documents.get(CONTAINER, (tenant_id, candidate_id), candidate_id)
    if stored is None or read_alias(stored.body):
        raise Missing(_GONE)
    return CandidateProfile.of(stored.body), stored.etag


def write(
    stores: Stores,
    tenant_id: str,
    resume: Resume,
    *,
    name: str,
    by: str,
    now: datetime,
) -> Written:
    """Make a profile of a résumé that was written by hand or comes from another system, or merge
    it into the one that is there of the same person.

    ``name`` is what the source is called, ``by`` the pseudonym of who brings it. The same again
    changes nothing. Raises ``Invalid`` when nobody can be identified.
    """
    if not (resume.personal.name or resume.personal.emails):
        raise Invalid("a candidate has a name or an e-mail address")
    digest = sha256(resume.model_dump_json().encode()).hexdigest()
    source = ProfileSource(
        intake_id=f"api:{digest[:32]}",
        attempt=1,
        filename=name,
        sha256=digest,
        received_at=now,
        channel="api",
    )
    incoming = Incoming(resume, tuple(words_of(resume)), source)
    own_id = candidate_id_of(tenant_id, incoming.key)
    candidate_id = standing_for(stores, tenant_id, own_id)
    written: list[Written] = []

    def decide() -> Decision:
        stored = stores.documents.get(CONTAINER, (tenant_id, candidate_id), candidate_id)
        if stored is None:
            profile = created(tenant_id, incoming, now=now)
            made = revision_of(None, profile, "created", by=by, now=now)
            written[:] = [Written(profile, was_there=False)]
            told = _told(profile).model_copy(update={"created": True})
            return Decision([Create(profile.stored()), Create(made.stored())], [told])
        before = CandidateProfile.of(stored.body)
        written[:] = [Written(before, was_there=True)]
        if any(each.intake_id == source.intake_id for each in before.sources):
            return Decision()
        profile = merged(before, incoming, now=now)
        change = revision_of(before, profile, "imported", by=by, now=now)
        written[:] = [Written(profile, was_there=True)]
        return Decision(
            [Replace(profile.stored(), stored.etag), Create(change.stored())], [_told(profile)]
        )

    announce_once(
        stores,
        source=SOURCE,
        container=CONTAINER,
        partition=(tenant_id, candidate_id),
        decide=decide,
        now=now,
    )
    return written[0]


def change(
    stores: Stores,
    tenant_id: str,
    candidate_id: str,
    changes: CandidateChanges,
    *,
    if_match: str | None,
    by: str,
    now: datetime,
) -> CandidateProfile:
    """Change a profile by hand; ``if_match`` is the revision that was read, None for any.

    Raises ``Missing``, ``Invalid`` when nothing would be left that names anybody, and ``Stale``.
    """
    standing = standing_for(stores, tenant_id, candidate_id)
    changed: list[CandidateProfile] = []

    def decide() -> Decision:
        before, etag = _read(stores, tenant_id, standing)
        if if_match is not None and if_match != str(before.revision):
            raise Stale("the profile was written since; read it again")
        resume, fields, beside = applied(before.resume, changes)
        if not (resume.personal.name or resume.personal.emails):
            raise Invalid("a candidate has a name or an e-mail address")
        profile = edited(before, resume, fields, beside, now=now)
        revision = revision_of(before, profile, "edited", by=by, now=now)
        changed[:] = [profile]
        return Decision(
            [Replace(profile.stored(), etag), Create(revision.stored())], [_told(profile)]
        )

    announce_once(
        stores,
        source=SOURCE,
        container=CONTAINER,
        partition=(tenant_id, standing),
        decide=decide,
        now=now,
    )
    return changed[0]


def history(
    stores: Stores, tenant_id: str, candidate_id: str, *, limit: int, continuation: str | None
) -> tuple[list[CandidateRevision], str | None]:
    """Return a page of what changed in a profile, the last first, and where the next begins.

    Raises ``Missing``.
    """
    profile = read(stores, tenant_id, candidate_id)
    page = stores.documents.query(
        CONTAINER,
        profile.partition,
        where=[Equals("kind", "revision")],
        order=Order("number", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [CandidateRevision.of(item.body) for item in page.items], page.continuation


def add_note(
    stores: Stores,
    by: Principal,
    candidate_id: str,
    note_id: str,
    text: str,
    *,
    shown: Callable[[CandidateNote], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> Answer:
    """Note something of a candidate; answers 201 and what ``shown`` makes of it.

    Raises ``Missing``.
    """
    standing = standing_for(stores, by.tenant_id, candidate_id)

    def decide() -> Answer:
        _read(stores, by.tenant_id, standing)
        note = CandidateNote(
            id=f"note:{note_id}",
            tenant_id=by.tenant_id,
            candidate_id=standing,
            note_id=note_id,
            text=text,
            author_id=by.user_id,
            noted_at=now,
        )
        return Answer(201, shown(note), Decision([Create(note.stored())]))

    return reply_once(
        stores,
        idempotency,
        source=SOURCE,
        container=CONTAINER,
        partition=(by.tenant_id, standing),
        decide=decide,
        now=now,
    )


def notes(
    stores: Stores, tenant_id: str, candidate_id: str, *, limit: int, continuation: str | None
) -> tuple[list[CandidateNote], str | None]:
    """Return a page of a candidate's notes, the last first, and where the next begins.

    Raises ``Missing``.
    """
    profile = read(stores, tenant_id, candidate_id)
    page = stores.documents.query(
        CONTAINER,
        profile.partition,
        where=[Equals("kind", "note")],
        order=Order("noted_at", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [CandidateNote.of(item.body) for item in page.items], page.continuation


def remove_note(stores: Stores, by: Principal, candidate_id: str, note_id: str) -> None:
    """Remove a note: its author or an admin may. Raises ``Missing`` for any other, too."""
    standing = standing_for(stores, by.tenant_id, candidate_id)
    partition = (by.tenant_id, standing)
    stored = stores.documents.get(CONTAINER, partition, f"note:{note_id}")
    if stored is None:
        raise Missing("there is no note with this id")
    if stored.body["author_id"] != by.user_id and "admin" not in by.roles:
        raise Missing("there is no note of yours with this id")
    stores.documents.commit(CONTAINER, partition, [Delete(f"note:{note_id}", stored.etag)])


def erase(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal | None,
    tenant_id: str,
    candidate_id: str,
    *,
    now: datetime,
) -> Erasure:
    """Begin the erasure of a candidate, with all profiles that were merged into theirs; asked
    for again while it runs, it is the same one. ``by`` is None when the profile's time is over.

    Raises ``Missing`` when there is no such candidate and never was one erased.
    """
    standing = standing_for(stores, tenant_id, candidate_id)
    tombstone_id = pseudonyms.of(tenant_id, "candidate", standing)
    begun: list[Erasure] = []

    def decide() -> Decision:
        present = stores.documents.get(CONTAINER, (tenant_id, standing), standing)
        if present is None and read_erasure(stores, tenant_id, tombstone_id) is None:
            raise Missing(_GONE)
        note = noted(
            pseudonyms, by, "erasure.request",
            tenant_id=tenant_id, of="candidate", target=standing,
        )  # fmt: skip
        erasure, decision = requested(
            stores,
            pseudonyms,
            tenant_id=tenant_id,
            of="candidate",
            identity=standing,
            subjects={"candidate": all_of(stores, tenant_id, standing)},
            events=[note],
            requested_by=pseudonyms.of(tenant_id, "user", by.user_id) if by else None,
            is_there=present is not None,
            now=now,
        )
        begun[:] = [erasure]
        return decision

    announce_once(
        stores,
        source=SOURCE,
        container=tombstone.CONTAINER,
        partition=(tenant_id, tombstone_id),
        decide=decide,
        now=now,
    )
    return begun[0]


def _told(profile: CandidateProfile) -> CandidateEdited:
    return CandidateEdited(candidate_id=profile.candidate_id, revision=profile.revision)


def moved_notes(
    stores: Stores, tenant_id: str, candidate_id: str, to: str
) -> tuple[list[Operation], list[Operation]]:
    """The notes of a candidate as notes of another: what makes them there, what removes them
    here. At most 90 at once."""
    page = stores.documents.query(
        CONTAINER, (tenant_id, candidate_id), where=[Equals("kind", "note")], limit=90
    )
    made = [
        Create(CandidateNote.of(item.body).model_copy(update={"candidate_id": to}).stored())
        for item in page.items
    ]
    return list(made), [Delete(item.body["id"], item.etag) for item in page.items]
