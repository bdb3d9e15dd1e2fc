"""The words of learning: containers, subjects, grade levels."""

from __future__ import annotations

from typing import Literal, get_args

LearningContainer = Literal["LEARN", "EXPERIENCE", "DISCOVER"]
CONTAINERS: tuple[LearningContainer, ...] = get_args(LearningContainer)
"""A journey's three containers, in their order."""

Subject = Literal["Math", "ELA", "Science", "Social Studies"]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
"""What each container has a lesson in."""

GradeLevel = Literal["K", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]
GRADE_LEVELS: tuple[GradeLevel, ...] = get_args(GradeLevel)
