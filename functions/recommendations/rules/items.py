"""What becomes an item of content: what an admin stores, and recipes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from functions.recommendations.rules.searching import terms_of
from shared.models.content import RECIPES, Content, digest_of
from shared.models.recipes import RecipeContent

_DIGITS = 8
"""Decimals of a vector's numbers that are kept: more than float32 has."""


def item(
    tenant_id: str,
    content_type: str,
    fields: Mapping[str, Any],
    vector: Sequence[float],
    *,
    model: str,
    created_at: datetime,
    now: datetime,
) -> Content:
    """An item with its vector, from what it says (``title``, ``text``) and what is said of it."""
    return Content.model_validate(
        {
            **fields,
            "id": fields["content_id"],
            "tenant_id": tenant_id,
            "content_type": content_type,
            "terms": terms_of(fields["title"], fields["text"]),
            "digest": digest_of(model, fields["title"], fields["text"]),
            "model": model,
            "dimension": len(vector),
            "embedding": tuple(round(value, _DIGITS) for value in vector),
            "created_at": created_at,
            "updated_at": now,
        }
    )


def is_same(item: Content, other: Content) -> bool:
    """Whether two say the same, whenever they were written. The same text has the same vector."""
    left_out = {"created_at", "updated_at", "embedding"}
    return item.model_dump(exclude=left_out) == other.model_dump(exclude=left_out)


def recipe_fields(
    slug: str, content: RecipeContent, *, is_active: bool, overrides: bool
) -> dict[str, Any]:
    """A recipe as an item of the type :data:`RECIPES`; with ``overrides`` instead of the
    platform's."""
    return {
        "content_type": RECIPES,
        "content_id": slug,
        "title": content.title,
        "text": " ".join((content.summary, *content.steps, content.outcome)),
        "tracks": content.tracks,
        "skill_codes": content.skill_codes,
        "level": content.level,
        "minutes": content.minutes,
        "is_active": is_active,
        "overrides": overrides,
    }
