"""Starts and completes journeys and their containers, and adds them up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from functions.journey_tracking.rules.documents import Learner
from shared.errors import Conflict
from shared.models.journey import Journey, Lesson, LessonTotals
from shared.models.journey_totals import totals_of
from shared.models.learning import CONTAINERS, SUBJECTS, LearningContainer, Subject

MOST_ACTIVE = 20
"""Journeys that a learner may have begun and not completed."""


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
    later = journey.touched(
        now,
        completed_containers={**journey.completed_containers, container: now},
        lessons=(*journey.lessons, *totals),
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
    left = {"active_journeys": max(0, learner.active_journeys - 1), "updated_at": now}
    done = journey.touched(now, status="completed", completed_at=now)
    return done, learner.model_copy(update=left)
