"""Simulated takers of the profiler: a stated model of how people answer, and of how they do not.

Interests and traits are normal with the bank's correlations. A likert line is a graded
response (loading :data:`LOADING`, plus the person's own leaning to agree), a scenario a
choice by utility with Gumbel noise, a keyed item the two-parameter model, times log-normal.
What comes out of it says how well the scoring recovers what was put in; how well the model
fits people, only a pilot can say.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from functions.profiler_complete.rules.confidence import correlation_triangle
from functions.profiler_complete.rules.profile import key_directions
from shared.models.profiling import GivenAnswer
from shared.models.question_bank import DIMENSIONS, TRACKS, Question, QuestionBank, Track

LOADING = 0.65
"""Of a likert line on what it measures: the square root of its reliability."""
CUTS = (-1.3, -0.45, 0.45, 1.3)
LEANING, LEANING_SPREAD = 0.2, 0.3
CHOICE_STRENGTH = 1.2
TIME_SPREAD, PACE_SPREAD = 0.4, 0.25
SLIP = 0.02
"""How often a careful person misses an instructed line."""
MINDED, MINDED_REST = 2.0, 0.6
"""A track-minded person: their track's key profile by this much, and so much of anybody's."""

_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
Answers = dict[str, GivenAnswer]


@dataclass(frozen=True)
class Person:
    """What is true of a simulated person."""

    profile: dict[str, float]
    ability: float
    exposure: float
    leaning: float
    pace: float
    guessing: float = 0.0
    loading: float = LOADING
    choice_strength: float = CHOICE_STRENGTH
    rapid: Callable[[Question], bool] = field(default=lambda _: False)

    def best_track(self, bank: QuestionBank) -> Track:
        """The track whose key profile the true profile is closest to."""
        found = {
            track: math.fsum(
                self.profile[name] * weight for name, weight in zip(DIMENSIONS, key, strict=True)
            )
            for track, key in key_directions(bank).items()
        }
        return max(TRACKS, key=lambda track: found[track])


def draws_from(seed: int) -> random.Random:
    """Random numbers that are the same for the same seed."""
    return random.Random(seed)  # noqa: S311  a simulation, not a secret


def anybody(bank: QuestionBank, chance: random.Random, *, guessing: float = 0.0) -> Person:
    """A person of the reference population; ``guessing`` is the chance of a lucky hit."""
    triangle = correlation_triangle(bank)
    free = [chance.gauss(0, 1) for _ in DIMENSIONS]
    profile = {
        name: math.fsum(weight * draw for weight, draw in zip(row, free, strict=True))
        for name, row in zip(DIMENSIONS, triangle, strict=True)
    }
    ability = chance.gauss(0, 1)
    return Person(
        profile=profile,
        ability=ability,
        exposure=0.4 * ability + math.sqrt(1 - 0.16) * chance.gauss(0, 1),
        leaning=chance.gauss(LEANING, LEANING_SPREAD),
        pace=math.exp(chance.gauss(0, PACE_SPREAD)),
        guessing=guessing,
    )


def minded(bank: QuestionBank, track: Track, chance: random.Random) -> Person:
    """A person drawn to one track: a milder anybody, moved along that track's key profile."""
    person = anybody(bank, chance)
    key = bank.track[track].profile
    return Person(
        profile={
            name: MINDED_REST * value + MINDED * key.get(name, 0.0)
            for name, value in person.profile.items()
        },
        ability=person.ability,
        exposure=person.exposure,
        leaning=person.leaning,
        pace=person.pace,
    )


def answers_of(bank: QuestionBank, person: Person, chance: random.Random) -> Answers:
    """What a person who answers with care, but for rapid guesses, says to the whole bank."""
    found: Answers = {}
    for question in bank.questions:
        if person.rapid(question):
            option: str | None = chance.choice(bank.choices(question) or ("",))
            seconds = chance.uniform(0.3, 1.0) * question.rapid_seconds
        else:
            option = _chosen(bank, question, person, chance)
            spread = math.exp(chance.gauss(-(TIME_SPREAD**2) / 2, TIME_SPREAD))
            seconds = question.mean_seconds * person.pace * spread
        found[question.id] = given(question, option, seconds, len(found) + 1)
    return found


def at_random(bank: QuestionBank, chance: random.Random, *, seconds: float = 3.0) -> Answers:
    """Every option by lot."""
    return {
        question.id: given(question, chance.choice(bank.choices(question) or ("",)), seconds, at)
        for at, question in enumerate(bank.questions, start=1)
    }


def straight_line(
    bank: QuestionBank, answers: Mapping[str, GivenAnswer], chance: random.Random
) -> Answers:
    """The same answers, but all lines about oneself on one step."""
    step = chance.choice([each.id for each in bank.scales["agreement"]])
    return {
        name: answer.model_copy(update={"selected_option": step})
        if bank.by_id[name].scale == "agreement"
        else answer
        for name, answer in answers.items()
    }


def given(question: Question, option: str | None, seconds: float, sequence: int) -> GivenAnswer:
    """An answer document, unchecked for speed."""
    free = question.kind == "free_text"
    return GivenAnswer.model_construct(
        question_id=question.id,
        selected_option=None if free else option,
        text="What I wrote here is my own." if free else None,
        response_time_ms=round(seconds * 1000),
        sequence=sequence,
        answered_at=_MOMENT,
    )


def _chosen(
    bank: QuestionBank, question: Question, person: Person, chance: random.Random
) -> str | None:
    if question.kind == "free_text":
        return None
    if question.instructed is not None:
        lines = [step.id for step in bank.scales[question.scale or ""]]
        return chance.choice(lines) if chance.random() < SLIP else question.instructed
    if question.kind == "keyed_choice":
        return _keyed(question, person, chance)
    if question.kind == "likert":
        return _graded(bank, question, person, chance)
    if question.module == "difficulty_selection":
        level = (person.exposure + chance.gauss(0, 0.5)) * 1.0 + 1.5
        return question.options[max(0, min(len(question.options) - 1, round(level)))].id
    best, found = -math.inf, question.options[0].id
    for option in question.options:
        pull = math.fsum(
            weight * person.profile[name]
            for name, weight in (*option.tracks.items(), *option.traits.items())
        )
        utility = person.choice_strength * pull - math.log(-math.log(chance.random() or 1e-12))
        if utility > best:
            best, found = utility, option.id
    return found


def _keyed(question: Question, person: Person, chance: random.Random) -> str | None:
    a, b = question.a or 1.0, question.b or 0.0
    known = 1 / (1 + math.exp(-a * (person.ability - b)))
    if chance.random() < person.guessing + (1 - person.guessing) * known:
        return question.key
    return chance.choice([option.id for option in question.options if option.id != question.key])


def _graded(bank: QuestionBank, question: Question, person: Person, chance: random.Random) -> str:
    if question.module == "technical_exposure":
        pull = person.exposure - 0.5  # beginners have done little of it
    else:
        pull = math.fsum(
            weight * person.profile[name]
            for name, weight in (*question.tracks.items(), *question.traits.items())
        )
        pull = (-pull if question.reversed else pull) + person.leaning / person.loading
    drawn = person.loading * pull + math.sqrt(1 - person.loading**2) * chance.gauss(0, 1)
    steps = bank.scales[question.scale or ""]
    return steps[sum(drawn > cut for cut in CUTS)].id
