"""What an OpenDocument text must not bring along, beyond what no ZIP file may."""

from __future__ import annotations

import re

from functions.intake_blob_trigger.rules.verdict import Code, quarantine

_ENCRYPTED = re.compile(rb"<(?:\w+:)?encryption-data\b")
_LISTENER = re.compile(rb"<(?:\w+:)?event-listener\b")
_SCRIPT = re.compile(rb"<office:script\b|<text:script\b")
_DDE = re.compile(rb"<(?:office:dde-source|text:dde-connection-decl|text:dde-connection)\b")
_ACTIVE = re.compile(rb"<draw:(?:applet|plugin|object-ole)\b")
_PULLS_IN = re.compile(
    rb"<(?:text:section-source|draw:object|draw:floating-frame|meta:template|table:table-source|"
    rb"table:cell-range-source)\b[^>]{0,8192}>"
)
_HREF = re.compile(rb"\bxlink:href\s*=\s*[\"']([^\"']*)[\"']")
# file:///… is the writer's own disk.
_REMOTE = re.compile(rb"^\s*(?!file:///)(?:[a-z][a-z0-9+.-]+:|[\\/]{2})", re.IGNORECASE)


def check_opendocument(window: bytes) -> None:
    """Raise an ``Objection`` to what a stretch of an OpenDocument part's XML holds."""
    if _ENCRYPTED.search(window):
        raise quarantine(
            Code.ENCRYPTED, "The document is protected by a password. Please send it without."
        )
    if _LISTENER.search(window) or _SCRIPT.search(window):
        raise quarantine(Code.MACROS, "The document contains macros. Please send it without.")
    if _DDE.search(window):
        raise quarantine(Code.SCRIPT, "The document starts another program when it is opened.")
    if _ACTIVE.search(window):
        raise quarantine(
            Code.EMBEDDED, "The document contains an embedded object. Please send it without."
        )
    for element in _PULLS_IN.findall(window):
        for target in _HREF.findall(element):
            if _REMOTE.match(target):
                raise quarantine(
                    Code.EXTERNAL,
                    "The document loads a template or an object from elsewhere when it is opened.",
                )
