"""Events of recipes. They carry ids alone; what there is to know stands in the documents."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime

from shared.events.envelope import EventData


class RecipeWritten(EventData):
    """An admin added a recipe, changed what it says, or took it out of use or back."""

    type: ClassVar[str] = "waymark.recipe.written.v1"

    slug: str

    @property
    def subject(self) -> str:
        return self.slug


class RecipeUsed(EventData):
    """A learner has used a recipe for the first time."""

    type: ClassVar[str] = "waymark.recipe.used.v1"

    slug: str
    user_id: str
    used_at: AwareDatetime

    @property
    def subject(self) -> str:
        return self.slug
