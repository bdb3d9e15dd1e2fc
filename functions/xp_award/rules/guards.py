"""Guards against farming: which answers are not paid at once, but looked at by a mentor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from functions.xp_award.rules.documents import Held
from shared.events.journey import AnswerGiven
from shared.models.game import PaidAnswer

LEAST_MS = 1000
"""Nobody reads a question and answers it in less."""
MOST_A_MINUTE = 20
"""Answers that are paid within a minute."""
REPEAT_AFTER = timedelta(minutes=10)
"""How soon the same question is paid again, in another journey."""
_MINUTE = timedelta(minutes=1)


def why_held(answer: AnswerGiven, session_id: str, paid: Sequence[PaidAnswer]) -> Held | None:
    """Why an answer that earns something waits for a mentor; None when it is paid at once.

    ``paid`` are the answers that were paid within :data:`REPEAT_AFTER`, see :func:`kept`.
    """
    if answer.duration_ms < LEAST_MS:
        return "too_fast"
    at = answer.answered_at
    if sum(abs(at - each.at) < _MINUTE for each in paid if each.at <= at) >= MOST_A_MINUTE:
        return "too_many"
    if any(
        each.question_id == answer.question_id
        and each.session_id != session_id
        and abs(at - each.at) < REPEAT_AFTER
        for each in paid
    ):
        return "repeated"
    return None


def kept(paid: Sequence[PaidAnswer], latest: datetime) -> tuple[PaidAnswer, ...]:
    """The paid answers that a guard still looks at, when the latest one is of this moment."""
    return tuple(each for each in paid if latest - each.at < REPEAT_AFTER)
