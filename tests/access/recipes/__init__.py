"""For each route a valid request, aimed at whatever stands to the caller as a kind says.

A new route gets its recipe in a module here. It makes what the request needs, so that one
call spoils nothing for the next.
"""

from __future__ import annotations

from tests.access.recipes import (
    analytics,
    backups,
    boards,
    channels,
    coaching,
    content,
    families,
    files,
    games,
    items,
    journeys,
    kernel,
    operators,
    people,
    profiler,
    recruiting,
    reports,
)
from tests.access.recipes.registry import RECIPES, Recipe, Request

__all__ = [
    "RECIPES",
    "Recipe",
    "Request",
    "analytics",
    "backups",
    "boards",
    "channels",
    "coaching",
    "content",
    "families",
    "files",
    "games",
    "items",
    "journeys",
    "kernel",
    "operators",
    "people",
    "profiler",
    "recruiting",
    "reports",
]
