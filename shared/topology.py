"""The one list of queues, topics, containers and where each event goes: ``topology.json``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.models.subject import SubjectKind


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Kept(_Entry):
    """A container that an erasure passes by, and why it may."""

    kept: str = Field(min_length=1)


class ByField(_Entry):
    """Documents whose ``field`` is the id of a subject, or holds it as ``value`` says."""

    of: SubjectKind
    field: str
    value: str = Field(default="{id}", pattern=r"^[^{}]*\{id\}[^{}]*$")


class ByPrefix(_Entry):
    """Blobs whose names begin with ``prefix``, ``{tenant}`` and ``{id}`` filled in."""

    of: SubjectKind
    prefix: str = Field(pattern=r"^(\{tenant\}/)?\{id\}/$")


class ByRecord(_Entry):
    """The blob that an intake record names."""

    of: Literal["intake"]
    by: Literal["record"]


class Vector(_Entry):
    """That documents have a vector in a field of their own, and are found by what is near to it.

    Cosmos DB's vector policy takes these words as they stand.
    """

    path: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    dimensions: int = Field(ge=1, le=4096)
    data_type: Literal["float32"] = "float32"
    distance_function: Literal["cosine"] = "cosine"
    index: Literal["flat", "quantizedFlat", "diskANN"] = "quantizedFlat"


class Container(_Entry):
    """A document container.

    ``default_ttl_seconds``: None means documents never expire, -1 that only those
    with a ``ttl`` of their own do, any other number is the default. Each of these
    gets an index: ``ordered_by``, fields that queries sort on; ``array_fields``,
    those that ``Contains`` asks; ``swept_by``, those that a sweep over all tenants
    asks. Events leave from a container that is swept by ``kind``; beside them lie
    receipts, which expire: it cannot be one where nothing does. ``erasure`` says how
    a person's data is found, for export and for removal; each field of it gets an index.
    ``secrets`` are fields that no export shows. With ``vector`` documents are found by nearness.
    """

    owner: str
    partition_key: tuple[str, ...] = Field(min_length=1, max_length=3)
    default_ttl_seconds: int | None = None
    ordered_by: tuple[str, ...] = ()
    array_fields: tuple[str, ...] = ()
    swept_by: tuple[str, ...] = ()
    vector: Vector | None = None
    erasure: Kept | Annotated[tuple[ByField, ...], Field(min_length=1)]
    secrets: tuple[str, ...] = ()

    @property
    def erasure_fields(self) -> tuple[str, ...]:
        """The fields by which an erasure finds documents, the partition's own left out."""
        if isinstance(self.erasure, Kept):
            return ()
        fields = dict.fromkeys(rule.field for rule in self.erasure)
        return tuple(field for field in fields if field not in self.partition_key)

    @property
    def vector_field(self) -> tuple[str, int] | None:
        """The field of a document's vector and its dimension, None where documents have none."""
        return None if self.vector is None else (self.vector.path, self.vector.dimensions)


class Receiver(_Entry):
    """What holds messages: a queue or a subscription."""

    lock_seconds: int = Field(ge=5, le=300)
    max_delivery: int = Field(ge=1, le=2000)
    sessions: bool = False


class Queue(Receiver):
    duplicate_detection_seconds: int = Field(ge=20, le=604_800)


class Subscription(Receiver):
    """A listener of a topic, with the event types it hears."""

    events: tuple[str, ...] = Field(min_length=1)


class Topic(_Entry):
    duplicate_detection_seconds: int = Field(ge=20, le=604_800)
    subscriptions: dict[str, Subscription]


class Destination(_Entry):
    to: str = Field(description="A queue or a topic")


class BlobContainer(_Entry):
    owner: str
    path: str
    erasure: Kept | Annotated[tuple[ByPrefix | ByRecord, ...], Field(min_length=1)]


class StorageQueue(_Entry):
    owner: str
    max_delivery: Literal[5] = Field(description="What the host does; not ours to set")


class Topology(_Entry):
    """The whole of ``topology.json``, checked."""

    containers: dict[str, Container]
    queues: dict[str, Queue]
    topics: dict[str, Topic]
    events: dict[str, Destination]
    blob_containers: dict[str, BlobContainer]
    storage_queues: dict[str, StorageQueue]

    @model_validator(mode="after")
    def _consistent(self) -> Topology:
        for name, container in self.containers.items():
            if container.partition_key[0] != "tenant_id":
                raise ValueError(f"{name}: a partition key begins with the tenant")
            if "kind" in container.swept_by and container.default_ttl_seconds is None:
                raise ValueError(f"{name}: receipts would never expire; default_ttl_seconds is -1")
        shared_names = self.queues.keys() & self.topics.keys()
        if shared_names:
            raise ValueError(f"both a queue and a topic: {sorted(shared_names)}")
        for event, destination in self.events.items():
            if destination.to not in self.queues and destination.to not in self.topics:
                raise ValueError(f"{event} goes to {destination.to}, which is not there")
        for topic_name, topic in self.topics.items():
            for name, subscription in topic.subscriptions.items():
                for event in subscription.events:
                    if event not in self.events or self.events[event].to != topic_name:
                        raise ValueError(f"{topic_name}/{name} hears {event}, sent elsewhere")
        return self

    @property
    def receivers(self) -> dict[str, Receiver]:
        """All queues and subscriptions by entity name (``queue`` or ``topic/subscription``)."""
        found: dict[str, Receiver] = dict(self.queues)
        for topic_name, topic in self.topics.items():
            for name, subscription in topic.subscriptions.items():
                found[f"{topic_name}/{name}"] = subscription
        return found


@cache
def load() -> Topology:
    """Read and check ``shared/topology.json``; raises ``pydantic.ValidationError``."""
    return Topology.model_validate_json(Path(__file__).with_name("topology.json").read_bytes())
