"""How much words read as a job title, an organisation, a degree or a school."""

from __future__ import annotations

import re
from functools import cache

from functions.intake_parse.rules.lexicon import (
    alternation,
    contains,
    data,
    fold,
    matches,
    tokens,
    words,
)

_LEGAL_CASED = re.compile(
    r"(?:\b(?:AG|SE|SA|AB|AS|NV|BV|KG|SL|LP|Co|Inc|LLC|Ltd|GmbH|Corp|PLC|LLP|SpA|Srl|SAS|"
    r"SARL|Ltda|Lda|Pty|Oy|"
    r"Limited|Corporation|Company|Group|Gruppe|Groupe|Gruppo|Grupo|Holding|Holdings)\b(?![-\w])\.?|"
    r"ApS|A/S|A\.S\.|A\.Ş\.|Şti\.|s\.\s?r\.\s?o\.|[Ss]p\.\s?z\s?o\.\s?o\.|S\.[Aa]\.|S\.[rR]\.[lL]\.|S\.p\.A\.|e\.\s?V\.|B\.V\.|L\.L\.C\.|S\.L\.|Incorporated)"
)


_SCHOOL_COMPOUND = re.compile(
    r"[\w-](?:schule|akademie|gymnasium|universitat|universiteit|hochschule|kolleg|"
    r"institut|college|school|hogskola|hogskolan|skola|skolan|skole|skolen|hojskole|hogskole|"
    r"hogskolen|gymnasiet|universitetet)\b"
)


@cache
def _title_words() -> frozenset[str]:
    return words("title_nouns")


@cache
def _title_suffixes() -> tuple[str, ...]:
    return tuple(sorted(words("title_suffixes")))


def title_score(text: str) -> float:
    """Return how strongly ``text`` reads as a job title: 0 not at all, 2 and more clearly."""
    folded = fold(text)
    # Marks of gender: Entwickler (m/w/d), Entwickler*in, développeur·se, Kaufmann/-frau.
    folded = re.sub(
        r"\((?:m|w|f|d|h|x|/|\||\s|in|e|a|o|s|r)+\)|[*:·_/]-?(?:in|innen|frau|e|se|trice|a)\b",
        "",
        folded,
    )
    found = matches(folded, _title_words(), 3)
    parts = tokens(folded)
    if not parts:
        return 0.0
    score = 0.0
    if found:
        score = 2.5
        # The head of a title stands first ("Director of Sales") or last ("Sales Director").
        first = re.split(r"\s(?:of|for|de|der|des|di|do|da|en|in|to|at)\s|[,(–—|/]|\s-\s", folded)[
            0
        ]
        if matches(first, _title_words(), 3):
            score += 0.5
    elif any(p.endswith(_title_suffixes()) and len(p) > 7 for p in parts):
        score = 2.5
    elif (
        len(parts) <= 4
        and parts[-1].endswith(
            ("er", "or", "ist", "ian", "eur", "ador", "tore", "trice", "euse", "ante")
        )
        and len(parts[-1]) > 4
    ):
        score = 0.8
    if parts[0] in words("title_adjectives"):
        score += 0.6
    if _LEGAL_CASED.search(text):
        score -= 2.0
    if len(parts) > 9:
        score -= 1.5
    return score


def organisation_score(text: str) -> float:
    """Return how strongly ``text`` reads as an organisation: 0 not at all, 2 and more clearly."""
    folded = fold(text)
    score = 0.0
    if _LEGAL_CASED.search(text):
        score += 3.0
    stripped = folded.strip(" .,")
    if stripped in words("known_companies"):
        score += 3.0
    elif contains(folded, words("known_companies"), 3):
        score += 1.5
    if text.isupper() and folded.split()[-1].strip(".,") in words("legal_forms"):
        score += 3.0
    if contains(folded, words("organisation_words"), 3) or _SCHOOL_COMPOUND.search(folded):
        score += 2.0
    if contains(folded, words("institution_words"), 2):
        score += 1.0
    if text[:1].islower() and not re.match(r"[a-z][A-Z]", text):
        score -= 0.5
    return score


@cache
def _degree_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    patterns = []
    for level, phrases in data("words.json")["degrees"].items():
        plain = alternation(fold(p) for p in phrases)
        patterns.append((level, re.compile(rf"(?<![\w.])(?:{plain})(?![\w])")))
    return tuple(patterns)


_SHORT = frozenset(
    [
        "ma",
        "ms",
        "ba",
        "bs",
        "be",
        "bm",
        "ab",
        "as",
        "aa",
        "ib",
        "med",
        "ed",
        "sm",
        "sb",
        "du",
        "but",
        "bas",
        "ss",
        "its",
        "m1",
        "m2",
        "cap",
        "et",
        "eso",
        "ai",
        "ens",
        "ens.",
        "minor",
    ]
)
_ORDER = ("doctorate", "master", "bachelor", "associate", "certificate", "secondary")


def degrees(text: str) -> list[tuple[int, int, str]]:
    """Return ``(start, end, level)`` of the degree words in ``text``, left to right.

    Abbreviations that are also words (MA, BE) count only in capitals.
    """
    folded = fold(text)
    found: list[tuple[int, int, str]] = []
    for level, pattern in _degree_patterns():
        for m in pattern.finditer(folded):
            written = text[m.start() : m.end()]
            if m[0].replace(".", "") in _SHORT and not (written.isupper() or "." in written):
                continue
            found.append((m.start(), m.end(), level))
    found.sort(key=lambda item: (item[0], -item[1]))
    kept: list[tuple[int, int, str]] = []
    for item in found:
        if kept and item[0] < kept[-1][1]:
            continue
        kept.append(item)
    return kept


def level_of(text: str) -> str | None:
    """Return the highest level among the degree words of ``text``.

    "High school diploma" is secondary and "associate degree" associate: the longest
    reading at one place wins before the height of the level does.
    """
    levels = {level for _, _, level in degrees(text)}
    if "secondary" in levels and levels <= {"secondary", "certificate"}:
        return "secondary"
    return next((level for level in _ORDER if level in levels), None)


def institution_score(text: str) -> float:
    """Return how strongly ``text`` reads as a school or university: 2 and more clearly."""
    folded = fold(text)
    score = 0.0
    if contains(folded, words("institution_words"), 3):
        score += 2.5
    if _SCHOOL_COMPOUND.search(folded):
        score += 2.5
    if _LEGAL_CASED.search(text):
        score += 0.8
    return score
