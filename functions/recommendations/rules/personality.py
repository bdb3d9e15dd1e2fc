"""What the signals of somebody's learning say: traits with their evidence, never a type.

A signal is held against those of other learners, ``z``, and drawn towards the mean where it rests
on little: ``ẑ = z · n / (n + 20)``. Nothing is said below 30 observations, nor where ẑ is within
0.5 of the mean. A learner may say that something is not so; it is then shown as theirs, and no
more advised on. It decides nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from functions.recommendations.rules.norms import LEAST_OBSERVATIONS, Norm
from functions.recommendations.rules.signals import SIGNALS, Habits, Measured, PartOfDay, Signal

DRAWN = 20
SPEAKS_FROM = 0.5
_LEAST_FOR_HABIT = 30
_CLEAR_SHARE = 0.5

Standing = Literal["thin", "average", "high", "low"]
Words = tuple[str, str]

UNITS: Mapping[Signal, str] = {
    "first_try": "questions",
    "hints": "answers",
    "persistence": "wrong answers",
    "pace": "timed answers",
    "regularity": "active hours",
    "exploration": "answers",
}
_SAYS: Mapping[Signal, tuple[Words, Words]] = {
    "first_try": (
        ("You look before you leap: most questions are right at the first try.",
         "Take harder questions; what comes easily teaches little."),
        ("You learn by trying: the first answer is often a test of an idea.",
         "Read the question once more before the first answer."),
    ),
    "hints": (
        ("You use hints readily.", "Try once before you open a hint."),
        ("You work things out by yourself.", "A hint is no defeat: take one after two tries."),
    ),
    "persistence": (
        ("You come back to what went wrong.", "Keep that: it is what makes knowledge last."),
        ("You leave questions that went wrong and go on.",
         "Go back to one wrong question a day, while you still know why."),
    ),
    "pace": (
        ("You take your time over questions.", "Time is fine; pause where you lose the thread."),
        ("You answer quickly.", "Where answers go wrong, slow down for the next three."),
    ),
    "regularity": (
        ("You have set hours for learning.", "Keep them, also for harder things."),
        ("You learn whenever there is time.", "Try one fixed hour a week: does it help?"),
    ),
    "exploration": (
        ("You like to meet new skills.", "Finish one skill before the one after next."),
        ("You stay with a skill until it sits.", "Look at one new skill a week."),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Trait:
    """A signal of a learner beside those of others, and what it says; None where it is silent."""

    signal: Signal
    standing: Standing
    value: float | None
    observations: int
    shrunk: float | None
    says: str | None
    advice: str | None
    evidence: str
    disputed: bool


@dataclass(frozen=True)
class Habit:
    """Something about when or what somebody learns, with its count."""

    key: Literal["part_of_day", "session", "subject", "completion"]
    says: str
    evidence: str
    observations: int


def traits(
    measured: Mapping[Signal, Measured],
    norms: Mapping[Signal, Norm],
    disputed: Collection[Signal],
) -> list[Trait]:
    """All signals in their order, each with what it says or why it says nothing."""
    return [_trait(signal, measured.get(signal), norms[signal], signal in disputed)
            for signal in SIGNALS]  # fmt: skip


def _trait(signal: Signal, measured: Measured | None, norm: Norm, disputed: bool) -> Trait:
    number = measured.observations if measured else 0
    counted = f"{number} {UNITS[signal]}"
    if measured is None or number < LEAST_OBSERVATIONS:
        evidence = f"{counted} so far; from {LEAST_OBSERVATIONS} on there is something to say."
        value = measured.value if measured else None
        return Trait(signal, "thin", value, number, None, None, None, evidence, disputed)
    shrunk = (measured.value - norm.mean) / norm.deviation * number / (number + DRAWN)
    evidence = (
        f"{_shown(signal, measured.value)} over {counted}; usual is {_shown(signal, norm.mean)}."
    )
    if abs(shrunk) <= SPEAKS_FROM:
        return Trait(
            signal, "average", measured.value, number, shrunk, None, None, evidence, disputed
        )
    standing: Standing = "high" if shrunk > 0 else "low"
    says, advice = _SAYS[signal][0 if shrunk > 0 else 1]
    return Trait(
        signal, standing, measured.value, number, shrunk, says,
        None if disputed else advice, evidence, disputed,
    )  # fmt: skip


def _shown(signal: Signal, value: float) -> str:
    if signal == "pace":
        return f"{100 * (2.718281828**value):.0f} % of a question's usual time"
    if signal == "regularity":
        return f"{value:.2f} of 1"
    return f"{100 * value:.0f} %"


def habits_said(habits: Habits, *, completed: int, started: int) -> list[Habit]:
    """What is clear about when and what somebody learns."""
    found = []
    total = sum(habits.parts_of_day.values())
    if total >= _LEAST_FOR_HABIT:
        part = max(habits.parts_of_day, key=lambda each: habits.parts_of_day[each])
        share = habits.parts_of_day[part] / total
        if share > _CLEAR_SHARE:
            found.append(
                Habit(
                    "part_of_day",
                    f"You learn mostly {_WHEN[part]}.",
                    f"{100 * share:.0f} % of {total} answers.",
                    total,
                )
            )
        subject = max(habits.subjects, key=lambda each: habits.subjects[each])
        share = habits.subjects[subject] / total
        if share > _CLEAR_SHARE:
            found.append(
                Habit(
                    "subject",
                    f"Most of your answers are in {subject}.",
                    f"{100 * share:.0f} % of {total} answers.",
                    total,
                )
            )
    if habits.sessions >= 5:
        found.append(
            Habit(
                "session",
                f"You learn about {max(1, round(habits.median_minutes))} minutes at a time.",
                f"The median of {habits.sessions} sittings.",
                habits.sessions,
            )
        )
    if started:
        found.append(
            Habit(
                "completion",
                f"You have completed {completed} of {started} that you began.",
                "Journeys and content with progress.",
                started,
            )
        )
    return found


_WHEN: Mapping[PartOfDay, str] = {
    "night": "at night",
    "morning": "in the morning",
    "afternoon": "in the afternoon",
    "evening": "in the evening",
}


def summary(found: Collection[Trait]) -> str:
    """One or two sentences over all; that it is too early where nothing can be said yet."""
    said = [each for each in found if each.says and not each.disputed]
    if said:
        strongest = sorted(said, key=lambda each: -abs(each.shrunk or 0.0))[:2]
        return " ".join(each.says or "" for each in strongest)
    if all(each.standing == "thin" for each in found):
        most = max(each.observations for each in found)
        return f"It is too early to say anything: there are {most} observations so far."
    return "You learn much as others do: nothing stands out."
