"""Takes answers: which try each one was, what it says of a skill, what it earns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from functions.journey_tracking.rules.documents import Grade
from functions.journey_tracking.rules.grades import new_grade, with_skill
from functions.journey_tracking.rules.mastery import new_skill, with_answer
from shared.errors import Conflict, Unprocessable
from shared.events.journey import AnswerGiven, SkillMastered
from shared.models.earnings import answer_xp
from shared.models.journey import (
    Attempt,
    Journey,
    Lesson,
    QuestionTries,
    Skill,
    attempt_id_of,
    lesson_id_of,
)
from shared.models.learning import GradeLevel, LearningContainer, Subject

MOST_QUESTIONS = 500
"""Different questions of a lesson."""
MOST_SKILLS = 100
"""Different skills of a lesson."""

MOST_OFFLINE = timedelta(hours=72)
"""How long ago an answer may be said to be given: a device may have been offline that long."""

Place = tuple[LearningContainer, Subject]


@dataclass(frozen=True)
class Offered:
    """An answer as a client sends it. ``number`` is the try by the client's own count."""

    attempt_id: str
    question_id: str
    container: LearningContainer
    subject: Subject
    skill_id: str
    correct: bool
    duration_ms: int
    hints_used: int = 0
    number: int | None = None
    answered_at: datetime | None = None

    @property
    def place(self) -> Place:
        return (self.container, self.subject)


@dataclass
class Held:
    """What there is before answers are taken: each by its id, those that are not there left out."""

    journey: Journey
    lessons: dict[Place, Lesson] = field(default_factory=dict)
    skills: dict[str, Skill] = field(default_factory=dict)
    grades: dict[GradeLevel, Grade] = field(default_factory=dict)
    attempts: dict[str, Attempt] = field(default_factory=dict)


@dataclass(frozen=True)
class TakenAnswer:
    """What became of one answer."""

    outcome: Literal["new", "repeated"]
    attempt: Attempt
    mastered: bool


@dataclass(frozen=True)
class Taken:
    """What answers come to: the results in the order sent, and what is to be written."""

    journey: Journey
    results: tuple[TakenAnswer, ...]
    attempts: tuple[Attempt, ...]
    lessons: Mapping[Place, Lesson]
    skills: Mapping[str, Skill]
    grades: Mapping[GradeLevel, Grade]
    answers: tuple[AnswerGiven, ...]
    mastered: tuple[SkillMastered, ...]


def take_answers(held: Held, offered: Sequence[Offered], *, now: datetime) -> Taken:
    """Take answers in the order given; all of them, or none.

    An attempt that was taken before changes nothing. A try is never counted lower than the
    tries before it, whatever a client says; a question that was solved is practice from then
    on, and says nothing new of its skill. Moments are held to between the journey's start and
    now, and to no more than :data:`MOST_OFFLINE` ago. Raises ``Conflict`` for a journey or
    container that is completed and for the id of another attempt, and ``Unprocessable`` for a
    lesson that has too many questions and a skill of another subject.
    """
    journey = held.journey
    lessons, skills, grades = dict(held.lessons), dict(held.skills), dict(held.grades)
    known = dict(held.attempts)
    new: list[Attempt] = []
    results: list[TakenAnswer] = []
    mastered: list[SkillMastered] = []
    for each in offered:
        found = known.get(each.attempt_id)
        if found is not None:
            _check_same(found, each, journey)
            results.append(TakenAnswer("repeated", found, False))
            continue
        _check_open(journey, each.container)
        lesson = lessons.get(each.place) or _new_lesson(journey, each, now)
        lesson, number, practice = _with_try(lesson, each, now)
        before = skills.get(each.skill_id)
        _check_subject(before, each)
        skill = before or new_skill(
            journey.tenant_id,
            journey.user_id,
            each.skill_id,
            subject=each.subject,
            grade_level=journey.grade_level,
            now=now,
        )
        mastery_before, first_before = skill.mastery, skill.first_mastered_at
        if not practice:
            skill = with_answer(
                skill, correct=each.correct, number=number, hints_used=each.hints_used, now=now
            )
        level = skill.grade_level
        grade = grades.get(level) or new_grade(journey.tenant_id, journey.user_id, level, now=now)
        grades[level] = with_skill(grade, before, skill, now=now)
        lessons[each.place], skills[each.skill_id] = lesson, skill
        journey = journey.touched(now, answers=journey.answers + 1)
        attempt = Attempt(
            id=attempt_id_of(each.attempt_id),
            tenant_id=journey.tenant_id,
            attempt_id=each.attempt_id,
            session_id=journey.journey_id,
            user_id=journey.user_id,
            position=journey.answers,
            question_id=each.question_id,
            container=each.container,
            subject=each.subject,
            skill_id=each.skill_id,
            correct=each.correct,
            number=number,
            practice=practice,
            hints_used=each.hints_used,
            duration_ms=each.duration_ms,
            xp=answer_xp(correct=each.correct, number=number, practice=practice),
            mastery_before=mastery_before,
            mastery_after=skill.mastery,
            answered_at=max(
                journey.started_at, now - MOST_OFFLINE, min(now, each.answered_at or now)
            ),
            received_at=now,
        )
        is_mastered = first_before is None and skill.first_mastered_at is not None
        if is_mastered:
            mastered.append(
                SkillMastered(
                    skill_id=each.skill_id,
                    subject=each.subject,
                    mastery=skill.mastery,
                    attempt_id=each.attempt_id,
                )
            )
        known[each.attempt_id] = attempt
        new.append(attempt)
        results.append(TakenAnswer("new", attempt, is_mastered))
    return Taken(
        journey=journey,
        results=tuple(results),
        attempts=tuple(new),
        lessons={place: each for place, each in lessons.items() if each != held.lessons.get(place)},
        skills={name: each for name, each in skills.items() if each != held.skills.get(name)},
        grades={level: each for level, each in grades.items() if each != held.grades.get(level)},
        answers=tuple(_given(attempt) for attempt in new),
        mastered=tuple(mastered),
    )


