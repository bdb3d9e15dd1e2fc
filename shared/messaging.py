"""One handler, one commit: effects that happen exactly once.

A handler decides; its documents, the receipt of the message and the outgoing
events go into one commit of one logical partition. The events stand there as
outbox documents until the bus has taken them: sent at once after the commit,
and swept up by the relay when that failed. A receipt that exists means the
work is done. Duplicates are possible by design and harmless by design.
See :mod:`shared.outbox` for the sending, :mod:`shared.delivery` for what calls a handler.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4, uuid5

from shared import topology
from shared.documents.port import (
    Create,
    Json,
    Operation,
    Partition,
)
from shared.errors import (
    Conflict,
    Exists,
    Invalid,
    Missing,
    Rejected,
    Stale,
    Unprocessable,
)
from shared.events.envelope import Event, EventData
from shared.outbox import outbox_document, send_now
from shared.stores import Stores

RECEIPT_SECONDS = 30 * 24 * 3600
IDEMPOTENCY_SECONDS = 24 * 3600
MAX_ATTEMPTS = 6

_NEW_IDS = UUID("9a3f4f0b-6c55-5c0e-9f0e-5a2b8c7d1e64")

Outcome = Literal["done", "repeated", "rejected"]


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
            outbox_document(data, f"{basis}|{position}", key, partition, source, now)
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
        send_now(stores, container, partition, outbox)
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
