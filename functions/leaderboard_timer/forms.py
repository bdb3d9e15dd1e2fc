"""What the routes of leaderboards take and show."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from functions.leaderboard_timer.rules.building import TOP
from functions.leaderboard_timer.rules.documents import (
    EVERYBODY,
    Criterion,
    Window,
    career_scope,
    grade_scope,
)
from functions.leaderboard_timer.rules.neighbours import Standing
from functions.leaderboard_timer.service.reading import Read, Shown
from shared.http.call import Query
from shared.models.examples import example
from shared.models.learning import GradeLevel


class BoardQuery(Query):
    """Which board."""

    criterion: Criterion = Field(default="xp", description="What it ranks by")
    window: Window = Field(
        default="all_time", description="All time, this week or today, in the tenant's time zone"
    )
    grade: GradeLevel | None = Field(default=None, description="Learners of this grade level")
    career: str | None = Field(
        default=None, min_length=1, max_length=100, description="Learners with this career"
    )

    @model_validator(mode="after")
    def _one_filter(self) -> BoardQuery:
        if self.grade is not None and self.career is not None:
            raise ValueError("give a grade or a career, not both")
        return self

    @property
    def scope(self) -> str:
        """The scope that is asked for."""
        if self.grade is not None:
            return grade_scope(self.grade)
        return EVERYBODY if self.career is None else career_scope(self.career)


class TopQuery(BoardQuery):
    """Which board, and how much of it."""

    limit: int = Field(default=10, ge=1, le=TOP, description="Places")


class AroundQuery(Query):
    """Which window of XP, and how many places."""

    window: Window = Field(
        default="all_time", description="All time, this week or today, in the tenant's time zone"
    )
    size: int = Field(default=5, ge=1, le=25, description="Places before and after one's own")


class PlaceView(BaseModel):
    """A place on a board."""

    model_config = example(rank=1, score=1240, name="Maya O.", is_me=False)

    rank: int = Field(description="Equal scores share one: 1, 2, 2, 4")
    score: int
    name: str | None = Field(description="Null for who is not shown to others")
    is_me: bool


class StandingView(BaseModel):
    """Where somebody stands, by the score of this moment."""

    model_config = example(rank=17, score=345, members=120, to_next=5)

    rank: int
    score: int
    members: int = Field(description="Learners on the board")
    to_next: int | None = Field(description="What is missing to the next higher score")


class BoardView(BaseModel):
    """The highest places of a board."""

    model_config = example(criterion="xp", window="week", members=120)

    criterion: Criterion
    window: Window
    members: int = Field(description="Learners with a score")
    items: list[PlaceView]
    built_at: AwareDatetime | None = Field(description="Null before the first build")


class MyPlaceView(BaseModel):
    """One's own place on a board."""

    model_config = example(criterion="xp", window="week")

    criterion: Criterion
    window: Window
    standing: StandingView | None = Field(description="Null without a score")
    built_at: AwareDatetime | None = Field(description="Null before the first build")


class AroundView(BaseModel):
    """Who stands around one's own place."""

    model_config = example(window="all_time")

    window: Literal["all_time", "week", "today"]
    items: list[PlaceView]
    built_at: AwareDatetime | None = Field(description="Null before the first build")


def place_views(places: list[Shown], *, me: str) -> list[PlaceView]:
    """Places as they are shown to whose handle is ``me``."""
    return [
        PlaceView(
            rank=each.ranked.rank,
            score=each.ranked.place.score,
            name=each.name,
            is_me=each.ranked.place.handle == me,
        )
        for each in places
    ]


def standing_view(standing: Standing | None, score: int) -> StandingView | None:
    """Where somebody stands, as it is shown."""
    if standing is None:
        return None
    following = standing.next_score
    return StandingView(
        rank=standing.rank,
        score=score,
        members=standing.members,
        to_next=None if following is None else following - score,
    )


def built_at(read: Read | None) -> AwareDatetime | None:
    """When a board was built."""
    return None if read is None else read.board.built_at
