"""Content that can be recommended and searched: in the partition ``(tenant_id, content_type)`` a
document for each item, with its vector.

The tenant ``platform`` holds what comes with the product; an item of a tenant's own hides one of
the platform's with its type and id.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

from pydantic import AwareDatetime, Field

from shared.models.document import Document
from shared.models.learning import GradeLevel
from shared.models.question_bank import Level, Track

CONTAINER = "content"
RECIPES = "recipe"
"""The type of recipes, which are kept in a container of their own and follow it here."""

CONTENT_TYPE = r"^[a-z][a-z0-9_]{0,39}$"
CONTENT_ID = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,119}$"


class Content(Document):
    """One item. ``id`` is its ``content_id``, unique among those of its type."""

    kind: Literal["content"] = "content"
    content_type: str
    content_id: str
    title: str
    text: str
    url: str | None = None
    language: str = "en"
    tracks: tuple[Track, ...] = ()
    skill_codes: tuple[str, ...] = Field(default=(), description="Of the profiler's skills")
    skill_ids: tuple[str, ...] = Field(default=(), description="Of skills of learning journeys")
    level: Level | None = None
    grade_levels: tuple[GradeLevel, ...] = Field(default=(), description="Empty: for every grade")
    prerequisites: tuple[str, ...] = Field(
        default=(), description="Ids of this type's items that are to be completed before"
    )
    minutes: int | None = None
    is_active: bool = True
    overrides: bool = Field(
        default=False, description="Hides the platform's item of its type and id"
    )
    terms: tuple[str, ...] = Field(default=(), description="Search terms of title and text")
    digest: str = Field(description="Of the model and the text that the vector was made of")
    model: str
    dimension: int
    embedding: tuple[float, ...]
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        """The logical partition of a tenant's items of one type."""
        return (self.tenant_id, self.content_type)

    @property
    def key(self) -> tuple[str, str]:
        """Type and id: what names the item in a tenant."""
        return (self.content_type, self.content_id)


def encoded_text(title: str, text: str) -> str:
    """What an item's vector is made of."""
    return f"{title}\n{text}"


def digest_of(model: str, title: str, text: str) -> str:
    """Names the vector of an item's text by a model: it changes when either does."""
    return sha256(f"{model}\n{encoded_text(title, text)}".encode()).hexdigest()
