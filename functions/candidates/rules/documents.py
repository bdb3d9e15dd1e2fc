"""Documents of the flow: notes beside a profile, the tenant's webhook, what is sent there."""

from __future__ import annotations

from typing import Literal
from uuid import UUID, uuid5

from pydantic import AwareDatetime, Field

from shared.models.document import Document

WEBHOOKS = "ats_webhooks"
WEBHOOK_ID = "webhook"
HANDOVERS = "ats_handovers"
HANDOVER_ID = "handover"
HANDOVER_SECONDS = 90 * 24 * 3600
_HANDOVERS = UUID("c41f8b2d-7a60-5e93-b1d4-9e0c6f3a2758")

About = Literal["candidate.created", "candidate.updated", "candidate.merged"]


class CandidateNote(Document):
    """What a recruiter noted of a candidate, beside the profile."""

    kind: Literal["note"] = "note"
    candidate_id: str
    note_id: str
    text: str
    author_id: str
    noted_at: AwareDatetime


class AtsWebhook(Document):
    """Where a tenant's applicant-tracking system wants to be told of candidates.

    In the partition ``(tenant_id,)`` of its own container, with the secret that signs.
    """

    id: str = WEBHOOK_ID
    kind: Literal["webhook"] = "webhook"
    url: str
    secret: str = Field(repr=False)
    about: tuple[About, ...]
    updated_at: AwareDatetime


class AtsHandover(Document):
    """One call of the webhook, in the partition ``(tenant_id, handover_id)``."""

    id: str = HANDOVER_ID
    kind: Literal["handover"] = "handover"
    handover_id: str
    about: About
    candidate_id: str
    revision: int
    state: Literal["pending", "delivered", "failed"] = "pending"
    attempts: int = 0
    answer: str | None = Field(default=None, description="What the last call came to")
    created_at: AwareDatetime
    updated_at: AwareDatetime
    ttl: int = HANDOVER_SECONDS

    @property
    def partition(self) -> tuple[str, str]:
        """The logical partition of the handover and its receipts."""
        return (self.tenant_id, self.handover_id)


def handover_id_of(tenant_id: str, candidate_id: str, about: About, revision: int) -> str:
    """The id of a call: one for each state of a profile and what happened to it."""
    return str(uuid5(_HANDOVERS, f"{tenant_id}\n{candidate_id}\n{about}\n{revision}"))
