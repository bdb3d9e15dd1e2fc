"""What events of a learner change: caches end, norms are counted, recipes are noted."""

from __future__ import annotations

from datetime import datetime

from functions.recommendations.rules.documents import Cache
from functions.recommendations.service.engagement import note_recipe
from functions.recommendations.service.freshness import invalidate
from functions.recommendations.service.personality import count_times, join_norms
from shared.errors import Invalid
from shared.events.content import ContentCompleted
from shared.events.envelope import Event
from shared.events.journey import JourneyAttempted, JourneyCompleted, JourneyContainerCompleted
from shared.events.profiler import ProfilerAccepted, ProfilerCompleted, ProfilerReset
from shared.events.recipes import RecipeUsed
from shared.messaging import Outcome
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

ENDS: dict[str, tuple[Cache, ...]] = {
    ProfilerCompleted.type: ("recommendations",),
    ProfilerAccepted.type: ("recommendations",),
    ProfilerReset.type: ("recommendations",),
    JourneyAttempted.type: ("progress",),
    JourneyContainerCompleted.type: ("progress", "recommendations", "personality"),
    JourneyCompleted.type: ("progress", "recommendations", "personality"),
    ContentCompleted.type: ("recommendations", "personality"),
}
"""Which caches of a learner an event ends."""


def hear(stores: Stores, pseudonyms: Pseudonyms, event: Event, *, now: datetime) -> Outcome:
    """An event of a learner. Heard again it does nothing more than end a cache that was filled
    meanwhile. Raises ``Invalid`` for an event that nothing follows from."""
    if event.type == RecipeUsed.type:
        return note_recipe(stores, pseudonyms, event, now=now)
    caches = ENDS.get(event.type)
    user_id = event.data.get("user_id")
    if caches is None or not isinstance(user_id, str) or not user_id:
        raise Invalid(f"nothing follows from {event.type}, or it names nobody")
    outcome: Outcome = "repeated"
    if event.type == JourneyAttempted.type:
        outcome = count_times(stores, pseudonyms, event, now=now)
    elif event.type == JourneyCompleted.type:
        join_norms(stores, pseudonyms, (event.tenantid, user_id), now=now)
    # last: a list that is made meanwhile, from what was before, ends too
    return "done" if invalidate(stores, (event.tenantid, user_id), caches, now=now) else outcome
