"""Tags and text of a web page, in one pass over it whatever it holds.

Follows the tokenisation of the HTML standard (13.2.5) as far as text needs it.
The standard library's parser takes quadratic time on unclosed markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

_NEXT = re.compile(r"<(?=[a-zA-Z/!?])")
_NAME = re.compile(r"[a-zA-Z][^\s/>\x00]{0,60}")
_GAP = re.compile(r"[\s/]*")
_KEY = re.compile(r"[^\s/>=][^\s/>=]*|=[^\s/>=]*")
_EQUALS = re.compile(r"\s*=\s*")
_BARE = re.compile(r"[^\s>]*")
RAW = {"script", "style", "xmp", "iframe", "noembed", "noframes", "textarea", "title"}
"""Elements whose content is one text, whatever it looks like."""
_MOST_ATTRIBUTES = 100
_LONGEST_VALUE = 10_000


@dataclass(slots=True, frozen=True)
class Text:
    """A stretch of text, its entities resolved."""

    text: str


@dataclass(slots=True, frozen=True)
class Start:
    """A start tag; names in lower case, of each attribute the first."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class End:
    """An end tag."""

    name: str


Token = Text | Start | End


def tokens(page: str) -> Iterator[Token]:
    """Yield the tokens of a page; comments are left out.

    What is inside of scripts and style sheets is one stretch of text. A tag
    that is not closed ends the page, as it does in browsers.
    """
    at = 0
    while at < len(page):
        found = _NEXT.search(page, at)
        if found is None:
            yield Text(unescape(page[at:]))
            return
        if found.start() > at:
            yield Text(unescape(page[at : found.start()]))
        at = found.end()
        if page[at] in "!?":
            at = _behind_comment(page, at)
            continue
        closing = page[at] == "/"
        name = _NAME.match(page, at + closing)
        if name is None:
            at = _behind(page, ">", at)
            continue
        label = name.group().lower()
        attributes, at = _attributes(page, name.end())
        if at < 0:
            return
        if closing:
            yield End(label)
            continue
        yield Start(label, attributes)
        if label in RAW:
            end = re.compile(rf"</{label}(?=[\s/>])", re.IGNORECASE).search(page, at)
            stop = end.start() if end else len(page)
            yield Text(page[at:stop])
            at = stop


def _behind(page: str, mark: str, at: int) -> int:
    found = page.find(mark, at)
    return len(page) if found < 0 else found + len(mark)


def _behind_comment(page: str, at: int) -> int:
    """Return where a comment, a document type or an instruction ends."""
    if page.startswith("!--", at):
        if page.startswith((">", "->"), at + 3):
            return _behind(page, ">", at + 3)
        return _behind(page, "-->", at + 3)
    if page.startswith("![CDATA[", at):
        return _behind(page, "]]>", at)
    return _behind(page, ">", at)


def _attributes(page: str, at: int) -> tuple[dict[str, str], int]:
    """Return the attributes from a place in a tag, and where the tag ends, -1 if nowhere."""
    attributes: dict[str, str] = {}
    while True:
        gap = _GAP.match(page, at)
        at = gap.end() if gap else at
        if at >= len(page):
            return attributes, -1
        if page[at] == ">":
            return attributes, at + 1
        key = _KEY.match(page, at)
        if key is None:
            at += 1
            continue
        at, value = key.end(), ""
        equals = _EQUALS.match(page, at)
        if equals is not None:
            at = equals.end()
            quote = page[at : at + 1]
            if quote and quote in "\"'":
                end = page.find(quote, at + 1)
                if end < 0:
                    return attributes, -1
                value, at = page[at + 1 : end], end + 1
            else:
                bare = _BARE.match(page, at)
                value = bare.group() if bare else ""
                at += len(value)
        if len(attributes) < _MOST_ATTRIBUTES:
            name = key.group()[:100].lower()
            if name not in attributes:
                attributes[name] = unescape(value[:_LONGEST_VALUE])
