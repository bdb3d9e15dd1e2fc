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

SHARDS = "0123456789abcdef"

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


def group_digest(group: Group) -> str:
    """What stands for a group in ids and keys."""
    return sha256(json.dumps(group).encode()).hexdigest()[:32]


def aggregate_id_of(view: ViewName, group: Group) -> str:
    """The document with the counts of a group."""
    return f"counts:{view}:{group_digest(group)}"


def view_key_of(view: ViewName, month: str, name: str, shard: str) -> str:
    """What views look counts up by: no two documents of a tenant have the same, so that a page
    begins where the one before it ended, by this key alone."""
    return f"{view}/{month}/{name}/{shard}"


def view_keys_of(view: ViewName, first: str, last: str) -> tuple[str, str]:
    """The keys of a view from one month to another: not below the one, below the other."""
    return f"{view}/{first}/", f"{view}/{last}/~"


def after_key(key: str) -> str:
    """The least that is above a key and not above the next one."""
    return f"{key}~"


class _Of(Document):
    month: str
    shard: str

    @property
    def partition(self) -> Partition:
        return (self.tenant_id, self.month, self.shard)


class StoredEvent(_Of):
    """One event, once. ``data`` holds no free text but what a learner named a career or a
    companion, and nothing by which a person is found beside ``user_id``.

    Where it is there, it is the receipt of what was counted of it: an event of the house is
    created by the commit that counts it, a reported one is said to be ``counted`` by that.
    """

    kind: Literal["event"] = "event"
    user_id: str | None = None
    type: str = Field(description="Of the house's events, or the name of one that was reported")
    at: AwareDatetime
    data: dict[str, Any]
    counted: bool | None = Field(
        default=None, description="Of one that was reported: whether it is in the counts"
    )

    def stored(self) -> dict[str, Any]:
        body = super().stored()
        if self.user_id is None:
            del body["user_id"]
        if self.counted is None:
            del body["counted"]
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


class Begun(_Of):
    """How many groups of each view somebody was the first of in this month, so that nobody takes
    the places of all."""

    kind: Literal["begun"] = "begun"
    user_id: str
    begun: dict[ViewName, int] = {}


class Aggregate(_Of):
    """What a group of a view came to on each day of a month. It holds no words that people sent,
    but their digests.

    ``n`` are sums by day and name, ``d07_answers``; ``s`` the sketch of each day's people, with
    what each of them did (:mod:`functions.analytics.rules.sketches`). ``names`` are those of
    its digests that stand for names of the house's own catalogue.
    """

    kind: Literal["aggregate"] = "aggregate"
    view: ViewName
    view_key: str
    group: Group
    n: dict[str, int] = {}
    s: dict[str, tuple[str, ...]] = {}
    names: dict[str, str] = {}
    updated_at: AwareDatetime


class Words(_Of):
    """What somebody called careers, companions, skills, content and its types in this month:
    names by digest (:func:`word_of`)."""

    kind: Literal["words"] = "words"
    user_id: str
    names: dict[str, str]


def words_id_of(hashed: int) -> str:
    """The document of the names that somebody used, by the hash that sketches have of them."""
    return f"words:{hashed:012x}"


def word_of(digest: str) -> str:
    """The field that a name stands in: a letter first, for a patch names it in a path."""
    return f"n{digest}"


class Use(_Of):
    """What one person's app reported of one piece of content in this month, as far as it is
    bounded: seconds by day, and the last rating, with the day and the group in which it counts."""

    kind: Literal["use"] = "use"
    user_id: str
    seconds: dict[str, int] = {}
    rating: int | None = None
    rated_at: AwareDatetime | None = None
    rated_day: date | None = None
    rated_group: Group | None = None


class Rated(_Of):
    """In which month somebody's rating of a piece of content counts: that of the first one."""

    kind: Literal["rated"] = "rated"
    month: str = FUNNEL
    user_id: str
    rated_month: str


def use_id_of(content_type: str, content_id: str, user_id: str) -> str:
    """The document of one person's use of a piece of content."""
    return f"use:{uuid5(_REPORTED, f'{user_id}|{content_type}|{content_id}')}"


def rated_id_of(content_type: str, content_id: str, user_id: str) -> str:
    """What says where one person's rating of a piece of content counts."""
    return f"rated:{uuid5(_REPORTED, f'{user_id}|{content_type}|{content_id}')}"


def begun_id_of(user_id: str) -> str:
    """How many groups somebody was the first of."""
    return f"begun:{user_id}"


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
    view_key: str = ""
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


def blank(
    partition: Partition, view: ViewName, group: Group, names: dict[str, str], now: datetime
) -> Aggregate:
    """A group of which nothing is counted yet."""
    tenant_id, month, shard = partition
    return Aggregate(
        id=aggregate_id_of(view, group),
        tenant_id=tenant_id,
        month=month,
        shard=shard,
        view=view,
        view_key=view_key_of(view, month, group_digest(group), shard),
        group=group,
        names=names,
        updated_at=now,
    )
