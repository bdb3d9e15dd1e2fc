"""How close recipes are in meaning to skills, by the words that they share.

A skill is the mean of the recipes that are for it first, each a vector of TF-IDF weights;
closeness is the cosine (Rocchio, Relevance feedback in information retrieval, 1971; Salton and
Buckley, Term-weighting approaches in automatic text retrieval, 1988).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

from functions.coaching.rules.catalogue import Recipe
from shared.models.recipes import RecipeContent
from shared.search_terms import words

Vector = Mapping[str, float]
_FEWEST_LETTERS = 4
"""Shorter words tie everything to everything."""


@dataclass(frozen=True)
class Meanings:
    """What recipes and skills speak of."""

    of_recipes: Mapping[str, Vector]
    of_skills: Mapping[str, Vector]

    def closeness(self, slug: str, skill: str) -> float:
        """0, nothing in common, to 1; 0 for a recipe or a skill that is not known."""
        recipe, prototype = self.of_recipes.get(slug), self.of_skills.get(skill)
        return cosine(recipe, prototype) if recipe and prototype else 0.0


def meanings(recipes: Sequence[Recipe]) -> Meanings:
    """The meanings of these recipes, and of the skills that they are for first."""
    counts = {each.slug: Counter(_terms(each.content)) for each in recipes}
    spread = Counter(term for count in counts.values() for term in count)
    weight = {term: log(len(recipes) / number) + 1 for term, number in spread.items()}
    vectors = {
        slug: _unit({term: (1 + log(times)) * weight[term] for term, times in count.items()})
        for slug, count in counts.items()
    }
    skills = {each.content.skill_codes[0] for each in recipes}
    prototypes = {
        skill: _mean(vectors[each.slug] for each in recipes if each.content.skill_codes[0] == skill)
        for skill in skills
    }
    return Meanings(vectors, prototypes)


def cosine(one: Vector, other: Vector) -> float:
    """The cosine of two unit vectors."""
    small, large = sorted((one, other), key=len)
    return sum(value * large.get(term, 0.0) for term, value in small.items())


def _terms(content: RecipeContent) -> list[str]:
    return [word for word in words(content.text) if len(word) >= _FEWEST_LETTERS]


def _mean(vectors: Iterable[Vector]) -> Vector:
    total: Counter[str] = Counter()
    for vector in vectors:
        total.update(vector)
    return _unit(total)


def _unit(vector: Mapping[str, float]) -> Vector:
    length = sqrt(sum(value * value for value in vector.values()))
    return {term: value / length for term, value in vector.items()} if length else {}
