"""What is known of a learner who is recommended something: profile, progress, finished content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.recommendations.rules.documents import (
    CONTAINER,
    PROGRESS_ID,
    Engagement,
    Impressions,
    KnownSkill,
    ProgressCache,
)
from functions.recommendations.rules.ranking import Key, Standing
from functions.recommendations.rules.taste import Finished
from functions.recommendations.service import content, freshness
from shared.documents.port import Equals, Json, Order, Upsert
from shared.errors import Missing
from shared.models import journey
from shared.models.journey import Journey, Progress, Skill
from shared.models.profiling import ProfilerResult
from shared.models.question_bank import QuestionBank, Track, in_language
from shared.models.skill_gaps import Gap, skill_gaps
from shared.profiling_sessions import read_bank, read_current
from shared.stores import Stores

MOST_FINISHED = 200
"""Finished items that a learner's vector is made of, the latest."""
_MOST_SKILLS = 2000
_MOST_RECORDS = 2000
Partition = tuple[str, str]
_OWN_CHOICE = 0.5
"""What a track that the learner chose themselves has before the answers are asked."""


@dataclass(frozen=True)
class Completed:
    """A completed item, by the learner's progress or use. ``mastery`` is 0 to 1."""

    key: Key
    mastery: float
    at: datetime


@dataclass(frozen=True)
class Fit:
    """What the profiler found: how well each track fits, and where there is something to gain."""

    is_complete: bool
    probabilities: Mapping[Track, float]
    track_titles: Mapping[Track, str]
    gaps: tuple[Gap, ...]
    language: str | None
    result: ProfilerResult | None


@dataclass(frozen=True)
class LearnerFacts:
    """All that a learner's recommendations follow from."""

    fit: Fit
    standing: Standing
    finished: Sequence[Finished]
    shown: Mapping[Key, int]


def facts(
    stores: Stores, partition: Partition, tracks: Sequence[Track], *, now: datetime
) -> LearnerFacts:
    """Read what is known of a learner. ``tracks`` are those that there are: before the profiler is
    completed each is as probable as the others."""
    fit = read_fit(stores, partition, tracks)
    progress = read_progress(stores, partition, now=now)
    engaged = engagements(stores, partition)
    completed = completed_items(stores, partition, engaged)
    level = fit.result.scores.difficulty.suggested if fit.result else None
    return LearnerFacts(
        fit=fit,
        standing=Standing(
            level=level,
            grade_level=progress.grade_level,
            skills=progress.skills,
            completed=frozenset(each.key for each in completed),
            dismissed=frozenset(each.key for each in engaged if each.dismissed_at is not None),
        ),
        finished=_finished(stores, partition[0], completed, progress),
        shown=_shown(stores, partition),
    )


def read_fit(stores: Stores, partition: Partition, tracks: Sequence[Track]) -> Fit:
    """What the profiler found of a learner; equal tracks before it is completed."""
    current = read_current(stores, partition)
    bank: QuestionBank | None = None
    if current is not None:
        try:
            bank = read_bank(stores, current[0].bank_version)
        except Missing:
            bank = None
    if current is None or bank is None:
        return Fit(False, dict.fromkeys(tracks, 1 / len(tracks)), {}, (), None, None)
    result = current[2]
    found: dict[Track, float] = dict(result.scores.recommendation.probabilities)
    if result.override_track is not None:
        found = {track: (1 - _OWN_CHOICE) * share for track, share in found.items()}
        found[result.override_track] = found.get(result.override_track, 0.0) + _OWN_CHOICE
    titles = {
        track: in_language(described.title, result.language)
        for track, described in bank.track.items()
    }
    gaps = skill_gaps(bank, result.scores, result.track, language=result.language)
    return Fit(True, found, titles, gaps, result.language, result)


