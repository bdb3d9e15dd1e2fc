"""Triggers of the game: the routes, and what the flow hears."""

from __future__ import annotations

import azure.functions as func

from functions.xp_award.routes import blueprint, keeping, playing
from functions.xp_award.service import awarding, repairing
from shared import runtime
from shared.bus_trigger import deliver

__all__ = ["blueprint", "keeping", "playing"]


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="journeys",
    subscription_name="xp_award",
    connection="ServiceBus",
    is_sessions_enabled=True,
)
def xp_award(message: func.ServiceBusMessage) -> None:
    """A learner did something on a journey: pay for it. One learner's events come in order."""
    deliver(
        message,
        entity="journeys/xp_award",
        handle=lambda event: awarding.award(
            runtime.stores(), runtime.current().pseudonyms, event, now=runtime.now()
        ),
    )


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="xp_award", connection="ServiceBus"
)
def xp_repair(message: func.ServiceBusMessage) -> None:
    """The next page of a repair of streaks is due."""
    deliver(
        message,
        entity="xp_award",
        handle=lambda event: repairing.advance(runtime.stores(), event, now=runtime.now()),
    )
