"""The look of a person's name: its titles, its shape, and whether an address spells it."""

from __future__ import annotations

import re

from functions.intake_parse.rules.lexicon import fold, squash, words
from functions.intake_parse.rules.rows import cut

_DIGITS = re.compile(r"\d")
_ELIDED = re.compile(r"(?:d|l|dell|dall|nell|degl|all|o|s|n|t)['’][^\W\d_a-zß-ÿ]")


def strip_titles(text: str, start: int, end: int) -> tuple[int, int]:
    """Cut academic titles and letters behind the name off ``text[start:end]``."""
    titles = words("name_titles")
    while True:
        start, end = cut(text, start, end)
        piece = text[start:end]
        parts = piece.split()
        if len(parts) < 2:
            return start, end
        first, last = fold(parts[0]).strip(",()"), fold(parts[-1]).strip(",.()")
        if first in titles and first not in {"ma", "ba", "don", "ing"}:
            start += len(parts[0])
        elif (
            (last in titles or last + "." in titles)
            and (parts[-1].isupper() or "." in parts[-1] or parts[-2].endswith(","))
            and last not in {"sr", "jr"}
            and (len(parts) > 2)
            and not piece.isupper()
        ):
            end -= len(parts[-1])
        elif piece[-1] in ",;:|-–":
            end -= 1
        else:
            return start, end


def shape(text: str) -> float:
    """Return how much ``text`` looks like a name, below zero when it cannot be one."""
    if (
        _DIGITS.search(text)
        or "@" in text
        or len(text) > 60
        or any(c in text for c in "/:;!?&%#=_+*")
    ):
        return -9
    if (
        not any(ord(c) < 0x2E80 for c in text if c.isalpha())
        and 2 <= len(text.replace(" ", "")) <= 12
    ):
        return 2.0
    parts = text.split()
    if not 1 <= len(parts) <= 6:
        return -9
    particles = words("name_particles")
    strong = [p for p in parts if fold(p) not in particles]
    if not strong or any(not any(c.isalpha() for c in p) for p in strong):
        return -9
    cased = [
        p
        for p in strong
        if (p[0].isalpha() and not p[0].islower()) or p[0] in "\"'(“" or _ELIDED.match(p)
    ]
    if len(cased) < len(strong):
        return -4 if len(parts) > 2 or len(cased) else -2
    if text.endswith(".") and len(parts[-1]) > 3:
        return -4
    return {1: 0.0, 2: 2.0, 3: 2.0, 4: 1.2}.get(len(strong), -1.0)


def spelled(name: str, keys: list[str]) -> float:
    """Return how far e-mail addresses and links (``keys``, folded local parts) spell ``name``."""
    parts = [squash(p) for p in re.split(r"[\s-]+", name) if len(squash(p)) > 1]
    best = 0.0
    if not parts:
        return 0.0
    whole = "".join(parts)
    for key in keys:
        key_letters = re.sub(r"[^a-z]", "", key)
        if len(key_letters) < 3:
            continue
        hits = sum(len(p) >= 3 and p in key_letters for p in parts)
        if hits >= 2:
            best = max(best, 4.0)
        elif hits == 1:
            rest = next(
                (key_letters.replace(p, "", 1) for p in parts if len(p) >= 3 and p in key_letters),
                "",
            )
            initials = "".join(p[0] for p in parts)
            full = not rest or (rest and all(c in initials for c in rest)) or len(parts) == 1
            best = max(best, 3.0 if full else 1.6)
        elif key_letters in whole and len(key_letters) >= 4:
            best = max(best, 3.0)
        elif (
            len(parts) >= 2
            and key_letters.startswith(parts[0][0])
            and len(parts[-1]) >= 4
            and parts[-1][:4] in key_letters
        ):
            best = max(best, 1.5)
    return best
