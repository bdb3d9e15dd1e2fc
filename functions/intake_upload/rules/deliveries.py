"""The record of one chat message, until its files are fetched; and what is answered to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, Field

from functions.intake_upload.rules.messages import MOST_FILES, Message
from shared.models.document import READING, Document
from shared.models.intake import Channel

CONTAINER = "deliveries"
DELIVERY_ID = "delivery"
PENDING_SECONDS = 30 * 24 * 3600
SETTLED_SECONDS = 400 * 24 * 3600
"""How long a message is known again. Nothing of it is kept but that it came."""

_DELIVERIES = UUID("1d7c8f3e-5b0a-5c92-9e64-8a2f0d3b6c17")

Why = Literal["too_large", "gone"]


class PendingFile(BaseModel):
    """A file that lies at the provider."""

    model_config = READING

    media_id: str
    filename: str
    size: int | None = None


class Delivery(Document):
    """One message, in the partition ``(tenant_id, delivery_id)``.

    Once settled it holds neither sender nor files: only that the message came.
    """

    id: str = DELIVERY_ID
    kind: Literal["delivery"] = "delivery"
    delivery_id: str
    channel: Channel
    account: str = ""
    sender: str = ""
    message_id: str = ""
    files: tuple[PendingFile, ...] = ()
    state: Literal["pending", "settled"] = "pending"
    received_at: AwareDatetime
    ttl: int = Field(default=PENDING_SECONDS)

    @property
    def partition(self) -> tuple[str, str]:
        """The logical partition of the message and its receipts."""
        return (self.tenant_id, self.delivery_id)

    def settled(self) -> Delivery:
        """The record that says no more than that the message came."""
        return Delivery(
            tenant_id=self.tenant_id,
            delivery_id=self.delivery_id,
            channel=self.channel,
            state="settled",
            received_at=self.received_at,
            ttl=SETTLED_SECONDS,
        )


def delivery_of(tenant_id: str, message: Message, *, now: datetime) -> Delivery:
    """The record of a message to a tenant. Its id follows from the provider's, so that the same
    message is one however often it is told."""
    named = (
        f"{tenant_id}\n{message.channel}\n{message.account}\n{message.sender}\n{message.message_id}"
    )
    return Delivery(
        tenant_id=tenant_id,
        delivery_id=str(uuid5(_DELIVERIES, named)),
        channel=message.channel,
        account=message.account,
        sender=message.sender,
        message_id=message.message_id,
        files=tuple(
            PendingFile(media_id=file.media_id, filename=file.filename, size=file.size)
            for file in message.files[:MOST_FILES]
        ),
        received_at=now,
    )


def answer_to(arrived: Sequence[str], refused: Sequence[tuple[str, Why]], *, most_mib: int) -> str:
    """What the sender of a message is told at once: what arrived, and what did not and why."""
    if not (arrived or refused):
        return (
            "Please send your résumé as a file: PDF, Word (DOCX), OpenDocument, RTF, text or a "
            "clear photograph of each page."
        )
    lines = []
    if arrived:
        names = ", ".join(arrived)
        lines.append(f"Thank you. We have received {names} and will tell you how it goes.")
    for name, why in refused:
        lines.append(
            f"{name} is larger than {most_mib} MiB. Please send a smaller file."
            if why == "too_large"
            else f"{name} could not be fetched any more. Please send it again."
        )
    return "\n".join(lines)
