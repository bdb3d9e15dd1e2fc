"""What is counted of learning journeys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from functions.analytics.rules.dimensions import named
from functions.analytics.rules.facts import Fact, day_of, hundredths
from shared.events.journey import (
    AnswerGiven,
    JourneyAttempted,
    JourneyCompleted,
    JourneyContainerCompleted,
    JourneyStarted,
)
from shared.models.earnings import answer_xp, lesson_xp, perfect_xp

_OF_COURSE = ("answers", "first", "first_correct", "first_wrong", "ms", "xp")
_OF_SKILL = (
    "answers",
    "first",
    "first_correct",
    "first_wrong",
    "solved",
    "unsolved",
    "tries",
    "hints",
    "ms",
)
"""What of an answer the views of each have a number of."""

_Of = JourneyStarted | JourneyAttempted | JourneyContainerCompleted | JourneyCompleted


def started(told: JourneyStarted) -> Iterator[Fact]:
    """A journey was started."""
    day, counts = day_of(told.started_at), {"started": 1}
    yield from _of_course(told, day_of(told.started_at), counts)
    yield Fact("journeys", (told.grade_level, None, None), day, counts)


def attempted(told: JourneyAttempted) -> Iterator[Fact]:
    """Questions were answered, each on the day on which it was; skills were mastered."""
    moments = {}
    for answer in told.answers:
        day, counts = day_of(answer.answered_at), _counts(answer)
        moments[answer.attempt_id] = day
        yield from _of_course(told, day, _only(counts, _OF_COURSE))
        place = (told.grade_level, answer.container, answer.subject)
        yield Fact("journeys", place, day, _only(counts, (*_OF_COURSE, "hints")))
        group = (answer.skill_id, answer.subject, told.grade_level)
        yield Fact("skills", group, day, _only(counts, _OF_SKILL))
    latest = max(moments.values())
    for skill in told.mastered:
        day = moments.get(skill.attempt_id, latest)
        group = (skill.skill_id, skill.subject, told.grade_level)
        yield Fact("skills", group, day, {"mastered": 1})
        yield from _of_course(told, day, {"mastered": 1})


def container_completed(told: JourneyContainerCompleted) -> Iterator[Fact]:
    """A container was completed, a lesson in each subject."""
    day = day_of(told.completed_at)
    yield Fact("journeys", (told.grade_level, told.container, None), day, {"containers": 1})
    for lesson in told.lessons:
        earned = lesson_xp(questions=lesson.questions) + perfect_xp(
            questions=lesson.questions, first_try_correct=lesson.first_try_correct
        )
        yield from _of_course(told, day, {"lessons": 1, "xp": earned})
        yield Fact(
            "journeys",
            (told.grade_level, told.container, lesson.subject),
            day,
            {"lessons": 1, "lesson_score": hundredths(lesson.score), "xp": earned},
        )


def completed(told: JourneyCompleted) -> Iterator[Fact]:
    """A journey was completed: counted on that day, and among those of the day it began on."""
    day, begun = day_of(told.completed_at), day_of(told.started_at)
    counts = {"completed": 1, "score": hundredths(told.score)}
    later = {"finished": 1}
    grade = (told.grade_level, None, None)
    yield from _of_course(told, day, counts)
    yield from _of_course(told, begun, later)
    yield Fact("journeys", grade, day, counts)
    yield Fact("journeys", grade, begun, later)


def _of_course(told: _Of, day: date, counts: dict[str, int]) -> Iterator[Fact]:
    """What is counted for the career and for the companion."""
    yield Fact("careers", (named(told.career),), day, counts)
    if told.companion is not None:
        yield Fact("companions", (named(told.companion),), day, counts)


def _only(counts: dict[str, int], names: tuple[str, ...]) -> dict[str, int]:
    return {name: counts[name] for name in names if counts[name]}


def _counts(answer: AnswerGiven) -> dict[str, int]:
    """What one answer adds. Answers to questions solved before are practice, and no tries."""
    is_first = answer.number == 1 and not answer.practice
    is_solved = answer.correct and not answer.practice
    return {
        "answers": 1,
        "first": int(is_first),
        "first_correct": int(is_first and answer.correct),
        "first_wrong": int(is_first and not answer.correct),
        "solved": int(is_solved),
        "unsolved": int(not is_solved),
        "tries": answer.number if is_solved else 0,
        "hints": answer.hints_used,
        "ms": answer.duration_ms,
        "xp": answer_xp(correct=answer.correct, number=answer.number, practice=answer.practice),
    }
