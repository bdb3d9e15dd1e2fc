"""A message to people inside the product, listed by the frontend."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from shared.models.document import Document
from shared.models.examples import CANDIDATE, FILENAME, INTAKE, example

CONTAINER = "notifications"
RECRUITERS = "role:recruiter"


def audience_of(user_id: str) -> str:
    """The audience that is one person."""
    return f"user:{user_id}"


class Notification(Document):
    """One notification, kept in the partition ``(tenant_id, audience)``.

    ``audience`` is ``role:<role>`` or ``user:<id>``.
    """

    model_config = example(
        id="90f3b6d2-a1c8-5e47-b0d9-3c7e5a2f1b68",
        tenant_id="demo",
        audience=RECRUITERS,
        title="Profile ready",
        text=f"{FILENAME} is now a searchable profile.",
        level="info",
        intake_id=INTAKE,
        candidate_id=CANDIDATE,
        learner_id=None,
        session_id=None,
    )

    kind: Literal["notification"] = "notification"
    audience: str
    title: str
    text: str
    level: Literal["info", "warning"]
    intake_id: str | None = None
    candidate_id: str | None = None
    learner_id: str | None = Field(default=None, description="Whose report it tells of")
    session_id: str | None = Field(default=None, description="The journey of that report")
    created_at: AwareDatetime
