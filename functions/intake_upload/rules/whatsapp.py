"""What Meta's WhatsApp Cloud API tells by its webhook: messages, among much else.

The form is that of https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks. What is
not understood is passed over: the provider adds fields and kinds without notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from functions.intake_upload.rules.messages import Media, Message, named

_FORGIVING = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class _File(BaseModel):
    model_config = _FORGIVING

    id: str = Field(min_length=1, max_length=200)
    mime_type: str | None = None
    filename: str | None = None


class _Message(BaseModel):
    model_config = _FORGIVING

    sender: str = Field(alias="from", min_length=1, max_length=64)
    id: str = Field(min_length=1, max_length=400)
    type: str
    document: _File | None = None
    image: _File | None = None


def messages_of(payload: Any) -> Iterator[Message]:
    """Yield the messages of a webhook's body (parsed JSON), in their order.

    Statuses of messages that we sent, reactions and whatever else is told are passed over.
    """
    for value in _values(payload):
        metadata = value.get("metadata")
        account = metadata.get("phone_number_id") if isinstance(metadata, dict) else None
        if not isinstance(account, str):
            continue
        for item in _listed(value, "messages"):
            try:
                read = _Message.model_validate(item)
            except ValidationError:
                continue
            if read.type not in {"reaction", "system", "unsupported"}:
                yield _message(account, read)


def _values(payload: Any) -> Iterator[dict[str, Any]]:
    """The values of all changes of messages."""
    if not isinstance(payload, dict) or payload.get("object") != "whatsapp_business_account":
        return
    for entry in _listed(payload, "entry"):
        for change in _listed(entry, "changes"):
            if change.get("field") == "messages" and isinstance(change.get("value"), dict):
                yield change["value"]


def _listed(parent: Any, name: str) -> list[dict[str, Any]]:
    found = parent.get(name) if isinstance(parent, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _message(account: str, read: _Message) -> Message:
    file = read.document or read.image
    files: tuple[Media, ...] = ()
    if file is not None:
        files = (Media(file.id, named(file.filename, file.mime_type, f"whatsapp-{read.type}")),)
    return Message(
        channel="whatsapp",
        account=account,
        sender=read.sender,
        message_id=read.id,
        files=files,
    )
