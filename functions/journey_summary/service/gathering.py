"""Gathers what is known of a journey from where the other flows keep it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from functions.journey_summary.rules.documents import Summary
from functions.journey_summary.rules.report import DayWork, Facts
from shared.documents.port import Equals, Partition, Prefix
from shared.errors import Missing, Rejected
from shared.journey_records import all_attempts, lessons_of
from shared.models import game, journey
from shared.models.achievements import catalogue
from shared.models.game import GameProfile
from shared.models.journey import Journey, Lesson, Skill, skill_document_id
from shared.models.streaks import local_date
from shared.people import read_account
from shared.stores import Stores

PAGE = 500


def gather(stores: Stores, summary: Summary) -> Facts:
    """Read a journey, its lessons, days and skills, and where the learner stands.

    Attempts are counted page by page. Raises ``Rejected`` when the journey is gone.
    """
    partition = summary.partition
    stored = stores.documents.get(journey.CONTAINER, partition, summary.session_id)
    if stored is None:
        raise Rejected("the journey is gone")
    found = Journey.of(stored.body)
    lessons = lessons_of(stores, found)
    game_profile = _game(stores, partition)
    return Facts(
        journey=found,
        lessons=lessons,
        days=_days(stores, found, summary.time_zone),
        skills=_skills(stores, partition, lessons),
        game=game_profile,
        learner=_name(stores, summary),
        time_zone=summary.time_zone,
        achievements=catalogue(),
        paid_xp=_paid(stores, found) if game_profile else None,
    )


def _days(stores: Stores, found: Journey, zone: str) -> dict[date, DayWork]:
    days: dict[date, DayWork] = defaultdict(DayWork)
    for attempt in all_attempts(stores, found):
        work = days[local_date(attempt.answered_at, zone)]
        work.answers += 1
        work.duration_ms += attempt.duration_ms
    return dict(days)


def _skills(stores: Stores, partition: Partition, lessons: list[Lesson]) -> list[Skill]:
    ids = dict.fromkeys(skill_id for lesson in lessons for skill_id in lesson.skill_ids)
    read = (
        stores.documents.get(journey.CONTAINER, partition, skill_document_id(skill_id))
        for skill_id in ids
    )
    return [Skill.of(stored.body) for stored in read if stored is not None]


def _game(stores: Stores, partition: Partition) -> GameProfile | None:
    stored = stores.documents.get(game.CONTAINER, partition, game.PROFILE_ID)
    return None if stored is None else GameProfile.of(stored.body)


def _paid(stores: Stores, found: Journey) -> int:
    """What the ledger paid for the journey's answers and lessons: awards that are held are not in
    it, and what a correction took back is."""
    paid = 0
    for rule in ("answer", "lesson", "perfect"):
        continuation = None
        while True:
            page = stores.documents.query(
                game.CONTAINER,
                found.partition,
                where=[Equals("kind", "entry"), Prefix("deed", f"{rule}|{found.journey_id}|")],
                limit=PAGE,
                continuation=continuation,
            )
            paid += sum(int(item.body["lifetime_change"]) for item in page.items)
            continuation = page.continuation
            if continuation is None:
                break
    return paid


def _name(stores: Stores, summary: Summary) -> str:
    """What the learner is called; nobody has an account here who signs in elsewhere only."""
    try:
        return read_account(stores, summary.tenant_id, summary.user_id)[0].display_name
    except Missing:
        return "A learner"
