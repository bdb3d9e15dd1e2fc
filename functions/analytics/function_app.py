"""Triggers of analytics: what the flow hears, and the routes."""

from __future__ import annotations

import azure.functions as func

from functions.analytics.routes import blueprint, reports, views
from functions.analytics.service import hearing, reporting
from shared import runtime
from shared.bus_trigger import deliver

__all__ = ["blueprint", "reports", "views"]


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="profiler",
    subscription_name="analytics",
    connection="ServiceBus",
)
def analytics_hear_profiler(message: func.ServiceBusMessage) -> None:
    """A session of the profiler was completed, decided on, synced or reset."""
    _hear(message, "profiler/analytics")


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="journeys",
    subscription_name="analytics",
    connection="ServiceBus",
)
def analytics_hear_journeys(message: func.ServiceBusMessage) -> None:
    """A learner has done something on a journey, or completed content."""
    _hear(message, "journeys/analytics")


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="recipes",
    subscription_name="analytics",
    connection="ServiceBus",
)
def analytics_hear_recipes(message: func.ServiceBusMessage) -> None:
    """A learner has used a recipe."""
    _hear(message, "recipes/analytics")


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="game",
    subscription_name="analytics",
    connection="ServiceBus",
)
def analytics_hear_game(message: func.ServiceBusMessage) -> None:
    """A learner has reached a level or an achievement."""
    _hear(message, "game/analytics")


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="intake",
    subscription_name="analytics",
    connection="ServiceBus",
)
def analytics_hear_intake(message: func.ServiceBusMessage) -> None:
    """A dropped file has ended."""
    _hear(message, "intake/analytics")


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="candidates",
    subscription_name="analytics",
    connection="ServiceBus",
)
def analytics_hear_candidates(message: func.ServiceBusMessage) -> None:
    """A candidate's profile was made or changed."""
    _hear(message, "candidates/analytics")


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="analytics", connection="ServiceBus"
)
def analytics_count(message: func.ServiceBusMessage) -> None:
    """Somebody's app reported what they did: it is counted."""
    running = runtime.current()
    deliver(
        message,
        entity="analytics",
        handle=lambda event: reporting.count(running, running.pseudonyms, event, now=runtime.now()),
    )


def _hear(message: func.ServiceBusMessage, entity: str) -> None:
    running = runtime.current()
    deliver(
        message,
        entity=entity,
        handle=lambda event: hearing.hear(running, running.pseudonyms, event, now=runtime.now()),
    )
