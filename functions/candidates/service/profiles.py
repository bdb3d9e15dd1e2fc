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
from shared.documents.port import Create, Delete, Equals, Order, Patch, Replace
from shared.erasures import erased_at, read_erasure, requested
from shared.errors import Conflict, Invalid, Missing, Stale
from shared.events.candidate import CandidateEdited
from shared.messaging import Answer, Decision, IdempotencyKey, announce_once, reply_once
from shared.models import tombstone
from shared.models.candidate import (
    CONTAINER,
    CandidateProfile,
    CandidateRevision,
    ProfileSource,
    candidate_id_of,
    leads_to,
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


def read(stores: Stores, tenant_id: str, candidate_id: str, *, now: datetime) -> CandidateProfile:
    """Return a candidate's profile, or the one into which it was merged. Raises ``Missing``, also
    for one whose time is over."""
    return read_standing(stores, tenant_id, standing_for(stores, tenant_id, candidate_id), now=now)[
        0
    ]


def read_standing(
    stores: Stores, tenant_id: str, candidate_id: str, *, now: datetime
) -> tuple[CandidateProfile, str]:
    """Return the profile under just this id and its etag. Raises ``Missing`` when it is not there,
    or its time is over, and ``Conflict`` while it is being merged into another."""
    stored = stores.documents.get(CONTAINER, (tenant_id, candidate_id), candidate_id)
    if stored is None:
        raise Missing(_GONE)
    if read_alias(stored.body):
        raise Conflict("the profile was merged into another this instant; try again")
    profile = CandidateProfile.of(stored.body)
    if profile.expires_at <= now:
        raise Missing(_GONE)
    if profile.merging_into is not None:
        raise Conflict("the profile is being merged into another; try again")
    return profile, stored.etag


def refuse_erased(stores: Stores, pseudonyms: Pseudonyms, profile: CandidateProfile) -> None:
    """Raise ``Conflict`` for a profile whose erasure was asked for: whatever is written there now
    would look like somebody who came anew."""
    asked = erased_at(stores, pseudonyms, profile.tenant_id, "candidate", profile.candidate_id)
    if asked is not None and profile.newest_source.received_at <= asked:
        raise Conflict("the candidate is being erased; try again in some minutes")


def write(
    stores: Stores,
    pseudonyms: Pseudonyms,
    tenant_id: str,
    resume: Resume,
    *,
    name: str,
    by: Principal,
    edited_fields: tuple[str, ...] = (),
    now: datetime,
) -> Written:
    """Make a profile of a résumé that was written by hand or comes from another system, or merge
    it into the one that is there of the same person.

    ``name`` is what the source is called; ``edited_fields`` are those that a person set, which no
    file overwrites. The same again changes nothing. Raises ``Invalid`` when nobody can be
    identified, and ``Conflict`` while the profile is being merged or erased.
    """
    if not (resume.personal.name or resume.personal.emails):
        raise Invalid("a candidate has a name or an e-mail address")
    said = resume.model_copy(update={"months_of_experience": None})  # which grows by itself
    digest = sha256(said.model_dump_json().encode()).hexdigest()
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
    who = pseudonyms.of(tenant_id, "user", by.user_id)
    written: list[Written] = []

    def decide() -> Decision:
        note = noted(
            pseudonyms, by, "candidate.write", tenant_id=tenant_id, of="candidate",
            target=candidate_id,
        )  # fmt: skip
        stored = stores.documents.get(CONTAINER, (tenant_id, candidate_id), candidate_id)
        if stored is None:
            profile = created(tenant_id, incoming, now=now).model_copy(
                update={
                    "id": candidate_id,
                    "candidate_id": candidate_id,
                    "edited_fields": edited_fields,
                }
            )
            made = revision_of(None, profile, "created", by=who, now=now)
            written[:] = [Written(profile, was_there=False)]
            told = _told(profile).model_copy(update={"created": True})
            return Decision([Create(profile.stored()), Create(made.stored())], [told, note])
        if leads_to(stored.body):
            raise Conflict("the profile is being merged into another; try again")
        before = CandidateProfile.of(stored.body)
        refuse_erased(stores, pseudonyms, before)
        written[:] = [Written(before, was_there=True)]
        if any(each.intake_id == source.intake_id for each in before.sources):
            return Decision()
        profile = merged(before, incoming, now=now)
        fields = tuple(dict.fromkeys((*profile.edited_fields, *edited_fields)))
        profile = profile.model_copy(update={"edited_fields": fields})
        change = revision_of(before, profile, "imported", by=who, now=now)
        written[:] = [Written(profile, was_there=True)]
        return Decision(
            [Replace(profile.stored(), stored.etag), Create(change.stored())],
            [_told(profile), note],
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
    pseudonyms: Pseudonyms,
    candidate_id: str,
    changes: CandidateChanges,
    *,
    if_match: str | None,
    by: Principal,
    now: datetime,
) -> CandidateProfile:
    """Change a profile by hand; ``if_match`` is the revision that was read, None for any. What
    changes nothing writes nothing.

    Raises ``Missing``, ``Invalid`` when nothing would be left that names anybody, ``Stale``, and
    ``Conflict`` while the profile is being merged or erased.
    """
    tenant_id = by.tenant_id
    standing = standing_for(stores, tenant_id, candidate_id)
    changed: list[CandidateProfile] = []

    def decide() -> Decision:
        before, etag = read_standing(stores, tenant_id, standing, now=now)
        refuse_erased(stores, pseudonyms, before)
        if if_match is not None and if_match != str(before.revision):
            raise Stale("the profile was written since; read it again")
        resume, fields, beside = applied(before.resume, changes)
        if not (resume.personal.name or resume.personal.emails):
            raise Invalid("a candidate has a name or an e-mail address")
        profile = edited(before, resume, fields, beside, now=now)
        same = {"revision": before.revision, "updated_at": before.updated_at}
        if profile.model_copy(update=same) == before:
            changed[:] = [before]
            return Decision()
        who = pseudonyms.of(tenant_id, "user", by.user_id)
        revision = revision_of(before, profile, "edited", by=who, now=now)
        changed[:] = [profile]
        note = noted(
            pseudonyms, by, "candidate.edit", tenant_id=tenant_id, of="candidate", target=standing
        )
        return Decision(
            [Replace(profile.stored(), etag), Create(revision.stored())], [_told(profile), note]
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
    stores: Stores,
    tenant_id: str,
    candidate_id: str,
    *,
    limit: int,
    continuation: str | None,
    now: datetime,
) -> tuple[list[CandidateRevision], str | None]:
    """Return a page of what changed in a profile, the last first, and where the next begins.

    Raises ``Missing``.
    """
    profile = read(stores, tenant_id, candidate_id, now=now)
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
        _, etag = read_standing(stores, by.tenant_id, standing, now=now)
        there = stores.documents.get(CONTAINER, (by.tenant_id, standing), f"note:{note_id}")
        if there is not None and there.body["author_id"] == by.user_id:
            # its receipt lies where the profile was before it was merged
            return Answer(201, shown(CandidateNote.of(there.body)))
        note = CandidateNote(
            id=f"note:{note_id}",
            tenant_id=by.tenant_id,
            candidate_id=standing,
            note_id=note_id,
            text=text,
            author_id=by.user_id,
            noted_at=now,
        )
        # with the profile, so that none is left behind where an alias is made this instant
        touched = Patch(standing, set={"last_noted_at": now.isoformat()}, etag=etag)
        return Answer(201, shown(note), Decision([Create(note.stored()), touched]))

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
    stores: Stores,
    tenant_id: str,
    candidate_id: str,
    *,
    limit: int,
    continuation: str | None,
    now: datetime,
) -> tuple[list[CandidateNote], str | None]:
    """Return a page of a candidate's notes, the last first, and where the next begins.

    Raises ``Missing``.
    """
    profile = read(stores, tenant_id, candidate_id, now=now)
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
) -> tuple[list[Create], list[Delete]]:
    """The notes of a candidate as notes of another: what makes them there, what removes them
    here. A few at once: a commit holds two megabytes."""
    page = stores.documents.query(
        CONTAINER, (tenant_id, candidate_id), where=[Equals("kind", "note")], limit=20
    )
    made = [
        Create(CandidateNote.of(item.body).model_copy(update={"candidate_id": to}).stored())
        for item in page.items
    ]
    return made, [Delete(item.body["id"], item.etag) for item in page.items]
