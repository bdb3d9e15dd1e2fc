"""The game of somebody, set straight into the stores of the world."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import uuid4

from functions.xp_award.rules.awarding import new_profile, outcome_of
from functions.xp_award.rules.documents import REPAIRS, StreakRepair
from shared.documents.port import Create
from shared.errors import Exists
from shared.events.journey import JourneyAttempted
from shared.models.game import CONTAINER
from tests.access.world import Person, World
from tests.flows.playing import answer


@dataclass(frozen=True)
class Game:
    """What somebody has: a transaction, and an award that is held."""

    entry_id: str
    review_id: str


def game_of(world: World, person: Person) -> Game:
    """Give somebody a new game, with one answer that is paid and one that is held."""
    session_id = str(uuid4())
    deed = JourneyAttempted(
        user_id=person.user_id,
        session_id=session_id,
        time_zone="UTC",
        grade_level="5",
        career=f"career-{secrets.token_hex(8)}",
        answers=(
            answer("paid", at=world.now, session=session_id),
            answer("held", at=world.now, session=session_id, ms=200),
        ),
    )
    profile = new_profile(person.tenant, person.user_id, now=world.now)
    outcome = outcome_of(profile, deed, (), now=world.now)
    (entry,), (review,) = outcome.entries, outcome.reviews
    documents = (outcome.profile, entry, review)
    try:
        world.host.documents.commit(
            CONTAINER, profile.partition, [Create(each.stored()) for each in documents]
        )
    except Exists:  # somebody who plays already
        raise AssertionError("a game is somebody's first") from None
    world.secrets[person.tenant] |= {entry.id, review.review_id, session_id}
    return Game(entry.id, review.review_id)


def streak_repair(world: World, tenant: str) -> str:
    """A repair of a tenant's streaks that is over; returns its id."""
    repair_id = str(uuid4())
    repair = StreakRepair(
        tenant_id=tenant,
        repair_id=repair_id,
        first_day=world.now.date(),
        last_day=world.now.date(),
        reason="the house was down",
        state="done",
        requested_by=secrets.token_hex(20),
        created_at=world.now,
        updated_at=world.now,
    )
    world.host.documents.commit(REPAIRS, repair.partition, [Create(repair.stored())])
    world.secrets[tenant].add(repair_id)
    return repair_id
