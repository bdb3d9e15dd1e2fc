"""The catalogue of activities that a plan is made of."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from shared.models.learning import GradeLevel, Subject

Kind = Literal["practise", "deepen", "together"]
Band = Literal["K-2", "3-5", "6-8", "9-12"]

_BANDS: tuple[tuple[Band, frozenset[GradeLevel]], ...] = (
    ("K-2", frozenset({"K", "1", "2"})),
    ("3-5", frozenset({"3", "4", "5"})),
    ("6-8", frozenset({"6", "7", "8"})),
    ("9-12", frozenset({"9", "10", "11", "12"})),
)
_PLACEHOLDERS: dict[Kind, str] = {
    "practise": "{skill}",
    "deepen": "{skill}",
    "together": "{career}",
}


class Activity(BaseModel):
    """Something to do at home, for one subject and some grade levels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{2,39}$")
    kind: Kind
    subject: Subject | None = Field(description="None where parent and child do it together")
    band: Band
    title: str = Field(min_length=8, max_length=44)
    minutes: int = Field(ge=10, le=30)
    needs: str = Field(min_length=4, max_length=56)
    steps: str = Field(min_length=90, max_length=230)

    @model_validator(mode="after")
    def _has_its_placeholder(self) -> Activity:
        if self.steps.count(_PLACEHOLDERS[self.kind]) != 1 or self.steps.count("{") != 1:
            raise ValueError(f"{self.key} names {_PLACEHOLDERS[self.kind]} not exactly once")
        if (self.subject is None) != (self.kind == "together"):
            raise ValueError(f"{self.key} has a subject that does not go with {self.kind}")
        return self

    def steps_for(self, what: str) -> str:
        """The steps with the skill or the career that they are about."""
        return self.steps.replace(_PLACEHOLDERS[self.kind], what)


@cache
def catalogue() -> tuple[Activity, ...]:
    """The activities of ``activities.json``; raises ``ValidationError`` for a wrong one."""
    source = Path(__file__).parent.with_name("activities.json").read_bytes()
    return TypeAdapter(tuple[Activity, ...]).validate_json(source)


def band_of(grade_level: GradeLevel) -> Band:
    """The grade levels that share activities with this one."""
    return next(band for band, levels in _BANDS if grade_level in levels)


def choices(kind: Kind, subject: Subject | None, grade_level: GradeLevel) -> list[Activity]:
    """What there is of a kind for a subject at a grade level."""
    band = band_of(grade_level)
    return [
        each
        for each in catalogue()
        if (each.kind, each.subject, each.band) == (kind, subject, band)
    ]
