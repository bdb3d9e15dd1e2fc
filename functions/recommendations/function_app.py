"""Triggers of recommendations: what the flow hears, and the routes."""

from __future__ import annotations

import azure.functions as func

from functions.recommendations.routes import (
    blueprint,
    content,
    personality,
    recommending,
)
from functions.recommendations.service import hearing, recipes
from shared import runtime
from shared.bus_trigger import deliver
from shared.events.recipes import RecipeWritten

__all__ = ["blueprint", "content", "personality", "recommending"]


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="profiler",
    subscription_name="recommendations",
    connection="ServiceBus",
)
def recommendations_hear_profiler(message: func.ServiceBusMessage) -> None:
    """A learner's profile changed: what was recommended from the former one ends."""
    _hear(message, "profiler/recommendations")


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="journeys",
    subscription_name="recommendations",
    connection="ServiceBus",
)
def recommendations_hear_journeys(message: func.ServiceBusMessage) -> None:
    """A learner has learned something: what follows from how they stood ends."""
    _hear(message, "journeys/recommendations")


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="recipes",
    subscription_name="recommendations",
    connection="ServiceBus",
)
def recommendations_hear_recipes(message: func.ServiceBusMessage) -> None:
    """A recipe was written, or used by a learner."""
    running = runtime.current()
    deliver(
        message,
        entity="recipes/recommendations",
        handle=lambda event: (
            recipes.follow(running, runtime.current().encoder, event, now=runtime.now())
            if event.type == RecipeWritten.type
            else hearing.hear(running, running.pseudonyms, event, now=runtime.now())
        ),
    )


def _hear(message: func.ServiceBusMessage, entity: str) -> None:
    running = runtime.current()
    deliver(
        message,
        entity=entity,
        handle=lambda event: hearing.hear(running, running.pseudonyms, event, now=runtime.now()),
    )
