"""The blueprint: a learner's result as a plan of track, strengths, gaps and next steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.models.profiling import RoleMatch, Scores
from shared.models.question_bank import (
    Level,
    PhraseName,
    QuestionBank,
    Track,
    TrackDescription,
    in_language,
)
from shared.models.skill_gaps import Gap, skill_gaps

MOST_STRENGTHS = 5
TRAIT_FROM = 0.5
"""Norm score from which a trait is spoken of."""
STRONG_APTITUDE = 70.0

MOST_GAP_STEPS = 3

StrengthKind = Literal["skill", "trait", "aptitude"]
StepKind = Literal["compare", "learn", "close_gap", "level", "role", "retest"]


@dataclass(frozen=True)
class Strength:
    """Something to build upon: a skill, a trait or the aptitude, and what it rests on."""

    kind: StrengthKind
    key: str
    title: str
    detail: str


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


def _said(
    bank: QuestionBank, name: PhraseName, language: str, **values: str
) -> tuple[str, str] | None:
    """A phrase's text and reason in a language, with these values filled in.

    None when the bank is of before there was such a phrase.
    """
    phrase = bank.phrases.get(name)
    if phrase is None:
        return None
    return (
        in_language(phrase.text, language).format_map(values),
        in_language(phrase.reason, language).format_map(values),
    )


def _strengths(
    bank: QuestionBank, scores: Scores, track: TrackDescription, language: str
) -> tuple[Strength, ...]:
    found: list[tuple[float, Strength]] = []
    titles = {each.code: each.title for each in bank.skills}
    levels = {each.skill: each for each in scores.skills}

    def add(weight: float, kind: StrengthKind, key: str, **values: str) -> None:
        said = _said(bank, kind, language, **values)
        if said is not None:
            found.append((weight, Strength(kind, key, *said)))

    for target in track.skills:
        level = levels.get(target.skill)
        if level is not None and level.level >= target.target:
            add(
                (level.level - target.target) / 50,
                "skill",
                level.skill,
                skill=in_language(titles[target.skill], language),
                level=f"{level.level:.0f}",
                target=f"{target.target:.0f}",
            )
    for trait in bank.traits:
        weight = track.profile.get(trait.key, 0.0)
        score = scores.profile[trait.key]
        if weight * score > 0 and abs(score) >= TRAIT_FROM:
            add(
                weight * score,
                "trait",
                trait.key,
                trait=in_language(trait.title, language),
                side=in_language(trait.high if score > 0 else trait.low, language),
            )
    aptitude = scores.aptitude
    if aptitude.score >= STRONG_APTITUDE:
        add(
            1.0,
            "aptitude",
            "aptitude",
            score=f"{aptitude.score:.0f}",
            low=f"{aptitude.score_low:.0f}",
            high=f"{aptitude.score_high:.0f}",
        )
    found.sort(key=lambda each: (-each[0], each[1].key))
    return tuple(strength for _, strength in found[:MOST_STRENGTHS])


def _next_steps(
    bank: QuestionBank,
    scores: Scores,
    track: TrackDescription,
    gaps: tuple[Gap, ...],
    language: str,
) -> tuple[NextStep, ...]:
    recommendation, difficulty = scores.recommendation, scores.difficulty
    steps: list[NextStep] = []

    def add(kind: StepKind, **values: str) -> None:
        said = _said(bank, kind, language, **values)
        if said is not None:
            steps.append(NextStep(kind, *said))

    if scores.integrity.retest_advised:
        add("retest", rapid=str(scores.integrity.rapid_guesses))
    if recommendation.two_tracks:
        add(
            "compare",
            primary=in_language(bank.track[recommendation.primary].title, language),
            secondary=in_language(bank.track[recommendation.secondary].title, language),
            confidence=f"{100 * recommendation.confidence:.0f}",
        )
    if not difficulty.supported:
        add(
            "level",
            suggested=_level_name(bank, difficulty.suggested, language),
            selected=_level_name(bank, difficulty.selected, language),
            exposure=f"{scores.exposure.score:.0f}",
        )
    add("learn", part=in_language(track.learning_path[0], language))
    for gap in gaps[:MOST_GAP_STEPS]:
        add("close_gap", skill=gap.title, level=f"{gap.level:.0f}", target=f"{gap.target:.0f}")
    for role in [each for each in recommendation.roles if each.track == track.key][:1]:
        add("role", title=role.title, id=role.id)
    return tuple(steps)


def _level_name(bank: QuestionBank, level: Level, language: str) -> str:
    """A level as the learner chose it: the words before the colon of its option."""
    options = bank.by_id[bank.level_question].options
    shown = next((each.text for each in options if each.level == level), {"en": level})
    return in_language(shown, language).partition(":")[0]
