"""How close recipes are in meaning to skills.

A skill is the mean of the recipes that are for it first; closeness is the cosine to it (Rocchio,
Relevance feedback in information retrieval, 1971). Recipes are vectors of a text encoder where
there are some, and else of the TF-IDF weights of their words (Salton and Buckley, Term-weighting
approaches in automatic text retrieval, 1988). Texts of one field are alike to an encoder: cosines
up to :data:`ALIKE_ANYWAY` say nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

from functions.coaching.rules.catalogue import Recipe
from shared.models.recipes import RecipeContent
from shared.search_terms import words

Vector = Mapping[str, float]
Encoded = Sequence[float]
ALIKE_ANYWAY = 0.4
"""The cosine that three in four recipes have to a skill that they are not for (measured on the seed
catalogue, each left out of its own skill's mean)."""
_FEWEST_LETTERS = 4
"""Shorter words tie everything to everything."""


@dataclass(frozen=True)
class Meanings:
    """What recipes and skills speak of: by words, and by an encoder as far as it has read them."""

    of_recipes: Mapping[str, Vector]
    of_skills: Mapping[str, Vector]
    encoded_recipes: Mapping[str, Encoded]
    encoded_skills: Mapping[str, Encoded]

    def closeness(self, slug: str, skill: str) -> float:
        """0, nothing in common, to 1; 0 for a recipe or a skill that is not known."""
        if slug in self.encoded_recipes and skill in self.encoded_skills:
            pair = zip(self.encoded_recipes[slug], self.encoded_skills[skill], strict=True)
            found = sum(one * other for one, other in pair)
            return max(0.0, (found - ALIKE_ANYWAY) / (1 - ALIKE_ANYWAY))
        recipe, prototype = self.of_recipes.get(slug), self.of_skills.get(skill)
        return cosine(recipe, prototype) if recipe and prototype else 0.0


def meanings(recipes: Sequence[Recipe], encoded: Mapping[str, Encoded]) -> Meanings:
    """The meanings of these recipes, and of the skills that they are for first.

    ``encoded`` are an encoder's vectors of unit length by slug, of as many as it has read.
    """
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
    known = {each.slug: encoded[each.slug] for each in recipes if each.slug in encoded}
    of_skill: dict[str, list[Encoded]] = defaultdict(list)
    for each in recipes:
        if each.slug in known:
            of_skill[each.content.skill_codes[0]].append(known[each.slug])
    middles = {skill: _middle(several) for skill, several in of_skill.items()}
    return Meanings(vectors, prototypes, known, middles)


def cosine(one: Vector, other: Vector) -> float:
    """The cosine of two unit vectors."""
    small, large = sorted((one, other), key=len)
    return sum(value * large.get(term, 0.0) for term, value in small.items())


def _middle(vectors: Sequence[Encoded]) -> Encoded:
    total = [sum(values) for values in zip(*vectors, strict=True)]
    length = sqrt(sum(value * value for value in total))
    return [value / length for value in total] if length else total


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
