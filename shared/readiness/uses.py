"""Which flow uses what: the one table. A test holds it against the flows' code.

- ``needed``: without it the flow does not do its work. Its messages and files wait meanwhile.
- ``helpful``: without it the flow goes on, with less: by the rules' words where there is no
  language model, by words alone where there is no text encoder, with e-mails, chat answers and
  statements that are tried again later, without the journeys of the archive, with events that
  wait in the outbox for the relay.

What is not configured is neither missed nor asked. Webhooks of applicant-tracking systems are
the tenants' own, and are not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Component = Literal[
    "documents",
    "blobs",
    "bus",
    "scanner",
    "mail_server",
    "whatsapp",
    "telegram",
    "language_model",
    "resume_model",
    "text_encoder",
    "record_store",
    "identity_provider",
    "tesseract",
]
Need = Literal["needed", "helpful"]

_ROUTES: Mapping[Component, Need] = {"identity_provider": "helpful"}
_LISTENS: Mapping[Component, Need] = {"documents": "needed", "bus": "needed"}
_TELLS: Mapping[Component, Need] = {"documents": "needed", "bus": "helpful"}
_CHATS: Mapping[Component, Need] = {"whatsapp": "helpful", "telegram": "helpful"}

USES: Mapping[str, Mapping[Component, Need]] = {
    "accounts": {**_LISTENS, **_ROUTES, "blobs": "helpful", "mail_server": "helpful"},
    "analytics": {**_LISTENS, **_ROUTES},
    "candidates": {**_LISTENS, **_ROUTES, "text_encoder": "helpful"},
    "coaching": {**_TELLS, **_ROUTES, "language_model": "helpful"},
    "intake_blob_trigger": {**_LISTENS, "blobs": "needed", "scanner": "needed"},
    "intake_extract": {**_LISTENS, "blobs": "needed", "tesseract": "helpful"},
    "intake_finalize": _LISTENS,
    "intake_notify": {**_LISTENS, **_ROUTES, **_CHATS, "mail_server": "helpful"},
    "intake_parse": {**_LISTENS, "blobs": "needed", "resume_model": "helpful"},
    "intake_upload": {**_LISTENS, **_ROUTES, **_CHATS, "blobs": "needed"},
    "journey_summary": {**_LISTENS, **_ROUTES, "blobs": "needed"},
    "journey_tracking": {**_LISTENS, **_ROUTES, "blobs": "helpful", "record_store": "helpful"},
    "leaderboard_timer": {"documents": "needed", **_ROUTES},
    "nightly_backup": {**_LISTENS, **_ROUTES, "blobs": "needed"},
    "outbox_relay": {**_LISTENS, **_ROUTES},
    "portfolio": {**_LISTENS, **_ROUTES, "blobs": "helpful", "language_model": "helpful"},
    "profiler_complete": {**_LISTENS, **_ROUTES},
    "profiler_session": {**_TELLS, **_ROUTES},
    "recommendations": {**_LISTENS, **_ROUTES, "text_encoder": "needed"},
    "retention_timer": {**_TELLS, **_ROUTES, "blobs": "needed"},
    "xp_award": {**_LISTENS, **_ROUTES},
}
