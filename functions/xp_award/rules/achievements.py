"""Achievements: what each asks for, and who has reached it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from functions.xp_award.rules.documents import Award, entry_id_of
from functions.xp_award.rules.ledger import Posting, posted
from shared.models.achievements import Achievement, Measure
from shared.models.game import Awarded, GameProfile
from shared.models.learning import SUBJECTS
from shared.models.levels import level_of


def measures_of(profile: GameProfile) -> Mapping[Measure, int]:
    """Every measure of a learner, 0 or more."""
    counts = profile.counts
    by_subject = [counts.by_subject.get(subject, 0) for subject in SUBJECTS]
    math, ela, science, social_studies = by_subject
    return {
        "answers": counts.answers,
        "correct": counts.correct,
        "first_try": counts.first_try,
        "second_try": counts.second_try,
        "unaided": counts.unaided,
        "lessons": counts.lessons,
        "perfect_lessons": counts.perfect_lessons,
        "containers": counts.containers,
        "perfect_containers": counts.perfect_containers,
        "journeys": counts.journeys,
        "careers": len(counts.careers),
        "skills_mastered": counts.skills_mastered,
        "correct_math": math,
        "correct_ela": ela,
        "correct_science": science,
        "correct_social_studies": social_studies,
        "correct_in_weakest": min(by_subject),
        "best_streak": profile.streak.best,
        "active_days": counts.active_days,
        "level": level_of(profile.lifetime_xp),
    }


def unlocked(
    posting: Posting,
    achievements: Sequence[Achievement],
    *,
    paid_before: Collection[str] = (),
    at: datetime,
    time_zone: str,
    now: datetime,
) -> tuple[Posting, tuple[Achievement, ...]]:
    """The posting with the XP of each achievement that was reached and not yet awarded, and those.

    XP of one can reach the next, by a level. ``paid_before`` are ids of entries that are in the
    ledger already.
    """
    found: list[Achievement] = []
    while True:
        profile = posting.profile
        has = {each.key for each in profile.achievements}
        measures = measures_of(profile)
        reached = [
            each
            for each in achievements
            if each.key not in has and measures[each.criterion.measure] >= each.criterion.at_least
        ]
        if not reached:
            return posting, tuple(found)
        found += reached
        awarded = (*profile.achievements, *(Awarded(key=each.key, at=at) for each in reached))
        awards = [
            Award(
                deed=f"achievement|{each.key}",
                amount=each.xp,
                category="achievement",
                reason=f"Achievement: {each.name}",
                at=at,
                time_zone=time_zone,
            )
            for each in reached
            if each.xp and _entry_id(profile, each) not in paid_before
        ]
        later = profile.model_copy(update={"achievements": awarded})
        posting = posted(Posting(later, posting.entries), awards, now=now)


def _entry_id(profile: GameProfile, achievement: Achievement) -> str:
    return entry_id_of(profile.tenant_id, profile.user_id, f"achievement|{achievement.key}")
