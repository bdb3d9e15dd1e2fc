"""Documents of portfolios, all of a learner in the partition ``(tenant_id, user_id)``."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, Field, field_serializer

from shared.models.audit import sortable
from shared.models.document import READING, Document

CONTAINER = "portfolio"
BLOBS = "portfolio-files"

ItemType = Literal["reflection", "project", "artifact", "certificate", "experience"]
Visibility = Literal["private", "family", "mentors"]

_ITEMS = UUID("c1b7e0d4-5a92-5f36-8e4d-9b2a6f3c7d10")


def statement_item_id(tenant_id: str, user_id: str, session_id: str) -> str:
    """The item of the value statement of a profiling session: there is never more than one."""
    return str(uuid5(_ITEMS, f"{tenant_id}\n{user_id}\n{session_id}"))


class _Part(BaseModel):
    model_config = READING


class EvidenceLink(_Part):
    """An address that shows what an item tells of."""

    url: str
    title: str


class EvidenceFile(_Part):
    """A file that shows what an item tells of."""

    file_id: str
    filename: str
    content_type: str
    size: int = Field(ge=1, description="Bytes")
    sha256: str
    added_at: AwareDatetime


class Item(Document):
    """One item of a portfolio. ``id`` is the item's."""

    kind: Literal["item"] = "item"
    item_id: str
    user_id: str
    type: ItemType
    title: str
    text: str = ""
    tags: tuple[str, ...] = ()
    visibility: Visibility
    openness: int = Field(ge=0, le=2, description="The visibility as a number: who sees it")
    links: tuple[EvidenceLink, ...] = ()
    files: tuple[EvidenceFile, ...] = ()
    source: Literal["learner", "profiler"] = "learner"
    session_id: str | None = Field(default=None, description="The profiling that it came from")
    worded_by: str | None = Field(
        default=None, description="The model that put it into words, None where nobody did"
    )
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        return (self.tenant_id, self.user_id)

    @field_serializer("created_at", when_used="json")
    def _sortable(self, at: datetime) -> str:
        return sortable(at)


class Feedback(Document):
    """What a mentor says of an item. ``id`` is ``feedback:<feedback_id>``."""

    kind: Literal["feedback"] = "feedback"
    feedback_id: str
    of_item: str
    user_id: str = Field(description="The learner")
    by_user: str = Field(description="The mentor")
    text: str
    given_at: AwareDatetime

    @field_serializer("given_at", when_used="json")
    def _sortable(self, at: datetime) -> str:
        return sortable(at)


def feedback_document_id(feedback_id: str) -> str:
    """The document of a mentor's feedback."""
    return f"feedback:{feedback_id}"


def blob_name_of(item: Item, file: EvidenceFile) -> str:
    """Where a file of an item lies."""
    return f"{item.tenant_id}/{item.user_id}/{item.item_id}/{file.file_id}/{file.filename}"
