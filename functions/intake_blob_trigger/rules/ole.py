"""Legacy Office files and what else lives in OLE compound files ([MS-CFB])."""

from __future__ import annotations

import re

from functions.intake_blob_trigger.rules.formats import OLE
from functions.intake_blob_trigger.rules.source import Source
from functions.intake_blob_trigger.rules.verdict import Code, quarantine

_OVERLAP = 128
# Names of streams in the directory, which stores them as UTF-16.
_ENCRYPTED = "EncryptedPackage"
_MACROS = ("_VBA_PROJECT", "VBA", "Macros")
_OBJECTS = {"\x01Ole10Native", "\x03ObjInfo"}


def _field(words: str, then: str = "") -> re.Pattern[bytes]:
    """A field of Word's whose code begins so, in one byte or two a character."""
    narrow = rf"\x13\s{{0,9}}(?:{words})\b{then}".encode()
    wide_words = "|".join("".join(f"{char}\\x00" for char in word) for word in words.split("|"))
    wide_then = r"[^\x14\x15]{0,40}h\x00t\x00t\x00p\x00" if then else ""
    wide = rf"\x13\x00(?:\s\x00){{0,9}}(?:{wide_words}){wide_then}".encode()
    return re.compile(rb"(?:%b|%b)" % (narrow, wide), re.IGNORECASE)


_STARTS = _field("DDEAUTO|DDE")
_LOADS = _field("INCLUDEPICTURE|INCLUDETEXT|IMPORT", r"[^\x14\x15]{0,40}(?:http|ftp|\\\\)")
_KINDS = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
    "__properties_version1.0": "application/vnd.ms-outlook",
    "\u4840\u3b3f\u43f2\u4438\u45b1": "application/x-msi",
}


def check_ole(source: Source) -> str:
    """Return the media type of what an OLE file holds.

    Raises an ``Objection`` when it is an encrypted document or bears macros.
    """
    names = {_ENCRYPTED, *_MACROS, *_OBJECTS, *_KINDS}
    # A directory entry begins with the name, padded with zeros, on a multiple of 128 bytes.
    wanted = {name: name.encode("utf-16-le") + b"\0\0" for name in names}
    found: set[str] = set()
    starts = loads = False
    for piece in source.pieces(_OVERLAP):
        found.update(name for name, stored in wanted.items() if stored in piece)
        starts = starts or _STARTS.search(piece) is not None
        loads = loads or _LOADS.search(piece) is not None
    if _ENCRYPTED in found:
        raise quarantine(
            Code.ENCRYPTED,
            "The document is protected by a password. Please send it without.",
        )
    if "_VBA_PROJECT" in found or {"VBA", "Macros"} <= found:
        raise quarantine(Code.MACROS, "The document contains macros. Please send it without.")
    if found & _OBJECTS:
        raise quarantine(
            Code.EMBEDDED, "The document contains an embedded object. Please send it without."
        )
    if starts:
        raise quarantine(Code.SCRIPT, "The document starts another program when it is opened.")
    if loads:
        raise quarantine(
            Code.EXTERNAL,
            "The document loads a template or an object from elsewhere when it is opened.",
        )
    return next((kind for name, kind in _KINDS.items() if name in found), OLE)
