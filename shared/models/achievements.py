"""The catalogue of achievements: what each is called, and what it asks for."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from shared.models.examples import example

Measure = Literal[
    "answers", "correct", "first_try", "second_try", "unaided", "lessons", "perfect_lessons",
    "containers", "perfect_containers", "journeys", "careers", "skills_mastered", "correct_math",
    "correct_ela", "correct_science", "correct_social_studies", "correct_in_weakest",
    "best_streak", "active_days", "level",
]  # fmt: skip
_STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
MEASURES: tuple[Measure, ...] = get_args(Measure)


class Criterion(BaseModel):
    """A measure of a learner, and how much of it an achievement asks for."""

    model_config = ConfigDict(**_STRICT, **example(measure="correct", at_least=1))

    measure: Measure
    at_least: int = Field(ge=1)


class Achievement(BaseModel):
    """One achievement as the catalogue ``achievements.json`` has it."""

    model_config = _STRICT

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")
    name: str = Field(min_length=1, max_length=40)
    text: str = Field(min_length=1, max_length=120)
    icon: str = Field(pattern=r"^[a-z][a-z-]{1,29}$")
    criterion: Criterion
    xp: int = Field(ge=0, le=500)


class Catalogue(BaseModel):
    """All achievements, each under its own key."""

    model_config = _STRICT

    achievements: tuple[Achievement, ...]

    @model_validator(mode="after")
    def _keys_are_unique(self) -> Catalogue:
        keys = [each.key for each in self.achievements]
        if len(set(keys)) != len(keys):
            raise ValueError("two achievements have one key")
        return self


@cache
def catalogue() -> tuple[Achievement, ...]:
    """The achievements of ``achievements.json``; raises ``ValidationError`` for a wrong one."""
    source = Path(__file__).with_name("achievements.json").read_bytes()
    found = TypeAdapter(tuple[Achievement, ...]).validate_json(source)
    return Catalogue(achievements=found).achievements
