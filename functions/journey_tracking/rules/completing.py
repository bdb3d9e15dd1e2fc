"""Starts and completes journeys and their containers, and adds them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.journey_tracking.rules.documents import Journey, Learner, Lesson, LessonTotals
from shared.errors import Conflict
from shared.models.earnings import answer_xp, lesson_xp, perfect_xp
from shared.models.learning import CONTAINERS, SUBJECTS, LearningContainer, Subject

MOST_ACTIVE = 20
"""Journeys that a learner may have begun and not completed."""
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


def begun(learner: Learner, journey: Journey, *, now: datetime) -> Learner:
    """The learner with one more journey. Raises ``Conflict`` above :data:`MOST_ACTIVE`."""
    if learner.active_journeys >= MOST_ACTIVE:
        raise Conflict(f"you have {MOST_ACTIVE} journeys under way; complete one of them first")
    return learner.model_copy(
        update={
            "active_journeys": learner.active_journeys + 1,
            "grade_level": journey.grade_level,
            "updated_at": now,
        }
    )


def container_completed(
    journey: Journey,
    lessons: Mapping[Subject, Lesson],
    container: LearningContainer,
    *,
    now: datetime,
) -> tuple[Journey, tuple[Lesson, ...], tuple[LessonTotals, ...]]:
    """The journey with a container completed, its lessons and what they come to.

    Raises ``Conflict`` where a subject has no answer yet, naming it.
    """
    missing = [subject for subject in SUBJECTS if subject not in lessons]
    if missing:
        raise Conflict(f"{container} has no answer yet in: {', '.join(missing)}")
    closed = tuple(
        lessons[subject].model_copy(update={"completed_at": now, "updated_at": now})
        for subject in SUBJECTS
    )
    totals = tuple(totals_of(lesson) for lesson in closed)
    later = journey.model_copy(
        update={
            "completed_containers": {**journey.completed_containers, container: now},
            "lessons": (*journey.lessons, *totals),
            "updated_at": now,
        }
    )
    return later, closed, totals


def journey_completed(
    journey: Journey, learner: Learner, *, now: datetime
) -> tuple[Journey, Learner]:
    """The journey as completed, and its learner.

    Raises ``Conflict`` while a container is not completed, naming it.
    """
    missing = [each for each in CONTAINERS if each not in journey.completed_containers]
    if missing:
        raise Conflict(f"complete these containers first: {', '.join(missing)}")
    done = {"status": "completed", "completed_at": now, "updated_at": now}
    left = {"active_journeys": max(0, learner.active_journeys - 1), "updated_at": now}
    return journey.model_copy(update=done), learner.model_copy(update=left)
