"""Completes sessions, shows results and plans, takes the learner's decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from functions.profiler_complete.rules.blueprint import Blueprint, blueprint
from functions.profiler_complete.rules.result import check_standing, completed, decided
from functions.profiler_complete.rules.statistics import CONTAINER as STATISTICS
from functions.profiler_complete.rules.statistics import STATISTICS_ID, ItemStatistics, counted
from functions.profiler_complete.rules.telemetry import telemetry_payload
from shared import audit
from shared.access import Reach
from shared.auth import Principal
from shared.documents.port import Create, Equals, Operation, Order, Replace, Stored, Upsert
from shared.errors import Missing
from shared.events.envelope import Event, EventData, read_data
from shared.events.profiler import (
    FoundationsEntered,
    ProfilerAccepted,
    ProfilerCompleted,
    ProfilerSynced,
)
from shared.messaging import (
    Answer,
    Decision,
    IdempotencyKey,
    Outcome,
    announce_once,
    answer_once,
    handle_once,
)
from shared.models.profiling import (
    CONTAINER,
    ProfilerResult,
    ProfilingSession,
    TelemetryRecord,
    telemetry_id_of,
)
from shared.models.question_bank import QuestionBank
from shared.profiling_sessions import (
    find,
    own_partition,
    read_bank,
    read_current,
    read_result,
    read_session,
)
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

SOURCE = "profiler_complete"

Shown = Callable[[QuestionBank, ProfilingSession, ProfilerResult], dict[str, Any]]
"""Makes the JSON answer of a result; what an idempotent repeat gets again."""


def complete(
    stores: Stores,
    principal: Principal,
    session_id: str,
    *,
    shown: Shown,
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Score the caller's session with the bank it was answered with, and lock it.

    Raises ``Missing``, and ``Conflict`` when it is locked or modules are open.
    """

    def decide() -> Answer:
        session, etag = read_session(stores, own_partition(principal), session_id)
        bank = read_bank(stores, session.bank_version)
        locked, result = completed(bank, session, now=now)
        return Answer(
            200,
            shown(bank, locked, result),
            _decision(
                bank,
                locked,
                etag,
                result,
                [Create(result.stored())],
                [_completed_event(result)],
                now,
            ),
        )

    return _answered(stores, principal, idempotency, decide, now)


def sync(
    stores: Stores,
    principal: Principal,
    session_id: str,
    *,
    shown: Shown,
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Do for an older client what completion does, unless it is done; note the first time.

    What such a client computed itself is not taken over: results are ours alone. Raises
    ``Missing``, and ``Conflict`` when modules are open or the attempt was set aside.
    """

    def decide() -> Answer:
        session, etag = read_session(stores, own_partition(principal), session_id)
        bank = read_bank(stores, session.bank_version)
        operations: list[Operation] = []
        events: list[EventData] = []
        if session.locked:
            check_standing(session)
            result, result_etag = read_result(stores, session)
            if result.synced_at is not None:
                return Answer(200, shown(bank, session, result))
            result = result.model_copy(update={"synced_at": now})
            operations.append(Replace(result.stored(), result_etag))
        else:
            session, result = completed(bank, session, now=now)
            result = result.model_copy(update={"synced_at": now})
            operations.append(Create(result.stored()))
            events.append(_completed_event(result))
        events.append(
            ProfilerSynced(
                user_id=result.user_id,
                session_id=result.session_id,
                attempt=result.attempt,
                track_key=result.track,
            )
        )
        return Answer(
            200,
            shown(bank, session, result),
            _decision(bank, session, etag, result, operations, events, now),
        )

    return _answered(stores, principal, idempotency, decide, now)


def accept(
    stores: Stores,
    pseudonyms: Pseudonyms,
    principal: Principal,
    session_id: str,
    *,
    accepted: bool,
    override_track_id: str | None,
    shown: Shown,
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Keep the learner's decision on the recommended track.

    That a learner chose another track stands in the audit log. Raises ``Missing`` when there
    is no result, ``Invalid`` for a track that is not there, and ``Conflict`` for an attempt
    that was set aside.
    """

    def decide() -> Answer:
        session, etag = read_session(stores, own_partition(principal), session_id)
        check_standing(session)
        bank = read_bank(stores, session.bank_version)
        before, result_etag = read_result(stores, session)
        result = decided(
            bank, before, accepted=accepted, override_track_id=override_track_id, now=now
        )
        body = shown(bank, session, result)
        if result is before:
            return Answer(200, body)
        events: list[EventData] = [
            ProfilerAccepted(
                user_id=result.user_id,
                session_id=result.session_id,
                attempt=result.attempt,
                accepted=accepted,
                track_key=result.track,
            )
        ]
        if result.override_track != before.override_track:
            events.append(
                audit.noted(
                    pseudonyms,
                    principal,
                    "profiling.override",
                    tenant_id=principal.tenant_id,
                    of="user",
                    target=principal.user_id,
                    reason=f"{before.track} to {result.track}",
                )
            )
        operations = [Replace(result.stored(), result_etag)]
        return Answer(200, body, _decision(bank, session, etag, result, operations, events, now))

    return _answered(stores, principal, idempotency, decide, now)


def read(
    stores: Stores, principal: Principal, reach: frozenset[Reach], session_id: str
) -> tuple[QuestionBank, ProfilingSession, ProfilerResult]:
    """A result that the caller reaches, with its session and bank. Raises ``Missing``."""
    session = find(stores, principal, reach, session_id)
    result, _ = read_result(stores, session)
    return read_bank(stores, session.bank_version), session, result


def plan(bank: QuestionBank, result: ProfilerResult) -> Blueprint:
    """The blueprint for the track the learner is on."""
    return blueprint(bank, result.scores, track=result.track, language=result.language)


def foundations(stores: Stores, principal: Principal, *, now: datetime) -> ProfilerResult | None:
    """The result with which the learner enters Foundations, None before completion.

    The first time after completion is kept and told, once an attempt.
    """
    partition = own_partition(principal)
    found: list[ProfilerResult | None] = [None]

    def decide() -> Decision:
        found[0] = None
        present = read_current(stores, partition)
        if present is None:
            return Decision()
        session, etag, result, result_etag = present
        found[0] = result
        if result.foundations_transition_at is not None:
            return Decision()
        result = result.model_copy(update={"foundations_transition_at": now})
        found[0] = result
        told = FoundationsEntered(
            user_id=result.user_id, session_id=result.session_id, attempt=result.attempt
        )
        bank = read_bank(stores, session.bank_version)
        operations = [Replace(result.stored(), result_etag)]
        return _decision(bank, session, etag, result, operations, [told], now)

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )
    return found[0]


