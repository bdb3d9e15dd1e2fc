"""Coaching: what to look at, which way to go, and what is going well. Each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.models.profiling import ProfilerResult
from shared.models.question_bank import QuestionBank, Track, in_language
from shared.models.skill_gaps import Gap, skill_gaps

MOST_AREAS = 6
_MOST_GAPS, _MOST_WEAK = 3, 2
_IDLE_AFTER = timedelta(days=7)
_CLEAR_LEAD = 10.0
"""Points of alignment by which a track is clearly first."""

AreaKind = Literal[
    "profiler", "retest", "compare", "level", "gap", "weak_skill", "journey", "habit"
]
FeedbackKind = Literal["alignment", "progress", "strength", "streak"]


@dataclass(frozen=True)
class WeakSkill:
    """A skill of the learning journeys that is to be practised. ``mastery`` is 0 to 1."""

    skill_id: str
    subject: str
    mastery: float


@dataclass(frozen=True)
class Learning:
    """What was found of a learner's journeys."""

    active: int
    completed: int
    last_at: datetime | None
    last_score: float | None
    weak: Sequence[WeakSkill]
    streak_days: int
    is_streak_today: bool


@dataclass(frozen=True)
class FocusArea:
    """Something to look at. ``key`` names what it is about: a skill's code, a track, an id."""

    kind: AreaKind
    key: str
    title: str
    reason: str


@dataclass(frozen=True)
class PathStep:
    """A part of a track's way, from 1 on."""

    position: int
    title: str
    reason: str


@dataclass(frozen=True)
class Feedback:
    """Something that is so, and what it rests on."""

    kind: FeedbackKind
    text: str
    reason: str


@dataclass(frozen=True)
class Advice:
    """All that coaching says to a learner. ``track`` is None before there is a profile."""

    track: Track | None
    track_title: str | None
    alignment: float | None
    focus_areas: tuple[FocusArea, ...]
    learning_path: tuple[PathStep, ...]
    feedback: tuple[Feedback, ...]
    gaps: tuple[Gap, ...]


def advice(
    bank: QuestionBank | None,
    result: ProfilerResult | None,
    learning: Learning,
    *,
    track: Track | None,
    now: datetime,
) -> Advice:
    """What to say to a learner, from the profile where there is one and from the journeys.

    ``track`` is the one that was asked about; without it the learner's own.
    """
    if bank is None or result is None:
        first = FocusArea(
            "profiler",
            "profiler",
            "Complete the profiler",
            "Without it nobody knows which track fits you, nor what it asks more of.",
        )
        areas = [first, *_of_learning(learning, now)]
        return Advice(None, None, None, tuple(areas[:MOST_AREAS]), (), _progress(learning), ())
    chosen = track or result.track
    gaps = skill_gaps(bank, result.scores, chosen, language=result.language)
    areas = [
        *_of_profile(bank, result),
        *(_of_gap(gap) for gap in gaps[:_MOST_GAPS]),
        *_of_learning(learning, now),
    ]
    return Advice(
        track=chosen,
        track_title=in_language(bank.track[chosen].title, result.language),
        alignment=result.scores.recommendation.alignment[chosen],
        focus_areas=tuple(areas[:MOST_AREAS]),
        learning_path=_path(bank, result, chosen, gaps),
        feedback=(*_alignment(bank, result, chosen), *_strengths(bank, result, chosen),
                  *_progress(learning)),
        gaps=gaps,
    )  # fmt: skip


def _of_profile(bank: QuestionBank, result: ProfilerResult) -> list[FocusArea]:
    """What the profile itself asks for, before any skill."""
    scores, areas = result.scores, []
    recommendation = scores.recommendation
    if scores.integrity.retest_advised:
        areas.append(
            FocusArea(
                "retest",
                result.session_id,
                "Take the profiler again, without hurry",
                f"{scores.integrity.rapid_guesses} answers came faster than they can be read, so"
                " the profile is less sure than it looks.",
            )
        )
    if recommendation.two_tracks and result.override_track is None:
        first, second = (
            in_language(bank.track[each].title, result.language)
            for each in (recommendation.primary, recommendation.secondary)
        )
        areas.append(
            FocusArea(
                "compare",
                recommendation.secondary,
                f"Look at {first} and {second} side by side",
                f"They fit almost alike: the first is the better one with"
                f" {100 * recommendation.confidence:.0f} % probability.",
            )
        )
    if not scores.difficulty.supported:
        areas.append(
            FocusArea(
                "level",
                scores.difficulty.suggested,
                f"Begin at the level {scores.difficulty.suggested}",
                f"You chose {scores.difficulty.selected}, and your experience with technology is at"
                f" {scores.exposure.score:.0f} of 100.",
            )
        )
    return areas


