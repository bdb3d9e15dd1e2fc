"""Outgoing events on their way: documents in the commit that tells them, then messages."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from shared import telemetry, topology
from shared.bus.addressing import entities_of
from shared.bus.port import MAX_ID_CHARACTERS, Message
from shared.documents.port import Delete, Equals, Json, Page, Partition, Range
from shared.errors import Missing, Problem, Throttled, Unavailable
from shared.events.envelope import Event, EventData
from shared.stores import Stores

RELAY_AFTER = timedelta(seconds=15)
MOST_COUNTED = 1000


def outbox_document(
    data: EventData, basis: str, key: Json, partition: Partition, source: str, now: datetime
) -> Json:
    """The document that holds an event until the bus has taken it.

    ``basis`` names the commit and the event's place in it: the same basis is the same event.
    ``key`` holds the partition key's fields. Raises ``ValueError`` for an event that topology.json
    does not know, or that no message can carry.
    """
    if data.type not in topology.load().events:
        raise ValueError(f"{data.type} is not an event of topology.json")
    identity = str(uuid5(NAMESPACE_URL, f"{'|'.join(partition)}|{data.type}|{basis}"))
    here = telemetry.current()
    event = Event(
        id=identity,
        source=f"/waymark/{source}",
        type=data.type,
        subject=data.subject,
        time=now,
        data=data.model_dump(mode="json"),
        tenantid=partition[0],
        partitionkey=partition[-1],
        traceparent=here.traceparent if here else None,
        requestid=here.request_id if here else None,
    )
    try:
        entities_of(topology.load(), message_of(event))
    except Problem as error:
        # ours, not the caller's: committed, it would stay in the outbox for ever
        raise ValueError(f"{data.type} cannot be sent: {error}") from None
    later = {} if data.not_before is None else {"not_before": data.not_before.isoformat()}
    return {
        "schema_version": 1,
        "id": f"outbox:{identity}",
        "kind": "outbox",
        **key,
        **later,
        "event": event.model_dump(mode="json", exclude_none=True),
        "created_at": now.isoformat(),
        # the container's default would let an unsent event vanish
        "ttl": -1,
    }


def send_now(stores: Stores, container: str, partition: Partition, outbox: Sequence[Json]) -> None:
    """Send at once, best effort: what fails stays in the outbox for the relay."""
    if not outbox:
        return
    try:
        _send(stores, container, partition, outbox)
    except Exception as error:
        here = telemetry.current()
        flow = {"waymark.flow": here.flow} if here and here.flow else {}
        telemetry.measure(
            "waymark.outbox.left", len(outbox), {"db.collection.name": container, **flow}
        )
        telemetry.log(
            "outbox.left",
            level=logging.WARNING,
            container=container,
            events=len(outbox),
            error=type(error).__name__,
        )


def _send(stores: Stores, container: str, partition: Partition, outbox: Sequence[Json]) -> None:
    stores.bus.publish([_message_in(item) for item in outbox])
    for item in outbox:
        try:
            stores.documents.commit(container, partition, [Delete(item["id"])])
        except Missing:
            continue  # another relay was faster


def _message_in(outbox: Json) -> Message:
    """The message of an outbox document, delayed where its event was told to be."""
    later = outbox.get("not_before")
    return message_of(
        Event.model_validate(outbox["event"]),
        not_before=None if later is None else datetime.fromisoformat(later),
    )


def message_of(event: Event, *, not_before: datetime | None = None) -> Message:
    """The message that carries an event to where topology.json sends its type.

    A re-send has a message id of its own, or duplicate detection would drop it. The
    session is the partition, by its digest where the name is longer than a session's.
    """
    session = event.partitionkey
    if len(session) > MAX_ID_CHARACTERS:
        session = hashlib.sha256(session.encode()).hexdigest()
    return Message(
        destination=topology.load().events[event.type].to,
        message_id=f"{event.id}~{event.resend}" if event.resend else event.id,
        body=event.body(),
        subject=event.type,
        session_id=session,
        correlation_id=event.requestid,
        not_before=not_before,
        # by which the Functions host finds the trace of its own span: W3C's name, and Azure's
        properties=dict.fromkeys(("traceparent", "Diagnostic-Id"), event.traceparent)
        if event.traceparent
        else {},
    )


def relay(stores: Stores, *, now: datetime, limit: int = 1000) -> int:
    """Send what a crash left in the outboxes; returns how many events it sent.

    Only events older than :data:`RELAY_AFTER` are touched: younger ones are being
    sent by who committed them. One that the bus refuses does not hold up the others;
    a bus or a store that is away ends the run, for each of the others would wait for it.
    """
    swept = _Swept()
    try:
        _sweep(stores, swept, now=now, limit=limit)
    finally:
        swept.measure(now)
    return swept.sent


@dataclass
class _Swept:
    """What a sweep of the outboxes found and sent, and when the oldest of it was committed."""

    found: int = 0
    sent: int = 0
    oldest: str | None = None

    def note(self, created_at: str) -> None:
        self.found += 1
        self.oldest = min(self.oldest or created_at, created_at)

    def measure(self, now: datetime) -> None:
        oldest = datetime.fromisoformat(self.oldest) if self.oldest else now
        telemetry.measure("waymark.outbox.relayed", self.sent)
        telemetry.measure("waymark.outbox.unsent", self.found - self.sent)
        telemetry.measure("waymark.outbox.oldest_age", max(0.0, (now - oldest).total_seconds()))


def _sweep(stores: Stores, swept: _Swept, *, now: datetime, limit: int) -> None:
    for container in outboxes():
        declared = topology.load().containers[container]
        continuation = None
        while swept.sent < limit:
            page = _waiting(stores, container, now - RELAY_AFTER, 100, continuation)
            for item in page.items:
                swept.note(item.body["created_at"])
            for item in page.items:
                partition = tuple(item.body[name] for name in declared.partition_key)
                try:
                    _send(stores, container, partition, [item.body])
                    swept.sent += 1
                except Exception as error:
                    telemetry.log(
                        "outbox.refused",
                        level=logging.ERROR,
                        container=container,
                        document=item.body["id"],
                        error=type(error).__name__,
                    )
                    if isinstance(error, Unavailable | Throttled):
                        return
            continuation = page.continuation
            if continuation is None:
                break


@dataclass(frozen=True)
class Unsent:
    """Events that wait in one container's outboxes; of more than 1,000 the others are not counted.

    ``oldest_at`` is when the oldest of those that were counted was committed.
    """

    container: str
    count: int
    oldest_at: datetime


def unsent(stores: Stores, *, before: datetime) -> list[Unsent]:
    """Return what was committed before a moment and has still not been sent, by container."""
    found = []
    for container in outboxes():
        items = _waiting(stores, container, before, MOST_COUNTED, None).items
        moments = [datetime.fromisoformat(item.body["created_at"]) for item in items]
        if moments:
            found.append(Unsent(container, len(moments), min(moments)))
    return found


def outboxes() -> list[str]:
    """The containers that events leave from."""
    declared = topology.load().containers
    return [name for name, each in declared.items() if "kind" in each.swept_by]


def _waiting(
    stores: Stores, container: str, before: datetime, limit: int, continuation: str | None
) -> Page:
    return stores.documents.query(
        container,
        (),
        where=[Equals("kind", "outbox"), Range("created_at", below=before.isoformat())],
        limit=limit,
        continuation=continuation,
    )
