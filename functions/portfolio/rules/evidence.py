"""Which files are taken as evidence, by what is in them."""

from __future__ import annotations

import re
import unicodedata

from shared.errors import FieldError, Invalid, Unsupported

MOST_BYTES = 10 * 1024 * 1024
MEDIA_TYPES = (
    "application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif", "text/plain",
)  # fmt: skip
_SIGNATURES: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("application/pdf", re.compile(rb"%PDF-")),
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("image/gif", re.compile(rb"GIF8[79]a")),
)
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
_MOST_NAME_BYTES = 120


def media_type_of(content: bytes, declared: str) -> str:
    """The media type of a file, by its content.

    Raises ``Unsupported`` for one that is none of :data:`MEDIA_TYPES`, or not what was declared,
    and ``Invalid`` for an empty one.
    """
    if not content:
        raise Invalid("the file is empty")
    found = next((name for name, each in _SIGNATURES if each.match(content)), None)
    if found is None and _is_text(content):
        found = "text/plain"
    if found is None:
        raise Unsupported(f"the file is none of: {', '.join(MEDIA_TYPES)}")
    if found != declared:
        raise Unsupported(f"the file is sent as {declared}, and is {found}")
    return found


def safe_filename(name: str) -> str:
    """A file's name as a part of a blob's: without folders, signs that no disk takes, and dots at
    its ends. Raises ``Invalid`` where nothing is left."""
    text = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    text = "".join(c for c in _UNSAFE.sub("_", text) if unicodedata.category(c) not in {"Cf", "Cs"})
    stem, dot, ending = text.strip(" .").rpartition(".")
    kept = f"{_cut(stem or ending, _MOST_NAME_BYTES)}{dot}{_cut(ending, 12)}" if stem else ending
    kept = _cut(kept, _MOST_NAME_BYTES + 13).strip(" .")
    if not kept:
        raise Invalid(
            "filename: name the file", fields=(FieldError("/filename", "has no letter to keep"),)
        )
    return kept


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore")


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(unicodedata.category(c) == "Cc" and c not in "\t\n\r\f" for c in text)
