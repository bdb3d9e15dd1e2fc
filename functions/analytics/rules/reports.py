"""What people's apps report of what they do: names from a list, ids, numbers; no words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from functions.analytics.rules.dimensions import named
from functions.analytics.rules.facts import Fact, day_of

ReportName = Literal[
    "page.opened",
    "content.opened",
    "content.left",
    "content.rated",
    "narration.played",
    "recipe.opened",
    "coaching.opened",
    "recommendations.opened",
]
REPORT_NAMES: tuple[ReportName, ...] = get_args(ReportName)

TOO_OLD = timedelta(days=7)
"""An app that was offline may report so late."""
SKEW = timedelta(minutes=5)
"""By how much a client's clock may be ahead; such a time is taken for now."""
MOST_A_DAY = 5000
"""Events of one person that are taken on one day."""
MOST_SECONDS_A_DAY = 4 * 3600
"""Of one person with one piece of content on one day, however many reports say more."""

Audience = Literal["learner", "parent", "mentor", "recruiter"]
AUDIENCES: tuple[Audience, ...] = get_args(Audience)

_COUNTED: Mapping[ReportName, str] = {
    "page.opened": "opened",
    "content.opened": "opened",
    "content.left": "left",
    "narration.played": "narrations",
    "recipe.opened": "opened",
    "coaching.opened": "opened",
    "recommendations.opened": "opened",
}
_FIXED: Mapping[ReportName, tuple[str, str | None]] = {
    "page.opened": ("page", None),
    "recipe.opened": ("recipe", None),
    "coaching.opened": ("coaching", "recommendations"),
    "recommendations.opened": ("recommendations", "list"),
}
"""The type of content, and the id, of what needs none said."""

HOUSE_CONTENT: Mapping[str, str | None] = dict(_FIXED.values())
"""Types of content of the house's own, each with the one id that it has, if it has one."""

NEEDS: Mapping[ReportName, tuple[str, ...]] = {
    "page.opened": ("content_id",),
    "content.opened": ("content_type", "content_id"),
    "content.left": ("content_type", "content_id", "seconds"),
    "content.rated": ("content_type", "content_id", "rating"),
    "narration.played": ("content_type", "content_id"),
    "recipe.opened": ("content_id",),
    "coaching.opened": (),
    "recommendations.opened": (),
}
"""What each has to say."""

MAY: Mapping[ReportName, tuple[str, ...]] = {
    "narration.played": ("seconds",),
}
"""What it may say beside that and the track."""


def wrong_with(name: ReportName, given: set[str]) -> str | None:
    """What a report lacks or should not say; None where it is whole.

    ``given`` are those of its fields, beside id, name, time and track, that hold something.
    """
    needed = NEEDS[name]
    lacking = [field for field in needed if field not in given]
    if lacking:
        return f"{name} needs {', '.join(lacking)}"
    strange = sorted(given - {*needed, *MAY.get(name, ())})
    return f"{name} takes no {', '.join(strange)}" if strange else None


def held_to(at: datetime, now: datetime) -> datetime | None:
    """When a report was of: not later than now. None for a time that no sound clock says."""
    if at > now + SKEW or at < now - TOO_OLD:
        return None
    return min(at, now)


def audience_of(roles: Collection[str]) -> Audience:
    """As what somebody reports who has several roles: the first in this order."""
    return next((each for each in AUDIENCES if each in roles), "learner")


def place_of(name: ReportName, data: Mapping[str, Any]) -> tuple[str, str]:
    """The type and the id of the content that a report is of."""
    content_type, content_id = _FIXED.get(name, (None, None))
    return content_type or named(data["content_type"]), content_id or data["content_id"]


def counted(
    name: ReportName, at: datetime, data: Mapping[str, Any], *, seconds: int, rating: int | None
) -> Fact:
    """What a report adds. ``data`` are its fields, and whose it is as ``audience``; ``seconds``
    are those of it that count, and ``rating`` is the one that counts where it is the first."""
    group = (*place_of(name, data), data["audience"])
    counts = {"ms": 1000 * seconds}
    if name != "content.rated":
        counts[_COUNTED[name]] = 1
    elif rating is not None:
        counts |= {"ratings": 1, "rating": rating}
    return Fact("content", group, day_of(at), counts)


def room_for(seconds: int, *, known: int) -> int:
    """Those of these seconds that count, where so many of the day do already."""
    return max(0, min(seconds, MOST_SECONDS_A_DAY - known))
