"""Routes of profiling results: completion, result, blueprint, decision, Foundations."""

from __future__ import annotations

from typing import Any

import azure.functions as func

from functions.profiler_complete import service
from functions.profiler_complete.forms import (
    AcceptBody,
    AcceptView,
    BlueprintView,
    FoundationsView,
    GapView,
    ItemsQuery,
    ItemsView,
    ItemView,
    NextStepView,
    ResultView,
    StrengthView,
    SyncBody,
    SyncView,
    TrackView,
)
from functions.profiler_complete.rules.statistics import ItemCount
from shared import audit, runtime
from shared.bus_trigger import deliver
from shared.errors import Conflict, Missing
from shared.http.api import Api, Reply
from shared.http.call import Call
from shared.models.profiling import (
    ProfilerResult,
    ProfilingSession,
)
from shared.models.profiling_times import time_by_module
from shared.models.question_bank import Question, QuestionBank, in_language

blueprint = func.Blueprint()
api = Api("profiler", "From the first question to a track that fits", blueprint)


@api.post(
    "v1/profiling/enhanced/session/{session_id}/complete",
    answer=ResultView,
    errors=(Missing, Conflict),
)
def profiling_complete(call: Call[None, None]) -> Reply:
    """Complete profiling: score the answers, recommend a track, lock the session.

    409 when the session is locked already, or naming the modules that are still open.
    """
    status, body = service.complete(
        runtime.stores(),
        call.principal,
        call.uuid("session_id"),
        shown=_result,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


@api.get("v1/profiling/enhanced/session/{session_id}/result", answer=ResultView, errors=(Missing,))
def profiling_result(call: Call[None, None]) -> Reply:
    """Read a completed session's result, with what moved each track by how much.

    Others than the learner get neither choices nor contributions, from which single answers
    could be read. That they read it stands in the audit log.
    """
    bank, session, result = _read(call, "profiling.result")
    shown = _result(bank, session, result)
    return Reply(shown if session.user_id == call.principal.user_id else _for_others(shown))


@api.get(
    "v1/profiling/enhanced/session/{session_id}/blueprint",
    answer=BlueprintView,
    errors=(Missing,),
)
def profiling_blueprint(call: Call[None, None]) -> BlueprintView:
    """Read the result as a plan: track, strengths, gaps, next steps.

    The plan is for the track that the learner chose, else for the recommended one. That
    somebody else than the learner read it stands in the audit log.
    """
    bank, _, result = _read(call, "profiling.blueprint")
    plan = service.plan(bank, result)
    recommendation = result.scores.recommendation
    return BlueprintView(
        session_id=result.session_id,
        track=plan.track,
        track_id=plan.track_id,
        title=plan.title,
        summary=plan.summary,
        alignment=plan.alignment,
        recommended=plan.track == recommendation.primary,
        confidence=recommendation.confidence,
        learning_path=plan.learning_path,
        strengths=tuple(
            StrengthView.model_validate(each, from_attributes=True) for each in plan.strengths
        ),
        gaps=tuple(GapView.model_validate(each, from_attributes=True) for each in plan.gaps),
        roles=plan.roles,
        next_steps=tuple(
            NextStepView.model_validate(each, from_attributes=True) for each in plan.next_steps
        ),
        value_statement=result.scores.value_statement,
    )


@api.post("v1/profiler/sync-fastapi", body=SyncBody, answer=SyncView, errors=(Missing, Conflict))
def profiler_sync(call: Call[None, SyncBody]) -> Reply:
    """Take over a completed session, for older clients.

    The same effect as completion, whether or not that was called before, and harmless to
    repeat. Scores that a client computed itself are not read.
    """
    status, body = service.sync(
        runtime.stores(),
        call.principal,
        str(call.body.session_id),
        shown=_synced,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


@api.post(
    "v1/profiler/sessions/{session_id}/accept-result",
    body=AcceptBody,
    answer=AcceptView,
    errors=(Missing, Conflict),
)
def profiler_accept(call: Call[None, AcceptBody]) -> Reply:
    """Accept the recommended track, decline it, or choose another.

    The learner may decide again. Choosing another track stands in the audit log. 409 for an
    attempt that an admin reset.
    """
    status, body = service.accept(
        runtime.stores(),
        runtime.current().pseudonyms,
        call.principal,
        call.uuid("session_id"),
        accepted=call.body.accepted,
        override_track_id=call.body.override_track_id,
        shown=_accepted,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


@api.get("v1/foundations/status", answer=FoundationsView)
def foundations_status(call: Call[None, None]) -> FoundationsView:
    """Read whether Foundations is open to the learner.

    The first time after completing the profiler is kept as the moment of transition, of
    each attempt its own.
    """
    result = service.foundations(runtime.stores(), call.principal, now=call.now)
    return FoundationsView(
        profiling_complete=result is not None,
        foundations_available=result is not None,
        profiling_session_id=result.session_id if result else None,
        track_key=result.track if result else None,
        foundations_transition_at=result.foundations_transition_at if result else None,
    )


@api.get("v1/profiler/items", query=ItemsQuery, answer=ItemsView, errors=(Missing,))
def profiler_items(call: Call[ItemsQuery, None]) -> ItemsView:
    """Read how the items of the question bank are answered in the tenant.

    For editors of the bank: mean times and shares beside what the bank assumes. A learner's
    first attempt counts, unless it has an integrity flag. The counts are released ten sessions
    at a time, so that no two readings differ by one person's answers.
    """
    bank, statistics = service.item_statistics(
        runtime.stores(), call.principal.tenant_id, call.query.bank_version
    )
    return ItemsView(
        bank_version=statistics.bank_version,
        sessions=statistics.released.sessions,
        left_out=statistics.released.left_out,
        items=tuple(
            _item(question, statistics.released.items.get(question.id, ItemCount()))
            for question in bank.questions
        ),
        updated_at=statistics.released.at or statistics.updated_at,
    )


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="profiler",
    subscription_name="profiler_complete",
    connection="ServiceBus",
)
def profiler_count(message: func.ServiceBusMessage) -> None:
    """A session was completed: count how its items were answered."""
    deliver(
        message,
        entity="profiler/profiler_complete",
        handle=lambda event: service.count_items(runtime.stores(), event, now=runtime.now()),
    )


def _item(question: Question, count: ItemCount) -> ItemView:
    shares = {option: chosen / count.answers for option, chosen in count.options.items()}
    return ItemView(
        question_id=question.id,
        module=question.module,
        answers=count.answers,
        mean_seconds=count.seconds / count.answers if count.answers else None,
        assumed_mean_seconds=question.mean_seconds,
        shares=shares,
        right=shares.get(question.key, 0.0) if question.key and count.answers else None,
    )


def _read(
    call: Call[None, None], action: str
) -> tuple[QuestionBank, ProfilingSession, ProfilerResult]:
    stores, principal = runtime.stores(), call.principal
    bank, session, result = service.read(stores, principal, call.reach, call.uuid("session_id"))
    if session.user_id != principal.user_id:
        audit.record_read(
            stores,
            runtime.current().pseudonyms,
            principal,
            action,
            of="user",
            target=session.user_id,
            now=call.now,
        )
    return bank, session, result


def _result(
    bank: QuestionBank, session: ProfilingSession, result: ProfilerResult
) -> dict[str, Any]:
    scores = result.scores
    recommendation = scores.recommendation
    return ResultView(
        session_id=result.session_id,
        status=session.status,
        attempt_count=result.attempt,
        bank_version=scores.bank_version,
        aptitude_score=scores.aptitude.score,
        technical_exposure_score=scores.exposure.score,
        work_style_cluster=scores.work_style.cluster,
        difficulty_selection=scores.difficulty.selected,
        recommended_track=recommendation.primary,
        recommended_track_id=bank.track[recommendation.primary].track_id,
        secondary_track=recommendation.secondary,
        secondary_track_id=bank.track[recommendation.secondary].track_id,
        track_confidence=recommendation.confidence,
        two_tracks=recommendation.two_tracks,
        track_probabilities=recommendation.probabilities,
        track_alignment_percentages=recommendation.alignment,
        tracks=tuple(
            TrackView(
                track=track,
                track_id=bank.track[track].track_id,
                title=in_language(bank.track[track].title, result.language),
                alignment=recommendation.alignment[track],
                probability=chance,
            )
            for track, chance in sorted(
                recommendation.probabilities.items(), key=lambda each: -each[1]
            )
        ),
        value_statement=scores.value_statement,
        time_spent_per_module=time_by_module(bank, session),
        aptitude=scores.aptitude,
        technical_exposure=scores.exposure,
        work_style=scores.work_style,
        scenario_choices=scores.scenario_choices,
        difficulty=scores.difficulty,
        skills=scores.skills,
        work_roles=recommendation.roles,
        integrity=scores.integrity,
        explanation=scores.explanation,
        result_accepted=result.accepted,
        result_accepted_at=result.accepted_at,
        override_track=result.override_track,
        completed_at=result.completed_at,
    ).model_dump(mode="json")


def _for_others(shown: dict[str, Any]) -> dict[str, Any]:
    """A result without what single answers can be read from: those are the learner's own."""
    return shown | {
        "scenario_choices": [],
        "explanation": shown["explanation"] | {"contributions": []},
    }


def _synced(
    bank: QuestionBank, session: ProfilingSession, result: ProfilerResult
) -> dict[str, Any]:
    recommendation = result.scores.recommendation
    return SyncView(
        status="synced",
        session_id=session.session_id,
        profiling_complete=True,
        profiling_completed_at=result.completed_at,
        profiling_session_id=session.session_id,
        track_key=result.track,
        recommended_track_id=bank.track[recommendation.primary].track_id,
        track_confidence=recommendation.confidence,
        track_alignment_percentages=recommendation.alignment,
    ).model_dump(mode="json")


def _accepted(
    bank: QuestionBank, session: ProfilingSession, result: ProfilerResult
) -> dict[str, Any]:
    if result.accepted is None or result.accepted_at is None:
        raise ValueError("a decision that was taken has a moment")
    override = result.override_track
    return AcceptView(
        session_id=session.session_id,
        result_accepted=result.accepted,
        result_accepted_at=result.accepted_at,
        recommended_track=result.scores.recommendation.primary,
        override_track=override,
        override_track_id=bank.track[override].track_id if override else None,
        track_key=result.track if result.accepted or override else None,
    ).model_dump(mode="json")
