"""The numbers of each view, from the sums of a group. Shares are 0 to 1, None where nothing is
there to be shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from functions.analytics.rules.dimensions import ViewName
from functions.analytics.rules.facts import Counts
from functions.analytics.rules.funnels import STAGES
from functions.analytics.rules.histograms import exact_percentile, percentile
from functions.analytics.rules.traits import FLAGS, STYLES
from shared.models.question_bank import LEVELS, MODULES, TRACKS

Metrics = dict[str, Any]


def share(part: int, whole: int) -> float | None:
    """A part of a whole, with four decimals; None of nothing."""
    return round(part / whole, 4) if whole else None


def mean(total: int, number: int, *, scale: int = 100) -> float | None:
    """The mean of what was summed up in parts of ``scale``, with two decimals; None of none."""
    return round(total / scale / number, 2) if number else None


def minutes(milliseconds: int) -> float:
    """Minutes, with one decimal."""
    return round(milliseconds / 60_000, 1)


def numbered(counts: Counts, prefix: str) -> dict[int, int]:
    """Counts of one name by the number at its end: ``aptitude_7`` is 7."""
    found = {}
    for name, number in counts.items():
        if name.startswith(prefix) and name[len(prefix) :].isdigit() and number:
            found[int(name[len(prefix) :])] = number
    return found


def _by_name(counts: Counts, prefix: str) -> dict[str, int]:
    return {
        name.removeprefix(prefix): number
        for name, number in sorted(counts.items())
        if name.startswith(prefix) and number
    }


def _journeys(counts: Counts) -> Metrics:
    get = _getter(counts)
    return {
        "journeys_started": get("started"),
        "journeys_completed": get("completed"),
        "completion_rate": share(get("finished"), get("started")),
        "mean_score": mean(get("score"), get("completed")),
        "answers": get("answers"),
        "first_try_rate": share(get("first_correct"), get("first")),
        "lessons_completed": get("lessons"),
        "minutes": minutes(get("ms")),
        "xp": get("xp"),
    }


def course(counts: Counts) -> Metrics:
    """Of a career or a companion."""
    return {**_journeys(counts), "skills_mastered": counts.get("mastered", 0)}


def journeys(counts: Counts) -> Metrics:
    """Of a grade, a container, a subject."""
    get = _getter(counts)
    return {
        **_journeys(counts),
        "containers_completed": get("containers"),
        "mean_lesson_score": mean(get("lesson_score"), get("lessons")),
        "hints": get("hints"),
    }


def skills(counts: Counts) -> Metrics:
    """Of a skill."""
    get = _getter(counts)
    return {
        "answers": get("answers"),
        "first_try_rate": share(get("first_correct"), get("first")),
        "solved": get("solved"),
        "mean_tries": mean(get("tries"), get("solved"), scale=1),
        "mastered": get("mastered"),
        "hints": get("hints"),
        "minutes": minutes(get("ms")),
    }


def content(counts: Counts) -> Metrics:
    """Of a piece of content."""
    get = _getter(counts)
    return {
        "opened": get("opened"),
        "completed": get("completed"),
        "mean_score": mean(get("score"), get("scored")),
        "minutes": minutes(get("ms")),
        "narrations_played": get("narrations"),
        "ratings": get("ratings"),
        "mean_rating": mean(get("rating"), get("ratings"), scale=1),
    }


def achievements(counts: Counts) -> Metrics:
    """Of a level or an achievement."""
    return {"reached": counts.get("reached", 0)}


def profiler(counts: Counts) -> Metrics:
    """Of a track that was recommended."""
    get = _getter(counts)
    sessions = get("sessions")
    decisions = get("accepted") + get("overridden") + get("declined")
    typical = percentile(numbered(counts, "h_minutes_"), 0.5)
    return {
        "sessions": sessions,
        "mean_minutes": round(get("ms") / 60_000 / sessions, 2) if sessions else None,
        "median_minutes": None if typical is None else round(typical / 60, 2),
        "mean_aptitude": mean(get("aptitude"), sessions),
        "mean_exposure": mean(get("exposure"), sessions),
        "mean_confidence": _hundredth(mean(get("confidence"), sessions)),
        "mean_alignment": {track: mean(get(f"align_{track}"), sessions) for track in TRACKS},
        "aptitude_tenths": _tenths(counts, "aptitude_"),
        "exposure_tenths": _tenths(counts, "exposure_"),
        "confidence_tenths": _tenths(counts, "confidence_"),
        "alignment_tenths": _tenths(counts, "alignment_"),
        "mean_module_seconds": {
            name: mean(get(f"module_{name}"), sessions, scale=1) for name in MODULES
        },
        "work_styles": {**dict.fromkeys(STYLES, 0), **_by_name(counts, "style_")},
        "levels": {level: get(f"level_{level}") for level in LEVELS},
        "levels_supported": get("level_supported"),
        "flagged": get("flagged"),
        "flags": {**dict.fromkeys(FLAGS, 0), **_by_name(counts, "flag_")},
        "accepted": get("accepted"),
        "overridden": get("overridden"),
        "declined": get("declined"),
        "acceptance_rate": share(get("accepted"), decisions),
        "override_rate": share(get("overridden"), decisions),
        "resets": get("resets"),
        "syncs": get("syncs"),
        "foundations_entered": get("foundations"),
    }


def effectiveness(counts: Counts) -> Metrics:
    """Of a cohort: how many came to each stage within the window, and after how many days."""
    found: Metrics = {}
    profiled = counts.get("profiled", 0)
    for stage in STAGES:
        came = counts.get(stage, 0)
        days = numbered(counts, f"{stage}_in_")
        total = sum(day * number for day, number in days.items())
        found |= {
            stage: came,
            f"{stage}_rate": share(came, profiled),
            f"{stage}_median_days": exact_percentile(days, 0.5),
            f"{stage}_mean_days": mean(total, came, scale=1),
        }
    return found


def intake(counts: Counts) -> Metrics:
    """Of files that ended."""
    get = _getter(counts)
    completed = get("completed")
    working, elapsed = numbered(counts, "h_working_"), numbered(counts, "h_elapsed_")
    return {
        "files": get("files"),
        "checked": get("checked"),
        "scanned": get("scanned"),
        "extracted": get("extracted"),
        "parsed": get("parsed"),
        "completed": completed,
        "completion_rate": share(completed, get("files")),
        "retried": get("retried"),
        "mean_working_ms": mean(get("working_ms"), completed, scale=1),
        "p50_working_ms": percentile(working, 0.5),
        "p90_working_ms": percentile(working, 0.9),
        "mean_elapsed_ms": mean(get("elapsed_ms"), completed, scale=1),
        "p50_elapsed_ms": percentile(elapsed, 0.5),
        "p90_elapsed_ms": percentile(elapsed, 0.9),
        "candidates_created": get("candidates"),
    }


METRICS: Mapping[ViewName, Callable[[Counts], Metrics]] = {
    "careers": course,
    "companions": course,
    "skills": skills,
    "journeys": journeys,
    "content": content,
    "achievements": achievements,
    "profiler": profiler,
    "effectiveness": effectiveness,
    "intake": intake,
}


def _getter(counts: Counts) -> Callable[[str], int]:
    return lambda name: counts.get(name, 0)


def _tenths(counts: Counts, prefix: str) -> list[int]:
    found = numbered(counts, prefix)
    return [found.get(at, 0) for at in range(10)]


def _hundredth(percent: float | None) -> float | None:
    return None if percent is None else round(percent / 100, 4)
