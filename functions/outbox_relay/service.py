"""Sends what a crash left unsent."""

from __future__ import annotations

from datetime import datetime

from shared import outbox, telemetry
from shared.stores import Stores


def sweep(stores: Stores, *, now: datetime) -> None:
    """Send the events that older commits left in their outboxes."""
    sent = outbox.relay(stores, now=now)
    if sent:
        telemetry.log("outbox.relayed", events=sent)
