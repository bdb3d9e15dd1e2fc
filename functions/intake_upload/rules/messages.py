"""What a chat message brings, in one form for every channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MOST_FILES = 10

Chat = Literal["whatsapp", "telegram"]


@dataclass(frozen=True)
class Media:
    """A file that lies at the provider until it is fetched."""

    media_id: str
    filename: str
    size: int | None = None
    """Bytes, when the provider says so beforehand."""


@dataclass(frozen=True)
class Message:
    """One message that somebody sent. ``message_id`` is the provider's and names it for good."""

    channel: Chat
    account: str
    sender: str
    message_id: str
    files: tuple[Media, ...] = ()


_EXTENSIONS = {
    "application/pdf": "pdf",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/rtf": "rtf",
    "text/rtf": "rtf",
    "text/plain": "txt",
    "text/html": "html",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/tiff": "tiff",
}


def named(filename: str | None, media_type: str | None, otherwise: str) -> str:
    """A file's name; one without gets ``otherwise`` with the extension of its media type."""
    if filename and filename.strip():
        return filename
    extension = _EXTENSIONS.get((media_type or "").partition(";")[0].strip().casefold())
    return f"{otherwise}.{extension}" if extension else otherwise
