"""How long a learner was at each module of the profiler, as all its flows show it."""

from __future__ import annotations

import math

from shared.models.profiling import ProfilingSession
from shared.models.question_bank import MODULES, ModuleName, QuestionBank

SKEW_SECONDS = 60
"""How far a client's clock may run ahead of ours."""


def answering_seconds(session: ProfilingSession) -> float:
    """How long all answers together took, by what the client measured."""
    return math.fsum(answer.seconds for answer in session.answers.values())


def time_by_module(bank: QuestionBank, session: ProfilingSession) -> dict[ModuleName, int]:
    """Seconds spent in each module: as reported, or the sum of its answers' times if that is more.

    All of them together never come to more than the session has existed, a minute of clock skew
    aside: what is too much is taken off each in proportion.
    """
    found: dict[ModuleName, float] = {}
    for module in MODULES:
        answers = (session.answers.get(question.id) for question in bank.by_module[module])
        answering = math.fsum(answer.seconds for answer in answers if answer is not None)
        found[module] = max(float(session.module_seconds.get(module, 0)), answering)
    until = session.completed_at or session.updated_at
    most = (until - session.created_at).total_seconds() + SKEW_SECONDS
    share = min(1.0, most / max(1.0, math.fsum(found.values())))
    return {module: int(seconds * share) for module, seconds in found.items()}
