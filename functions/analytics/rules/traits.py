"""What is noted of each person in a sketch: what of a view's numbers they had a part in.

A trait is the name of a sum (:mod:`.facts`) that published numbers rest on. Its place in the list
is a bit of the marks that sketches hold, so lists only grow at their ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import get_args

from functions.analytics.rules.dimensions import ViewName
from shared.models.profiling import WorkStyle
from shared.models.question_bank import LEVELS

SCORES = ("aptitude", "exposure", "confidence", "alignment")
"""What the profiler scores, and sessions are counted by tenths of."""

STYLES: tuple[WorkStyle, ...] = get_args(WorkStyle)
FLAGS = (
    "rapid_guessing",
    "straight_lining",
    "uneven_halves",
    "inconsistency",
    "too_fast",
    "instructed_items",
    "person_fit",
    "impossible_times",
)
"""Flags for effort. Sessions with one that is not among them are counted, and never shown."""

DECISIONS = ("accepted", "overridden", "declined")

_COURSE = (
    "started",
    "completed",
    "finished",
    "answers",
    "first",
    "first_correct",
    "first_wrong",
    "lessons",
    "xp",
    "ms",
    "mastered",
)

TRAITS: Mapping[ViewName, tuple[str, ...]] = {
    "careers": _COURSE,
    "companions": _COURSE,
    "skills": ("answers", "first", "first_correct", "first_wrong", "solved", "unsolved",
               "mastered", "hints", "ms"),
    "journeys": (*_COURSE, "containers", "hints"),
    "content": ("opened", "completed", "scored", "ms", "narrations", "ratings"),
    "achievements": ("reached",),
    "profiler": (
        "sessions",
        *(f"{score}_{tenth}" for score in SCORES for tenth in range(10)),
        *(f"style_{style}" for style in STYLES),
        *(f"level_{level}" for level in LEVELS),
        "level_supported",
        "level_unsupported",
        "flagged",
        "unflagged",
        *(f"flag_{flag}" for flag in FLAGS),
        *DECISIONS,
        "resets",
        "syncs",
        "foundations",
    ),
    "effectiveness": (),
    "intake": (),
}  # fmt: skip

_BITS: Mapping[ViewName, Mapping[str, int]] = {
    view: {name: 1 << place for place, name in enumerate(names)} for view, names in TRAITS.items()
}


def marks_of(view: ViewName, names: Iterable[str]) -> int:
    """The marks of whoever had a part in these sums; what is no trait leaves none."""
    bits, found = _BITS[view], 0
    for name in names:
        found |= bits.get(name, 0)
    return found
