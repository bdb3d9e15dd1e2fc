"""How far a learner is with a grade level, and when the next one can be begun."""

from __future__ import annotations

from datetime import datetime

from functions.journey_tracking.rules.documents import Grade, SubjectGrade, grade_document_id
from shared.models.journey import Skill
from shared.models.learning import GRADE_LEVELS, SUBJECTS, GradeLevel

LEAST_SKILLS = 3
"""Skills that were met in each subject before a learner is ready."""
READY_AT = 0.8
"""Share of the skills met in each subject that are mastered by then."""


def new_grade(tenant_id: str, user_id: str, grade_level: GradeLevel, *, now: datetime) -> Grade:
    """A grade level of which no skill was met."""
    return Grade(
        id=grade_document_id(grade_level),
        tenant_id=tenant_id,
        user_id=user_id,
        grade_level=grade_level,
        updated_at=now,
    )


def with_skill(grade: Grade, before: Skill | None, after: Skill, *, now: datetime) -> Grade:
    """The grade level after a skill of it changed; ``before`` None when it is new.

    The moment at which a learner is first ready is kept, whatever comes later.
    """
    held = grade.subjects.get(after.subject, SubjectGrade())
    was = before is not None and before.is_mastered
    changed = SubjectGrade(
        met=held.met + (before is None),
        mastered=held.mastered + after.is_mastered - was,
    )
    if changed == held:
        return grade
    later = grade.model_copy(
        update={"subjects": {**grade.subjects, after.subject: changed}, "updated_at": now}
    )
    if later.ready_at is None and is_ready(later):
        later = later.model_copy(update={"ready_at": now})
    return later


def is_ready(grade: Grade) -> bool:
    """Whether :data:`LEAST_SKILLS` were met in each subject and :data:`READY_AT` of the skills
    met are mastered there."""
    for subject in SUBJECTS:
        held = grade.subjects.get(subject, SubjectGrade())
        if held.met < LEAST_SKILLS or held.mastered < READY_AT * held.met:
            return False
    return True


def next_level(grade_level: GradeLevel) -> GradeLevel | None:
    """The grade level after this one, None after the last."""
    position = GRADE_LEVELS.index(grade_level) + 1
    return GRADE_LEVELS[position] if position < len(GRADE_LEVELS) else None
