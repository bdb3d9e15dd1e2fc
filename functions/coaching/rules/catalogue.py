"""A tenant's recipes, laid over the seed catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.models.recipes import RecipeContent, RecipeRecord, seed

_PRIOR_RATINGS, _PRIOR_MEAN = 5, 3.5
"""Ratings that each recipe is thought to have had, so that one five is not the best of all."""


@dataclass(frozen=True)
class Recipe:
    """A recipe with what a tenant knows of it. ``rating`` is the plain mean, None without any."""

    slug: str
    content: RecipeContent
    is_active: bool = True
    is_seed: bool = True
    usage_count: int = 0
    ratings: int = 0
    rating_sum: int = 0

    @property
    def rating(self) -> float | None:
        """The mean of its ratings, 1 to 5."""
        return self.rating_sum / self.ratings if self.ratings else None

    @property
    def standing(self) -> float:
        """Its rating for comparison: the mean with a few ratings of :data:`_PRIOR_MEAN` added."""
        return (self.rating_sum + _PRIOR_RATINGS * _PRIOR_MEAN) / (self.ratings + _PRIOR_RATINGS)


def recipe_of(slug: str, record: RecipeRecord | None) -> Recipe | None:
    """A recipe by the tenant's document, over the seed's; None where neither is there."""
    of_seed = seed().get(slug)
    content = (record.content if record else None) or of_seed
    if content is None:
        return None
    if record is None:
        return Recipe(slug, content)
    return Recipe(
        slug=slug,
        content=content,
        is_active=record.is_active,
        is_seed=of_seed is not None,
        usage_count=record.usage_count,
        ratings=record.ratings,
        rating_sum=record.rating_sum,
    )


def laid_over(records: Iterable[RecipeRecord]) -> list[Recipe]:
    """All recipes of a tenant, by slug: the seed's, changed and added to by its documents."""
    known = {record.slug: record for record in records}
    found = (recipe_of(slug, known.get(slug)) for slug in sorted({*seed(), *known}))
    return [recipe for recipe in found if recipe is not None]
