"""Signals of how somebody learns, from their answers. Each is one number with what it rests on.

============  ====================================================  ======================
signal        what it is                                            counted over
============  ====================================================  ======================
first_try     share of questions that were right at the first try   questions
hints         share of answers that took a hint                     answers
persistence   share of wrong answers that were tried again          wrong answers
pace          median of log time less the question's mean           first answers with one
regularity    1 - H(hour of the week) / ln 168                      hours with answers
exploration   share of answers that met a skill for the first time  answers
============  ====================================================  ======================

Entropy is that of the hours that were active, each once a week at most, by the estimate of Miller
(Note on the bias of information estimates, 1955), for few hours always look regular.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log
from statistics import median
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from shared.models.journey import Attempt
from shared.models.learning import SUBJECTS, Subject

Signal = Literal["first_try", "hints", "persistence", "pace", "regularity", "exploration"]
SIGNALS: tuple[Signal, ...] = get_args(Signal)
PartOfDay = Literal["night", "morning", "afternoon", "evening"]

LEAST_TIMED = 5
"""Learners by whom a question was answered before its mean time is one."""
_HOURS_OF_WEEK = 168
_SESSION_ENDS = timedelta(minutes=30)
_LEAST_MS, _MOST_MS = 500, 600_000
"""Times beyond these are a slip or an absence."""


@dataclass(frozen=True)
class Measured:
    """A signal's value, and how many observations it rests on."""

    value: float
    observations: int


@dataclass(frozen=True)
class MeanTime:
    """How long a question takes at the first try: the mean of the logarithms of milliseconds."""

    answers: int
    mean_log: float


@dataclass(frozen=True)
class Habits:
    """When and what somebody learns, in counts."""

    parts_of_day: Mapping[PartOfDay, int]
    subjects: Mapping[Subject, int]
    sessions: int
    median_minutes: float


def measure(
    attempts: Sequence[Attempt], times: Mapping[str, MeanTime], zone: str
) -> dict[Signal, Measured]:
    """The signals of a learner's answers, in the order in which they were given; those without any
    observation are left out. ``times`` are questions' mean times, ``zone`` the learner's own."""
    new = [each for each in attempts if not each.practice]
    found: dict[Signal, Measured] = {}
    first = [each for each in new if each.number == 1]
    _share(found, "first_try", [each.correct for each in first])
    _share(found, "hints", [each.hints_used > 0 for each in new])
    _share(found, "persistence", _tried_again(new))
    paces = [
        timed_log(each.duration_ms) - times[each.question_id].mean_log
        for each in first
        if each.question_id in times and times[each.question_id].answers >= LEAST_TIMED
    ]
    if paces:
        found["pace"] = Measured(median(paces), len(paces))
    hours = _active_hours(attempts, zone)
    if hours:
        found["regularity"] = Measured(_regularity(hours), len(hours))
    _share(found, "exploration", _firsts(attempts))
    return found


def habits(attempts: Sequence[Attempt], zone: str) -> Habits:
    """When somebody learns, for how long at a time, and what."""
    at = [each.answered_at.astimezone(ZoneInfo(zone)) for each in attempts]
    lengths = [(last - first).total_seconds() / 60 for first, last in _sessions(at)]
    parts = Counter(part_of_day(each) for each in at)
    subjects = Counter(each.subject for each in attempts)
    return Habits(
        parts_of_day={part: parts[part] for part in get_args(PartOfDay)},
        subjects={subject: subjects[subject] for subject in SUBJECTS},
        sessions=len(lengths),
        median_minutes=median(lengths) if lengths else 0.0,
    )


def part_of_day(at: datetime) -> PartOfDay:
    """Which part of the day a local time is in; each has six hours."""
    parts: tuple[PartOfDay, ...] = get_args(PartOfDay)
    return parts[at.hour // 6]


def timed_log(duration_ms: int) -> float:
    """The logarithm of an answer's milliseconds, within sense."""
    return log(min(max(duration_ms, _LEAST_MS), _MOST_MS))


def _share(found: dict[Signal, Measured], signal: Signal, observed: Sequence[bool]) -> None:
    if observed:
        found[signal] = Measured(sum(observed) / len(observed), len(observed))


def _tried_again(attempts: Sequence[Attempt]) -> list[bool]:
    """For each wrong answer whether the same question was tried again later. The last answer of
    all is left out: nobody knows yet."""
    later: Counter[tuple[str, str]] = Counter(
        (each.session_id, each.question_id) for each in attempts
    )
    observed = []
    for each in attempts[:-1]:
        later[(each.session_id, each.question_id)] -= 1
        if not each.correct:
            observed.append(later[(each.session_id, each.question_id)] > 0)
    return observed


def _firsts(attempts: Sequence[Attempt]) -> list[bool]:
    met: set[str] = set()
    observed = []
    for each in attempts:
        observed.append(each.skill_id not in met)
        met.add(each.skill_id)
    return observed


def _active_hours(attempts: Sequence[Attempt], zone: str) -> list[int]:
    """The hour of the week, 0 to 167 in local time, of each hour in which there was an answer."""
    local = {
        each.answered_at.astimezone(ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0)
        for each in attempts
    }
    return [each.weekday() * 24 + each.hour for each in sorted(local)]


def _regularity(hours: Sequence[int]) -> float:
    counts = Counter(hours)
    total = len(hours)
    plain = -sum(count / total * log(count / total) for count in counts.values())
    entropy = plain + (len(counts) - 1) / (2 * total)
    return 1 - min(entropy, log(_HOURS_OF_WEEK)) / log(_HOURS_OF_WEEK)


def _sessions(moments: Sequence[datetime]) -> list[tuple[datetime, datetime]]:
    """Beginning and end of each stretch without a pause of half an hour."""
    found: list[tuple[datetime, datetime]] = []
    for at in sorted(moments):
        if found and at - found[-1][1] < _SESSION_ENDS:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found