def count_items(stores: Stores, event: Event, *, now: datetime) -> Outcome:
    """Add a completed session to the statistics of the items, once.

    A session that was erased meanwhile is finished without.
    """
    told = read_data(event, ProfilerCompleted)
    partition = (event.tenantid, told.user_id)
    try:
        session, _ = read_session(stores, partition, told.session_id)
        result, _ = read_result(stores, session)
    except Missing:
        return "rejected"
    bank = read_bank(stores, session.bank_version)

    def decide() -> Decision:
        stored = _stored_statistics(stores, event.tenantid, bank.bank_version)
        before = (
            ItemStatistics(tenant_id=event.tenantid, bank_version=bank.bank_version, updated_at=now)
            if stored is None
            else ItemStatistics.of(stored.body)
        )
        after = counted(before, bank, session, result, now=now).stored()
        return Decision([Create(after) if stored is None else Replace(after, stored.etag)])

    return handle_once(
        stores,
        event,
        handler=SOURCE,
        container=STATISTICS,
        partition=(event.tenantid, bank.bank_version),
        decide=decide,
        now=now,
    )


def item_statistics(
    stores: Stores, tenant_id: str, bank_version: str | None
) -> tuple[QuestionBank, ItemStatistics]:
    """How the items of a bank version are answered in a tenant; without a version, of the one
    that was completed last. Raises ``Missing`` while too few have completed it to be shown."""
    if bank_version is None:
        page = stores.documents.query(
            STATISTICS,
            (tenant_id,),
            where=[Equals("kind", "item_statistics")],
            order=Order("updated_at", descending=True),
            limit=1,
        )
        stored = page.items[0] if page.items else None
    else:
        stored = _stored_statistics(stores, tenant_id, bank_version)
    statistics = None if stored is None else ItemStatistics.of(stored.body)
    if statistics is None or not statistics.released.sessions:
        raise Missing("too few have completed this version of the question bank to show counts")
    return read_bank(stores, statistics.bank_version), statistics


def _stored_statistics(stores: Stores, tenant_id: str, bank_version: str) -> Stored | None:
    return stores.documents.get(STATISTICS, (tenant_id, bank_version), STATISTICS_ID)


def _completed_event(result: ProfilerResult) -> ProfilerCompleted:
    return ProfilerCompleted(
        user_id=result.user_id,
        session_id=result.session_id,
        attempt=result.attempt,
        track_key=result.scores.recommendation.primary,
    )


def _decision(
    bank: QuestionBank,
    session: ProfilingSession,
    etag: str,
    result: ProfilerResult,
    operations: Sequence[Operation],
    events: Sequence[EventData],
    now: datetime,
) -> Decision:
    """These operations and events, with the session and its telemetry as they are then.

    The session is written although it may not change: the telemetry is made of it, so a
    reset that is committed in between has to make this decision anew.
    """
    record = TelemetryRecord(
        id=telemetry_id_of(session.session_id),
        tenant_id=session.tenant_id,
        user_id=session.user_id,
        session_id=session.session_id,
        payload=telemetry_payload(bank, session, result),
        updated_at=now,
    )
    return Decision([Replace(session.stored(), etag), *operations, Upsert(record.stored())], events)


def _answered(
    stores: Stores,
    principal: Principal,
    idempotency: IdempotencyKey | None,
    decide: Callable[[], Answer],
    now: datetime,
) -> tuple[int, Any]:
    return answer_once(
        stores,
        idempotency,
        source=SOURCE,
        container=CONTAINER,
        partition=own_partition(principal),
        decide=decide,
        now=now,
    )
