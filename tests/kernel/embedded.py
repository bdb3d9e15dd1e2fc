"""The embedded stores in a folder, and stores that fail at a chosen call."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from shared import topology
from shared.blobs.files import FileBlobs
from shared.bus.sqlite import SqliteBus
from shared.bus.sqlite_rows import Delivery
from shared.documents.port import Create, Equals, Json, Operation, Partition
from shared.documents.sqlite import SqliteDocuments
from shared.errors import Problem
from shared.events.envelope import Event
from shared.events.intake import IntakeAccepted, IntakeEnded
from shared.messaging import Decision
from shared.stores import Stores

TENANT = "acme"
CONTAINER = "intake"
PARTITION = (TENANT, "file-1")
QUEUE = "intake_extract"
TOPIC_LISTENER = "intake/intake_notify"
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Embedded:
    """The three embedded stores on one folder."""

    documents: SqliteDocuments
    blobs: FileBlobs
    bus: SqliteBus

    @classmethod
    def at(cls, home: Path, clock: Callable[[], float] = time.time) -> Embedded:
        return cls(
            SqliteDocuments(home / "documents.db", topology.load(), clock),
            FileBlobs(home / "blobs", link_base="http://127.0.0.1/blobs", link_key=b"k" * 32),
            SqliteBus(home / "bus.db", topology.load(), clock),
        )

    def close(self) -> None:
        self.documents.close()
        self.bus.close()

    def kinds(self, kind: str, tenant: str = TENANT) -> list[Json]:
        """The documents of one kind in the intake container of a tenant."""
        page = self.documents.query(CONTAINER, (tenant,), where=[Equals("kind", kind)], limit=1000)
        return [item.body for item in page.items]

    def waiting(self, entity: str = QUEUE) -> list[Delivery]:
        """Take every message that is due at an entity."""
        return self.bus.receive(entity, limit=1000)


@dataclass
class Clock:
    """A clock that moves when told to."""

    seconds: float = NOW.timestamp()

    def __call__(self) -> float:
        return self.seconds


def as_stores(embedded: Embedded) -> Stores:
    """These stores, as services are given them."""
    return cast(Stores, embedded)


class Failing:
    """A store whose calls of one method go through ``instead``, which gets the real one."""

    def __init__(self, real: Any, method: str, instead: Callable[..., Any]) -> None:
        self._real = real
        self._method = method
        self._instead = instead

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if name != self._method:
            return real
        return lambda *args, **kwargs: self._instead(real, *args, **kwargs)


def with_failing(
    embedded: Embedded, store: str, method: str, instead: Callable[..., Any]
) -> Stores:
    """These stores with one method of one store replaced."""
    failing: Any = Failing(getattr(embedded, store), method, instead)
    return as_stores(replace(embedded, **{store: failing}))


def raising(error: Exception, *, times: int = 10**9) -> Callable[..., Any]:
    """Fail the first ``times`` calls, let the others through."""
    left = [times]

    def instead(real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if left[0] > 0:
            left[0] -= 1
            raise error
        return real(*args, **kwargs)

    return instead


def event(number: int = 1, *, tenant: str = TENANT, **more: Any) -> Event:
    """An event of a tenant, another one for each number."""
    data = IntakeAccepted(intake_id="file-1", attempt=1)
    return Event(
        id=f"event-{number}",
        source="/waymark/tests",
        type=data.type,
        subject=data.subject,
        time=NOW,
        data=data.model_dump(mode="json"),
        tenantid=tenant,
        partitionkey="file-1",
        **more,
    )


def document(identity: str, partition: Partition = PARTITION, **more: Any) -> Json:
    """A document of the intake container."""
    return {
        "schema_version": 1,
        "id": identity,
        "kind": "probe",
        "tenant_id": partition[0],
        "intake_id": partition[1],
        **more,
    }


def creating(identity: str = "probe", *, events: int = 1) -> Callable[[], Decision]:
    """A decision that creates one document and tells some events."""
    operations: list[Operation] = [Create(document(identity))]
    told = [IntakeAccepted(intake_id="file-1", attempt=n + 1) for n in range(events)]
    return lambda: Decision(operations, told)


def ended_event(state: str = "completed") -> IntakeEnded:
    """An event that goes to a topic."""
    return IntakeEnded.model_validate({"intake_id": "file-1", "attempt": 1, "state": state})


def refused(kind: type[Problem], work: Callable[[], object]) -> Problem:
    """The problem of a kind that this work raises."""
    try:
        work()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} was raised")
