"""Documents of the game, all of a learner in the partition ``(tenant_id, user_id)``.

There are one profile (:mod:`shared.models.game`), an entry for each change of its balances, a
review for each award that is held, and receipts. Repairs of streaks lie in a container of their
own.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, Field, field_serializer

from shared.models.audit import sortable
from shared.models.document import READING, Document

REPAIRS = "streak_repairs"
REPAIR_ID = "repair"

Category = Literal["learning", "hint", "achievement", "streak", "bonus"]
Held = Literal["too_fast", "too_many", "repeated"]

_ENTRIES = UUID("4f2a9c71-8d36-5b0e-a1c4-7e5d2b908f63")


def entry_id_of(tenant_id: str, user_id: str, deed: str) -> str:
    """The id of the entry that a deed earns: the same deed never has two.

    ``deed`` is the rule and what it was done to, e.g. ``lesson|<session>|LEARN|Math``.
    """
    return str(uuid5(_ENTRIES, f"{tenant_id}\n{user_id}\n{deed}"))


class _Part(BaseModel):
    model_config = READING


class LedgerEntry(Document):
    """One change of a learner's balances. Written once, never changed."""

    kind: Literal["entry"] = "entry"
    user_id: str
    sequence: int = Field(ge=1, description="1 for the learner's first entry, then one by one")
    amount: int = Field(description="Added to the wallet, negative for what was spent")
    lifetime_change: int
    type: Literal["earned", "spent"]
    category: Category
    reason: str
    deed: str = Field(description="What the entry is for: a rule and what it was done to")
    balance_before: int
    balance: int = Field(ge=0)
    lifetime_before: int
    lifetime_xp: int = Field(ge=0)
    bonus_of: str | None = Field(default=None, description="The entry that this one depends on")
    reverses: str | None = Field(default=None, description="The entry that this one takes back")
    shortfall: int = Field(
        default=0, ge=0, description="What a correction could not take, for it had been spent"
    )
    at: AwareDatetime = Field(description="When the deed was done")
    posted_at: AwareDatetime

    @field_serializer("posted_at", when_used="json")
    def _sortable(self, at: datetime) -> str:
        return sortable(at)


class Award(_Part):
    """Something that is to become an entry."""

    deed: str
    amount: int
    category: Category
    reason: str
    at: AwareDatetime
    time_zone: str = "UTC"
    bonus_of: str | None = Field(default=None, description="The deed that this one depends on")


class Review(Document):
    """An award that a guard held back, for a mentor to look at."""

    kind: Literal["review"] = "review"
    review_id: str
    user_id: str
    state: Literal["open", "approved", "rejected"] = "open"
    held: Held
    award: Award
    session_id: str
    question_id: str
    duration_ms: int
    held_at: AwareDatetime
    decided_at: AwareDatetime | None = None
    decided_by: str | None = Field(default=None, description="Pseudonym of who decided")
    note: str | None = None

    @field_serializer("held_at", when_used="json")
    def _sortable(self, at: datetime) -> str:
        return sortable(at)


class StreakRepair(Document):
    """Days of an outage that are to break no streak of a tenant's learners."""

    id: str = REPAIR_ID
    kind: Literal["repair"] = "repair"
    repair_id: str
    first_day: date
    last_day: date
    reason: str
    state: Literal["running", "done"] = "running"
    step: int = 0
    learners: int = Field(default=0, description="Whose days were looked at so far")
    continuation: str | None = None
    requested_by: str
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        return (self.tenant_id, self.repair_id)
