"""One delivered message, given to its handler: what every bus trigger does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import ValidationError

from shared import telemetry, topology
from shared.errors import Invalid, Rejected, Throttled, Unavailable, WaymarkError
from shared.events.envelope import Event
from shared.messaging import Outcome
from shared.outbox import message_of
from shared.stores import Stores
from shared.telemetry.deliveries import delivering

MAX_RESENDS = 8
MAX_RESENDS_OF_UNKNOWN = 3
RESEND_WITHIN = timedelta(minutes=5)
MOST_PAUSE_SECONDS = 10.0
_MADE_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
"""An id that we made: others are words of a tenant's own, and stay out of the log."""


class NotHandled(WaymarkError):
    """A delivery failed. It names the error's type and the event, and quotes nobody's data:

    the host writes what it is told to its log and to the dead letter.
    """


def deliver(
    stores: Stores,
    body: bytes,
    *,
    entity: str,
    delivery_count: int,
    handle: Callable[[Event], Outcome],
    exhausted: Callable[[Event, str], None],
    now: datetime,
    flow: str = "",
) -> None:
    """Give one delivered message to its handler: what every bus trigger calls.

    Returning settles the message. A store or peer that is away (``Unavailable``,
    ``Throttled``) has the event sent again later, up to :data:`MAX_RESENDS` times
    with growing delays, and so has an unknown error a few times, for the bus redelivers
    at once and would use up all deliveries within a moment. A ``Rejected`` is logged and
    finished. Anything else is raised as :class:`NotHandled`, so that the bus redelivers
    and at last dead-letters: what is wrong with the event itself, and everything where
    the receiver has sessions, because a re-send would let the session's others pass; there
    it first waits a while, longer with each delivery, when a store or peer is away. On
    the last delivery ``exhausted`` is told, with the type of the error.

    ``delivery_count`` is 1 the first time; ``flow`` is whose handler it is.
    """
    event = Event.read(body)
    receiver = topology.load().receivers[entity]
    cause = ""
    with (
        delivering(event, entity, delivery_count, flow) as told,
        telemetry.timed(
            "event.handled",
            entity=entity,
            event_type=event.type,
            event_id=event.id,
            subject=event.subject if _MADE_ID.fullmatch(event.subject) else None,
            tenant=event.tenantid,
            delivery=delivery_count,
        ) as line,
    ):
        try:
            try:
                told.outcome = line["outcome"] = handle(event)
            except Exception as error:
                if receiver.sessions or event.resend >= _resends_of(error):
                    if receiver.sessions and isinstance(error, Unavailable | Throttled):
                        # what goes up is redelivered at once, and would be a dead letter soon
                        time.sleep(min(MOST_PAUSE_SECONDS, 0.1 * 2**delivery_count))
                    raise
                if not isinstance(error, Unavailable | Throttled):
                    telemetry.failure("event.failed", error, entity=entity, event_id=event.id)
                least = error.retry_after if isinstance(error, Throttled) else 0.0
                line["resend"] = _postpone(stores, event, least, now)
                line["outcome"], line["cause"] = "postponed", type(error).__name__
                told.outcome, told.cause = "postponed", type(error).__name__
        except Rejected as error:
            line["outcome"], line["reason"] = "rejected", error.reason
            told.outcome = "rejected"
        except Exception as error:
            line["error"] = cause = told.cause = type(error).__name__
            told.outcome = "failed"
            telemetry.failure("event.not_handled", error, entity=entity, event_id=event.id)
            if delivery_count >= receiver.max_delivery:
                told.outcome = "exhausted"
                _tell_exhausted(exhausted, event, cause)
        if cause:  # outside of the except block, so that the error does not travel along
            raise NotHandled(f"{cause} on event {event.id}")


def _resends_of(error: Exception) -> int:
    """How often an event is sent again for this error before the bus counts its deliveries."""
    if isinstance(error, Unavailable | Throttled):
        return MAX_RESENDS
    if isinstance(error, Rejected | Invalid | ValidationError):
        return 0  # the same the next time
    return MAX_RESENDS_OF_UNKNOWN


def _postpone(stores: Stores, event: Event, least: float, now: datetime) -> int:
    """Send an event again after a growing delay, of ``least`` seconds if that is not too long."""
    again = event.model_copy(update={"resend": event.resend + 1})
    delay = timedelta(seconds=max(least, 2.0**again.resend))
    # a peer may ask for longer than duplicate detection knows the re-send's id
    stores.bus.publish([message_of(again, not_before=now + min(delay, RESEND_WITHIN))])
    return again.resend


def _tell_exhausted(exhausted: Callable[[Event, str], None], event: Event, cause: str) -> None:
    """Tell it, and let what goes wrong there not hide the cause: the dead letter names that."""
    try:
        exhausted(event, cause)
    except Exception as error:
        telemetry.failure("exhaustion.not_told", error, event_id=event.id)
