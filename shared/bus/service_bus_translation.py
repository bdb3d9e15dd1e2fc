"""What crosses between the bus port and the Service Bus SDK: messages and errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.bus.port import DeadLetter, Message
from shared.errors import Missing, Problem, Throttled, TooLarge, Unavailable

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage
    from azure.servicebus.exceptions import ServiceBusError

# The service asks clients to stay away for ten seconds when it is busy; a full entity
# empties only as fast as its receivers work.
_BUSY_SECONDS = 10.0
_FULL_SECONDS = 60.0

# The same cut as in the SQLite adapter: leaves room for "~" and any sequence number.
_REDRIVEN_ID_CHARACTERS = 100
_DEAD_LETTER_PROPERTIES = frozenset({"DeadLetterReason", "DeadLetterErrorDescription"})
_NOT_FOUND = 404


def outgoing(message: Message) -> ServiceBusMessage:
    """The SDK's message for one of the port."""
    from azure.servicebus import ServiceBusMessage

    return ServiceBusMessage(
        message.body,
        message_id=message.message_id,
        subject=message.subject,
        session_id=message.session_id,
        correlation_id=message.correlation_id,
        content_type=message.content_type,
        scheduled_enqueue_time_utc=message.not_before,
        application_properties=dict(message.properties.items()),
    )


def redriven(message: ServiceBusReceivedMessage) -> ServiceBusMessage:
    """A copy of a dead letter to send back: a new id, and no word of its death."""
    from azure.servicebus import ServiceBusMessage

    properties = {
        name: value
        for name, value in _properties(message).items()
        if name not in _DEAD_LETTER_PROPERTIES
    }
    old = (message.message_id or "")[:_REDRIVEN_ID_CHARACTERS]
    return ServiceBusMessage(
        _body(message),
        message_id=f"{old}~{message.sequence_number}",
        subject=message.subject,
        session_id=message.session_id,
        correlation_id=message.correlation_id,
        content_type=message.content_type,
        application_properties=properties,  # type: ignore[arg-type]
    )


def dead_letter(entity: str, message: ServiceBusReceivedMessage) -> DeadLetter:
    """What an operator sees of a peeked message. Raises ``Unavailable`` for a broken one."""
    if message.sequence_number is None or message.enqueued_time_utc is None:
        raise Unavailable(f"the broker's dead letter of {entity} lacks its number or time")
    return DeadLetter(
        entity=entity,
        sequence_number=message.sequence_number,
        message_id=message.message_id or "",
        subject=message.subject or "",
        body=_body(message),
        reason=message.dead_letter_reason or "",
        description=message.dead_letter_error_description or "",
        delivery_count=message.delivery_count or 0,
        enqueued_at=message.enqueued_time_utc,
    )


def _body(message: ServiceBusReceivedMessage) -> bytes:
    body = message.body
    return body if isinstance(body, bytes) else b"".join(body)


def _properties(message: ServiceBusReceivedMessage) -> dict[str, object]:
    """Application properties with text keys: the SDK hands them out as bytes."""
    return {
        _text(name): _text(value) if isinstance(value, bytes) else value
        for name, value in (message.application_properties or {}).items()
    }


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


@contextmanager
def translated(entity: str) -> Iterator[None]:
    """Turn the SDK's errors into those of the port."""
    from azure.servicebus.exceptions import ServiceBusError

    try:
        yield
    except ServiceBusError as error:
        raise _problem(error, entity) from error


def _problem(error: ServiceBusError, entity: str) -> Problem:
    from azure.servicebus import exceptions as sdk

    # An entity that is not there is refused with its token already, as if by authentication.
    refused_with = getattr(error.inner_exception, "status_code", None)
    match error:
        case sdk.MessagingEntityNotFoundError():
            return Missing(f"the namespace has no {entity}")
        case sdk.ServiceBusAuthenticationError() if refused_with == _NOT_FOUND:
            return Missing(f"the namespace has no {entity}")
        case sdk.ServiceBusServerBusyError():
            return Throttled(f"{entity} is busy", retry_after=_BUSY_SECONDS)
        case sdk.ServiceBusQuotaExceededError():
            return Throttled(f"{entity} is full", retry_after=_FULL_SECONDS)
        case sdk.MessageSizeExceededError():
            return TooLarge(f"{entity} does not take a message of this size")
        case sdk.ServiceBusAuthorizationError() | sdk.ServiceBusAuthenticationError():
            return Unavailable(f"the namespace does not let this process use {entity}")
        case _:
            return Unavailable(f"no answer from {entity}: {type(error).__name__}")
