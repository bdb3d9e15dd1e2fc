"""What becomes of a session: completed, accepted, taken over, left for Foundations."""

from __future__ import annotations

from datetime import datetime

from functions.profiler_complete.rules.scoring import score
from shared.errors import Conflict, FieldError, Invalid
from shared.models.profiling import ProfilerResult, ProfilingSession, result_id_of
from shared.models.question_bank import MODULES, QuestionBank, Track


def completed(
    bank: QuestionBank, session: ProfilingSession, *, now: datetime
) -> tuple[ProfilingSession, ProfilerResult]:
    """The session locked, and its result.

    Raises ``Conflict`` for one that is locked, and for one with modules open, naming each
    with the questions that are missing.
    """
    if session.locked:
        raise Conflict("the session is completed and locked; its result can be read")
    missing = {name: bank.missing(name, session.answers.keys()) for name in MODULES}
    left = {name: questions for name, questions in missing.items() if questions}
    if left:
        raise Conflict(
            f"these modules are still open: {', '.join(left)}",
            fields=tuple(
                FieldError(f"/modules/{name}", f"answer {', '.join(questions)}")
                for name, questions in left.items()
            ),
        )
    result = ProfilerResult(
        id=result_id_of(session.session_id),
        tenant_id=session.tenant_id,
        user_id=session.user_id,
        session_id=session.session_id,
        attempt=session.attempt,
        language=session.language,
        scores=score(
            bank,
            session.answers,
            language=session.language,
            elapsed_seconds=(now - session.created_at).total_seconds(),
        ),
        completed_at=now,
    )
    locked = session.model_copy(update={"status": "locked", "completed_at": now, "updated_at": now})
    return locked, result


def check_standing(session: ProfilingSession) -> None:
    """Raises ``Conflict`` for an attempt that a reset set aside: nothing rests on it any more."""
    if session.reset is not None:
        raise Conflict("this attempt was reset and set aside; decide on the later one")


def decided(
    bank: QuestionBank,
    result: ProfilerResult,
    *,
    accepted: bool,
    override_track_id: str | None,
    now: datetime,
) -> ProfilerResult:
    """The result as the learner took it: accepted, declined, or another track chosen instead.

    The learner may decide again; the same decision again changes nothing. Raises ``Invalid``
    for a track that is not there, or one beside an acceptance.
    """
    override: Track | None = None
    if override_track_id is not None:
        if accepted:
            raise _wrong("leave this out when the result is accepted; or send accepted: false")
        override = next(
            (each.key for each in bank.tracks if each.track_id == override_track_id.casefold()),
            None,
        )
        if override is None:
            known = ", ".join(f"{each.track_id} ({each.key})" for each in bank.tracks)
            raise _wrong(f"there is no such track; there are: {known}")
    if (result.accepted, result.override_track) == (accepted, override):
        return result
    return result.model_copy(
        update={"accepted": accepted, "override_track": override, "accepted_at": now}
    )


def _wrong(detail: str) -> Invalid:
    return Invalid(
        f"override_track_id: {detail}", fields=(FieldError("/override_track_id", detail),)
    )
