"""Next week's plan: which skill on which day, and what to do about it.

Skills that are to be practised come back after a day or two rather than twice on one day: for a
test a week or two off, gaps of that length are remembered best (Cepeda, Vul, Rohrer, Wixted and
Pashler, Spacing effects in learning, Psychological Science 19, 2008).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from itertools import cycle

from functions.journey_summary.rules.activities import Activity, Kind, choices
from functions.journey_summary.rules.skill_names import as_title
from shared.models.learning import GradeLevel, Subject

MOST_FOCUSED = 3
"""Skills that a week goes round."""
_ROUNDS: dict[int, tuple[int | None, ...]] = {
    0: (None, None, None, None, None),
    1: (0, None, 0, None, 0),
    2: (0, 1, 0, 1, None),
    3: (0, 1, 2, 0, 1),
}
"""Monday to Friday by how many skills there are: which of them, or a subject to go deeper in."""


@dataclass(frozen=True)
class Focus:
    """A skill as the plan speaks of it."""

    name: str
    subject: Subject


@dataclass(frozen=True)
class PlanDay:
    """What a day of the plan is for. ``minutes`` is 0 on the day of rest."""

    day: date
    focus: str
    subject: Subject | None
    title: str
    steps: str
    needs: str
    minutes: int


def next_monday(after: date) -> date:
    """The first Monday after a day."""
    return after + timedelta(days=7 - after.weekday())


def week_plan(
    practise: Sequence[Focus],
    subjects: Sequence[Subject],
    strengths: Mapping[Subject, str],
    *,
    grade_level: GradeLevel,
    career: str,
    first: date,
    seed: str,
) -> tuple[PlanDay, ...]:
    """Seven days from ``first``, a Monday.

    ``practise`` are the skills to come back to, what needs it most first; ``subjects`` are all
    subjects, the weakest first; ``strengths`` names a mastered skill of a subject, to go further
    from. The same ``seed`` chooses the same activities.
    """
    focused = list(practise[:MOST_FOCUSED])
    used: set[str] = set()
    deeper = cycle(subjects)
    days = []
    for offset, index in enumerate(_ROUNDS[len(focused)]):
        day, salt = first + timedelta(days=offset), f"{seed}{offset}"
        if index is None:
            subject = next(deeper)
            activity = choose("deepen", subject, grade_level, seed=salt, used=used)
            about = strengths.get(subject, f"something from {subject}")
            shown = f"Going further in {subject}" if subject in strengths else f"Some {subject}"
            days.append(_day(day, shown, subject, activity, about))
        else:
            focus = focused[index]
            activity = choose("practise", focus.subject, grade_level, seed=salt, used=used)
            days.append(_day(day, as_title(focus.name), focus.subject, activity, focus.name))
        used.add(activity.key)
    together = choose("together", None, grade_level, seed=seed, used=used)
    days.append(_day(first + timedelta(days=5), "Together", None, together, career))
    rest = "No exercise today. Ask at supper: what did you find out this week that was new to you?"
    sunday = first + timedelta(days=6)
    days.append(PlanDay(sunday, "A day off", None, "Rest, and one question", rest, "Nothing", 0))
    return tuple(days)


def choose(
    kind: Kind,
    subject: Subject | None,
    grade_level: GradeLevel,
    *,
    seed: str,
    used: AbstractSet[str] = frozenset(),
) -> Activity:
    """An activity that was not used yet, where there is one; the same for the same seed."""
    found = choices(kind, subject, grade_level)
    # five days on one subject need more than there is to practise with
    more = choices("deepen", subject, grade_level) if kind == "practise" else []
    fresh = [each for each in found if each.key not in used]
    fresh = fresh or [each for each in more if each.key not in used] or found
    turn = int.from_bytes(sha256(f"{seed}{kind}{subject}".encode()).digest()[:8], "big")
    return fresh[turn % len(fresh)]


def _day(day: date, focus: str, subject: Subject | None, activity: Activity, about: str) -> PlanDay:
    return PlanDay(
        day=day,
        focus=focus,
        subject=subject,
        title=activity.title,
        steps=activity.steps_for(about),
        needs=activity.needs,
        minutes=activity.minutes,
    )
