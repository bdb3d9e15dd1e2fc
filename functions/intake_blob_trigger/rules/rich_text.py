"""What a Rich Text file must not bring along: objects, fields that start or load something."""

from __future__ import annotations

import re
from collections.abc import Iterator

from functions.intake_blob_trigger.rules.source import Source
from functions.intake_blob_trigger.rules.verdict import Code, quarantine
from shared.rtf_tokens import Brace, Chars, Symbol, Word, tokens

# A backslash that is itself escaped begins no control word.
_WORD = rb"(?<!\\)(?:\\\\)*\\"
_OBJECT = re.compile(
    _WORD + rb"obj(?:ect|data|update|autlink|emb|link|ocx|html|class|sub|pub)(?![a-z])"
)
_TELLING = re.compile(_WORD + rb"(?:fldinst|template|nextfile)(?![a-z])")
_STARTS = re.compile(r"\bDDE(?:AUTO)?\b", re.IGNORECASE)
_LOADS = re.compile(r"\b(?:INCLUDEPICTURE|INCLUDETEXT|INCLUDE|IMPORT|RD|DATABASE)\b", re.IGNORECASE)
_LINKED = re.compile(r"^\s*(?:LINK|EMBED|MACROBUTTON|CONTROL)\b", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"(?:https?|ftps?|smb|mhtml|ms-\w{1,40}|javascript):|[\\/]{2}\s*\w", re.IGNORECASE
)
_OWN_DISK = re.compile(r"file:/{3}|(?<![a-z])[a-z]:[\\/]", re.IGNORECASE)
_LONGEST = 65_536
_MOST_CODE = 1024 * 1024
"""Bytes of all fields together; each counts for 64 at least."""


def check_rich_text(source: Source) -> None:
    """Raise an ``Objection`` to embedded objects, and to fields that load or start something."""
    data = source.read(0, source.size)
    if _OBJECT.search(data):
        raise quarantine(
            Code.EMBEDDED, "The document contains an embedded object. Please send it without."
        )
    for told in _told(data):
        text = " ".join(told.split())
        if _STARTS.search(text):
            raise quarantine(Code.SCRIPT, "The document starts another program when it is opened.")
        if _LINKED.match(text):
            raise quarantine(
                Code.EMBEDDED, "The document contains an embedded object. Please send it without."
            )
        if _LOADS.search(text) and _ELSEWHERE.search(_OWN_DISK.sub("", text)):
            raise _external()


def _external() -> Exception:
    return quarantine(
        Code.EXTERNAL,
        "The document loads a template or an object from elsewhere when it is opened.",
    )


def _told(data: bytes) -> Iterator[str]:
    """Yield the code of each field; raises an ``Objection`` to a template from elsewhere."""
    at = spent = 0
    while (found := _TELLING.search(data, at)) is not None:
        text, length = _group(data[found.end() : found.end() + _LONGEST])
        at = found.end() + max(1, length)
        spent += max(64, length)
        if spent > _MOST_CODE:
            raise quarantine(Code.BOMB, "The document holds too many fields to be read.")
        if found.group().endswith(b"fldinst"):
            yield text
        elif _ELSEWHERE.search(_OWN_DISK.sub("", text)):
            raise _external()


def _group(data: bytes) -> tuple[str, int]:
    """Return the text up to the end of the group that data is in, and how long that is."""
    depth, text, length, skip = 0, [], 0, 0
    for token in tokens(data):
        if isinstance(token, Brace):
            depth += 1 if token.opens else -1
            length += 1
            if depth < 0:
                break
        elif isinstance(token, Chars):
            text.append(token.data[skip:].decode("latin-1"))
            length += len(token.data)
            skip = 0
        elif isinstance(token, Symbol):
            text.append(token.char)
            length += 2
        elif isinstance(token, Word):
            length += 2
            skip = int(token.name == "u")  # what stands in for the character
            if token.name == "u" and token.number is not None:
                text.append(chr(token.number & 0xFFFF))
    return "".join(text), length
