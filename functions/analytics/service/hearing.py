"""What analytics hears from the other flows: each event is kept once, and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from functions.analytics.rules import intake, journeys, telemetry
from functions.analytics.rules.dimensions import month_of, named
from functions.analytics.rules.documents import StoredEvent, event_id_of, shard_of
from functions.analytics.rules.facts import Fact, day_of, hundredths
from functions.analytics.rules.telemetry import KeptTelemetry
from functions.analytics.service import following
from functions.analytics.service.counting import keep
from shared.erasures import erased_at
from shared.errors import Invalid, Missing, Rejected
from shared.events.candidate import CandidateEdited, CandidateSaved
from shared.events.content import ContentCompleted
from shared.events.envelope import Event, read_data
from shared.events.game import GameAdvanced
from shared.events.intake import IntakeEnded
from shared.events.journey import (
    JourneyAttempted,
    JourneyCompleted,
    JourneyContainerCompleted,
    JourneyStarted,
)
from shared.events.profiler import (
    FoundationsEntered,
    ProfilerAccepted,
    ProfilerCompleted,
    ProfilerReset,
    ProfilerSynced,
)
from shared.events.recipes import RecipeUsed
from shared.intake_stages import read_record
from shared.messaging import Outcome
from shared.models import profiling
from shared.models.profiling import TelemetryRecord, telemetry_id_of
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores


class _Heard(NamedTuple):
    """What an event comes to: what is kept of it, and what is counted."""

    data: Mapping[str, Any]
    facts: Iterable[Fact]


_MOST_REACHED = 45
"""Levels, and achievements, that are counted of one event."""

Reader = Callable[[Stores, Event], _Heard]


def hear(stores: Stores, pseudonyms: Pseudonyms, event: Event, *, now: datetime) -> Outcome:
    """Keep and count an event of the house; heard again it changes nothing.

    Raises ``Rejected`` for somebody, or something, that was erased meanwhile, and ``Invalid`` for
    an event that analytics does not hear.
    """
    if event.type in (CandidateSaved.type, CandidateEdited.type):
        return _hear_candidate(stores, pseudonyms, event, now=now)
    if event.type == IntakeEnded.type:
        return _hear_file(stores, pseudonyms, event, now=now)
    reader = _READERS.get(event.type)
    user_id = event.data.get("user_id")
    if reader is None or not isinstance(user_id, str) or not user_id:
        raise Invalid(f"analytics does not hear {event.type}, or it names nobody")
    if erased_at(stores, pseudonyms, event.tenantid, "user", user_id) is not None:
        raise Rejected("the learner was erased")
    try:
        heard = reader(stores, event)
    except Missing:
        raise Rejected("the session's telemetry is gone") from None
    kept = _stored(event, user_id, heard.data, user_id)
    outcome = keep(stores, pseudonyms, kept, heard.facts, now=now)
    followed = _follow(stores, event, user_id, heard, now=now)
    return "done" if "done" in (outcome, followed) else "repeated"


def _stored(
    event: Event, subject: str, data: Mapping[str, Any], user_id: str | None
) -> StoredEvent:
    return StoredEvent(
        id=event_id_of(event.id),
        tenant_id=event.tenantid,
        month=month_of(day_of(event.time)),
        shard=shard_of(subject),
        user_id=user_id,
        type=event.type,
        at=event.time,
        data=dict(data),
    )


def _hear_file(stores: Stores, pseudonyms: Pseudonyms, event: Event, *, now: datetime) -> Outcome:
    """A file has ended: kept without a word of whose it is."""
    told = read_data(event, IntakeEnded)
    try:
        record, _ = read_record(stores, event.tenantid, told.intake_id)
    except Missing:
        raise Rejected("the intake record is gone") from None
    file = intake.ended(record, told)
    kept = _stored(event, told.intake_id, file.model_dump(mode="json"), None)
    return keep(stores, pseudonyms, kept, intake.counted(file, day_of(event.time)), now=now)


def _hear_candidate(
    stores: Stores, pseudonyms: Pseudonyms, event: Event, *, now: datetime
) -> Outcome:
    """A profile was made, from a file or by hand. One that was changed is nothing new."""
    told = (
        read_data(event, CandidateSaved)
        if event.type == CandidateSaved.type
        else read_data(event, CandidateEdited)
    )
    if not told.created:
        return "repeated"
    kept = _stored(event, told.candidate_id, {}, None)
    return keep(stores, pseudonyms, kept, intake.candidate_created(day_of(event.time)), now=now)


def _follow(stores: Stores, event: Event, user_id: str, heard: _Heard, *, now: datetime) -> Outcome:
    """Note what the event says of how far the learner came."""
    tenant_id = event.tenantid
    if event.type == ProfilerCompleted.type:
        scored = KeptTelemetry.model_validate(heard.data)
        return following.note_profile(
            stores,
            tenant_id,
            user_id,
            at=scored.completed_at,
            session_id=scored.session_id,
            track=scored.recommended_track,
            now=now,
        )
    if event.type == ProfilerAccepted.type and event.data["accepted"]:
        return following.note_stage(stores, tenant_id, user_id, "accepted", event.time, now=now)
    if event.type == RecipeUsed.type:
        used = read_data(event, RecipeUsed).used_at
        return following.note_stage(stores, tenant_id, user_id, "recipe", used, now=now)
    if event.type == ContentCompleted.type:
        done = read_data(event, ContentCompleted).completed_at
        return following.note_stage(stores, tenant_id, user_id, "achieved", done, now=now)
    if event.type == JourneyAttempted.type:
        told = read_data(event, JourneyAttempted)
        by_attempt = {answer.attempt_id: answer.answered_at for answer in told.answers}
        moments = [by_attempt.get(skill.attempt_id, event.time) for skill in told.mastered]
        if moments:
            return following.note_stage(stores, tenant_id, user_id, "achieved", *moments, now=now)
    return "repeated"


def _plain(event: Event) -> dict[str, Any]:
    """An event's own data; whose it is stands beside it."""
    return {name: value for name, value in event.data.items() if name != "user_id"}


