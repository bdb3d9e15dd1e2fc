"""What learners do with recipes, beside each in its partition ``(tenant_id, slug)``; and what
coaching says in a model's words, in the learner's partition ``(tenant_id, user_id)``."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from shared.models.document import Document

WORDINGS = "wordings"


class RecipeUse(Document):
    """That a learner has used a recipe, and what they think of it. One for each learner."""

    kind: Literal["use"] = "use"
    slug: str
    user_id: str
    rating: int | None = Field(default=None, ge=1, le=5)
    used_at: AwareDatetime
    updated_at: AwareDatetime


class WordedAdvice(Document):
    """Sentences of coaching in a model's words. ``id`` names the sentences and the model."""

    kind: Literal["wording"] = "wording"
    user_id: str
    model: str
    texts: dict[str, str] = Field(description="By their place; what is not there stands as it is")
    ttl: int


def use_id_of(user_id: str) -> str:
    """The document of a learner's use of a recipe."""
    return f"use:{user_id}"
