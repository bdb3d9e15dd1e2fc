"""What Telegram's Bot API tells by its webhook: https://core.telegram.org/bots/api#update."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from functions.intake_upload.rules.messages import Media, Message, named

_FORGIVING = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class _Chat(BaseModel):
    model_config = _FORGIVING

    id: int


class _Document(BaseModel):
    model_config = _FORGIVING

    file_id: str = Field(min_length=1, max_length=300)
    file_name: str | None = None
    mime_type: str | None = None
    file_size: int | None = Field(default=None, ge=0)


class _Photo(BaseModel):
    model_config = _FORGIVING

    file_id: str = Field(min_length=1, max_length=300)
    file_size: int | None = Field(default=None, ge=0)
    width: int = 0
    height: int = 0


class _Message(BaseModel):
    model_config = _FORGIVING

    message_id: int
    chat: _Chat
    document: _Document | None = None
    photo: tuple[_Photo, ...] = ()
    text: str | None = None
    caption: str | None = None


class _Update(BaseModel):
    model_config = _FORGIVING

    update_id: int
    message: _Message | None = None


def message_of(tenant_id: str, payload: Any) -> Message | None:
    """The message of an update (parsed JSON) to the bot of a tenant; None for any other update.

    Of a photograph, which comes in several sizes, the largest is the file. A message says who
    joined, or what was pinned, as well: without text and file it is nobody's word.
    """
    try:
        update = _Update.model_validate(payload)
    except ValidationError:
        return None
    message = update.message
    if message is None:
        return None
    files = tuple(_files(message))
    if not (files or message.text or message.caption):
        return None
    return Message(
        channel="telegram",
        account=tenant_id,
        sender=str(message.chat.id),
        message_id=str(message.message_id),
        files=files,
    )


def _files(message: _Message) -> list[Media]:
    if message.document is not None:
        given = message.document
        name = named(given.file_name, given.mime_type, "telegram-document")
        return [Media(given.file_id, name, given.file_size)]
    if message.photo:
        largest = max(message.photo, key=lambda photo: photo.width * photo.height)
        return [Media(largest.file_id, "telegram-photo.jpg", largest.file_size)]
    return []
