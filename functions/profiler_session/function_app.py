"""Routes of profiling sessions: start, questions, answers, progress, reset."""

from __future__ import annotations

from typing import Any

import azure.functions as func

from functions.profiler_session import service
from functions.profiler_session.forms import (
    AnswersBody,
    AnswersView,
    AnswerView,
    ModuleView,
    ProgressBody,
    ProgressView,
    QuestionsQuery,
    QuestionsView,
    QuestionView,
    ResetBody,
    ResetView,
    SessionView,
    StartBody,
    Warned,
)
from functions.profiler_session.rules.answers import Offered, Taken
from shared import audit, runtime
from shared.errors import Conflict, Missing
from shared.http.api import Api, Reply
from shared.http.call import Call
from shared.http.client import UNKNOWN
from shared.models.profiling import Device, ProfilingSession
from shared.profiling_sessions import find

blueprint = func.Blueprint()
api = Api("profiler", "From the first question to a track that fits", blueprint)

MOST_CHARACTERS = 512
"""Of a user agent that are kept."""
SLOW_DOWN = (
    "Three answers in a row came faster than their questions can be read. Take your time: "
    "guesses make your result say less about you."
)


@api.post(
    "v1/profiling/enhanced/session",
    body=StartBody,
    answer=SessionView,
    status=201,
    other_statuses=(200,),
    errors=(Conflict,),
)
def profiling_start(call: Call[None, StartBody]) -> Reply:
    """Start profiling, or go on with it.

    A learner has one session that is not completed: 201 when it is new, 200 when it was there,
    on whatever device. 409 when profiling is completed; an admin can reset it.
    """
    headers = call.headers
    status, body = service.start(
        runtime.stores(),
        runtime.current().pseudonyms,
        call.principal,
        device=Device(
            user_agent=(headers.get("user-agent") or "")[:MOST_CHARACTERS] or None,
            device_fingerprint=call.body.device_fingerprint,
            ip_address=None if call.client_address == UNKNOWN else call.client_address,
        ),
        language=call.body.language,
        accepted_languages=headers.get("accept-language"),
        shown=_own_session,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


@api.get(
    "v1/profiling/enhanced/session/{session_id}",
    answer=SessionView,
    errors=(Missing,),
)
def profiling_read(call: Call[None, None]) -> SessionView:
    """Read where a session stands.

    The learner gets the answers too, to go on with on another device. That somebody else read
    it stands in the audit log.
    """
    stores, principal = runtime.stores(), call.principal
    session = find(stores, principal, call.reach, call.uuid("session_id"))
    own = session.user_id == principal.user_id
    if not own:
        audit.record_read(
            stores,
            runtime.current().pseudonyms,
            principal,
            "profiling.read",
            of="user",
            target=session.user_id,
            now=call.now,
        )
    return _session_view(service.standing(stores, session), own=own)


@api.get(
    "v1/profiling/enhanced/session/{session_id}/questions",
    query=QuestionsQuery,
    answer=QuestionsView,
    errors=(Missing, Conflict),
)
def profiling_questions(call: Call[QuestionsQuery, None]) -> QuestionsView:
    """Read the questions of a module, in the session's language."""
    state, language, served = service.questions(
        runtime.stores(), call.principal, call.uuid("session_id"), module=call.query.module
    )
    return QuestionsView(
        module=state.module,
        title=served.title,
        introduction=served.introduction,
        state=state.state,
        language=language,
        questions=tuple(
            QuestionView.model_validate(each, from_attributes=True) for each in served.questions
        ),
    )


@api.post(
    "v1/profiling/enhanced/session/{session_id}/answers",
    body=AnswersBody,
    answer=AnswersView,
    errors=(Missing, Conflict),
)
def profiling_answer(call: Call[None, AnswersBody]) -> Reply:
    """Answer one question or many: all are taken, or none.

    Answering again replaces, until a later module is begun, and its time adds up; the same
    answer again changes nothing, unless it was thought over for longer. Three answers in a row
    that came too fast are warned of. 409 names each answer to a module that is closed or not
    open yet: send the others without them.
    """
    offered = [
        Offered(each.question_id, each.selected_option, each.text, each.response_time_ms)
        for each in call.body.answers
    ]
    status, body = service.answer(
        runtime.stores(),
        call.principal,
        call.uuid("session_id"),
        offered,
        shown=_taken,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


@api.post(
    "v1/profiler/update-progress",
    body=ProgressBody,
    answer=ProgressView,
    errors=(Missing, Conflict),
)
def profiler_progress(call: Call[None, ProgressBody]) -> Reply:
    """Report time spent in a module, and where the learner is.

    Time adds up, but never to more than has passed since the start. Send an
    `Idempotency-Key`, so that a report that is sent again counts once.
    """
    sent = call.body
    status, body = service.progress(
        runtime.stores(),
        call.principal,
        str(sent.session_token),
        module=sent.module_name,
        seconds=sent.time_spent_seconds,
        section=sent.current_section,
        question_index=sent.current_question_index,
        shown=_progress,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


@api.post(
    "v1/profiler/sessions/{session_id}/reset",
    body=ResetBody,
    answer=ResetView,
    errors=(Missing, Conflict),
)
def profiler_reset(call: Call[None, ResetBody]) -> Reply:
    """Open the way for another attempt of a learner whose profiling is completed.

    Who did it and why stand on the session and in the audit log. The attempt that is set
    aside stays readable, its result too.
    """
    status, body = service.reset(
        runtime.stores(),
        runtime.current().pseudonyms,
        call.principal,
        call.uuid("session_id"),
        reason=call.body.reason,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


def _modules(standing: service.Standing) -> tuple[ModuleView, ...]:
    return tuple(ModuleView.model_validate(each, from_attributes=True) for each in standing.modules)


def _session_view(standing: service.Standing, *, own: bool) -> SessionView:
    session: ProfilingSession = standing.session
    given = sorted(session.answers.values(), key=lambda answer: answer.sequence) if own else []
    return SessionView(
        session_id=session.session_id,
        session_token=session.session_id,
        status=session.status,
        attempt_count=session.attempt,
        bank_version=session.bank_version,
        language=session.language,
        current_module=standing.current,
        modules=_modules(standing),
        time_spent_per_module={name: spent for name, spent in standing.seconds.items() if spent},
        position=session.position,
        answers=tuple(AnswerView.model_validate(each, from_attributes=True) for each in given),
        reset_at=session.reset.at if session.reset else None,
        started_at=session.created_at,
        updated_at=session.updated_at,
        completed_at=session.completed_at,
    )


def _own_session(standing: service.Standing) -> dict[str, Any]:
    return _session_view(standing, own=True).model_dump(mode="json")


def _taken(taken: Taken, standing: service.Standing) -> dict[str, Any]:
    return AnswersView(
        session_id=standing.session.session_id,
        status=standing.session.status,
        new=taken.new,
        replaced=taken.replaced,
        unchanged=taken.unchanged,
        warning=Warned(code="slow_down", detail=SLOW_DOWN) if taken.slow_down else None,
        current_module=standing.current,
        modules=_modules(standing),
    ).model_dump(mode="json")


def _progress(standing: service.Standing) -> dict[str, Any]:
    session = standing.session
    return ProgressView(
        session_id=session.session_id,
        status=session.status,
        time_spent_per_module=session.module_seconds,
        time_spent_seconds=sum(session.module_seconds.values()),
        position=session.position,
        current_module=standing.current,
    ).model_dump(mode="json")
