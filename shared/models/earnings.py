"""What learning earns: the one rule by which a route foretells XP and the ledger is written."""

from __future__ import annotations

FIRST_TRY_XP = 10
SECOND_TRY_XP = 5
LESSON_XP = 20
PERFECT_XP = 50
LEAST_QUESTIONS = 3
"""Questions that a lesson needs before its end or a perfect score earns anything."""


def answer_xp(*, correct: bool, number: int, practice: bool) -> int:
    """XP of one answer.

    ``number`` is which try of the question in its journey it was, from 1; ``practice`` says
    that the question had been answered correctly before.
    """
    if not correct or practice:
        return 0
    return {1: FIRST_TRY_XP, 2: SECOND_TRY_XP}.get(number, 0)


def lesson_xp(*, questions: int) -> int:
    """XP for the end of a lesson, a container's part in one subject."""
    return LESSON_XP if questions >= LEAST_QUESTIONS else 0


def perfect_xp(*, questions: int, first_try_correct: int) -> int:
    """XP beside :func:`lesson_xp` when every question was answered correctly at the first try."""
    is_perfect = questions >= LEAST_QUESTIONS and first_try_correct == questions
    return PERFECT_XP if is_perfect else 0
