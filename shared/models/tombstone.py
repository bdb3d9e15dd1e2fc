"""What is left of what was erased: a name without the person, and when.

A tombstone lies in the partition ``(tenant_id, tombstone_id)``; its id is the pseudonym of
what was erased (:class:`shared.pseudonyms.Pseudonyms`), so that whoever has the id of a
person, a candidate or a file finds whether it was erased, and nobody finds it otherwise.
Beside it lies the erasure: how far it is, and what it removed where.
"""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from shared.models.document import READING, Document
from shared.models.subject import SubjectKind
from shared.models.tenant import PLATFORM

CONTAINER = "tombstones"
TOMBSTONE_ID = "tombstone"
ERASURE_ID = "erasure"
REPLAYS = (PLATFORM, "replays")
"""The partition of the replays of erasures."""

ErasureState = Literal["requested", "erasing", "settling", "erased"]


class Tombstone(Document):
    """That something was erased. What came in before ``requested_at`` must not come back."""

    id: str = TOMBSTONE_ID
    kind: Literal["tombstone"] = "tombstone"
    tombstone_id: str
    subject_kind: SubjectKind
    requested_at: AwareDatetime


class StoreCount(BaseModel):
    """What an erasure found and removed in one store."""

    model_config = READING

    found: int = Field(default=0, ge=0, description="What lay there when it began")
    removed: int = Field(default=0, ge=0)
    late: int = Field(default=0, ge=0, description="What came afterwards and was removed as well")


class Erasure(Document):
    """One erasure: how far it is, and in the end its report, which names nobody."""

    id: str = ERASURE_ID
    kind: Literal["erasure"] = "erasure"
    tombstone_id: str
    subject_kind: SubjectKind
    run: int = Field(default=1, ge=1, description="Counts up when it is done again")
    state: ErasureState = "requested"
    subjects: dict[SubjectKind, tuple[str, ...]] = Field(
        default_factory=dict, description="Whose data; emptied when it is erased"
    )
    children: tuple[str, ...] = Field(
        default=(), description="Learners linked to an erased parent; emptied with the subjects"
    )
    sweep: Literal[1, 2] = Field(default=1, description="2: the second look, once all is settled")
    step: int = Field(default=0, ge=0, description="How many hops this run has done; 0 counts")
    stores_left: tuple[str, ...] = Field(
        default=(), description="What this sweep has still to go through, in order"
    )
    counts: dict[str, StoreCount] = Field(default_factory=dict)
    requested_by: str | None = Field(default=None, description="Pseudonym of who asked")
    requested_at: AwareDatetime
    erased_at: AwareDatetime | None = Field(default=None, description="When every store was done")
    settled_at: AwareDatetime | None = Field(
        default=None, description="When a second look, after all tokens ran out, was done"
    )
    updated_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        """The logical partition of the erasure and its tombstone."""
        return (self.tenant_id, self.tombstone_id)


class Replay(Document):
    """A look through every container for what was erased once and has come back."""

    kind: Literal["replay"] = "replay"
    tombstone_id: Literal["replays"] = "replays"
    state: Literal["running", "ended"] = "running"
    step: int = Field(default=0, ge=0, description="How many pages it has looked through")
    containers_left: tuple[str, ...]
    continuation: str | None = Field(default=None, description="Where the next page begins")
    documents: int = Field(default=0, ge=0, description="Looked at so far")
    erased_again: int = Field(default=0, ge=0, description="Erasures it began")
    requested_at: AwareDatetime
    updated_at: AwareDatetime
