"""A text in a form in which values are found whatever their case, accents, dashes and breaks."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

from functions.intake_parse.rules.lexicon import fold
from shared.models.resume import Span
from shared.models.text import ExtractedText

_SKIPPED = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_BROKEN = re.compile(r"[-‐]\n")
_WITHOUT_SKIPPED = {ord(each): None for each in _SKIPPED}
MOST_PLACES = 60
"""Places of one value that are looked at."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: characters ``[start, end)`` of the text, and the line it begins on."""

    start: int
    end: int
    line: int
    text: str
    """As it stands there, with one space between words and a broken word in one."""


def plain(text: str) -> str:
    """Return words for comparison: folded, ligatures parted, one space between them."""
    return _folded(text, " ")[0].strip()


def _folded(text: str, breaks: str) -> tuple[str, list[int]]:
    """Return the folded text and, for each of its characters, the offset it came from.

    ``breaks`` stands for the end of a line; empty or a dash it also takes a hyphen before it.
    A tab stays: no value goes on behind a wide gap.
    """
    letters: list[str] = []
    origins: list[int] = []
    for offset, character in enumerate(text):
        if character in _SKIPPED:
            continue
        if character == "\n":
            pieces = breaks if breaks in {"", "-"} and letters[-1:] == ["-"] else " "
            if pieces != " ":
                letters.pop()
                origins.pop()
        elif character == "\t":
            pieces = "\t"
        elif character.isspace():
            pieces = " "
        elif character.isascii():
            pieces = character.lower()
        else:
            apart = unicodedata.normalize("NFKD", character)
            pieces = "".join(
                fold(each).casefold() for each in apart if not unicodedata.combining(each)
            )
        for each in pieces:
            if each == " " and (not letters or letters[-1] in " \t"):
                continue
            letters.append(each)
            origins.append(offset)
    return "".join(letters), origins


class FoldedText:
    """The first lines of a text, to find values in."""

    def __init__(self, text: ExtractedText, lines: int) -> None:
        self.source = text
        self.lines = text.lines[:lines]
        self._starts = text.starts[:lines]
        self._text = "\n".join(line.text for line in self.lines)
        ways = (" ", "", "-") if _BROKEN.search(self._text) else (" ",)
        self._forms = [(breaks, *_folded(self._text, breaks)) for breaks in ways]

    def line_at(self, offset: int) -> int:
        """Return the number of the line, from 1, that holds an offset."""
        return max(1, bisect_right(self._starts, offset))

    def span(self, start: int, end: int) -> Span:
        """Return a place with its page."""
        return Span(page=self.lines[self.line_at(start) - 1].page, start=start, end=end)

    def find(self, value: str, *, near: int, breaks: int = 1) -> list[Place]:
        """Return where a value stands as whole words, the nearest to a line first.

        ``breaks`` is how many ends of lines may lie within.
        """
        wanted = plain(value)
        if not wanted or "\t" in wanted:
            return []
        found: dict[int, Place] = {}
        for breaks_as, form, origins in self._forms:
            at = form.find(wanted)
            while at >= 0 and len(found) < MOST_PLACES:
                end = at + len(wanted)
                if is_whole(form, at, end):
                    start, stop = origins[at], origins[end - 1] + 1
                    while unicodedata.combining(self._text[stop : stop + 1] or " "):
                        stop += 1
                    words = self._text[start:stop]
                    if words.count("\n") <= breaks:
                        if breaks_as != " ":
                            words = _BROKEN.sub(breaks_as, words)
                        text = " ".join(words.translate(_WITHOUT_SKIPPED).split())
                        found.setdefault(start, Place(start, stop, self.line_at(start), text))
                at = form.find(wanted, at + 1)
        return sorted(found.values(), key=lambda place: (abs(place.line - near), place.start))


def is_whole(text: str, start: int, end: int) -> bool:
    """Say whether ``[start, end)`` of folded text is no part of a longer word or name: not the C
    of C++, the Node of Node.js or the name in an address."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if text[start].isalnum() and before:
        if before[-1].isalnum() or before[-1] in "@_":
            return False
        if before[-1] == "." and before[:1].isalnum():
            return False
    if text[end - 1].isalnum() and after:
        if after[0].isalnum() or after[0] in "@_+#":
            return False
        if after[0] == "." and after[1:].isalnum():
            return False
    if end - start <= 2:
        return not (before[-1:] in set("-&'/+") or after[:1] in set("-&'"))
    return True
