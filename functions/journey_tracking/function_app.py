"""Triggers of learning journeys: the routes, and what the flow hears."""

from __future__ import annotations

import azure.functions as func

from functions.journey_tracking.routes import blueprint, journeys, learning
from functions.journey_tracking.routes import statements as statement_routes
from functions.journey_tracking.service import statements
from functions.journey_tracking.service.lrs import RecordStore
from shared import runtime
from shared.bus_trigger import deliver
from shared.settings import Settings

__all__ = ["blueprint", "journeys", "learning", "statement_routes"]


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="journeys",
    subscription_name="journey_tracking",
    connection="ServiceBus",
)
def journey_statements(message: func.ServiceBusMessage) -> None:
    """A learner did something on a journey: state it in xAPI."""
    running = runtime.current()
    deliver(
        message,
        entity="journeys/journey_tracking",
        handle=lambda event: statements.state(
            running,
            running.pseudonyms,
            event,
            base=running.settings.public_url,
            now=runtime.now(),
        ),
    )


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="journey_tracking", connection="ServiceBus"
)
def journey_forward(message: func.ServiceBusMessage) -> None:
    """Statements were stored: pass them on to the learning record store, where there is one."""
    running = runtime.current()
    deliver(
        message,
        entity="journey_tracking",
        handle=lambda event: statements.forward(
            running,
            running.pseudonyms,
            event,
            _record_store(running.settings),
            now=runtime.now(),
        ),
    )


def _record_store(settings: Settings) -> RecordStore | None:
    endpoint, key, secret = settings.lrs_endpoint, settings.lrs_key, settings.lrs_secret
    if endpoint is None or key is None or secret is None:
        return None
    store = RecordStore(endpoint, key, secret.get_secret_value())
    runtime.watch(store, "record_store", "post")
    return store