def _of_gap(gap: Gap) -> FocusArea:
    return FocusArea(
        "gap",
        gap.skill,
        gap.title,
        f"You are at {gap.level:.0f} and the track asks for {gap.target:.0f}.",
    )


def _of_learning(learning: Learning, now: datetime) -> list[FocusArea]:
    areas = [
        FocusArea(
            "weak_skill",
            each.skill_id,
            f"Practise {each.skill_id} ({each.subject})",
            f"It is in your queue of what to practise: {100 * each.mastery:.0f} % sure so far.",
        )
        for each in learning.weak[:_MOST_WEAK]
    ]
    if learning.active == 0 and learning.completed == 0:
        areas.append(
            FocusArea(
                "journey", "start", "Start your first journey", "You have not been on one yet."
            )
        )
    elif learning.last_at is not None and now - learning.last_at > _IDLE_AFTER:
        days = (now - learning.last_at).days
        areas.append(
            FocusArea(
                "habit",
                "return",
                "Answer three questions today",
                f"Your last answer was {days} days ago, and what is not used fades.",
            )
        )
    return areas


def _path(
    bank: QuestionBank, result: ProfilerResult, track: Track, gaps: Sequence[Gap]
) -> tuple[PathStep, ...]:
    """The track's way; where to begin is told by the learner's level."""
    parts = [in_language(each, result.language) for each in bank.track[track].learning_path]
    widest = f"; your widest gap is {gaps[0].title}" if gaps else ""
    steps = []
    for position, title in enumerate(parts, start=1):
        reason = (
            f"Begin here: your level is {result.scores.difficulty.suggested}{widest}."
            if position == 1
            else f"It builds on “{parts[position - 2]}”."
        )
        steps.append(PathStep(position, title, reason))
    return tuple(steps)


def _alignment(bank: QuestionBank, result: ProfilerResult, track: Track) -> list[Feedback]:
    found = result.scores.recommendation.alignment
    title = in_language(bank.track[track].title, result.language)
    others = {each: value for each, value in found.items() if each != track}
    best = max(others, key=lambda each: others[each])
    lead = found[track] - others[best]
    other = in_language(bank.track[best].title, result.language)
    if lead >= _CLEAR_LEAD:
        text = f"{title} fits you clearly best."
    elif lead >= 0:
        text = f"{title} fits you best, {other} almost as well."
    else:
        text = f"{other} fits your answers better than {title}."
    reason = f"Alignment {found[track]:.0f} of 100, and {others[best]:.0f} with {other}."
    return [Feedback("alignment", text, reason)]


def _strengths(bank: QuestionBank, result: ProfilerResult, track: Track) -> list[Feedback]:
    """The skill that is furthest above what the track asks for."""
    levels = {each.skill: each for each in result.scores.skills}
    above = [
        (levels[each.skill].level - each.target, each)
        for each in bank.track[track].skills
        if each.skill in levels and levels[each.skill].level >= each.target
    ]
    if not above:
        return []
    _, target = max(above, key=lambda each: (each[0], each[1].skill))
    titles = {each.code: in_language(each.title, result.language) for each in bank.skills}
    level = levels[target.skill]
    return [
        Feedback(
            "strength",
            f"{titles[target.skill]} is a strength of yours to build upon.",
            f"You are at {level.level:.0f} where the track asks for {target.target:.0f}, by"
            f" {level.items} answers.",
        )
    ]


def _progress(learning: Learning) -> tuple[Feedback, ...]:
    said = []
    if learning.completed:
        score = (
            "" if learning.last_score is None else f", the last with {learning.last_score:.0f} %"
        )
        said.append(
            Feedback(
                "progress",
                "You finish what you begin." if learning.completed >= learning.active
                else "You have several journeys open: finish one before the next.",
                f"{learning.completed} completed{score}; {learning.active} under way.",
            )
        )  # fmt: skip
    if learning.streak_days >= 2:
        text = (
            "Your streak holds for today."
            if learning.is_streak_today
            else "An answer today keeps your streak."
        )
        said.append(Feedback("streak", text, f"{learning.streak_days} days on end so far."))
    return tuple(said)
