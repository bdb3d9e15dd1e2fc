"""From the profiler to what is achieved: what a learner did, and what it adds to the cohort's.

A learner's funnel holds sets of days and an earliest moment, so events that come twice, late or
out of order lead to the same. Each learner is in one cohort: that of the month in which they
first completed the profiler, and of the track that was recommended then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from functions.analytics.rules.dimensions import month_of
from functions.analytics.rules.documents import FirstProfile, Funnel, Stage
from functions.analytics.rules.facts import day_of
from shared.models.question_bank import Track

WINDOW_DAYS = 90
"""Within how many days after the profiler something counts."""

STAGES: tuple[Stage, ...] = ("accepted", "recipe", "coaching", "achieved")
HELPS: Mapping[str, tuple[Stage, ...]] = {
    "recipe": ("recipe",),
    "coaching": ("coaching",),
    "either": ("recipe", "coaching"),
}
"""What those who achieved something may have used before."""

_MOST_DAYS = 800
"""The latest days of a stage that are kept; more than views look back."""

CohortKey = tuple[str, Track]


def profiled(funnel: Funnel, at: datetime, session_id: str, track: Track) -> Funnel:
    """The funnel once the learner has completed a session of the profiler."""
    found = FirstProfile(at=at, session_id=session_id, track=track)
    known = funnel.profiled
    if known is not None and (known.at, known.session_id) <= (found.at, found.session_id):
        return funnel
    return funnel.model_copy(update={"profiled": found})


def reached(funnel: Funnel, stage: Stage, *moments: datetime) -> Funnel:
    """The funnel once the learner has come to a stage, at each of these moments."""
    known = funnel.days.get(stage, ())
    days = {*known, *(day_of(moment).toordinal() for moment in moments)}
    after = tuple(sorted(days)[-_MOST_DAYS:])
    if after == known:
        return funnel
    return funnel.model_copy(update={"days": {**funnel.days, stage: after}})


def cohort_of(funnel: Funnel) -> CohortKey | None:
    """The month and the track that a learner is counted in; None before the profiler."""
    if funnel.profiled is None:
        return None
    return (month_of(day_of(funnel.profiled.at)), funnel.profiled.track)


def contribution(funnel: Funnel) -> dict[str, int]:
    """What a learner adds to the counts of their cohort.

    ``recipe`` says that they came to the stage within :data:`WINDOW_DAYS`, ``recipe_in_7`` after
    how many days they first did, ``with_recipe`` that they did before they achieved anything (or
    achieved nothing), ``with_recipe_achieved`` that they achieved something afterwards, or on the
    same day.
    """
    if funnel.profiled is None:
        return {}
    begin = day_of(funnel.profiled.at).toordinal()
    first: dict[Stage, int] = {}
    for stage in STAGES:
        after = [day - begin for day in funnel.days.get(stage, ()) if day >= begin]
        if after and after[0] <= WINDOW_DAYS:
            first[stage] = after[0]
    counts = {"profiled": 1}
    for stage, days in first.items():
        counts |= {stage: 1, f"{stage}_in_{days}": 1}
    achieved = first.get("achieved")
    for help_, stages in HELPS.items():
        used = min((first[stage] for stage in stages if stage in first), default=None)
        if used is not None and (achieved is None or used <= achieved):
            counts[f"with_{help_}"] = 1
            counts[f"with_{help_}_achieved"] = int(achieved is not None)
    return {name: number for name, number in counts.items() if number}


def moved(before: Funnel | None, after: Funnel) -> dict[CohortKey, dict[str, int]]:
    """What is to be added to which cohorts, as a learner's funnel changes."""
    changes: dict[CohortKey, dict[str, int]] = {}
    for funnel, sign in ((before, -1), (after, 1)):
        key = cohort_of(funnel) if funnel is not None else None
        if funnel is None or key is None:
            continue
        sums = changes.setdefault(key, {})
        for name, number in contribution(funnel).items():
            sums[name] = sums.get(name, 0) + sign * number
    kept = {
        key: {name: number for name, number in sums.items() if number}
        for key, sums in changes.items()
    }
    return {key: sums for key, sums in kept.items() if sums}
