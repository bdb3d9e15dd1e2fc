"""The skill taxonomy: canonical names, synonyms and families, as data in ``taxonomy.json``.

A look-up is exact on a form that ignores case, accents and punctuation between
letters ("Node.js", "NodeJS", "node js"); a near miss of seven letters and more
is found by edit similarity (RapidFuzz ratio, 92 and above).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from shared.skills.folding import fold

_HERE = Path(__file__).parent
NEAR = 92.0
"""RapidFuzz ratio (0..100) from which two long names count as the same."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One skill of the taxonomy."""

    key: str
    name: str
    family: str


@cache
def listed() -> tuple[dict[str, Any], ...]:
    """Return the skills as they stand in ``taxonomy.json``: key, name, family, synonyms."""
    read = json.loads(_HERE.joinpath("taxonomy.json").read_text(encoding="utf-8"))
    return tuple(read["skills"])


@cache
def named() -> dict[str, Entry]:
    """Return the skills by their key."""
    return {item["key"]: Entry(item["key"], item["name"], item["family"]) for item in listed()}


def name_of(key: str) -> str:
    """Return what a skill is called, its key for one that is not known."""
    entry = named().get(key)
    return entry.name if entry else key


@cache
def names_of(key: str) -> tuple[str, ...]:
    """Return every name of the skill with this key, the key among them; none for no skill."""
    return _names().get(key, ())


@cache
def _names() -> dict[str, tuple[str, ...]]:
    return {item["key"]: (item["key"], item["name"], *item["synonyms"]) for item in listed()}


@cache
def _everyday() -> frozenset[str]:
    """Words that name a skill only where skills are listed ("go", "word")."""
    read = json.loads(_HERE.joinpath("everyday_words.json").read_text(encoding="utf-8"))
    return frozenset(map(fold, read))


def form(text: str) -> str:
    """Return the look-up form of a skill; ``+``, ``#``, ``/`` stay: they tell C++ from C."""
    folded = fold(text).strip(" .,;:")
    return re.sub(r"[^\w+#/&]+", "", folded).replace("_", "").replace("&", "and")


@cache
def _index() -> tuple[dict[str, Entry], dict[str, list[str]]]:
    index: dict[str, Entry] = {}
    for item in listed():
        entry = Entry(item["key"], item["name"], item["family"])
        for name in (item["name"], *item["synonyms"]):
            index.setdefault(form(name), entry)
    long: dict[str, list[str]] = {}
    for name in index:
        if len(name) >= 7:
            long.setdefault(name[:2], []).append(name)
    return index, long


def exact(text: str) -> Entry | None:
    """Return the skill that ``text`` names, by its look-up form."""
    return _index()[0].get(form(text))


def lookup(text: str) -> Entry | None:
    """Return the skill that ``text`` names, allowing for a misspelling of a long name."""
    index, long = _index()
    key = form(text)
    found = index.get(key)
    if found is not None or not 7 <= len(key) <= 40:
        return found
    from rapidfuzz import fuzz, process

    near = process.extractOne(key, long.get(key[:2], []), scorer=fuzz.ratio, score_cutoff=NEAR)
    return index[near[0]] if near else None


_TOKEN = re.compile(r"[^\W_]+(?:[.'&/-]?[^\W_]+)*[+#]*")


def in_prose(text: str, most: int = 200) -> list[tuple[int, int, Entry]]:
    """Return ``(start, end, skill)`` of taxonomy names in running text, longest first."""
    index, _ = _index()
    spans = [(m.start(), m.end()) for m in _TOKEN.finditer(text)]
    found: list[tuple[int, int, Entry]] = []
    at = 0
    while at < len(spans) and len(found) < most:
        for count in range(min(4, len(spans) - at), 0, -1):
            start, end = spans[at][0], spans[at + count - 1][1]
            piece = text[start:end]
            entry = index.get(form(piece))
            if entry is None or "\n" in piece:
                continue
            if count == 1 and (len(piece) < 3 or fold(piece) in _everyday()):
                continue
            if count == 1 and piece.islower() and len(piece) < 4:
                continue
            found.append((start, end, entry))
            at += count - 1
            break
        at += 1
    return found


def covers(text: str) -> list[tuple[int, int]] | None:
    """Part words without separators into skills ("Java Python SQL"); None if any is left."""
    index, _ = _index()
    words = [(m.start(), m.end()) for m in re.finditer(r"\S+", text)]
    if not 2 <= len(words) <= 12:
        return None
    parts: list[tuple[int, int]] = []
    at = 0
    while at < len(words):
        for count in range(min(4, len(words) - at), 0, -1):
            start, end = words[at][0], words[at + count - 1][1]
            if form(text[start:end]) in index and count != len(words):
                parts.append((start, end))
                at += count
                break
        else:
            return None
    return parts if len(parts) >= 2 else None
