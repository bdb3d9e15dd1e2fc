"""One handler, one commit: effects that happen exactly once.

A handler decides; its documents, the receipt of the message and the outgoing
events go into one commit of one logical partition. The events stand there as
outbox documents until the bus has taken them: sent at once after the commit,
and swept up by :func:`relay` when that failed. A receipt that exists means the
work is done. Duplicates are possible by design and harmless by design.
"""

from __future__ import annotations

import hashlib
import logging
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from pydantic import ValidationError

from shared import telemetry, topology
from shared.bus.addressing import entities_of
from shared.bus.port import MAX_ID_CHARACTERS, Message
from shared.documents.port import (
    Create,
    Delete,
    Equals,
    Json,
    Operation,
    Partition,
    Range,
)
from shared.errors import (
    Conflict,
    Exists,
    Invalid,
    Missing,
    Problem,
    Rejected,
    Stale,
    Throttled,
    Unavailable,
    Unprocessable,
    WaymarkError,
)
from shared.events.envelope import Event, EventData
from shared.stores import Stores
from shared.telemetry.deliveries import delivering

RECEIPT_SECONDS = 30 * 24 * 3600
IDEMPOTENCY_SECONDS = 24 * 3600
RELAY_AFTER = timedelta(seconds=15)
MAX_ATTEMPTS = 6
MAX_RESENDS = 8
MAX_RESENDS_OF_UNKNOWN = 3
RESEND_WITHIN = timedelta(minutes=5)
MOST_PAUSE_SECONDS = 10.0

_NEW_IDS = UUID("9a3f4f0b-6c55-5c0e-9f0e-5a2b8c7d1e64")

Outcome = Literal["done", "repeated", "rejected"]


class NotHandled(WaymarkError):
    """A delivery failed. It names the error's type and the event, and quotes nobody's data:

    the host writes what it is told to its log and to the dead letter.
    """


@dataclass(frozen=True)
class Decision:
    """What a handler wants to happen: changed documents and events to tell.

    ``receipts`` names documents it creates that are receipts themselves: where one of
    these ids is taken the work was done before, and nothing of the decision happens.
    Not for HTTP writes, which keep their answer in a receipt of their own.
    """

    operations: Sequence[Operation] = ()
    events: Sequence[EventData] = ()
    receipts: Collection[str] = ()


@dataclass(frozen=True)
class Answer:
    """What an HTTP write answers: a status, a JSON body and headers, kept for repeats."""

    status: int
    body: Any
    decision: Decision = Decision()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class IdempotencyKey:
    """A caller's ``Idempotency-Key`` with what it was sent with.

    ``scope`` names caller and route, so that two callers' keys never meet;
    ``fingerprint`` is a digest of the request it came with, path, parameters and body.
    The receipt lies in the partition that is written to: a route that makes a new
    partition takes its id from :meth:`new_id`, or a repeat would make another one.
    """

    scope: str
    key: str
    fingerprint: str

    def new_id(self, kind: str) -> str:
        """The id of the new thing of a kind that this request makes, the same at a repeat."""
        return str(uuid5(_NEW_IDS, f"{self.scope}\n{self.key}\n{kind}"))


def handle_once(
    stores: Stores,
    event: Event,
    *,
    handler: str,
    container: str,
    partition: Partition,
    decide: Callable[[], Decision],
    now: datetime,
    looks_first: bool = True,
) -> Outcome:
    """Handle an event once, whatever is delivered how often.

    ``decide`` reads and decides; it runs again when somebody wrote meanwhile. A
    ``Rejected`` it raises is recorded in the receipt and finishes the event. Anything
    else goes up: the bus redelivers. The partition must belong to the event's tenant.
    Without ``looks_first`` a repeat decides too, and finds the receipt taken at its commit:
    a read less for each event, where repeats are rare.
    """
    if partition[0] != event.tenantid:
        raise Invalid(f"an event of tenant {event.tenantid} cannot write to {partition[0]}")
    receipt_id = _receipt_id(handler, event.id)
    looks = looks_first

    def attempt() -> tuple[Decision, Json, Outcome] | None:
        nonlocal looks
        if looks and stores.documents.get(container, partition, receipt_id) is not None:
            return None
        looks = True
        receipt = {"handler": handler, "event_type": event.type}
        try:
            return decide(), receipt | {"outcome": "done"}, "done"
        except Rejected as error:
            return Decision(), receipt | {"outcome": "rejected", "reason": error.reason}, "rejected"

    outcome = _commit_once(
        stores, container, partition, receipt_id, RECEIPT_SECONDS, attempt, handler, now
    )
    return outcome or "repeated"


def was_handled(
    stores: Stores, event_id: str, *, handler: str, container: str, partition: Partition
) -> bool:
    """Whether a handler of :func:`handle_once` has finished an event within the time that its
    receipt is kept."""
    receipt = stores.documents.get(container, partition, _receipt_id(handler, event_id))
    return receipt is not None


def answer_once(
    stores: Stores,
    idempotency: IdempotencyKey | None,
    *,
    source: str,
    container: str,
    partition: Partition,
    decide: Callable[[], Answer],
    now: datetime,
) -> tuple[int, Any]:
    """Do an HTTP write once per idempotency key; returns status and body.

    For routes whose answer has no headers of its own; see :func:`reply_once`.
    """
    answer = reply_once(
        stores,
        idempotency,
        source=source,
        container=container,
        partition=partition,
        decide=decide,
        now=now,
    )
    return answer.status, answer.body


