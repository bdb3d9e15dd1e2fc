"""Gathers a learner's profile and journeys for coaching."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from functions.coaching.rules.advice import Advice, Learning, WeakSkill, advice
from functions.coaching.rules.closeness import meanings
from functions.coaching.rules.matching import Match, matches
from functions.coaching.service.encoded import encoded
from functions.coaching.service.recipes import all_recipes
from shared.documents.port import Equals, Order, Partition
from shared.errors import Conflict, Missing
from shared.models import game, journey
from shared.models.game import GameProfile
from shared.models.journey import Journey, Skill
from shared.models.journey_totals import sum_of
from shared.models.profiling import ProfilerResult
from shared.models.question_bank import QuestionBank, Track
from shared.models.skill_gaps import Gap, skill_gaps
from shared.models.streaks import current_length, local_date
from shared.profiling_sessions import read_bank, read_current
from shared.stores import Stores

_MOST_JOURNEYS = 200
_MOST_WEAK = 5


@dataclass(frozen=True)
class Coached:
    """What coaching says, with the recipes that help."""

    advice: Advice
    matches: tuple[Match, ...]
    session_id: str | None
    worded_by: str | None = None


def coach(stores: Stores, partition: Partition, *, track: Track | None, now: datetime) -> Coached:
    """What to say to a learner; with ``track`` as though that were theirs."""
    profile = _profile(stores, partition)
    bank, result = profile or (None, None)
    said = advice(bank, result, _learning(stores, partition, now), track=track, now=now)
    if result is None or said.track is None:
        return Coached(said, (), None)
    found = _matches(stores, partition[0], result, said.gaps, said.track, now)
    return Coached(said, tuple(found), result.session_id)


def recipes_for(
    stores: Stores, partition: Partition, *, now: datetime
) -> tuple[ProfilerResult, tuple[Gap, ...], list[Match]]:
    """A learner's result, gaps, and the recipes that close them.

    Raises ``Conflict`` before the profiler is completed.
    """
    profile = _profile(stores, partition)
    if profile is None:
        raise Conflict("complete the profiler first: recipes follow from what it finds")
    bank, result = profile
    gaps = skill_gaps(bank, result.scores, result.track, language=result.language)
    return result, gaps, _matches(stores, partition[0], result, gaps, result.track, now)


def _matches(
    stores: Stores,
    tenant_id: str,
    result: ProfilerResult,
    gaps: tuple[Gap, ...],
    track: Track,
    now: datetime,
) -> list[Match]:
    recipes = all_recipes(stores, tenant_id)
    in_use = [each for each in recipes if each.is_active]
    known = meanings(in_use, encoded(stores, tenant_id, now=now))
    return matches(recipes, gaps, known, level=result.scores.difficulty.suggested, track=track)


def _profile(stores: Stores, partition: Partition) -> tuple[QuestionBank, ProfilerResult] | None:
    """The result that a learner has at present, and the bank it was found with."""
    current = read_current(stores, (partition[0], partition[1]))
    if current is None:
        return None
    session, _, result, _ = current
    try:
        return read_bank(stores, session.bank_version), result
    except Missing:
        return None


def _learning(stores: Stores, partition: Partition, now: datetime) -> Learning:
    page = stores.documents.query(
        journey.CONTAINER,
        partition,
        where=[Equals("kind", "journey")],
        order=Order("started_at", descending=True),
        limit=_MOST_JOURNEYS,
    )
    found = [Journey.of(item.body) for item in page.items]
    completed = [each for each in found if each.completed_at is not None]
    latest = max(completed, key=lambda each: each.completed_at or now, default=None)
    stored = stores.documents.get(game.CONTAINER, partition, game.PROFILE_ID)
    profile = GameProfile.of(stored.body) if stored else None
    return Learning(
        active=len(found) - len(completed),
        completed=len(completed),
        last_at=max((each.updated_at for each in found), default=None),
        last_score=sum_of(latest.lessons).score if latest else None,
        weak=_weak(stores, partition),
        streak_days=current_length(profile.streak, now, profile.time_zone) if profile else 0,
        is_streak_today=profile is not None and _is_active_today(profile, now),
    )


def _is_active_today(profile: GameProfile, now: datetime) -> bool:
    runs = profile.streak.runs
    return bool(runs) and runs[-1].last >= local_date(now, profile.time_zone)


def _weak(stores: Stores, partition: Partition) -> list[WeakSkill]:
    page = stores.documents.query(
        journey.CONTAINER,
        partition,
        where=[Equals("kind", "skill"), Equals("in_remediation", True)],
        order=Order("remediation.since"),
        limit=_MOST_WEAK,
    )
    skills = [Skill.of(item.body) for item in page.items]
    return [WeakSkill(each.skill_id, each.subject, each.mastery) for each in skills]