def _given(attempt: Attempt) -> AnswerGiven:
    return AnswerGiven.model_validate(attempt.model_dump())


def _new_lesson(journey: Journey, offered: Offered, now: datetime) -> Lesson:
    return Lesson(
        id=lesson_id_of(journey.journey_id, offered.container, offered.subject),
        tenant_id=journey.tenant_id,
        session_id=journey.journey_id,
        user_id=journey.user_id,
        container=offered.container,
        subject=offered.subject,
        started_at=now,
        updated_at=now,
    )


def _with_try(lesson: Lesson, offered: Offered, now: datetime) -> tuple[Lesson, int, bool]:
    """The lesson with one more try; its number, and whether the question had been solved."""
    held = lesson.questions.get(offered.question_id)
    if held is None and len(lesson.questions) >= MOST_QUESTIONS:
        raise Unprocessable(f"a lesson has at most {MOST_QUESTIONS} different questions")
    skill_ids = tuple(dict.fromkeys((*lesson.skill_ids, offered.skill_id)))
    if len(skill_ids) > MOST_SKILLS:
        raise Unprocessable(f"a lesson has at most {MOST_SKILLS} different skills")
    practice = held is not None and held.solved_at is not None
    number = max(offered.number or 1, (held.tries if held else 0) + 1)
    solved_at = held.solved_at if held else None
    if solved_at is None and offered.correct:
        solved_at = number
    tries = QuestionTries(tries=number, solved_at=solved_at)
    later = lesson.model_copy(
        update={
            "questions": {**lesson.questions, offered.question_id: tries},
            "skill_ids": skill_ids,
            "attempts": lesson.attempts + 1,
            "hints_used": lesson.hints_used + offered.hints_used,
            "duration_ms": lesson.duration_ms + offered.duration_ms,
            "updated_at": now,
        }
    )
    return later, number, practice


def _check_same(found: Attempt, offered: Offered, journey: Journey) -> None:
    names = ("question_id", "container", "subject", "skill_id", "correct")
    is_same = all(getattr(found, name) == getattr(offered, name) for name in names)
    if not is_same or found.session_id != journey.journey_id:
        raise Conflict(f"the attempt {offered.attempt_id} was another answer before")


def _check_open(journey: Journey, container: LearningContainer) -> None:
    if journey.status == "completed":
        raise Conflict("the journey is completed; start another one to go on")
    if container in journey.completed_containers:
        raise Conflict(f"{container} is completed in this journey; its answers stand")


def _check_subject(skill: Skill | None, offered: Offered) -> None:
    if skill is not None and skill.subject != offered.subject:
        raise Unprocessable(f"the skill {offered.skill_id} is one of {skill.subject}")
