"""Documents of the leaderboards, in the partition ``(tenant_id, scope)``.

Scopes are ``all``, ``grade:<level>``, ``career:<digest>``, and ``state`` for what the builder
knows. A board is one document; the blocks that lead to a learner's neighbours lie beside it, under
the version of the build that made them. Everything expires within a day: what is there is of
people who are.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Literal, get_args

from pydantic import AwareDatetime, BaseModel, Field

from shared.models.document import READING, Document
from shared.models.learning import GradeLevel

CONTAINER = "leaderboards"
STATE = "state"
EVERYBODY = "all"
TTL_SECONDS = 24 * 3600

Criterion = Literal["xp", "level", "streak", "achievements"]
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)
Window = Literal["all_time", "week", "today"]
WINDOWS: tuple[Window, ...] = get_args(Window)


def grade_scope(grade_level: GradeLevel) -> str:
    """The scope of a grade level."""
    return f"grade:{grade_level}"


@lru_cache(maxsize=4096)
def career_scope(career: str) -> str:
    """The scope of a career, however it is written in capitals and spaces."""
    return f"career:{sha256(' '.join(career.casefold().split()).encode()).hexdigest()[:16]}"


def board_id_of(criterion: Criterion, window: Window) -> str:
    """The document of a board in its scope."""
    return f"board:{criterion}:{window}"


def block_id_of(version: str, window: Window, number: int) -> str:
    """The document of a block of a build."""
    return f"block:{version}:{window}:{number}"


class _Part(BaseModel):
    model_config = READING


class Place(_Part):
    """A learner on a board: a score, and since when it is that. The handle is the learner's id,
    sealed."""

    handle: str
    score: int
    since: str


class BlockRange(_Part):
    """Which scores the block of this number has, the highest and the lowest of them, and how many
    places."""

    highest: int
    lowest: int
    places: int


class Board(Document):
    """How many have which score, and who has the highest."""

    kind: Literal["board"] = "board"
    scope: str
    criterion: Criterion
    window: Window
    window_start: AwareDatetime | None = Field(description="None for all time")
    version: str = Field(description="Of the build; later ones sort after earlier ones")
    histogram: str = Field(description="See :mod:`functions.leaderboard_timer.rules.histogram`")
    members: int
    top: tuple[Place, ...]
    blocks: tuple[BlockRange, ...] = Field(default=(), description="The highest scores first")
    built_at: AwareDatetime
    ttl: int = TTL_SECONDS


class Block(Document):
    """Learners on end of a board, the highest scores first."""

    kind: Literal["block"] = "block"
    scope: str
    places: tuple[Place, ...]
    ttl: int = TTL_SECONDS


class BoardState(Document):
    """When a tenant's boards were last built, and of which day."""

    id: str = STATE
    kind: Literal["state"] = "state"
    scope: str = STATE
    built_at: AwareDatetime
    today: date
    members: int
    ttl: int = TTL_SECONDS
