"""Word lists of the parser, folded for comparison and loaded at first use.

The lists are JSON files beside this module. All look-ups work on *folded* text:
lower case, without accents, with plain dashes and quotes. Folding keeps the
length, so that an offset in folded text is an offset in the original.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from shared.skills.folding import fold

__all__ = [
    "alternation",
    "contains",
    "data",
    "fold",
    "matches",
    "places",
    "squash",
    "tokens",
    "words",
]

_HERE = Path(__file__).parent


def squash(text: str) -> str:
    """Return the letters and digits of ``text`` alone, folded: a key blind to spacing."""
    return "".join(c for c in fold(text) if c.isalnum())


@cache
def data(name: str) -> Any:
    """Return the content of the JSON file ``name`` beside this module."""
    return json.loads((_HERE / name).read_text(encoding="utf-8"))


@cache
def words(key: str) -> frozenset[str]:
    """Return the word list ``key`` of ``words.json``, folded."""
    return frozenset(fold(word) for word in data("words.json")[key])


@cache
def places(key: str) -> frozenset[str]:
    """Return the place list ``key`` of ``places.json``, folded."""
    return frozenset(fold(word) for word in data("places.json")[key])


def alternation(phrases: Iterable[str]) -> str:
    """Return a regular expression that matches any of ``phrases``, longest first."""
    ordered = sorted({p for p in phrases if p}, key=lambda p: (-len(p), p))
    return "|".join(re.escape(p) for p in ordered)


_WORD = re.compile(r"[^\W_]+(?:['.&+#-]+[^\W_]+)*[+#.]*", re.UNICODE)


def tokens(folded: str) -> list[str]:
    """Split folded text into words; inner apostrophes, dots and dashes stay."""
    return _WORD.findall(folded)


def contains(folded: str, phrases: frozenset[str], longest: int = 4) -> bool:
    """Say whether ``folded`` holds one of ``phrases`` as whole words (up to ``longest`` words)."""
    return bool(matches(folded, phrases, longest, first=True))


def matches(
    folded: str, phrases: frozenset[str], longest: int = 4, *, first: bool = False
) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of ``phrases`` in ``folded``: leftmost longest, no overlaps."""
    spans = [(m.start(), m.end()) for m in _WORD.finditer(folded)]
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(spans):
        for count in range(min(longest, len(spans) - at), 0, -1):
            start, end = spans[at][0], spans[at + count - 1][1]
            piece = folded[start:end]
            if piece in phrases or (piece.endswith(".") and piece.rstrip(".") in phrases):
                found.append((start, end))
                at += count - 1
                break
        if first and found:
            break
        at += 1
    return found