def reply_once(
    stores: Stores,
    idempotency: IdempotencyKey | None,
    *,
    source: str,
    container: str,
    partition: Partition,
    decide: Callable[[], Answer],
    now: datetime,
) -> Answer:
    """Do an HTTP write once per idempotency key and partition; returns what to answer.

    A repeat of the same request gets the first answer again, with its headers. Raises
    ``Unprocessable`` when the key came with another request before, and whatever
    ``decide`` raises; ``Conflict`` when others keep changing the documents.
    """
    receipt_id = ""
    # Without a key each call is one of its own, though it write the very same.
    call_id = uuid4().hex
    if idempotency:
        named = f"{idempotency.scope}\n{idempotency.key}".encode()
        receipt_id = f"receipt:http:{hashlib.sha256(named).hexdigest()[:40]}"
    answered: list[Answer] = []

    def attempt() -> tuple[Decision, Json | None, Outcome] | None:
        if idempotency:
            receipt = stores.documents.get(container, partition, receipt_id)
            if receipt is not None:
                if receipt.body["fingerprint"] != idempotency.fingerprint:
                    raise Unprocessable("this Idempotency-Key came with another request before")
                kept = receipt.body
                headers = kept.get("headers", {})
                answered[:] = [Answer(kept["status"], kept["answer"], headers=headers)]
                return None
        answer = decide()
        if answer.decision.receipts:
            raise ValueError("an HTTP write keeps its answer in a receipt of its own")
        answered[:] = [answer]
        if not idempotency:
            return answer.decision, None, "done"
        receipt_body = {
            "fingerprint": idempotency.fingerprint,
            "status": answer.status,
            "answer": answer.body,
            "headers": dict(answer.headers),
        }
        return answer.decision, receipt_body, "done"

    _commit_once(
        stores, container, partition, receipt_id, IDEMPOTENCY_SECONDS, attempt, source, now, call_id
    )
    return answered[0]


def announce_once(
    stores: Stores,
    *,
    source: str,
    container: str,
    partition: Partition,
    decide: Callable[[], Decision],
    now: datetime,
) -> Outcome:
    """Commit a decision whose documents are their own receipt (natural ids), with its events.

    ``decide`` runs again when somebody wrote meanwhile, and finds then what is there.
    An empty decision writes nothing and is ``repeated``; one of events alone is a
    ``ValueError``, for no document would say that they were told.
    """

    def attempt() -> tuple[Decision, Json | None, Outcome] | None:
        decision = decide()
        if decision.events and not decision.operations:
            raise ValueError("no document would say that these events were told")
        return (decision, None, "done") if decision.operations else None

    outcome = _commit_once(stores, container, partition, "", RECEIPT_SECONDS, attempt, source, now)
    return outcome or "repeated"


def _commit_once(
    stores: Stores,
    container: str,
    partition: Partition,
    receipt_id: str,
    receipt_seconds: int,
    attempt: Callable[[], tuple[Decision, Json | None, Outcome] | None],
    source: str,
    now: datetime,
    call_id: str | None = None,
) -> Outcome | None:
    declared = topology.load().containers[container]
    key = dict(zip(declared.partition_key, partition, strict=True))
    for tried in range(1, MAX_ATTEMPTS + 1):
        found = attempt()
        if found is None:
            return None
        decision, receipt, outcome = found
        operations = list(decision.operations)
        if receipt is not None:
            # first, so that a repeat is told by its receipt, not by what else is there already
            operations.insert(
                0,
                Create(
                    {
                        "schema_version": 1,
                        "id": receipt_id,
                        "kind": "receipt",
                        **key,
                        **receipt,
                        "created_at": now.isoformat(),
                        "ttl": receipt_seconds,
                    }
                ),
            )
        if decision.events and "kind" not in declared.swept_by:
            raise ValueError(f"events cannot leave from {container}: no sweep looks for them there")
        basis = receipt_id if receipt is not None else call_id or _natural_basis(operations)
        basis = f"{container}|{basis}"
        outbox = [
            _outbox_document(data, f"{basis}|{position}", key, partition, source, now)
            for position, data in enumerate(decision.events)
        ]
        operations += [Create(document) for document in outbox]
        if not operations:
            return outcome
        try:
            stores.documents.commit(container, partition, operations)
        except (Stale, Exists, Missing) as error:
            if isinstance(error, Exists) and error.document_id in decision.receipts:
                return "repeated"
            if tried == MAX_ATTEMPTS:
                raise Conflict("others keep changing this; try again") from None
            time.sleep(random.uniform(0, 0.02 * 2**tried))  # noqa: S311  jitter, not a secret
            continue
        _send_now(stores, container, partition, outbox)
        return outcome
    raise AssertionError("unreachable")


def _receipt_id(handler: str, event_id: str) -> str:
    return f"receipt:{handler}:{event_id}"


def _natural_basis(operations: Sequence[Operation]) -> str:
    """Name a commit without receipt by what it writes: same documents, same events.

    Only where it can succeed once: an upsert or an increment of the same words is
    another commit each time, and tells events of its own.
    """
    if not any(
        isinstance(operation, Create) or getattr(operation, "etag", None) is not None
        for operation in operations
    ):
        return uuid4().hex
    parts = [repr(operation) for operation in operations]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _outbox_document(
    data: EventData, basis: str, key: Json, partition: Partition, source: str, now: datetime
) -> Json:
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


def _send_now(stores: Stores, container: str, partition: Partition, outbox: Sequence[Json]) -> None:
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
    before = (now - RELAY_AFTER).isoformat()
    for container, declared in topology.load().containers.items():
        if "kind" not in declared.swept_by:
            continue
        continuation = None
        while swept.sent < limit:
            page = stores.documents.query(
                container,
                (),
                where=[Equals("kind", "outbox"), Range("created_at", below=before)],
                limit=100,
                continuation=continuation,
            )
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
            subject=event.subject,
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
