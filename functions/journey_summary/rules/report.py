"""What a report says of a journey: everything that a page shows, and nothing that was not found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from functions.journey_summary.rules.activities import Activity
from functions.journey_summary.rules.planning import (
    Focus,
    PlanDay,
    choose,
    next_monday,
    week_plan,
)
from functions.journey_summary.rules.skill_names import as_title, skill_name
from shared.models.achievements import Achievement
from shared.models.game import GameProfile
from shared.models.journey import Journey, Lesson, Skill
from shared.models.journey_totals import Sum, answers_xp, ending_xp, sum_of, totals_of
from shared.models.learning import CONTAINERS, SUBJECTS, LearningContainer, Subject
from shared.models.levels import Tier, level_of, tier_of
from shared.models.streaks import current_length, local_date

MOST_MASTERED = 16
MOST_TO_PRACTISE = 4
MOST_BADGES = 12
_MS_A_MINUTE = 60_000
_LEAST_QUESTIONS = 3
"""Questions of a subject that say something about it."""
_AFTERWARDS = timedelta(hours=1)
"""How long after a journey's end an achievement of it may be awarded."""


@dataclass
class DayWork:
    """What was answered on one local day."""

    answers: int = 0
    duration_ms: int = 0


@dataclass(frozen=True)
class Facts:
    """What was found of a journey. ``days`` has the work of local days."""

    journey: Journey
    lessons: Sequence[Lesson]
    days: Mapping[date, DayWork]
    skills: Sequence[Skill]
    game: GameProfile | None
    learner: str
    time_zone: str
    achievements: Sequence[Achievement] = field(default=())
    paid_xp: int | None = None


@dataclass(frozen=True)
class Day:
    """One of the seven days up to the journey's end."""

    day: date
    minutes: float
    answers: int


@dataclass(frozen=True)
class LessonLine:
    """A subject of a container. ``score`` is None where nothing was answered."""

    container: LearningContainer
    subject: Subject
    questions: int
    correct: int
    score: float | None
    minutes: float


@dataclass(frozen=True)
class Mastered:
    """A skill that is mastered."""

    name: str
    subject: Subject


@dataclass(frozen=True)
class ToPractise:
    """A skill to come back to, how sure it is (percent), and something to do about it."""

    name: str
    subject: Subject
    mastery: int
    activity: Activity
    steps: str


@dataclass(frozen=True)
class Badge:
    """An achievement of the journey's days."""

    name: str
    text: str
    icon: str


@dataclass(frozen=True)
class Report:
    """All that a report shows. Percents are 0 to 100, minutes are of work on questions."""

    learner: str
    career: str
    companion: str
    grade_level: str
    started_on: date
    completed_on: date
    made_on: date
    version: int
    time_zone: str
    total: Sum
    minutes: float
    xp: int
    level: int | None
    tier: Tier | None
    streak_days: int
    days: tuple[Day, ...]
    minutes_before: float
    highlights: tuple[str, ...]
    lessons: tuple[LessonLine, ...]
    mastered: tuple[Mastered, ...]
    mastered_more: int
    to_practise: tuple[ToPractise, ...]
    to_practise_more: int
    badges: tuple[Badge, ...]
    badges_more: int
    plan: tuple[PlanDay, ...]


def report_of(facts: Facts, *, version: int, completed_at: datetime, made_at: datetime) -> Report:
    """The report of what was found."""
    journey, zone = facts.journey, facts.time_zone
    completed_on = local_date(completed_at, zone)
    totals = [totals_of(lesson) for lesson in facts.lessons]
    total = sum_of(totals)
    mastered = sorted(
        (skill for skill in facts.skills if skill.is_mastered),
        key=lambda skill: (SUBJECTS.index(skill.subject), skill.skill_id),
    )
    weak = sorted(
        (skill for skill in facts.skills if not skill.is_mastered),
        key=lambda skill: (not skill.in_remediation, skill.mastery, skill.skill_id),
    )
    made_on = local_date(made_at, zone)
    first, plan = next_monday(max(completed_on, made_on)), [_focus(skill) for skill in weak]
    days, before = _week(facts.days, completed_on)
    badges = _badges(facts, completed_at)
    lifetime = facts.game.lifetime_xp if facts.game else None
    level = None if lifetime is None else level_of(lifetime)
    return Report(
        learner=facts.learner,
        career=journey.career,
        companion=journey.companion,
        grade_level=journey.grade_level,
        started_on=local_date(journey.started_at, zone),
        completed_on=completed_on,
        made_on=made_on,
        version=version,
        time_zone=zone,
        total=total,
        minutes=total.duration_ms / _MS_A_MINUTE,
        xp=_xp(facts) if facts.paid_xp is None else facts.paid_xp,
        level=level,
        tier=None if level is None else tier_of(level),
        streak_days=_streak(facts, version, completed_at),
        days=days,
        minutes_before=before,
        highlights=_highlights(facts.lessons, total),
        lessons=_lines(facts.lessons),
        mastered=tuple(
            Mastered(as_title(skill_name(each.skill_id, each.subject)), each.subject)
            for each in mastered[:MOST_MASTERED]
        ),
        mastered_more=max(0, len(mastered) - MOST_MASTERED),
        to_practise=tuple(
            _to_practise(skill, journey, position)
            for position, skill in enumerate(weak[:MOST_TO_PRACTISE])
        ),
        to_practise_more=max(0, len(weak) - MOST_TO_PRACTISE),
        badges=badges[:MOST_BADGES],
        badges_more=max(0, len(badges) - MOST_BADGES),
        plan=week_plan(
            plan,
            _weakest_first(facts.lessons),
            {each.subject: skill_name(each.skill_id, each.subject) for each in mastered},
            grade_level=journey.grade_level,
            career=journey.career,
            first=first,
            seed=journey.journey_id,
        ),
    )


