"""Which answers hold, and what a session is after taking them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.profiler_session.rules.modules import (
    ModuleState,
    module_states,
    unfinished_modules,
)
from shared.errors import Conflict, FieldError, Invalid
from shared.models.profiling import GivenAnswer, ProfilingSession, Status
from shared.models.question_bank import ModuleName, Question, QuestionBank

LONGEST_MS = 3_600_000
"""An answer that took longer than an hour did not take that long to think of."""
RAPID_IN_A_ROW = 3


@dataclass(frozen=True)
class Offered:
    """An answer as a client sends it."""

    question_id: str
    selected_option: str | None
    text: str | None
    response_time_ms: int


@dataclass(frozen=True)
class Taken:
    """A session after an answer call: which answers were new, replaced or as they were."""

    session: ProfilingSession
    new: tuple[str, ...]
    replaced: tuple[str, ...]
    unchanged: tuple[str, ...]
    slow_down: bool
    """The last three answers came faster than their questions can be read."""


def take_answers(
    bank: QuestionBank,
    session: ProfilingSession,
    offered: Sequence[Offered],
    *,
    now: datetime,
) -> Taken:
    """The session with these answers: all of them, or none.

    They are taken in the bank's order, whatever order they came in, and each may open what
    follows. The same answer again changes nothing, not even in a closed module, so a call
    can be repeated. Answers of another device to other questions stay. Raises ``Conflict``
    for a session that takes none any more, a module that is closed or not open yet, and
    ``Invalid``, naming each field, for answers that are none.
    """
    if session.locked:
        raise Conflict("the session is completed and locked; its answers cannot be changed")
    _check(bank, offered)
    answers = dict(session.answers)
    count = session.answered
    new: list[str] = []
    replaced: list[str] = []
    unchanged: list[str] = []
    order = {question.id: position for position, question in enumerate(bank.questions)}
    for each in sorted(offered, key=lambda one: order[one.question_id]):
        before = answers.get(each.question_id)
        if before is not None and _says_the_same(before, each):
            unchanged.append(each.question_id)
            continue
        _check_open(bank, answers, bank.by_id[each.question_id])
        count += 1
        answers[each.question_id] = GivenAnswer(
            question_id=each.question_id,
            selected_option=each.selected_option,
            text=each.text,
            response_time_ms=each.response_time_ms,
            sequence=count,
            answered_at=now,
        )
        (new if before is None else replaced).append(each.question_id)
    changed = bool(new or replaced)
    return Taken(
        session=session.model_copy(
            update={
                "answers": answers,
                "answered": count,
                "status": _status(bank, answers),
                "updated_at": now if changed else session.updated_at,
            }
        ),
        new=tuple(new),
        replaced=tuple(replaced),
        unchanged=tuple(unchanged),
        slow_down=rapid_in_a_row(bank, answers) >= RAPID_IN_A_ROW,
    )


def rapid_in_a_row(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> int:
    """How many of the last answers in a row were rapid guesses (NT20: Wise & Ma 2012)."""
    count = 0
    for answer in sorted(answers.values(), key=lambda one: -one.sequence):
        question = bank.by_id[answer.question_id]
        if question.kind == "free_text" or answer.seconds >= question.rapid_seconds:
            break
        count += 1
    return count


def _status(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> Status:
    if not answers:
        return "started"
    states = module_states(bank, answers.keys())
    return "in_progress" if unfinished_modules(states) else "finished"


def _says_the_same(before: GivenAnswer, offered: Offered) -> bool:
    return (before.selected_option, before.text) == (offered.selected_option, offered.text)


def _check(bank: QuestionBank, offered: Sequence[Offered]) -> None:
    wrong: list[FieldError] = []
    seen: set[str] = set()
    for position, each in enumerate(offered):
        question = bank.by_id.get(each.question_id)
        if question is None:
            wrong.append(_error(position, "question_id", "there is no such question"))
            continue
        if each.question_id in seen:
            wrong.append(_error(position, "question_id", "this question is answered twice"))
        seen.add(each.question_id)
        if not 0 <= each.response_time_ms <= LONGEST_MS:
            wrong.append(
                _error(position, "response_time_ms", f"give 0 to {LONGEST_MS} milliseconds")
            )
        wrong += _content_errors(bank, question, each, position)
    if wrong:
        first = wrong[0]
        raise Invalid(
            f"an answer does not hold: {first.pointer}: {first.detail}", fields=tuple(wrong)
        )


def _content_errors(
    bank: QuestionBank, question: Question, offered: Offered, position: int
) -> list[FieldError]:
    if question.kind != "free_text":
        if offered.text is not None:
            return [_error(position, "text", "this question is answered by an option")]
        if offered.selected_option not in bank.choices(question):
            return [_error(position, "selected_option", "this is no option of the question")]
        return []
    if offered.selected_option is not None:
        return [_error(position, "selected_option", "this question is answered in words")]
    length = len((offered.text or "").strip())
    least, most = question.min_characters, question.max_characters
    if not least <= length <= most:
        return [_error(position, "text", f"write {least} to {most} characters; this has {length}")]
    return []


def _error(position: int, field: str, detail: str) -> FieldError:
    return FieldError(f"/answers/{position}/{field}", detail)


def _check_open(bank: QuestionBank, answers: Mapping[str, GivenAnswer], question: Question) -> None:
    states = {state.module: state for state in module_states(bank, answers.keys())}
    state = states[question.module]
    if state.state == "closed":
        raise Conflict(
            f"the module {question.module} is closed: a later one was begun; "
            f"{question.id} cannot be answered any more"
        )
    if state.state == "waiting":
        raise Conflict(
            f"the module {question.module} is not open yet: first answer {_first_missing(states)}"
        )


def _first_missing(states: Mapping[ModuleName, ModuleState]) -> str:
    missing = next(state for state in states.values() if state.missing)
    return f"{', '.join(missing.missing[:3])} in {missing.module}"
