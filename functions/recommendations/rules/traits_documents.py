"""Norms of how learners learn, in the partitions ``(tenant_id, shard)``: sums over learners with
what each adds to them, and how long questions take. Sums name nobody."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from functions.recommendations.rules.signals import Signal
from shared.models.document import READING, Document

CONTAINER = "learning_norms"
NORMS_ID = "norms"
SHARDS = 8
TIME_SHARDS = 32


class SignalSums(BaseModel):
    """Of a signal: how many learners, the sum of their values and of the squares of these."""

    model_config = READING

    learners: int = 0
    total: float = 0.0
    squares: float = 0.0


class Norms(Document):
    """The sums of a shard's learners. ``id`` is always ``norms``."""

    id: str = NORMS_ID
    kind: Literal["norms"] = "norms"
    shard: str
    sums: dict[Signal, SignalSums] = {}


class Contribution(Document):
    """What a learner adds to the norms of their shard, so that it can be taken out again."""

    kind: Literal["contribution"] = "contribution"
    shard: str
    user_id: str
    values: dict[Signal, float]
    updated_at: AwareDatetime


class QuestionTime(Document):
    """How long a question takes at the first try."""

    kind: Literal["time"] = "time"
    shard: str
    question_id: str
    answers: int = Field(ge=0)
    sum_log: float = Field(description="Of the logarithms of milliseconds")


def shard_of(user_id: str) -> str:
    """The shard whose norms a learner adds to."""
    return f"signals:{sha256(user_id.encode()).digest()[0] % SHARDS}"


def time_shard_of(question_id: str) -> str:
    """The shard that keeps a question's times."""
    return f"times:{sha256(question_id.encode()).digest()[0] % TIME_SHARDS}"


def contribution_id_of(user_id: str) -> str:
    """The document of what a learner adds."""
    return f"learner:{user_id}"


def question_time_id_of(question_id: str) -> str:
    """The document of a question's times; by its digest, for its id may hold what no document's
    can."""
    return f"time:{sha256(question_id.encode()).hexdigest()[:40]}"
