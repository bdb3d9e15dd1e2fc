"""Recipes of a tenant, each in the partition ``(tenant_id, slug)``.

A recipe of the seed catalogue has a document only once it was used, rated or changed there.
"""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.models.document import Document
from shared.models.question_bank import Level, Track

CONTAINER = "recipes"
RECIPE_ID = "recipe"

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
MOST_SLUG = 60


class RecipeContent(BaseModel):
    """What a recipe says."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    title: str = Field(min_length=3, max_length=120)
    summary: str = Field(min_length=10, max_length=400)
    skill_codes: tuple[str, ...] = Field(
        min_length=1, max_length=5, description="The main one first"
    )
    tracks: tuple[Track, ...] = Field(min_length=1, max_length=5, description="The main one first")
    level: Level
    minutes: int = Field(ge=5, le=480)
    needs: str = Field(max_length=200, description="What to have at hand")
    steps: tuple[str, ...] = Field(min_length=1, max_length=12)
    outcome: str = Field(max_length=300, description="What one has in hand at the end")


class RecipeRecord(Document):
    """A recipe as a tenant has it. ``id`` is always ``recipe``."""

    id: str = RECIPE_ID
    kind: Literal["recipe"] = "recipe"
    slug: str
    content: RecipeContent | None = Field(
        default=None, description="None where the seed catalogue's own holds"
    )
    is_active: bool = True
    usage_count: int = Field(default=0, ge=0, description="Learners who have used it")
    ratings: int = Field(default=0, ge=0, description="Learners who have rated it")
    rating_sum: int = Field(default=0, ge=0)
    updated_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        return (self.tenant_id, self.slug)


class RecipeUse(Document):
    """That a learner has used a recipe, and what they think of it. One for each learner."""

    kind: Literal["use"] = "use"
    slug: str
    user_id: str
    rating: int | None = Field(default=None, ge=1, le=5)
    used_at: AwareDatetime
    updated_at: AwareDatetime


def use_id_of(user_id: str) -> str:
    """The document of a learner's use of a recipe."""
    return f"use:{user_id}"
