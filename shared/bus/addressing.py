"""Where a message goes, and whether it may."""

from __future__ import annotations

from shared.bus.port import Message, check_message
from shared.errors import Invalid, Missing
from shared.topology import Topology


def entities_of(topology: Topology, message: Message) -> list[str]:
    """The queue, or the subscriptions of the topic, that a message reaches.

    Raises ``Invalid`` or ``TooLarge`` for a message of the wrong form, ``Missing`` for
    an unknown destination, ``Invalid`` without a session where one is needed.
    """
    check_message(message)
    topic = topology.topics.get(message.destination)
    if topic is not None:
        reached = {
            f"{message.destination}/{name}": subscription.sessions
            for name, subscription in topic.subscriptions.items()
            if message.subject in subscription.events
        }
    elif message.destination in topology.queues:
        reached = {message.destination: topology.queues[message.destination].sessions}
    else:
        raise Missing(f"{message.destination!r} is neither a queue nor a topic")
    if any(reached.values()) and not message.session_id:
        raise Invalid(f"messages to {message.destination} need a session id")
    return list(reached)
