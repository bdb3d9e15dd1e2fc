"""What deeds earn: from an event of a journey to entries, a changed profile and what to tell."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.xp_award.rules.achievements import unlocked
from functions.xp_award.rules.documents import Award, LedgerEntry, Review, entry_id_of
from functions.xp_award.rules.guards import kept, why_held
from functions.xp_award.rules.ledger import Posting, posted
from shared.events.journey import (
    AnswerGiven,
    JourneyAttempted,
    JourneyCompleted,
    JourneyContainerCompleted,
    JourneyDeed,
    LessonScore,
)
from shared.models.achievements import Achievement
from shared.models.earnings import answer_xp, lesson_xp, perfect_xp
from shared.models.game import Counts, GameProfile, PaidAnswer
from shared.models.learning import SUBJECTS
from shared.models.streaks import FREEZE_EVERY, local_date, with_activity

DAILY_STREAK_XP = 5
"""For each day of a streak from its second."""
WEEKLY_STREAK_XP = 25
"""On top of it, for each seventh day."""

MOST_CAREERS = 50
"""Careers that are counted."""


@dataclass(frozen=True)
class Outcome:
    """What an event comes to."""

    profile: GameProfile
    entries: tuple[LedgerEntry, ...] = ()
    reviews: tuple[Review, ...] = ()
    unlocked: tuple[Achievement, ...] = ()


def new_profile(tenant_id: str, user_id: str, *, now: datetime) -> GameProfile:
    """The profile of a learner who has done nothing yet."""
    return GameProfile(tenant_id=tenant_id, user_id=user_id, created_at=now, updated_at=now)


def outcome_of(
    profile: GameProfile,
    deed: JourneyDeed,
    achievements: Sequence[Achievement],
    *,
    paid_before: Collection[str] = (),
    now: datetime,
) -> Outcome:
    """What a deed makes of a learner's profile.

    ``paid_before`` are ids of entries that are in the ledger already: they are not paid again.
    """
    profile = profile.model_copy(
        update={
            "time_zone": deed.time_zone,
            "grade_level": deed.grade_level,
            "career": deed.career,
            "updated_at": now,
        }
    )
    awards: list[Award] = []
    reviews: list[Review] = []
    if isinstance(deed, JourneyAttempted):
        profile, active, awards, reviews = _for_answers(profile, deed, now)
    elif isinstance(deed, JourneyContainerCompleted):
        active = [deed.completed_at]
        awards = [award for lesson in deed.lessons for award in _for_lesson(deed, lesson)]
        profile = _counted_container(profile, deed)
    else:
        active = [deed.completed_at]
        profile = _counted_journey(profile, deed)
    profile, streak_awards = _for_days(profile, active, deed.time_zone)
    due = [
        award
        for award in (*awards, *streak_awards)
        if entry_id_of(profile.tenant_id, profile.user_id, award.deed) not in paid_before
    ]
    posting = posted(Posting(profile), due, now=now)
    last = max(active, default=now)
    posting, reached = unlocked(
        posting,
        achievements,
        paid_before=paid_before,
        at=last,
        time_zone=deed.time_zone,
        now=now,
    )
    return Outcome(posting.profile, posting.entries, tuple(reviews), reached)


def _for_answers(
    profile: GameProfile, deed: JourneyAttempted, now: datetime
) -> tuple[GameProfile, list[datetime], list[Award], list[Review]]:
    paid = list(profile.paid)
    active: list[datetime] = []
    awards: list[Award] = []
    reviews: list[Review] = []
    counts = profile.counts
    for answer in deed.answers:
        counts = _counted_answer(counts, answer)
        award = _award_of(deed, answer)
        held = why_held(answer, deed.session_id, paid) if award else None
        if held is None:
            active.append(answer.answered_at)
        if award is not None and held is None:
            awards.append(award)
            paid.append(
                PaidAnswer(
                    question_id=answer.question_id,
                    session_id=deed.session_id,
                    at=answer.answered_at,
                )
            )
        elif award is not None and held is not None:
            reviews.append(
                Review(
                    id=f"review:{answer.attempt_id}",
                    tenant_id=profile.tenant_id,
                    review_id=answer.attempt_id,
                    user_id=profile.user_id,
                    held=held,
                    award=award,
                    session_id=deed.session_id,
                    question_id=answer.question_id,
                    duration_ms=answer.duration_ms,
                    held_at=now,
                )
            )
    counts = counts.model_copy(
        update={"skills_mastered": counts.skills_mastered + len(deed.mastered)}
    )
    latest = max((each.at for each in paid), default=now)
    profile = profile.model_copy(update={"paid": kept(paid, latest), "counts": counts})
    return profile, active, awards, reviews


def _award_of(deed: JourneyAttempted, answer: AnswerGiven) -> Award | None:
    amount = answer_xp(correct=answer.correct, number=answer.number, practice=answer.practice)
    if not amount:
        return None
    which = "first" if answer.number == 1 else "second"
    return Award(
        # by the question, not by the attempt: a question of a journey is paid once
        deed=f"answer|{deed.session_id}|{answer.container}|{answer.subject}|{answer.question_id}",
        amount=amount,
        category="learning",
        reason=f"Right at the {which} try: {answer.subject}, {answer.container}",
        at=answer.answered_at,
        time_zone=deed.time_zone,
    )


def _for_lesson(deed: JourneyContainerCompleted, lesson: LessonScore) -> list[Award]:
    of = f"{deed.session_id}|{deed.container}|{lesson.subject}"
    name = f"{lesson.subject}, {deed.container}"
    awards = []
    amount = lesson_xp(questions=lesson.questions)
    if amount:
        awards.append(
            Award(
                deed=f"lesson|{of}", amount=amount, category="learning",
                reason=f"Lesson finished: {name}", at=deed.completed_at, time_zone=deed.time_zone,
            )
        )  # fmt: skip
    amount = _perfect_xp(lesson)
    if amount:
        awards.append(
            Award(
                deed=f"perfect|{of}", amount=amount, category="bonus",
                reason=f"Perfect score: {name}", at=deed.completed_at, time_zone=deed.time_zone,
                bonus_of=f"lesson|{of}",
            )
        )  # fmt: skip
    return awards


def _for_days(
    profile: GameProfile, active: Sequence[datetime], zone: str
) -> tuple[GameProfile, list[Award]]:
    """The profile with these moments' days, and what a streak that grew by them earns."""
    awards: list[Award] = []
    counts, streak = profile.counts, profile.streak
    for at in sorted(active):
        found = with_activity(streak, at, zone)
        streak = found.streak
        if not found.is_new:
            continue
        counts = counts.model_copy(update={"active_days": counts.active_days + 1})
        if not found.is_latest or found.length < 2:
            continue
        day = local_date(at, zone)
        days = f"{found.length} days on end"
        awards.append(
            Award(
                deed=f"streak|{day}", amount=DAILY_STREAK_XP, category="streak", reason=days, at=at,
                time_zone=zone,
            )
        )  # fmt: skip
        if found.length % FREEZE_EVERY == 0:
            awards.append(
                Award(
                    deed=f"streak_week|{day}", amount=WEEKLY_STREAK_XP, category="streak",
                    reason=f"{days}, whole weeks", at=at, time_zone=zone,
                )
            )  # fmt: skip
    return profile.model_copy(update={"counts": counts, "streak": streak}), awards


