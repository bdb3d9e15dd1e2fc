"""Events of messages that people send over chat channels."""

from __future__ import annotations

from typing import ClassVar

from shared.events.envelope import EventData


class DeliveryReceived(EventData):
    """A message came in; its files are to be fetched from the provider."""

    type: ClassVar[str] = "waymark.delivery.received.v1"

    delivery_id: str

    @property
    def subject(self) -> str:
        return self.delivery_id
