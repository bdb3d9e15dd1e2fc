"""What the views count by, and how free text becomes the name of a group."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

ViewName = Literal[
    "careers",
    "companions",
    "skills",
    "journeys",
    "content",
    "achievements",
    "profiler",
    "effectiveness",
    "intake",
]
VIEWS: tuple[ViewName, ...] = get_args(ViewName)

Group = tuple[str | None, ...]
"""A value for each dimension of a view; None where the dimension says nothing of what is
counted: a journey has a grade, and no subject."""

Period = Literal["day", "week", "month"]
PERIODS: tuple[Period, ...] = get_args(Period)

OTHER = "(other)"
"""What stands for the groups beyond the most that a shard counts in a month."""

UNNAMED = "(unnamed)"
"""What stands for a name that nobody is left to say."""

MOST_CHARACTERS = 60


@dataclass(frozen=True)
class Dimensions:
    """What a view counts by.

    ``open_ended`` are those that have as many values as people send; ``made_up`` those among them
    that may hold any words, ids that clients send among them, and are counted under a digest;
    ``most_groups`` bounds how many groups one shard holds in a month, ``most_begun`` of how many
    of these one person is the first.
    """

    names: tuple[str, ...]
    open_ended: tuple[str, ...] = ()
    made_up: tuple[str, ...] = ()
    most_groups: int = 300
    most_begun: int = 30

    def beyond(self, group: Group) -> Group:
        """The group that takes what finds no place any more."""
        return tuple(
            OTHER if name in self.open_ended and value is not None else value
            for name, value in zip(self.names, group, strict=True)
        )


DIMENSIONS: Mapping[ViewName, Dimensions] = {
    "careers": Dimensions(("career",), ("career",), ("career",)),
    "companions": Dimensions(("companion",), ("companion",), ("companion",)),
    "skills": Dimensions(
        ("skill", "subject", "grade"),
        ("skill",),
        ("skill",),
        most_groups=1500,
        most_begun=150,
    ),
    "journeys": Dimensions(("grade", "container", "subject")),
    "content": Dimensions(
        ("content_type", "content_id", "audience"),
        ("content_type", "content_id"),
        ("content_type", "content_id"),
        most_groups=1500,
        most_begun=150,
    ),
    "achievements": Dimensions(("kind", "key")),
    "profiler": Dimensions(("track", "device")),
    "effectiveness": Dimensions(("track",)),
    "intake": Dimensions(("channel", "state", "reason")),
}


def named(text: str) -> str:
    """A group's name of what somebody wrote: one spelling, 60 characters at most.

    ``Security  Analyst`` and ``security analyst`` are one career. It is for words alone: two ids
    that differ in case, or after 60 characters, are of two things.
    """
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    plain = "".join(each for each in folded if unicodedata.category(each)[0] != "C")
    return plain[:MOST_CHARACTERS].rstrip() or OTHER


def month_of(day: date) -> str:
    """``2026-03``: months are those of UTC."""
    return f"{day:%Y-%m}"


def period_of(day: date, period: Period) -> str:
    """The period that a day lies in: itself, its ISO 8601 week (``2026-W10``) or its month."""
    if period == "day":
        return day.isoformat()
    if period == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return month_of(day)