def _perfect_xp(lesson: LessonScore) -> int:
    return perfect_xp(questions=lesson.questions, first_try_correct=lesson.first_try_correct)


def _counted_answer(counts: Counts, answer: AnswerGiven) -> Counts:
    found = {"answers": counts.answers + 1}
    if answer.correct and not answer.practice:
        is_first = answer.number == 1
        found |= {
            "correct": counts.correct + 1,
            "first_try": counts.first_try + is_first,
            "second_try": counts.second_try + (answer.number == 2),
            "unaided": counts.unaided + (is_first and not answer.hints_used),
        }
        right = counts.by_subject.get(answer.subject, 0) + 1
        by_subject = {**counts.by_subject, answer.subject: right}
        return counts.model_copy(update={**found, "by_subject": by_subject})
    return counts.model_copy(update=found)


def _counted_container(profile: GameProfile, deed: JourneyContainerCompleted) -> GameProfile:
    counts = profile.counts
    whole = [lesson for lesson in deed.lessons if lesson_xp(questions=lesson.questions)]
    perfect = sum(bool(_perfect_xp(lesson)) for lesson in deed.lessons)
    found = {
        "lessons": counts.lessons + len(whole),
        "perfect_lessons": counts.perfect_lessons + perfect,
        "containers": counts.containers + 1,
        "perfect_containers": counts.perfect_containers + (perfect == len(SUBJECTS)),
    }
    return profile.model_copy(update={"counts": counts.model_copy(update=found)})


def _counted_journey(profile: GameProfile, deed: JourneyCompleted) -> GameProfile:
    counts = profile.counts
    careers = tuple(dict.fromkeys((*counts.careers, deed.career)))[:MOST_CAREERS]
    found = {"journeys": counts.journeys + 1, "careers": careers}
    return profile.model_copy(update={"counts": counts.model_copy(update=found)})
