"""A message to people inside the product, listed by the frontend."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from shared.models.document import Document

CONTAINER = "notifications"
RECRUITERS = "role:recruiter"


class Notification(Document):
    """One notification, kept in the partition ``(tenant_id, audience)``.

    ``audience`` is ``role:<role>`` or ``user:<id>``.
    """

    kind: Literal["notification"] = "notification"
    audience: str
    title: str
    text: str
    level: Literal["info", "warning"]
    intake_id: str | None = None
    candidate_id: str | None = None
    created_at: AwareDatetime
