"""What somebody has read of what they are told.

Marks lie in the reader's own partition, apart from the notifications, so that a recruiter's mark
hides nothing from the others and goes when the reader is erased.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from shared.models.document import Document
from shared.models.notification import Notification

MARK_SECONDS = 90 * 24 * 3600
"""As long as a notification is kept."""


class ReadMark(Document):
    """That a person has read one notification, in the partition ``(tenant_id, user:<id>)``."""

    kind: Literal["read_mark"] = "read_mark"
    audience: str
    notification_id: str
    created_at: AwareDatetime = Field(description="When the notification was made")
    read_at: AwareDatetime


class ReadUpTo(Document):
    """Up to when a person has read everything that one audience is told."""

    kind: Literal["read_up_to"] = "read_up_to"
    audience: str = Field(description="The reader")
    told: str = Field(description="The audience that was told")
    up_to: AwareDatetime
    read_at: AwareDatetime


def mark_id_of(notification_id: str) -> str:
    """The id of a reader's mark on one notification."""
    return f"read:{notification_id}"


def up_to_id_of(audience: str) -> str:
    """The id of a reader's mark on all that an audience is told."""
    return f"read-up-to:{audience}"


def mark_of(reader: str, notification: Notification, *, now: datetime) -> ReadMark:
    """A reader's mark on a notification."""
    return ReadMark(
        id=mark_id_of(notification.id),
        tenant_id=notification.tenant_id,
        audience=reader,
        notification_id=notification.id,
        created_at=notification.created_at,
        read_at=now,
    )


def is_read(notification: Notification, *, up_to: datetime | None, marked: Collection[str]) -> bool:
    """Whether a reader has read it: all up to a moment, or this one by itself."""
    before = up_to is not None and notification.created_at <= up_to
    return before or notification.id in marked
