"""A tenant: a school, a company, whoever's data must never meet another's."""

from __future__ import annotations

import re

from shared.models.document import Document

PLATFORM = "platform"
"""The operators' own tenant; what belongs to no tenant lies here."""

_CODE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class Tenant(Document):
    """One tenant. ``id`` is always ``tenant``, so that it is a point read by its code."""

    id: str = "tenant"
    kind: str = "tenant"
    name: str


def is_tenant_code(text: str) -> bool:
    """Whether a text has the form of a tenant's code (which says nothing of its existence)."""
    return _CODE.fullmatch(text) is not None and text != PLATFORM
