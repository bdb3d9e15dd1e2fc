"""What a learner knows, by Bayesian knowledge tracing, and what is to be practised.

Corbett & Anderson (1995), "Knowledge tracing": a skill is known or not; each answer is
evidence, and each is a chance to learn. With guess g, slip s and transition t::

    P(known | correct) = P·(1-s) / (P·(1-s) + (1-P)·g)
    P(known | wrong)   = P·s / (P·s + (1-P)·(1-g))
    P' = P(known | answer) + (1 - P(known | answer))·t

The parameters are the middle of the ranges that are used where none were fitted (Baker, Corbett
& Aleven 2008 bound g by 0.3 and s by 0.1). A correct answer with a hint, or at a later try,
tells less: its posterior moves only :data:`AIDED_WEIGHT` of the way.
"""

from __future__ import annotations

from datetime import datetime

from shared.models.journey import Remediation, Skill, Why, skill_document_id
from shared.models.learning import GradeLevel, Subject

PRIOR = 0.30
GUESS = 0.20
SLIP = 0.10
TRANSIT = 0.12
AIDED_WEIGHT = 0.5
MASTERED_AT = 0.95
LEAST_ANSWERS = 3
"""Answers before anything is said of a skill."""
LOW = 0.40
WRONG_IN_A_ROW = 2
PASSED_IN_A_ROW = 2


def new_skill(
    tenant_id: str,
    user_id: str,
    skill_id: str,
    *,
    subject: Subject,
    grade_level: GradeLevel,
    now: datetime,
) -> Skill:
    """A skill of which nothing is known but the prior."""
    return Skill(
        id=skill_document_id(skill_id),
        tenant_id=tenant_id,
        user_id=user_id,
        skill_id=skill_id,
        subject=subject,
        grade_level=grade_level,
        mastery=PRIOR,
        updated_at=now,
    )


def traced(mastery: float, *, correct: bool, aided: bool) -> float:
    """The probability that a skill is known after an answer, from that before it; see above."""
    if correct:
        known = mastery * (1 - SLIP)
        posterior = known / (known + (1 - mastery) * GUESS)
        if aided:
            posterior = mastery + AIDED_WEIGHT * (posterior - mastery)
    else:
        known = mastery * SLIP
        posterior = known / (known + (1 - mastery) * (1 - GUESS))
    return posterior + (1 - posterior) * TRANSIT


def with_answer(
    skill: Skill, *, correct: bool, number: int, hints_used: int, now: datetime
) -> Skill:
    """The skill after an answer at try ``number`` of a question, with its place in remediation.

    It is mastered at :data:`MASTERED_AT` after :data:`LEAST_ANSWERS`, and stays so: a slip later
    on lowers the probability, and only remediation or an override takes mastery away. It goes
    into remediation by :data:`WRONG_IN_A_ROW` wrong first tries on end, or below :data:`LOW`
    after :data:`LEAST_ANSWERS`; it leaves when mastered, or by :data:`PASSED_IN_A_ROW` first
    tries on end that were right without a hint.
    """
    is_first = number == 1
    passed = correct and is_first and not hints_used
    later = skill.model_copy(
        update={
            "mastery": traced(skill.mastery, correct=correct, aided=not is_first or hints_used > 0),
            "attempts": skill.attempts + 1,
            "correct": skill.correct + correct,
            "wrong_in_a_row": _run(skill.wrong_in_a_row, is_first, not correct),
            "passed_in_a_row": _run(skill.passed_in_a_row, is_first, passed),
            "updated_at": now,
        }
    )
    if later.attempts >= LEAST_ANSWERS and later.mastery >= MASTERED_AT:
        later = mastered(later, by="attempts", now=now)
    if later.in_remediation:
        is_over = later.passed_in_a_row >= PASSED_IN_A_ROW or later.mastery >= MASTERED_AT
        return without_remediation(later) if is_over else later
    why = _why_practise(later) if not correct else None
    if why is None:
        return later
    return later.model_copy(
        update={
            "remediation": Remediation(since=now, why=why),
            "in_remediation": True,
            "is_mastered": False,
            "mastered_at": None,
            "mastered_by": None,
            "passed_in_a_row": 0,
        }
    )


def mastered(skill: Skill, *, by: str, now: datetime) -> Skill:
    """The skill as mastered, by its attempts or by an override; it is not practised any more."""
    if skill.is_mastered:
        return skill
    found = {
        "is_mastered": True,
        "mastered_at": now,
        "mastered_by": by,
        "first_mastered_at": skill.first_mastered_at or now,
        "updated_at": now,
    }
    return without_remediation(skill.model_copy(update=found))


def reopened(skill: Skill, *, now: datetime) -> Skill:
    """The skill as not mastered, back at the prior: it takes new answers to master it."""
    return skill.model_copy(
        update={
            "mastery": PRIOR,
            "is_mastered": False,
            "mastered_at": None,
            "mastered_by": None,
            "attempts": 0,
            "correct": 0,
            "wrong_in_a_row": 0,
            "passed_in_a_row": 0,
            "updated_at": now,
        }
    )


def without_remediation(skill: Skill) -> Skill:
    """The skill out of remediation."""
    return skill.model_copy(
        update={"remediation": None, "in_remediation": False, "wrong_in_a_row": 0}
    )


def _run(before: int, is_first: bool, holds: bool) -> int:
    if not is_first:
        return before
    return before + 1 if holds else 0


def _why_practise(skill: Skill) -> Why | None:
    if skill.wrong_in_a_row >= WRONG_IN_A_ROW:
        return "wrong_in_a_row"
    if skill.attempts >= LEAST_ANSWERS and skill.mastery < LOW:
        return "low_mastery"
    return None
