"""Which answers hold, and what a session is after taking them."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
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
_LINE_ENDS = frozenset("\n\r\t")
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters that Unicode counts as letters and symbols, and that show nothing."""


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
    """This call completed three answers in a row that came faster than they can be read."""


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
    can be repeated. Answers of another device to other questions stay. The time of an answer
    that is replaced stays part of the time for its question, so a second look is no rapid
    guess; the same answer with a longer time was thought over for so long.

    Raises ``Conflict`` for a session that takes none any more, and for modules that are
    closed or not open yet, naming each answer, so that a client can send the others; and
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
    shut: list[tuple[FieldError, str]] = []
    order = {question.id: position for position, question in enumerate(bank.questions)}
    for place, each in sorted(enumerate(offered), key=lambda one: order[one[1].question_id]):
        before = answers.get(each.question_id)
        why_not = _shut(bank, answers, bank.by_id[each.question_id])
        if before is not None and _says_the_same(before, each):
            if why_not is not None or each.response_time_ms <= before.response_time_ms:
                unchanged.append(each.question_id)
                continue
            spent = each.response_time_ms
        elif why_not is not None:
            shut.append((_error(place, "question_id", why_not), why_not))
            continue
        else:
            spent = each.response_time_ms + (before.response_time_ms if before else 0)
        count += 1
        answers[each.question_id] = GivenAnswer(
            question_id=each.question_id,
            selected_option=each.selected_option,
            text=None if each.text is None else each.text.strip(),
            response_time_ms=min(spent, LONGEST_MS),
            sequence=count,
            answered_at=now,
        )
        (new if before is None else replaced).append(each.question_id)
    if shut:
        raise Conflict(shut[0][1], fields=tuple(field for field, _ in shut))
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
        slow_down=completes_rapid_row(bank, answers, {*new, *replaced}),
    )


def completes_rapid_row(
    bank: QuestionBank, answers: Mapping[str, GivenAnswer], taken: Collection[str]
) -> bool:
    """Whether three or more answers in a row, one of the taken among them, were rapid guesses
    (NT20: Wise & Ma 2012); ``taken`` are ids of questions."""
    row: list[str] = []
    for answer in sorted(answers.values(), key=lambda one: one.sequence):
        question = bank.by_id[answer.question_id]
        if question.kind == "free_text" or answer.seconds >= question.rapid_seconds:
            row = []
            continue
        row.append(answer.question_id)
        if len(row) >= RAPID_IN_A_ROW and not set(taken).isdisjoint(row[-RAPID_IN_A_ROW:]):
            return True
    return False


def _status(bank: QuestionBank, answers: Mapping[str, GivenAnswer]) -> Status:
    if not answers:
        return "started"
    states = module_states(bank, answers.keys())
    return "in_progress" if unfinished_modules(states) else "finished"


def _says_the_same(before: GivenAnswer, offered: Offered) -> bool:
    text = None if offered.text is None else offered.text.strip()
    return (before.selected_option, before.text) == (offered.selected_option, text)


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
    words = (offered.text or "").strip()
    if any(unicodedata.category(each) == "Cc" and each not in _LINE_ENDS for each in words):
        return [_error(position, "text", "this has control characters")]
    least, most = question.min_characters, question.max_characters
    shown = visible_characters(words)
    if shown < least or len(words) > most:
        return [_error(position, "text", f"write {least} to {most} characters; this has {shown}")]
    return []


def visible_characters(text: str) -> int:
    """The length of a text as it is read: a row of blanks is one, what shows nothing is none."""
    shown = "".join(
        each
        for each in text
        if each.isspace()
        or not (unicodedata.category(each) in {"Cf", "Cc", "Cn", "Co"} or each in _BLANK_LETTERS)
    )
    return len(" ".join(shown.split()))


def _error(position: int, field: str, detail: str) -> FieldError:
    return FieldError(f"/answers/{position}/{field}", detail)


def _shut(bank: QuestionBank, answers: Mapping[str, GivenAnswer], question: Question) -> str | None:
    """Why a question takes no answer now; None when it does."""
    states = {state.module: state for state in module_states(bank, answers.keys())}
    state = states[question.module]
    if state.state == "closed":
        return (
            f"the module {question.module} is closed: a later one was begun; "
            f"{question.id} cannot be answered any more"
        )
    if state.state == "waiting":
        return (
            f"the module {question.module} is not open yet: first answer {_first_missing(states)}"
        )
    return None


def _first_missing(states: Mapping[ModuleName, ModuleState]) -> str:
    missing = next(state for state in states.values() if state.missing)
    return f"{', '.join(missing.missing[:3])} in {missing.module}"
