"""Recipes: short exercises that close gaps. The seed catalogue ``recipes.json``, and what a tenant
keeps of each, in the partition ``(tenant_id, slug)``.

A recipe of the seed catalogue has a document only once it was used, rated or changed there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

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

    @property
    def text(self) -> str:
        """All that it says, for a reader who looks for its meaning."""
        return " ".join((self.title, self.summary, *self.steps, self.outcome))


class SeedRecipe(RecipeContent):
    """A recipe as ``recipes.json`` has it."""

    slug: str = Field(pattern=SLUG, min_length=3, max_length=MOST_SLUG)


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


@cache
def seed() -> Mapping[str, RecipeContent]:
    """The recipes of ``recipes.json`` by slug; raises ``ValidationError`` for a wrong one."""
    source = Path(__file__).with_name("recipes.json").read_bytes()
    found = TypeAdapter(tuple[SeedRecipe, ...]).validate_json(source)
    return {
        each.slug: RecipeContent.model_validate(each.model_dump(exclude={"slug"})) for each in found
    }
