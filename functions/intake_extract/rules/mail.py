"""Files out of an e-mail (RFC 5322, MIME): attachments, those of forwarded mails among them.

The parser of the standard library in its forgiving form: what real programs send is often not
quite what the standard asks for.
"""

from __future__ import annotations

import mimetypes
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses
from typing import Self

from pydantic import BaseModel

from functions.intake_extract.rules.errors import Damaged

MEDIA_TYPE = "message/rfc822"
MOST_ATTACHMENTS = 20
_MOST_PARTS = 500
_DEEPEST = 20
_MOST_HEADER = 2000
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError, MessageError)
"""What the standard library raises on headers that no program should send."""
_SMALLEST_IMAGE = 5 * 1024
"""Bytes below which an image is a logo or an icon of a signature, and no page."""

_NO_FILES = {
    "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
    "application/pgp-keys", "text/calendar", "application/ics", "text/vcard", "text/x-vcard",
    "text/x-amp-html", "message/delivery-status", "message/disposition-notification",
    "message/external-body", "message/partial", "text/rfc822-headers",
}  # fmt: skip
_CLOSED = {
    "application/pkcs7-mime": "an encrypted part",
    "application/x-pkcs7-mime": "an encrypted part",
    "application/pgp-encrypted": "an encrypted part",
    "application/ms-tnef": "winmail.dat, which only Outlook reads",
}
_ADDRESS = re.compile(r"[^\s@<>,;:\"\\]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z0-9-]{2,24}")
_NOBODY = re.compile(r"(?:no-?reply|do-?not-?reply|mailer-daemon|postmaster|bounces?)\b", re.I)
_NAMED = re.compile(r"(?:file)?name=\"?([^\";]{1,300})")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,240}>")


class Attachment(BaseModel):
    """One file of an e-mail, its bytes in base 64."""

    filename: str
    encoded: str

    @classmethod
    def of(cls, filename: str, content: bytes) -> Self:
        """The attachment with these bytes."""
        return cls(filename=filename, encoded=b64encode(content).decode())

    @property
    def content(self) -> bytes:
        """The bytes."""
        return b64decode(self.encoded)


class UnpackedMail(BaseModel):
    """What an e-mail brings."""

    sender: str = ""
    """The address to answer to; empty where nobody is to be answered: the mail was sent by a
    program, came over a list, or names no sound address."""
    message_id: str = ""
    attachments: tuple[Attachment, ...] = ()
    warnings: tuple[str, ...] = ()
    """What was left out, for people."""


