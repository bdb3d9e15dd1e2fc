"""The registry of recipes, and what they are made of."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, get_args

from tests.access.world import Kind, Person, PersonKind, World


@dataclass(frozen=True)
class Request:
    """A valid request, and by what to know what came of it."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    raw: tuple[str, bytes] | None = None
    """A media type and a body of it, in place of a JSON one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    """Texts that stand in every document that it would read, change or make."""
    shows: tuple[str, ...] = ()
    """Texts that stand in the answer when it succeeds."""
    lists: Mapping[Kind, str] = field(default_factory=dict)
    """The id of one thing of each kind that a list shows to whom the kind is open."""
    exists: bool = True
    """False where there is nothing of the sort, however far a role reaches."""


Make = Callable[[World, Person, Kind], Request]


@dataclass(frozen=True)
class Recipe:
    """How to call a route: what the data it is about may be, and the status of success."""

    make: Make
    kinds: tuple[Kind, ...]
    status: int


RECIPES: dict[str, Recipe] = {}

PERSON: tuple[Kind, ...] = get_args(PersonKind)
OTHERS: tuple[Kind, ...] = tuple(kind for kind in PERSON if kind != "own")
"""For what nobody does to their own."""
THING: tuple[Kind, ...] = ("ours", "foreign")
SELF: tuple[Kind, ...] = ("own",)
LIST: tuple[Kind, ...] = ("list",)
IN_HAND: tuple[Kind, ...] = ("in_hand", "foreign")
OF_NO_TENANT: tuple[Kind, ...] = ("platform",)
ANYONE: tuple[Kind, ...] = ("anyone",)

REQUIRED_CONSENTS = [
    {"kind": "terms", "version": "1", "granted": True},
    {"kind": "privacy", "version": "1", "granted": True},
]
ZONES = cycle(["Europe/Berlin", "America/Lima", "Asia/Tokyo"])
"""A change that nothing else depends on, and that differs from the one before."""


def recipe(kinds: tuple[Kind, ...], *, status: int = 200) -> Callable[[Make], Make]:
    """Register a recipe under the name of its route's function."""

    def register(make: Make) -> Make:
        RECIPES[make.__name__] = Recipe(make, kinds, status)
        return make

    return register


def new_email() -> str:
    return f"new{secrets.token_hex(8)}@example.org"