def _started(_stores: Stores, event: Event) -> _Heard:
    return _Heard(_plain(event), journeys.started(read_data(event, JourneyStarted)))


def _attempted(_stores: Stores, event: Event) -> _Heard:
    return _Heard(_plain(event), journeys.attempted(read_data(event, JourneyAttempted)))


def _container(_stores: Stores, event: Event) -> _Heard:
    told = read_data(event, JourneyContainerCompleted)
    return _Heard(_plain(event), journeys.container_completed(told))


def _completed(_stores: Stores, event: Event) -> _Heard:
    return _Heard(_plain(event), journeys.completed(read_data(event, JourneyCompleted)))


def _content(_stores: Stores, event: Event) -> _Heard:
    told = read_data(event, ContentCompleted)
    counts = {"completed": 1}
    if told.score is not None:
        counts |= {"scored": 1, "score": hundredths(told.score)}
    group = (named(told.content_type), told.content_id, "learner")
    return _Heard(_plain(event), [Fact("content", group, day_of(told.completed_at), counts)])


def _recipe(_stores: Stores, event: Event) -> _Heard:
    told = read_data(event, RecipeUsed)
    group = ("recipe", told.slug, "learner")
    return _Heard(_plain(event), [Fact("content", group, day_of(told.used_at), {"completed": 1})])


def _game(_stores: Stores, event: Event) -> _Heard:
    told = read_data(event, GameAdvanced)
    keys = [each.key for each in told.unlocked][:_MOST_REACHED]
    # what is counted of one event is one commit: of a leap over many levels the last ones
    lowest = max(told.level_before, told.level - _MOST_REACHED)
    levels = range(lowest + 1, told.level + 1)
    groups = [("level", str(level)) for level in levels]
    groups += [("achievement", key) for key in keys]
    facts = [Fact("achievements", each, day_of(told.at), {"reached": 1}) for each in groups]
    data = {"level_before": told.level_before, "level": told.level, "tier": told.tier}
    return _Heard({**data, "unlocked": keys}, facts)


def _telemetry(stores: Stores, event: Event) -> KeptTelemetry:
    """The telemetry of the session that an event is of. Raises ``Missing`` where there is none."""
    session_id = str(event.data.get("session_id"))
    stored = stores.documents.get(
        profiling.CONTAINER,
        (event.tenantid, event.data["user_id"]),
        telemetry_id_of(session_id),
    )
    if stored is None:
        raise Missing("the session has no telemetry")
    return telemetry.kept(TelemetryRecord.of(stored.body).payload)


def _profiled(stores: Stores, event: Event) -> _Heard:
    scored = _telemetry(stores, event)
    return _Heard(scored.model_dump(mode="json"), telemetry.completed(scored))


def _decided(stores: Stores, event: Event) -> _Heard:
    told, scored = read_data(event, ProfilerAccepted), _telemetry(stores, event)
    facts = telemetry.decided(
        scored, accepted=told.accepted, track=told.track_key, day=day_of(event.time)
    )
    return _Heard({**_plain(event), **scored.model_dump(mode="json")}, facts)


def _became(what: str) -> Reader:
    def read(stores: Stores, event: Event) -> _Heard:
        try:
            scored = _telemetry(stores, event)
        except Missing:  # reset before it was scored
            return _Heard(_plain(event), ())
        facts: Iterator[Fact] = telemetry.other(scored, what, event.time)
        return _Heard({**_plain(event), **scored.model_dump(mode="json")}, facts)

    return read


_READERS: Mapping[str, Reader] = {
    JourneyStarted.type: _started,
    JourneyAttempted.type: _attempted,
    JourneyContainerCompleted.type: _container,
    JourneyCompleted.type: _completed,
    ContentCompleted.type: _content,
    RecipeUsed.type: _recipe,
    GameAdvanced.type: _game,
    ProfilerCompleted.type: _profiled,
    ProfilerAccepted.type: _decided,
    ProfilerSynced.type: _became("syncs"),
    ProfilerReset.type: _became("resets"),
    FoundationsEntered.type: _became("foundations"),
}
