"""Time spent in each module, and where a learner last was."""

from __future__ import annotations

from datetime import datetime

from functions.profiler_session.rules.modules import current_module, module_states
from shared.errors import Conflict, FieldError, Invalid
from shared.models.profiling import Position, ProfilingSession
from shared.models.profiling_times import SKEW_SECONDS
from shared.models.question_bank import MODULES, ModuleName, QuestionBank

MOST_A_REPORT = 3600
"""Seconds that one report may add: clients report at least that often."""


def with_progress(
    bank: QuestionBank,
    session: ProfilingSession,
    *,
    module: str,
    seconds: int,
    section: str | None,
    question_index: int | None,
    now: datetime,
) -> ProfilingSession:
    """The session after a report of time spent; time adds up.

    All modules together never take longer than the session has existed: what two devices
    report of the same minutes, or a wrong clock adds, is cut off. Raises ``Invalid`` for an
    unknown module or a time that cannot be, and ``Conflict`` for a session that is over or a
    module that is not open yet. One that has closed takes what is reported late.
    """
    if session.locked:
        raise Conflict("the session is completed and locked; its times cannot be changed")
    name = checked_module(module, "/module_name")
    states = module_states(bank, session.answers.keys())
    if next(each for each in states if each.module == name).state == "waiting":
        raise Conflict(f"{name} is not open yet; go on with {current_module(states)}")
    if not 0 <= seconds <= MOST_A_REPORT:
        detail = f"give 0 to {MOST_A_REPORT} seconds since the last report"
        raise Invalid(
            f"time_spent_seconds: {detail}", fields=(FieldError("/time_spent_seconds", detail),)
        )
    elapsed = int((now - session.created_at).total_seconds()) + SKEW_SECONDS
    left = max(0, elapsed - sum(session.module_seconds.values()))
    spent = session.module_seconds.get(name, 0) + min(seconds, left)
    position = session.position
    if section is not None or question_index is not None or position is None:
        position = Position(module=name, section=section, question_index=question_index)
    elif position.module != name:
        position = Position(module=name)
    return session.model_copy(
        update={
            "module_seconds": {**session.module_seconds, name: spent},
            "position": position,
            "updated_at": now,
        }
    )


def checked_module(name: str, pointer: str) -> ModuleName:
    """The module of this name. Raises ``Invalid``, listing them, when there is none."""
    for module in MODULES:
        if module == name:
            return module
    detail = f"the modules are {', '.join(MODULES)}"
    raise Invalid(
        f"there is no module of this name: {detail}", fields=(FieldError(pointer, detail),)
    )
