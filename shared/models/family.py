"""Links between a learner and the parents, kept in the partition ``(tenant_id, learner_id)``."""

from __future__ import annotations

from typing import Literal
from uuid import UUID, uuid5

from pydantic import AwareDatetime

from shared.models.document import Document

CONTAINER = "family"

_LINKS = UUID("5d0a6f2b-3f0e-5a86-9a1d-3c7c0b4a9e52")


def link_id_of(tenant_id: str, learner_id: str, parent_id: str) -> str:
    """The id of the link of a learner and a parent: there is never more than one."""
    return str(uuid5(_LINKS, f"{tenant_id}\n{learner_id}\n{parent_id}"))


class FamilyLink(Document):
    """That a parent may see a learner, or once might."""

    kind: Literal["link"] = "link"
    learner_id: str
    parent_id: str
    active: bool
    linked_at: AwareDatetime
    revoked_at: AwareDatetime | None = None
    revoked_by: Literal["learner", "parent", "admin"] | None = None
    updated_at: AwareDatetime
