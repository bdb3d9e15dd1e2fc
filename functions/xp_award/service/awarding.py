"""Pays for what journeys tell: one read, one commit."""

from __future__ import annotations

from datetime import datetime

from functions.xp_award.rules.awarding import Outcome, new_profile, outcome_of
from functions.xp_award.rules.ledger import Posting
from functions.xp_award.service import books
from shared import messaging
from shared.documents.port import Create
from shared.erasures import erased_at
from shared.errors import Rejected
from shared.events.envelope import Event, EventData
from shared.events.game import GameAdvanced, Unlocked
from shared.events.journey import read_deed
from shared.messaging import Decision, handle_once
from shared.models.achievements import catalogue
from shared.models.game import CONTAINER
from shared.models.levels import level_of, tier_of
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores


def award(
    stores: Stores, pseudonyms: Pseudonyms, event: Event, *, now: datetime
) -> messaging.Outcome:
    """Write the entries that an event earns, the profile and what to tell, in one commit.

    Only where a commit was refused are the entries' ids looked up, for one that is in the
    ledger already is not paid again. What comes in for somebody who was erased is finished
    without effect.
    """
    deed = read_deed(event)
    partition = (event.tenantid, deed.user_id)
    refused: list[Outcome] = []

    def decide() -> Decision:
        held = books.read_profile(stores, partition)
        if held is None and erased_at(stores, pseudonyms, event.tenantid, "user", deed.user_id):
            raise Rejected("the learner was erased")
        profile, etag = held or (new_profile(*partition, now=now), None)
        before = [entry.id for each in refused for entry in each.entries]
        paid_before = {
            entry_id
            for entry_id in before
            if stores.documents.get(CONTAINER, partition, entry_id) is not None
        }
        outcome = outcome_of(profile, deed, catalogue(), paid_before=paid_before, now=now)
        refused.append(outcome)
        reviews = [Create(review.stored()) for review in outcome.reviews]
        written = books.written_with_entries(Posting(outcome.profile, outcome.entries), etag)
        return Decision([*written, *reviews], _told(profile.lifetime_xp, outcome, now))

    return handle_once(
        stores,
        event,
        handler="xp_award",
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
        looks_first=False,
    )


def _told(lifetime_before: int, outcome: Outcome, now: datetime) -> list[EventData]:
    before, level = level_of(lifetime_before), level_of(outcome.profile.lifetime_xp)
    if level <= before and not outcome.unlocked:
        return []
    return [
        GameAdvanced(
            user_id=outcome.profile.user_id,
            level_before=before,
            level=level,
            tier=tier_of(level),
            unlocked=tuple(
                Unlocked(key=each.key, name=each.name, text=each.text) for each in outcome.unlocked
            ),
            at=now,
        )
    ]
