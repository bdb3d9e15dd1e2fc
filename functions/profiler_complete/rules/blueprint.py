"""The blueprint: a learner's result as a plan of track, strengths, gaps and next steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.models.profiling import RoleMatch, Scores
from shared.models.question_bank import (
    QuestionBank,
    Text,
    Track,
    TrackDescription,
    in_language,
)

MOST_STRENGTHS = 5
MOST_GAPS = 5
TRAIT_FROM = 0.5
"""Norm score from which a trait is spoken of."""
STRONG_APTITUDE = 70.0

StepKind = Literal["compare", "learn", "close_gap", "level", "role", "retest"]


@dataclass(frozen=True)
class Strength:
    """Something to build upon: a skill, a trait or the aptitude, and what it rests on."""

    kind: Literal["skill", "trait", "aptitude"]
    key: str
    title: str
    detail: str


@dataclass(frozen=True)
class Gap:
    """A skill that the track asks more of than there is, 0..100 each."""

    skill: str
    title: str
    level: float
    target: float

    @property
    def size(self) -> float:
        """How much is missing, 0..100."""
        return self.target - self.level


@dataclass(frozen=True)
class NextStep:
    """What to do, and why."""

    kind: StepKind
    text: str
    reason: str


@dataclass(frozen=True)
class Blueprint:
    """The plan, in the learner's language where the bank has it."""

    track: Track
    track_id: str
    title: str
    summary: str
    alignment: float
    learning_path: tuple[str, ...]
    strengths: tuple[Strength, ...]
    gaps: tuple[Gap, ...]
    roles: tuple[RoleMatch, ...]
    next_steps: tuple[NextStep, ...]


def blueprint(bank: QuestionBank, scores: Scores, *, track: Track, language: str) -> Blueprint:
    """The plan for a track, which is the recommended one or what the learner chose instead.

    Everything in it follows from the scores: a skill without an answer behind it is neither
    a strength nor a gap.
    """
    described = bank.track[track]
    gaps = skill_gaps(bank, scores, track, language=language)
    return Blueprint(
        track=track,
        track_id=described.track_id,
        title=in_language(described.title, language),
        summary=in_language(described.summary, language),
        alignment=scores.recommendation.alignment[track],
        learning_path=tuple(in_language(each, language) for each in described.learning_path),
        strengths=_strengths(bank, scores, described, language),
        gaps=gaps,
        roles=tuple(role for role in scores.recommendation.roles if role.track == track),
        next_steps=_next_steps(bank, scores, described, gaps, language),
    )


def skill_gaps(
    bank: QuestionBank, scores: Scores, track: Track, *, language: str
) -> tuple[Gap, ...]:
    """The skills in which a track asks for more, the widest gap first, at most five."""
    levels = {each.skill: each.level for each in scores.skills}
    titles = {each.code: each.title for each in bank.skills}
    gaps = [
        Gap(each.skill, in_language(titles[each.skill], language), levels[each.skill], each.target)
        for each in bank.track[track].skills
        if each.skill in levels and levels[each.skill] < each.target
    ]
    gaps.sort(key=lambda gap: (-gap.size, gap.skill))
    return tuple(gaps[:MOST_GAPS])


def _strengths(
    bank: QuestionBank, scores: Scores, track: TrackDescription, language: str
) -> tuple[Strength, ...]:
    found: list[tuple[float, Strength]] = []
    titles = {each.code: each.title for each in bank.skills}
    levels = {each.skill: each for each in scores.skills}
    for target in track.skills:
        level = levels.get(target.skill)
        if level is not None and level.level >= target.target:
            title = in_language(titles[target.skill], language)
            detail = f"{level.level:.0f} of 100, the track begins at {target.target:.0f}"
            found.append(
                ((level.level - target.target) / 50, Strength("skill", level.skill, title, detail))
            )
    for trait in bank.traits:
        weight = track.profile.get(trait.key, 0.0)
        score = scores.profile[trait.key]
        if weight * score > 0 and abs(score) >= TRAIT_FROM:
            side: Text = trait.high if score > 0 else trait.low
            title, detail = in_language(trait.title, language), in_language(side, language)
            found.append((weight * score, Strength("trait", trait.key, title, detail)))
    aptitude = scores.aptitude
    if aptitude.score >= STRONG_APTITUDE:
        between = f"{aptitude.score_low:.0f} to {aptitude.score_high:.0f}"
        detail = f"{aptitude.score:.0f} of 100 ({between})"
        found.append((1.0, Strength("aptitude", "aptitude", "Aptitude", detail)))
    found.sort(key=lambda each: (-each[0], each[1].key))
    return tuple(strength for _, strength in found[:MOST_STRENGTHS])


def _next_steps(
    bank: QuestionBank,
    scores: Scores,
    track: TrackDescription,
    gaps: tuple[Gap, ...],
    language: str,
) -> tuple[NextStep, ...]:
    recommendation = scores.recommendation
    steps: list[NextStep] = []
    if scores.integrity.retest_advised:
        steps.append(
            NextStep(
                "retest",
                "Ask for another attempt when you have an hour to yourself",
                f"{scores.integrity.rapid_guesses} aptitude answers came faster than the questions "
                "can be read, so your aptitude is not well known",
            )
        )
    if recommendation.two_tracks:
        names = [
            in_language(bank.track[each].title, language)
            for each in (recommendation.primary, recommendation.secondary)
        ]
        steps.append(
            NextStep(
                "compare",
                f"Look at both tracks before you choose: {names[0]} and {names[1]}",
                f"The first is the best for you with a probability of only "
                f"{recommendation.confidence:.0%}",
            )
        )
    difficulty = scores.difficulty
    if not difficulty.supported:
        steps.append(
            NextStep(
                "level",
                f"Begin at the level {difficulty.suggested} rather than {difficulty.selected}",
                f"You have done {scores.exposure.score:.0f} of 100 of what was asked about",
            )
        )
    steps.append(
        NextStep(
            "learn",
            in_language(track.learning_path[0], language),
            "The first part of the track's learning path",
        )
    )
    steps += [
        NextStep(
            "close_gap",
            f"Work on: {gap.title}",
            f"You are at {gap.level:.0f} of 100, the track begins at {gap.target:.0f}",
        )
        for gap in gaps[:3]
    ]
    steps += [
        NextStep(
            "role",
            f"Read what the work role {role.title} ({role.id}) does",
            "Of the track's roles your answers speak for it most",
        )
        for role in [each for each in recommendation.roles if each.track == track.key][:1]
    ]
    return tuple(steps)