def read_progress(stores: Stores, partition: Partition, *, now: datetime) -> ProgressCache:
    """Where a learner stands on journeys, at most five minutes old, and not older than what they
    did last."""
    held = stores.documents.get(CONTAINER, partition, PROGRESS_ID)
    if held is not None:
        cached = ProgressCache.of(held.body)
        if cached.number == freshness.present(stores, partition, "progress"):
            return cached
    number = freshness.begin(stores, partition, "progress", now=now)
    skills = [Skill.of(body) for body in _all(stores, partition, "skill", _MOST_SKILLS)]
    latest = stores.documents.query(
        journey.CONTAINER,
        partition,
        where=[Equals("kind", "journey")],
        order=Order("started_at", descending=True),
        limit=1,
    )
    grades = [Journey.of(each.body).grade_level for each in latest.items]
    made = ProgressCache(
        tenant_id=partition[0],
        user_id=partition[1],
        number=number,
        grade_level=grades[0] if grades else None,
        skills={
            each.skill_id: KnownSkill(mastery=each.mastery, in_remediation=each.in_remediation)
            for each in skills
        },
    )
    stores.documents.commit(CONTAINER, partition, [Upsert(made.stored())])
    return made


def engagements(stores: Stores, partition: Partition) -> list[Engagement]:
    """What a learner did with items of content."""
    found: list[Engagement] = []
    continuation = None
    while len(found) < _MOST_RECORDS:
        page = stores.documents.query(
            CONTAINER,
            partition,
            where=[Equals("kind", "engagement")],
            limit=500,
            continuation=continuation,
        )
        found += [Engagement.of(each.body) for each in page.items]
        continuation = page.continuation
        if continuation is None:
            break
    return found


def completed_items(
    stores: Stores, partition: Partition, engaged: Sequence[Engagement]
) -> list[Completed]:
    """The items that a learner has completed, the latest first: by progress records, and by use."""
    found: dict[Key, Completed] = {}
    for body in _all(stores, partition, "progress", _MOST_RECORDS):
        record = Progress.of(body)
        if record.status == "completed":
            mastery = 1.0 if record.score is None else record.score / 100
            at = record.completed_at or record.updated_at
            key = (record.content_type, record.content_id)
            found[key] = Completed(key, mastery, at)
    for each in engaged:
        if each.completed_at is not None and each.key not in found:
            found[each.key] = Completed(each.key, 1.0, each.completed_at)
    return sorted(found.values(), key=lambda each: (each.at, each.key), reverse=True)


def _finished(
    stores: Stores, tenant_id: str, completed: Sequence[Completed], progress: ProgressCache
) -> list[Finished]:
    """The completed items that are content with a vector. Where an item's skills are known from
    the journeys, their mastery says more than the score of the day."""
    finished = []
    for each in completed[:MOST_FINISHED]:
        item = content.find(stores, tenant_id, *each.key)
        if item is None:
            continue
        known = [progress.skills[skill] for skill in item.skill_ids if skill in progress.skills]
        mastery = sum(one.mastery for one in known) / len(known) if known else each.mastery
        finished.append(Finished(each.key, item.title, item.embedding, mastery, each.at))
    return finished


def _shown(stores: Stores, partition: Partition) -> dict[Key, int]:
    """How often each item was shown to a learner, by the latest lists."""
    page = stores.documents.query(
        CONTAINER,
        partition,
        where=[Equals("kind", "impressions")],
        order=Order("first_at", descending=True),
        limit=100,
    )
    counts: dict[Key, int] = {}
    for stored in page.items:
        found = Impressions.of(stored.body)
        for each in found.items:
            key = (each.content_type, each.content_id)
            counts[key] = counts.get(key, 0) + found.times
    return counts


def _all(stores: Stores, partition: Partition, kind: str, most: int) -> list[Json]:
    """The documents of a kind in a learner's partition of journeys."""
    found: list[Json] = []
    continuation = None
    while len(found) < most:
        page = stores.documents.query(
            journey.CONTAINER,
            partition,
            where=[Equals("kind", kind)],
            limit=500,
            continuation=continuation,
        )
        found += [each.body for each in page.items]
        continuation = page.continuation
        if continuation is None:
            break
    return found
