"""What people are told: recruiters how a file ended, learners how far they have come, parents that
a report is ready."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from shared.events.game import GameAdvanced
from shared.events.intake import IntakeEnded
from shared.events.portfolio import PortfolioFeedbackGiven
from shared.events.summary import SummaryPublished
from shared.models.intake import IntakeRecord
from shared.models.notification import RECRUITERS, Notification, audience_of

NOTIFICATION_SECONDS = 90 * 24 * 3600
_NOTIFICATIONS = UUID("a1ed0bb3-0d2b-5e0b-a6a8-4d7d4e7f1c33")

_TITLES = {
    "completed": "Profile ready",
    "failed": "File could not be read",
    "quarantined": "File quarantined",
    "duplicate": "File already received",
    "unpacked": "E-mail opened",
}


def notification_of(
    event_id: str, ended: IntakeEnded, record: IntakeRecord, *, now: datetime
) -> Notification:
    """The notification of one ended file. Its id follows from the event's."""
    name = record.file.filename
    if ended.state == "completed":
        text = f"{name} is now a searchable profile."
    elif ended.state == "unpacked":
        text = f"{name}: each file that it brought is told of by itself."
    else:
        text = f"{name}: {ended.reason or 'no reason was recorded'}"
    return Notification(
        id=str(uuid5(_NOTIFICATIONS, event_id)),
        tenant_id=record.tenant_id,
        audience=RECRUITERS,
        title=_TITLES[ended.state],
        text=text,
        level="info" if ended.state in {"completed", "duplicate", "unpacked"} else "warning",
        intake_id=record.intake_id,
        candidate_id=ended.candidate_id,
        created_at=now,
    )


def advance_of(event_id: str, tenant_id: str, told: GameAdvanced, *, now: datetime) -> Notification:
    """The notification of a level that was reached, or of achievements. Its id follows from the
    event's."""
    names = ", ".join(each.name for each in told.unlocked)
    rose = told.level > told.level_before
    title = f"Level {told.level}" if rose else "New achievement"
    parts = [f"You reached level {told.level} ({told.tier})."] if rose else []
    if len(told.unlocked) == 1:
        parts.append(f"{names}: {told.unlocked[0].text}")
    elif names:
        parts.append(f"New achievements: {names}.")
    return Notification(
        id=str(uuid5(_NOTIFICATIONS, event_id)),
        tenant_id=tenant_id,
        audience=audience_of(told.user_id),
        title=title,
        text=" ".join(parts),
        level="info",
        created_at=now,
    )


def report_of(
    event_id: str,
    tenant_id: str,
    told: SummaryPublished,
    *,
    parent_id: str,
    learner: str,
    now: datetime,
) -> Notification:
    """The notification of a report for one parent. Its id follows from the event's and theirs."""
    is_first = told.version == 1
    text = (
        f"{learner} has completed a journey. The report and a plan for next week are ready."
        if is_first
        else f"The report of {learner} was made anew."
    )
    return Notification(
        id=str(uuid5(_NOTIFICATIONS, f"{event_id}\n{parent_id}")),
        tenant_id=tenant_id,
        audience=audience_of(parent_id),
        title="Journey report ready" if is_first else "Journey report renewed",
        text=text,
        level="info",
        learner_id=told.user_id,
        session_id=told.session_id,
        created_at=now,
    )


def feedback_of(
    event_id: str,
    tenant_id: str,
    told: PortfolioFeedbackGiven,
    *,
    now: datetime,
) -> Notification:
    """The notification of what a mentor said of an item. Its id follows from the event's."""
    return Notification(
        id=str(uuid5(_NOTIFICATIONS, event_id)),
        tenant_id=tenant_id,
        audience=audience_of(told.user_id),
        title="New feedback",
        text="A mentor has said something of an item of your portfolio.",
        level="info",
        created_at=now,
    )