def unpack(data: bytes) -> UnpackedMail:
    """Return the files of an e-mail with whom to answer.

    Images that belong to the text, signatures, invitations and cards are no files. Raises
    ``Damaged`` for bytes that are no e-mail or are nested too deep.
    """
    try:
        mail = message_from_bytes(data, policy=compat32)
        parts = list(_leaves(mail, 0))
    except _BROKEN as error:
        raise Damaged("The e-mail is damaged: its parts cannot be told apart.") from error
    warnings = [f"{_CLOSED[kind]} was left out" for kind in map(_kind, parts) if kind in _CLOSED]
    shown = _shown_in_text(parts)
    found: list[Attachment] = []
    for part in parts:
        try:
            is_file = _is_file(part, shown)
        except _BROKEN:  # a header that the parser trips over says nothing against the bytes
            is_file = True
        content = _content(part) if is_file else None
        if not content or (_kind(part).startswith("image/") and len(content) < _SMALLEST_IMAGE):
            continue
        found.append(Attachment.of(_filename(part, len(found) + 1), content))
    if len(found) > MOST_ATTACHMENTS:
        warnings.append(f"attachments beyond the first {MOST_ATTACHMENTS} were left out")
    if len(parts) == _MOST_PARTS:
        warnings.append(f"parts beyond the first {_MOST_PARTS} were left out")
    return UnpackedMail(
        sender=_sender(mail),
        message_id=_message_id(mail),
        attachments=tuple(found[:MOST_ATTACHMENTS]),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _leaves(mail: Message, depth: int) -> Iterator[Message]:
    """The parts that hold something, at most 500, into forwarded mails and no deeper than 20."""
    pending = [(mail, depth)]
    given = 0
    while pending and given < _MOST_PARTS:
        part, deep = pending.pop()
        inner = part.get_payload()
        if part.is_multipart() and isinstance(inner, list):
            if deep >= _DEEPEST:
                raise Damaged("The e-mail is nested too deep.")
            pending += [(each, deep + 1) for each in reversed(inner) if isinstance(each, Message)]
        else:
            given += 1
            yield part


def _kind(part: Message) -> str:
    try:
        return part.get_content_type().casefold()
    except _BROKEN:
        return "application/octet-stream"


def _is_file(part: Message, shown: set[str]) -> bool:
    kind = _kind(part)
    if kind in _NO_FILES or kind in _CLOSED:
        return False
    disposition = str(part.get_content_disposition() or "")
    is_named = bool(part.get_filename())
    if kind.startswith("image/"):
        reference = _header(part, "Content-ID").strip().strip("<>")
        return reference not in shown and (disposition == "attachment" or is_named)
    if kind.startswith("text/") and disposition != "attachment" and not is_named:
        return False  # what the mail says
    return disposition == "attachment" or is_named or not kind.startswith(("text/", "multipart/"))


def _shown_in_text(parts: list[Message]) -> set[str]:
    """The content ids of what the mail's text shows within itself."""
    shown: set[str] = set()
    for part in parts:
        if _kind(part) == "text/html" and "attachment" not in _header(part, "Content-Disposition"):
            text = (_content(part) or b"").decode("latin-1")
            shown.update(re.findall(r"cid:([^\"'\s>)]{1,200})", text))
    return shown


def _content(part: Message) -> bytes | None:
    try:
        content = part.get_payload(decode=True)
    except _BROKEN:
        return None
    return content if isinstance(content, bytes) else None


def _filename(part: Message, number: int) -> str:
    given = _decoded(_given_name(part)).strip()
    if given:
        return given[:300]
    extension = mimetypes.guess_extension(_kind(part), strict=False) or ""
    return f"attachment-{number}{extension}"


def _given_name(part: Message) -> str:
    """The name of a part as its header has it."""
    for name, value in part.raw_items():
        # as it was sent: the parser would replace what is no ASCII
        if name.casefold() in {"content-disposition", "content-type"} and not value.isascii():
            found = _NAMED.search(value)
            if found:
                return found[1].strip()
    try:
        return part.get_filename() or ""
    except _BROKEN:
        pass
    with suppress(*_BROKEN):
        raw = part.get_param("filename", header="content-disposition")
        return str(raw[2] if isinstance(raw, tuple) else raw or "")
    return ""


def _decoded(header: str) -> str:
    """A header's text, encoded words (RFC 2047) among it, and what was sent as plain UTF-8."""
    with suppress(UnicodeError):
        header = header.encode("ascii", "surrogateescape").decode("utf-8")
    try:
        pieces = decode_header(header)
        text = "".join(
            piece.decode(charset or "utf-8", "replace") if isinstance(piece, bytes) else piece
            for piece, charset in pieces
        )
    except _BROKEN:
        text = header
    return text.encode("utf-8", "replace").decode()


def _sender(mail: Message) -> str:
    if _is_automatic(mail):
        return ""
    for name in ("Reply-To", "From"):
        try:
            given = getaddresses([_header(mail, name)])
        except _BROKEN:
            continue
        sound = [address for _, address in given if _ADDRESS.fullmatch(address)]
        if len(sound) == 1:
            return "" if _NOBODY.match(sound[0]) else sound[0]
    return ""


def _is_automatic(mail: Message) -> bool:
    """Whether a program sent it: answering would begin a loop (RFC 3834)."""
    submitted = (_header(mail, "Auto-Submitted") or "no").partition(";")[0].strip().casefold()
    precedence = _header(mail, "Precedence").strip().casefold()
    return (
        submitted != "no"
        or precedence in {"bulk", "list", "junk", "auto_reply"}
        or _header(mail, "Return-Path").strip() == "<>"
        or any(name in mail for name in ("List-Id", "List-Unsubscribe", "X-Autoreply"))
    )


def _header(part: Message, name: str) -> str:
    """A header as it stands, at most 2,000 characters; empty when there is none."""
    try:
        return str(part.get(name) or "")[:_MOST_HEADER]
    except _BROKEN:
        return ""


def _message_id(mail: Message) -> str:
    found = _MESSAGE_ID.search(_header(mail, "Message-ID"))
    return found[0] if found else ""
