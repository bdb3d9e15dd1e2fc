"""A tenant: a school, a company, whoever's data must never meet another's."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from shared.models.document import Document

PLATFORM = "platform"
"""The operators' own tenant; what belongs to no tenant lies here."""

CONTAINER = "tenants"
TENANT_ID = "tenant"

_CODE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class Tenant(Document):
    """One tenant. ``id`` is always ``tenant``, so that it is a point read by its code."""

    id: str = TENANT_ID
    kind: str = "tenant"
    name: str
    consent_age: int = Field(
        default=16, ge=0, le=21, description="Who is younger needs a parent's consent to be shown"
    )
    time_zone: str = Field(default="UTC", description="IANA name, for the tenant's own days")
    registration: Literal["open", "invited"] = Field(
        default="open", description="Whether anybody may register, or only who was invited"
    )


def is_tenant_code(text: str) -> bool:
    """Whether a text has the form of a tenant's code (which says nothing of its existence)."""
    return _CODE.fullmatch(text) is not None and text != PLATFORM
