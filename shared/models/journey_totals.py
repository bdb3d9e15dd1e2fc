"""What the lessons of a journey come to, and what they earn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.models.earnings import answer_xp, lesson_xp, perfect_xp
from shared.models.journey import Lesson, LessonTotals

PASSED_AT = 70
"""Score of a lesson, in percent, from which on it is passed."""


@dataclass(frozen=True)
class Sum:
    """What several lessons come to."""

    questions: int
    correct: int
    first_try_correct: int
    hints_used: int
    duration_ms: int
    score: float


def score_of(correct: int, questions: int) -> float:
    """Percent of questions that were solved, to a tenth; 0 without questions."""
    return round(100 * correct / questions, 1) if questions else 0.0


def totals_of(lesson: Lesson) -> LessonTotals:
    """What a lesson comes to so far."""
    solved = [tries.solved_at for tries in lesson.questions.values() if tries.solved_at]
    return LessonTotals(
        container=lesson.container,
        subject=lesson.subject,
        questions=len(lesson.questions),
        correct=len(solved),
        first_try_correct=solved.count(1),
        hints_used=lesson.hints_used,
        duration_ms=lesson.duration_ms,
        score=score_of(len(solved), len(lesson.questions)),
    )


def sum_of(totals: Iterable[LessonTotals]) -> Sum:
    """The sum of lessons."""
    each = list(totals)
    questions, correct = sum(one.questions for one in each), sum(one.correct for one in each)
    return Sum(
        questions=questions,
        correct=correct,
        first_try_correct=sum(one.first_try_correct for one in each),
        hints_used=sum(one.hints_used for one in each),
        duration_ms=sum(one.duration_ms for one in each),
        score=score_of(correct, questions),
    )


def answers_xp(lesson: Lesson) -> int:
    """What the answers of a lesson earn."""
    solved = (tries.solved_at for tries in lesson.questions.values() if tries.solved_at)
    return sum(answer_xp(correct=True, number=number, practice=False) for number in solved)


def ending_xp(totals: LessonTotals) -> int:
    """What the end of a lesson earns, a perfect score included."""
    return lesson_xp(questions=totals.questions) + perfect_xp(
        questions=totals.questions, first_try_correct=totals.first_try_correct
    )
