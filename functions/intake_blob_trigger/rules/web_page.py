"""What a web page must not bring along: scripts, frames, objects, forwarding."""

from __future__ import annotations

import codecs
import re

from functions.intake_blob_trigger.rules.source import Source
from functions.intake_blob_trigger.rules.verdict import Code, quarantine
from shared.html_tokens import Start, Text, tokens

_HANDLER = re.compile(r"on[a-z]{2,40}")
_ADDRESSES = ("href", "src", "action", "formaction", "data", "xlink:href", "srcdoc", "background",
              "poster", "from", "to", "values")  # fmt: skip
_RUNS = re.compile(r"(?:javascript|vbscript|livescript):|data:(?:text/html|[^,]{0,99}script)")
_IGNORED = re.compile(r"[\s\x00-\x20]+")
_DATA_TYPES = {"application/ld+json", "application/json"}
_MOST_PIECES = 400_000
"""Tags and stretches of text; a long page has some ten thousand."""
_FRAMES = {"iframe", "frame", "frameset", "object", "embed", "applet", "portal"}


def check_web_page(source: Source) -> None:
    """Raise an ``Objection`` to a page that runs, embeds or loads something when it is opened.

    Data for search engines (JSON-LD) is harmless; style sheets and pictures are as well.
    """
    running = False
    for count, token in enumerate(tokens(_decoded(source.read(0, source.size)))):
        if count > _MOST_PIECES:
            raise quarantine(Code.BOMB, "The web page holds too many parts to be a document.")
        if isinstance(token, Text):
            if running and token.text.strip():
                raise _script()
        elif isinstance(token, Start):
            _check_tag(token)
        running = isinstance(token, Start) and token.name == "script" and not _is_data(token)


def _decoded(data: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return data.decode("latin-1")  # all that matters here is ASCII


def _is_data(tag: Start) -> bool:
    return tag.attributes.get("type", "").strip().lower() in _DATA_TYPES


def _check_tag(tag: Start) -> None:
    attributes = tag.attributes
    if (
        tag.name == "script"
        and not _is_data(tag)
        and attributes.keys() & {"src", "href", "xlink:href"}
    ):
        raise _script()
    if any(_HANDLER.fullmatch(key) and value.strip() for key, value in attributes.items()):
        raise _script()
    if any(_RUNS.match(_IGNORED.sub("", attributes.get(key, "")).lower()) for key in _ADDRESSES):
        raise _script()
    if tag.name in _FRAMES:
        raise quarantine(
            Code.EMBEDDED,
            "The web page contains an embedded object or page. Please send it without.",
        )
    imports = tag.name == "link" and "import" in attributes.get("rel", "").lower().split()
    if imports or (
        tag.name == "meta" and attributes.get("http-equiv", "").strip().lower() == "refresh"
    ):
        raise quarantine(Code.EXTERNAL, "The web page leads elsewhere when it is opened.")


def _script() -> Exception:
    return quarantine(Code.SCRIPT, "The web page contains a script. Please send it without.")
