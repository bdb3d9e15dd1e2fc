"""What the Service Bus peer does wrong on request."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from proton import Link

Fault = Literal["take", "throttle", "fill", "drop before", "drop after", "ignore", "refuse bluntly"]
REFUSALS: dict[Fault, tuple[str, str]] = {
    "throttle": ("com.microsoft:server-busy", "come back later"),
    "fill": ("amqp:resource-limit-exceeded", "the entity is full"),
    "refuse bluntly": ("amqp:internal-error", "no more to say"),
}


@dataclass
class Faults:
    """What goes wrong with the next sends."""

    pending: deque[Fault] = field(default_factory=deque)

    def add(self, fault: Fault, sends: int) -> None:
        self.pending.extend([fault] * sends)

    def next(self) -> Fault:
        """The fault that meets the send at hand."""
        return self.pending.popleft() if self.pending else "take"


def hang_up(link: Link) -> None:
    """Break the connection under a link as a fallen network does: no close, no detach."""
    transport = link.connection.transport if link.connection else None
    if transport is not None:
        transport.close_tail()
        transport.close_head()
