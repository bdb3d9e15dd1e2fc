"""The CloudEvents 1.0 envelope, in its JSON format.

Extension attributes: ``tenantid``, ``partitionkey`` (CloudEvents partitioning),
``traceparent`` (CloudEvents distributed tracing, W3C), ``requestid`` and ``resend``
(how often it was sent again because a store was away).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.errors import Invalid

# An error never quotes what it read: that may be a person's.
_READING = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class EventData(BaseModel):
    """The data of one event type. Readers ignore unknown fields, so types only grow.

    ``type`` is ``waymark.<noun>.<past tense>.v<n>``. ``subject`` names what it happened to.
    """

    model_config = _READING

    type: ClassVar[str]

    @property
    def subject(self) -> str:
        """What it happened to: the id within the tenant."""
        raise NotImplementedError(type(self).__name__)

    @property
    def not_before(self) -> datetime | None:
        """Before when nobody is to hear of it; None for at once."""
        return None


DataT = TypeVar("DataT", bound=EventData)


class Event(BaseModel):
    """One event. Two with the same ``id`` are the same event, however often delivered."""

    model_config = _READING

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(min_length=1, max_length=64)
    source: str
    type: str
    subject: str
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, Any]
    tenantid: str = Field(min_length=1)
    partitionkey: str
    traceparent: str | None = None
    requestid: str | None = None
    resend: int = Field(default=0, ge=0)

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read a message's body; raises ``Invalid`` when it is not an event of ours."""
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            raise Invalid(f"not a CloudEvent: {error.error_count()} field(s) are wrong") from None

    def body(self) -> bytes:
        """The JSON that goes into a message."""
        return self.model_dump_json(exclude_none=True).encode()


def read_data(event: Event, model: type[DataT]) -> DataT:
    """Return the event's data as ``model``; raises ``Invalid`` when type or data do not fit."""
    if event.type != model.type:
        raise Invalid(f"expected {model.type}, got {event.type}")
    try:
        return model.model_validate(event.data)
    except ValidationError as error:
        raise Invalid(f"{event.type}: {error.error_count()} field(s) are wrong") from None
