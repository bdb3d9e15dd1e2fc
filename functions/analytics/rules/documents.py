"""What analytics keeps, in partitions ``(tenant_id, month, shard)`` of ``analytics_events``.

A shard is a sixteenth of the people: nobody's events of a month are in two partitions, and no
partition takes all that a tenant does in a month. Funnels, which last longer than a month, lie in
partitions whose month is :data:`FUNNEL`.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, Field

from functions.analytics.rules.dimensions import Group, ViewName
from shared.models.document import READING, Document
from shared.models.question_bank import Track

CONTAINER = "analytics_events"
FUNNEL = "funnel"
MOST_MONTHS = 25
"""For so long events and counts are kept, and so far back views look."""

Partition = tuple[str, str, str]
_REPORTED = UUID("5f0c9d52-7f53-5c1b-8a3e-3b0d6f9e2c41")


def shard_of(subject: str) -> str:
    """The shard, ``0`` to ``f``, of a person, or of a thing where nobody is concerned."""
    return sha256(subject.encode()).hexdigest()[0]


def event_id_of(event_id: str) -> str:
    """The document of an event of the house: one for each, however often it is told."""
    return f"event:{event_id}"


def reported_id_of(user_id: str, client_id: UUID) -> str:
    """The document of an event that somebody's app made an id for. Nobody else's id is the same."""
    return f"event:{uuid5(_REPORTED, f'{user_id}|{client_id}')}"


def mark_id_of(event_id: str) -> str:
    """What says that an event's part in a month other than its own is counted."""
    return f"mark:{event_id}"


def reporter_id_of(user_id: str) -> str:
    """How much somebody's app has reported today."""
    return f"reporter:{user_id}"


def groups_id_of(view: ViewName) -> str:
    """How many groups of a view the partition has."""
    return f"groups:{view}"


def aggregate_id_of(view: ViewName, group: Group) -> str:
    """The document with the counts of a group."""
    digest = sha256(json.dumps(group).encode()).hexdigest()[:32]
    return f"{view}:{digest}"


def view_month_of(view: ViewName, month: str) -> str:
    """What views look documents up by."""
    return f"{view}/{month}"


class _Of(Document):
    month: str
    shard: str

    @property
    def partition(self) -> Partition:
        return (self.tenant_id, self.month, self.shard)


class StoredEvent(_Of):
    """One event, once. ``data`` holds no free text but what a learner named a career or a
    companion, and nothing by which a person is found beside ``user_id``."""

    kind: Literal["event"] = "event"
    user_id: str | None = None
    type: str = Field(description="Of the house's events, or the name of one that was reported")
    at: AwareDatetime
    data: dict[str, Any]

    def stored(self) -> dict[str, Any]:
        body = super().stored()
        if self.user_id is None:
            del body["user_id"]
        return body


class Mark(_Of):
    """That an event's part in this month is counted."""

    kind: Literal["mark"] = "mark"


class Reporter(_Of):
    """How many events somebody's app has reported on one day."""

    kind: Literal["reporter"] = "reporter"
    user_id: str
    day: date
    events: int
    ttl: int = 2 * 24 * 3600


class Groups(_Of):
    """How many groups a view has here, so that nobody who makes names up makes it grow for ever."""

    kind: Literal["groups"] = "groups"
    groups: int = 0


class Aggregate(_Of):
    """What a group of a view came to on each day of a month. It holds no words that people sent,
    but their digests.

    ``n`` are sums by day and name, ``d07_answers``; ``s`` the sketch of each day's people.
    """

    kind: Literal["aggregate"] = "aggregate"
    view: ViewName
    view_month: str
    group: Group
    n: dict[str, int] = {}
    s: dict[str, tuple[int, ...]] = {}
    updated_at: AwareDatetime


class Label(_Of):
    """What somebody called a career, a companion, a skill, or content and its type, in this
    month."""

    kind: Literal["label"] = "label"
    user_id: str
    view_month: str
    name: str


def label_key(digest: str) -> str:
    """What the labels of a name are looked up by."""
    return f"label/{digest}"


def label_id_of(digest: str, user_id: str) -> str:
    """The document of a name as one person used it."""
    return f"label:{digest}:{user_id}"


class FirstProfile(BaseModel):
    """The first session of the profiler that a learner completed."""

    model_config = READING

    at: AwareDatetime
    session_id: str
    track: Track


Stage = Literal["accepted", "recipe", "coaching", "achieved"]


class Funnel(_Of):
    """How far a learner came: on which days they did what. Days are counted from 0001-01-01."""

    kind: Literal["funnel"] = "funnel"
    month: str = FUNNEL
    user_id: str
    profiled: FirstProfile | None = None
    days: dict[Stage, tuple[int, ...]] = {}
    updated_at: AwareDatetime


class Cohort(_Of):
    """What became of the learners of a shard who were profiled in one month for one track."""

    kind: Literal["cohort"] = "cohort"
    month: str = FUNNEL
    view_month: str
    cohort_month: str
    track: Track
    counts: dict[str, int] = {}
    updated_at: AwareDatetime


def funnel_id_of(user_id: str) -> str:
    """The document of a learner's funnel."""
    return f"funnel:{user_id}"


def cohort_id_of(month: str, track: Track) -> str:
    """The document of a cohort."""
    return f"cohort:{month}:{track}"


def blank(partition: Partition, view: ViewName, group: Group, now: datetime) -> Aggregate:
    """A group of which nothing is counted yet."""
    tenant_id, month, shard = partition
    return Aggregate(
        id=aggregate_id_of(view, group),
        tenant_id=tenant_id,
        month=month,
        shard=shard,
        view=view,
        view_month=view_month_of(view, month),
        group=group,
        updated_at=now,
    )