def _xp(facts: Facts) -> int:
    """What the rule foretells of the journey, where the ledger has not been asked."""
    endings = sum(ending_xp(totals_of(lesson)) for lesson in facts.lessons)
    return sum(answers_xp(lesson) for lesson in facts.lessons) + endings


def _streak(facts: Facts, version: int, completed_at: datetime) -> int:
    """The streak at the journey's end. The game keeps how it is now, so only the report that is
    made at the end can tell."""
    if facts.game is None or version > 1:
        return 0
    return current_length(facts.game.streak, completed_at, facts.time_zone)


def _week(days: Mapping[date, DayWork], last: date) -> tuple[tuple[Day, ...], float]:
    """The seven days up to ``last``, and the minutes of all days before them."""
    first = last - timedelta(days=6)
    shown = []
    for offset in range(7):
        day = first + timedelta(days=offset)
        work = days.get(day, DayWork())
        shown.append(Day(day, work.duration_ms / _MS_A_MINUTE, work.answers))
    before = sum(work.duration_ms for day, work in days.items() if day < first)
    return tuple(shown), before / _MS_A_MINUTE


def _lines(lessons: Sequence[Lesson]) -> tuple[LessonLine, ...]:
    """Every subject of every container, those that were not begun included."""
    found = {(each.container, each.subject): totals_of(each) for each in lessons}
    lines = []
    for container in CONTAINERS:
        for subject in SUBJECTS:
            totals = found.get((container, subject))
            lines.append(
                LessonLine(
                    container=container,
                    subject=subject,
                    questions=totals.questions if totals else 0,
                    correct=totals.correct if totals else 0,
                    score=totals.score if totals and totals.questions else None,
                    minutes=totals.duration_ms / _MS_A_MINUTE if totals else 0.0,
                )
            )
    return tuple(lines)


def _by_subject(lessons: Sequence[Lesson]) -> dict[Subject, Sum]:
    return {
        subject: sum_of(totals_of(each) for each in lessons if each.subject == subject)
        for subject in SUBJECTS
    }


def _weakest_first(lessons: Sequence[Lesson]) -> list[Subject]:
    """The subjects by their scores, lowest first; those without an answer come last."""
    sums = _by_subject(lessons)
    return sorted(SUBJECTS, key=lambda subject: (sums[subject].questions == 0, sums[subject].score))


def _highlights(lessons: Sequence[Lesson], total: Sum) -> tuple[str, ...]:
    """Sentences on what stands out. Each says only what was counted."""
    if not total.questions:
        return ("No question was answered on this journey. The plan below is for a gentle start.",)
    said = []
    strong = [
        (sums.score, subject)
        for subject, sums in _by_subject(lessons).items()
        if sums.questions >= _LEAST_QUESTIONS
    ]
    score, subject = max(strong, key=lambda each: each[0], default=(0.0, None))
    if subject is not None and [each for each, _ in strong].count(score) == 1:
        said.append(f"Strongest in {subject}: {score:.0f} % of its questions solved.")
    said.append(f"{total.first_try_correct} of {total.questions} solved at the first try.")
    later = total.correct - total.first_try_correct
    if later:
        said.append(f"Went back to {_count(later, 'question')} and solved them in the end.")
    if total.hints_used == 0:
        said.append("Not one hint was needed.")
    elif total.hints_used <= total.questions // 10:
        said.append(f"Only {_count(total.hints_used, 'hint')} in {total.questions} questions.")
    return tuple(said)


def _badges(facts: Facts, completed_at: datetime) -> tuple[Badge, ...]:
    """What was awarded between the journey's start and its end, the latest first."""
    if facts.game is None:
        return ()
    known = {each.key: each for each in facts.achievements}
    return tuple(
        Badge(known[each.key].name, known[each.key].text, known[each.key].icon)
        for each in sorted(facts.game.achievements, key=lambda each: each.at, reverse=True)
        if each.key in known and facts.journey.started_at <= each.at <= completed_at + _AFTERWARDS
    )


def _to_practise(skill: Skill, journey: Journey, position: int) -> ToPractise:
    name = skill_name(skill.skill_id, skill.subject)
    activity = choose(
        "practise", skill.subject, journey.grade_level, seed=f"{journey.journey_id}/{position}"
    )
    return ToPractise(
        name=as_title(name),
        subject=skill.subject,
        mastery=round(100 * skill.mastery),
        activity=activity,
        steps=activity.steps_for(name),
    )


def _focus(skill: Skill) -> Focus:
    return Focus(skill_name(skill.skill_id, skill.subject), skill.subject)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
