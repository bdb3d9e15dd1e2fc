"""Legacy Office files and what else lives in OLE compound files ([MS-CFB])."""

from __future__ import annotations

from functions.intake_blob_trigger.rules.formats import OLE
from functions.intake_blob_trigger.rules.source import Source
from functions.intake_blob_trigger.rules.verdict import Code, quarantine

_OVERLAP = 128
# Names of streams in the directory, which stores them as UTF-16.
_ENCRYPTED = "EncryptedPackage"
_MACROS = ("_VBA_PROJECT", "VBA", "Macros")
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
    names = {_ENCRYPTED, *_MACROS, *_KINDS}
    # A directory entry begins with the name, padded with zeros, on a multiple of 128 bytes.
    wanted = {name: name.encode("utf-16-le") + b"\0\0" for name in names}
    found: set[str] = set()
    for piece in source.pieces(_OVERLAP):
        found.update(name for name, stored in wanted.items() if stored in piece)
    if _ENCRYPTED in found:
        raise quarantine(
            Code.ENCRYPTED,
            "The document is protected by a password. Please send it without.",
        )
    if "_VBA_PROJECT" in found or {"VBA", "Macros"} <= found:
        raise quarantine(Code.MACROS, "The document contains macros. Please send it without.")
    return next((kind for name, kind in _KINDS.items() if name in found), OLE)
