"""Makes reports: noted when a journey ends, made by a message of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from functions.journey_summary.rules.documents import (
    BLOBS,
    CONTAINER,
    Summary,
    Version,
    blob_name_of,
)
from functions.journey_summary.rules.report import Report, report_of
from functions.journey_summary.service.gathering import gather
from functions.journey_summary.service.reading import find, read
from shared.access import Reach
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create, Replace
from shared.erasures import erased_at
from shared.errors import Conflict, Missing, Rejected, Unavailable
from shared.events.envelope import Event, read_data
from shared.events.journey import JourneyCompleted
from shared.events.summary import SummaryPublished, SummaryRequested
from shared.messaging import (
    Answer,
    Decision,
    IdempotencyKey,
    Outcome,
    announce_once,
    answer_once,
    handle_once,
    was_handled,
)
from shared.models import game
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

SOURCE = "journey_summary"
MOST_VERSIONS = 50
TAKES_AT_MOST = timedelta(minutes=10)
"""After this a report that is still being prepared may be asked for anew."""
WAITS_FOR_XP = 5
"""How often a report waits for the journey's XP, twice as long each time: a minute in all."""

Draw = Callable[[Report], tuple[bytes, int]]
"""Draws a report: its bytes and how many pages they are."""


def note(stores: Stores, pseudonyms: Pseudonyms, event: Event, *, now: datetime) -> Outcome:
    """A journey has ended: its report is to be made. One for each journey, told how often."""
    told = read_data(event, JourneyCompleted)
    partition = (event.tenantid, told.user_id)

    def decide() -> Decision:
        if erased_at(stores, pseudonyms, event.tenantid, "user", told.user_id) is not None:
            raise Rejected("the learner was erased")
        if stores.documents.get(CONTAINER, partition, told.session_id) is not None:
            return Decision()
        summary = Summary(
            id=told.session_id,
            tenant_id=event.tenantid,
            session_id=told.session_id,
            user_id=told.user_id,
            asked_at=now,
            completion=event.id,
            career=told.career,
            companion=told.companion,
            grade_level=told.grade_level,
            score=told.score,
            time_zone=told.time_zone,
            started_at=told.started_at,
            completed_at=told.completed_at,
        )
        return Decision([Create(summary.stored())], [_wanted(summary)])

    return handle_once(
        stores,
        event,
        handler=SOURCE,
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )


def make(
    stores: Stores, pseudonyms: Pseudonyms, event: Event, draw: Draw, *, now: datetime
) -> Outcome:
    """Make the version of a report that was asked for, and put it in the former one's place.

    Made again after a crash it is as good as before. Raises ``Unavailable`` while the XP of the
    journey's end is not in the ledger, for a minute at most: levels and achievements follow it.
    """
    told = read_data(event, SummaryRequested)
    partition = (event.tenantid, told.user_id)
    name = blob_name_of(*partition, told.session_id)
    try:
        wanted, _ = read(stores, partition, told.session_id)
    except Missing:
        stores.blobs.delete(BLOBS, name)  # what a run left that died before its commit
        raise Rejected("the report is gone: the learner was erased") from None
    if wanted.asked != told.version or wanted.state == "ready":
        return "repeated"
    waits = wanted.because == "completed" and event.resend < WAITS_FOR_XP
    if waits and not _is_paid(stores, wanted):
        raise Unavailable("the XP of the journey is not in the ledger yet")
    try:
        facts = gather(stores, wanted)
    except Rejected:
        give_up(stores, event, now=now)
        raise
    report = report_of(
        facts,
        version=told.version,
        completed_at=wanted.completed_at,
        made_at=wanted.asked_at,  # two who make it at once make the same
    )
    content, pages = draw(report)
    stores.blobs.put(
        BLOBS,
        name,
        content,
        content_type="application/pdf",
        metadata={"version": str(told.version)},
    )
    version = Version(
        number=told.version,
        because=wanted.because,
        pages=pages,
        size=len(content),
        sha256=sha256(content).hexdigest(),
        made_at=now,
    )

    def decide() -> Decision:
        if erased_at(stores, pseudonyms, event.tenantid, "user", told.user_id) is not None:
            stores.blobs.delete(BLOBS, name)
            raise Rejected("the learner was erased meanwhile")
        try:
            summary, etag = read(stores, partition, told.session_id)
        except Missing:
            stores.blobs.delete(BLOBS, name)
            raise Rejected("the report is gone: the learner was erased") from None
        if summary.asked != told.version or summary.state == "ready":
            return Decision()
        done = summary.model_copy(
            update={"state": "ready", "versions": (*summary.versions, version)}
        )
        published = SummaryPublished(
            user_id=told.user_id, session_id=told.session_id, version=told.version
        )
        return Decision([Replace(done.stored(), etag)], [published])

    return handle_once(
        stores,
        event,
        handler=f"{SOURCE}:make",
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )


def give_up(stores: Stores, event: Event, *, now: datetime) -> None:
    """Say of a report whose message becomes a dead letter that it failed: it may be asked for
    anew."""
    told = read_data(event, SummaryRequested)
    partition = (event.tenantid, told.user_id)

    def decide() -> Decision:
        summary, etag = read(stores, partition, told.session_id)
        if summary.asked != told.version or summary.state != "preparing":
            return Decision()
        failed = summary.model_copy(update={"state": "failed"})
        return Decision([Replace(failed.stored(), etag)])

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )


def ask(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    reach: frozenset[Reach],
    session_id: str,
    *,
    shown: Callable[[Summary], dict[str, object]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, object]:
    """Ask for the next version of a report; one that is being prepared is not asked for twice.

    Raises ``Missing``, and ``Conflict`` after :data:`MOST_VERSIONS` of them.
    """
    partition = find(stores, by, reach, session_id).partition

    def decide() -> Answer:
        summary, etag = read(stores, partition, session_id)
        if summary.state == "preparing" and now < summary.asked_at + TAKES_AT_MOST:
            return Answer(202, shown(summary))
        if len(summary.versions) >= MOST_VERSIONS:
            raise Conflict(f"this report was made {MOST_VERSIONS} times; that is the most")
        wanted = summary.model_copy(
            update={
                "state": "preparing",
                "asked": summary.asked + 1,
                "because": "asked",
                "asked_at": now,
            }
        )
        audited = noted(
            pseudonyms, by, "summary.make",
            tenant_id=wanted.tenant_id, of="user", target=wanted.user_id,
        )  # fmt: skip
        decision = Decision([Replace(wanted.stored(), etag)], [_wanted(wanted), audited])
        return Answer(202, shown(wanted), decision)

    return answer_once(
        stores,
        idempotency,
        source=SOURCE,
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )


def _wanted(summary: Summary) -> SummaryRequested:
    return SummaryRequested(
        user_id=summary.user_id, session_id=summary.session_id, version=summary.asked
    )


def _is_paid(stores: Stores, summary: Summary) -> bool:
    """Whether the game has heard of the journey's end: by the same event, so by its receipt."""
    return summary.completion is None or was_handled(
        stores,
        summary.completion,
        handler="xp_award",
        container=game.CONTAINER,
        partition=summary.partition,
    )
