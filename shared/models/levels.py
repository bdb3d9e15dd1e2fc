"""Levels and tiers from lifetime XP.

Level n begins at ``50·n·(n-1)`` XP: 0, 100, 300, 600, 1,000, … so that each level takes 100 XP
more than the one before.
"""

from __future__ import annotations

from math import isqrt
from typing import Literal

Tier = Literal["bronze", "silver", "gold", "platinum", "diamond"]
TIERS: tuple[tuple[int, Tier], ...] = (
    (1, "bronze"),
    (5, "silver"),
    (10, "gold"),
    (20, "platinum"),
    (35, "diamond"),
)
"""The level at which each tier begins."""


def level_xp(level: int) -> int:
    """Lifetime XP at which a level, 1 or more, begins."""
    return 50 * level * (level - 1)


def level_of(lifetime_xp: int) -> int:
    """The level, 1 or more, that 0 or more XP give."""
    return (1 + isqrt(1 + 4 * (lifetime_xp // 50))) // 2


def tier_of(level: int) -> Tier:
    """The tier of a level."""
    return next(tier for first, tier in reversed(TIERS) if level >= first)
