"""The profile writer: a parsed résumé becomes, or joins, a candidate's profile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from functions.intake_finalize import rules
from shared.audit import noted
from shared.documents.port import Create, Operation, Replace
from shared.erasures import erased_at, requested
from shared.errors import Throttled
from shared.events.candidate import CandidateSaved
from shared.events.envelope import Event, read_data
from shared.events.intake import IntakeParsed
from shared.intake_stages import ended, read_awaiting
from shared.messaging import Decision, Outcome, handle_once
from shared.models import candidate, intake, tombstone
from shared.models.candidate import CandidateProfile
from shared.models.intake import ParseDocument, Reason
from shared.profiles.history import revision_of
from shared.profiles.standing import standing_for
from shared.profiles.writing import created, merged
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

HANDLER = "intake_finalize"

Clock = Callable[[], datetime]


def write_profile(stores: Stores, pseudonyms: Pseudonyms, event: Event, *, clock: Clock) -> Outcome:
    """Create the candidate's profile or merge into it, once a file.

    The candidate's partition follows from the e-mail address (else the phone number,
    else name and file): two files of one person meet in one profile. A file whose parse is
    gone ends as failed; one that came in before its candidate was erased is erased with them.
    """
    data = read_data(event, IntakeParsed)
    now = clock()
    record, _ = read_awaiting(stores, event, "finalizing", data.attempt, intake_id=data.intake_id)
    stored = stores.documents.get(intake.CONTAINER, record.partition, intake.PARSE_ID)
    if stored is None:
        return _without_parse(stores, event, data, clock)
    incoming = rules.incoming_of(record, ParseDocument.of(stored.body))
    own_id = candidate.candidate_id_of(event.tenantid, incoming.key)
    candidate_id = standing_for(stores, event.tenantid, own_id)
    erasures = [
        erased_at(stores, pseudonyms, event.tenantid, "candidate", each)
        for each in (own_id, candidate_id)
    ]
    if any(erased is not None and record.created_at <= erased for erased in erasures):
        return _erase_file(stores, pseudonyms, event, data.intake_id, now)

    def decide() -> Decision:
        present = stores.documents.get(
            candidate.CONTAINER, (event.tenantid, candidate_id), candidate_id
        )
        if present is not None and candidate.leads_to(present.body):
            # merged into another this instant: the next delivery finds which
            raise Throttled("the profile is being merged", retry_after=1)
        saved = CandidateSaved(
            candidate_id=candidate_id,
            created=present is None,
            intake_id=data.intake_id,
            attempt=data.attempt,
        )
        if present is None:
            profile = created(event.tenantid, incoming, now=now).model_copy(
                update={"id": candidate_id, "candidate_id": candidate_id}
            )
            made = revision_of(None, profile, "created", intake_id=data.intake_id, now=now)
            return Decision([Create(profile.stored()), Create(made.stored())], [saved])
        before = CandidateProfile.of(present.body)
        latest = before.newest_source.received_at
        if any(erased is not None and latest <= erased for erased in erasures):
            # merged into what is being erased, it would look like somebody who came anew
            raise Throttled("the profile is being erased", retry_after=5)
        profile = merged(before, incoming, now=now)
        operations: list[Operation] = [Replace(profile.stored(), present.etag)]
        if profile.revision > before.revision:
            change = revision_of(before, profile, "file", intake_id=data.intake_id, now=now)
            operations.append(Create(change.stored()))
        return Decision(operations, [saved])

    return handle_once(
        stores,
        event,
        handler=HANDLER,
        container=candidate.CONTAINER,
        partition=(event.tenantid, candidate_id),
        decide=decide,
        now=now,
    )


def _erase_file(
    stores: Stores, pseudonyms: Pseudonyms, event: Event, intake_id: str, now: datetime
) -> Outcome:
    """Have a file erased whose candidate was erased while it was on its way."""

    def decide() -> Decision:
        note = noted(
            pseudonyms,
            None,
            "erasure.late",
            tenant_id=event.tenantid,
            of="intake",
            target=intake_id,
        )
        return requested(
            stores,
            pseudonyms,
            tenant_id=event.tenantid,
            of="intake",
            identity=intake_id,
            subjects={"intake": (intake_id,)},
            events=[note],
            is_there=True,
            now=now,
        )[1]

    return handle_once(
        stores,
        event,
        handler=HANDLER,
        container=tombstone.CONTAINER,
        partition=(event.tenantid, pseudonyms.of(event.tenantid, "intake", intake_id)),
        decide=decide,
        now=now,
    )


def _without_parse(stores: Stores, event: Event, data: IntakeParsed, clock: Clock) -> Outcome:
    began = clock()

    def decide() -> Decision:
        record, etag = read_awaiting(
            stores, event, "finalizing", data.attempt, intake_id=data.intake_id
        )
        gone = "What was read from the file is gone. Retry the file."
        reason = Reason(code="parse_gone", detail=gone, stage="finalizing")
        return ended(
            record.advanced("finalizing", "failed", began=began, ended=clock(), reason=reason),
            etag,
        )

    return handle_once(
        stores,
        event,
        handler=HANDLER,
        container=intake.CONTAINER,
        partition=(event.tenantid, data.intake_id),
        decide=decide,
        now=began,
    )


def complete(stores: Stores, event: Event, *, clock: Clock) -> Outcome:
    """Link the file's record to the saved profile: the file has arrived."""
    data = read_data(event, CandidateSaved)
    began = clock()

    def decide() -> Decision:
        record, etag = read_awaiting(
            stores, event, "finalizing", data.attempt, intake_id=data.intake_id
        )
        return ended(
            record.advanced(
                "finalizing",
                "completed",
                began=began,
                ended=clock(),
                candidate_id=data.candidate_id,
            ),
            etag,
        )

    return handle_once(
        stores,
        event,
        handler=f"{HANDLER}_complete",
        container=intake.CONTAINER,
        partition=(event.tenantid, data.intake_id),
        decide=decide,
        now=began,
    )
