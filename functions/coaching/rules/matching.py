"""Which recipes close a learner's gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from functions.coaching.rules.catalogue import Recipe
from functions.coaching.rules.closeness import Meanings
from shared.models.question_bank import Level, Track
from shared.models.skill_gaps import Gap

MOST_MATCHES = 10
MOST_FOR_A_GAP = 4
"""Of one gap, while recipes for others are left: a plan of one thing alone bores."""
_LEVELS: tuple[Level, ...] = get_args(Level)
_FIRST, _OTHER, _BY_MEANING = 1.0, 0.7, 0.5
"""Weights of a skill that a recipe is for first, that it is for too, and that it is close to."""
_LEVEL_STEP = 0.2
"""What each level between the recipe's and the learner's takes off."""
_OTHER_TRACK = 0.8
_CLOSE_FROM = 0.15
"""Closeness below this is chance."""


@dataclass(frozen=True)
class Match:
    """A recipe for a learner: for which gap most of all, and its worth in points of gaps."""

    recipe: Recipe
    gap: Gap
    by_meaning: bool
    score: float

    @property
    def reason(self) -> str:
        """Why it is recommended."""
        gap = self.gap
        how = "is close to" if self.by_meaning else "trains"
        return (
            f"It {how} {gap.title}, where you are at {gap.level:.0f} and your track asks for"
            f" {gap.target:.0f}."
        )


def matches(
    recipes: Sequence[Recipe],
    gaps: Sequence[Gap],
    meanings: Meanings,
    *,
    level: Level,
    track: Track,
) -> list[Match]:
    """The recipes in use that are worth most to a learner with these gaps, at most ten.

    A recipe is worth the sizes of the gaps that it is for, weighted by how it is for them, less for
    each level that it is off the learner's, and less for another track. Equal worth goes by use,
    then by rating, then by slug.
    """
    found = [
        match
        for recipe in recipes
        if recipe.is_active and (match := _match(recipe, gaps, meanings, level, track)) is not None
    ]
    found.sort(
        key=lambda each: (
            -round(each.score, 1),
            -each.recipe.usage_count,
            -each.recipe.standing,
            each.recipe.slug,
        )
    )
    return _mixed(found)


def _match(
    recipe: Recipe, gaps: Sequence[Gap], meanings: Meanings, level: Level, track: Track
) -> Match | None:
    worth = []
    for gap in gaps:
        weight, by_meaning = _weight(recipe, gap, meanings)
        if weight:
            worth.append((weight * gap.size, gap, by_meaning))
    if not worth:
        return None
    _, gap, by_meaning = max(worth, key=lambda each: each[0])
    off = abs(_LEVELS.index(recipe.content.level) - _LEVELS.index(level))
    fit = max(0.2, 1 - _LEVEL_STEP * off)
    if track not in recipe.content.tracks:
        fit *= _OTHER_TRACK
    return Match(recipe, gap, by_meaning, fit * sum(each for each, _, _ in worth))


def _weight(recipe: Recipe, gap: Gap, meanings: Meanings) -> tuple[float, bool]:
    """How much a recipe is for a gap, 0 to 1, and whether by its meaning alone."""
    codes = recipe.content.skill_codes
    if gap.skill in codes:
        return (_FIRST if codes[0] == gap.skill else _OTHER), False
    close = meanings.closeness(recipe.slug, gap.skill)
    return (_BY_MEANING * close, True) if close >= _CLOSE_FROM else (0.0, False)


def _mixed(found: list[Match]) -> list[Match]:
    """The best ten, of which no gap has more than its share while others have some left."""
    chosen: list[Match] = []
    spared: list[Match] = []
    for match in found:
        has = sum(each.gap.skill == match.gap.skill for each in chosen)
        (chosen if has < MOST_FOR_A_GAP else spared).append(match)
    return (chosen + spared)[:MOST_MATCHES]
