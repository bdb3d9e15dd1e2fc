"""How a session begins, and how an admin opens the way for another."""

from __future__ import annotations

from datetime import datetime

from shared.errors import Conflict
from shared.models.profiling import (
    Device,
    Learner,
    ProfilingSession,
    Reset,
    session_id_of,
)
from shared.models.question_bank import QuestionBank


def first_attempt(tenant_id: str, user_id: str) -> Learner:
    """The learner at the beginning."""
    return Learner(
        tenant_id=tenant_id,
        user_id=user_id,
        attempt=1,
        session_id=session_id_of(tenant_id, user_id, 1),
    )


def new_session(
    learner: Learner, bank: QuestionBank, *, language: str, device: Device, now: datetime
) -> ProfilingSession:
    """The session of the attempt that a learner is at."""
    return ProfilingSession(
        id=learner.session_id,
        tenant_id=learner.tenant_id,
        user_id=learner.user_id,
        session_id=learner.session_id,
        attempt=learner.attempt,
        bank_version=bank.bank_version,
        language=language,
        device=device,
        created_at=now,
        updated_at=now,
    )


def set_aside(
    session: ProfilingSession, learner: Learner, *, by: str, reason: str, now: datetime
) -> tuple[ProfilingSession, Learner]:
    """The session with the reset noted on it, and the learner at the next attempt.

    Its answers and its result stay. Raises ``Conflict`` for a session that is not completed, or
    was set aside before.
    """
    if session.reset is not None or learner.session_id != session.session_id:
        raise Conflict("the session was reset before; the learner is at a later attempt")
    if not session.locked:
        raise Conflict("the session is not completed; the learner can simply go on with it")
    attempt = learner.attempt + 1
    return (
        session.model_copy(
            update={"reset": Reset(by=by, reason=reason, at=now), "updated_at": now}
        ),
        learner.model_copy(
            update={
                "attempt": attempt,
                "session_id": session_id_of(learner.tenant_id, learner.user_id, attempt),
            }
        ),
    )
