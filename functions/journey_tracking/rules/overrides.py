"""What parents and admins may set aside, and what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from functions.journey_tracking.rules.documents import Grade, Learner, Override, OverrideKind
from functions.journey_tracking.rules.grades import new_grade, with_skill
from functions.journey_tracking.rules.mastery import mastered, reopened, without_remediation
from shared.errors import Conflict, Missing
from shared.models.journey import Skill
from shared.models.learning import GradeLevel


@dataclass(frozen=True)
class Asked:
    """An override that is asked for, by whom and why."""

    override_id: str
    what: OverrideKind
    skill_id: str | None
    grade_level: GradeLevel | None
    reason: str
    by: str
    by_role: Literal["parent", "admin"]


@dataclass(frozen=True)
class Overridden:
    """What an override changes, None for what stays."""

    override: Override
    skill: Skill | None = None
    grade: Grade | None = None
    learner: Learner | None = None


def override_skill(
    asked: Asked, skill: Skill | None, grade: Grade | None, *, now: datetime
) -> Overridden:
    """Set a skill as mastered, open it again, or take it out of remediation.

    Raises ``Missing`` for a skill that the learner never met, and ``Conflict`` where it is so
    already.
    """
    if skill is None:
        raise Missing("the learner has not met a skill with this id")
    before: str | None
    held = grade or new_grade(skill.tenant_id, skill.user_id, skill.grade_level, now=now)
    if asked.what == "skill_mastered":
        if skill.is_mastered:
            raise Conflict("the skill is mastered already")
        later, before = mastered(skill, by="override", now=now), "not mastered"
    elif asked.what == "skill_reopened":
        if not skill.is_mastered:
            raise Conflict("the skill is not mastered, so it is open")
        later, before = reopened(skill, now=now), "mastered"
    else:
        if not skill.in_remediation:
            raise Conflict("the skill is not in remediation")
        later = without_remediation(skill).model_copy(update={"updated_at": now})
        before = skill.remediation.why if skill.remediation else None
    changed = with_skill(held, skill, later, now=now)
    return Overridden(
        _override(asked, skill.tenant_id, skill.user_id, before, now),
        skill=later,
        grade=changed if changed != grade else None,
    )


def override_grade(asked: Asked, learner: Learner, *, now: datetime) -> Overridden:
    """Set a learner's grade level. Raises ``Conflict`` where it is that already."""
    if asked.grade_level is None or learner.grade_level == asked.grade_level:
        raise Conflict(f"the learner is at grade level {learner.grade_level} already")
    later = learner.model_copy(update={"grade_level": asked.grade_level, "updated_at": now})
    return Overridden(
        _override(asked, learner.tenant_id, learner.user_id, learner.grade_level, now),
        learner=later,
    )


def _override(
    asked: Asked, tenant_id: str, user_id: str, before: str | None, now: datetime
) -> Override:
    return Override(
        id=f"override:{asked.override_id}",
        tenant_id=tenant_id,
        override_id=asked.override_id,
        user_id=user_id,
        what=asked.what,
        skill_id=asked.skill_id,
        grade_level=asked.grade_level,
        before=before,
        reason=asked.reason,
        by=asked.by,
        by_role=asked.by_role,
        updated_at=now,
    )
