"""Whether a reworded text says what the text before it said, and nothing else. Pure.

A model may be talked into anything by what a learner wrote. So nothing that it says is believed
that the original does not hold: numbers and names in their order, negations and most words must be
those of before.
"""

from __future__ import annotations

import re
import unicodedata

from shared.search_terms import words

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_ADDRESS = re.compile(r"https?:|www\.|@|\b[\w-]+\.[a-z]{2,}\b", re.IGNORECASE)
_MARKUP = re.compile(r"[<>`\[\]{}|\\]|\*\*|__|^#", re.MULTILINE)
_NAME = re.compile(r"(?<![.!?…:\n] )(?<!^)(?<!\n)\b[^\W\d_a-zß-ÿ][\w'-]*")
_CONTROLS = frozenset({"Cc", "Cf", "Co", "Cs"})
_CAPITAL = re.compile(r"\b[^\W\d_a-zß-ÿ][\w'-]*")
_STEM, _FEWEST_LETTERS = 5, 4
_NEGATIONS = frozenset(
    """
    no not never nothing nobody neither nor without cannot can't don't doesn't didn't isn't aren't
    wasn't weren't won't nicht kein keine keinen nie niemals nichts ohne ne pas jamais rien sans
    nunca jamas nada sin nao sem
    """.split()  # noqa: SIM905  a list to read, not a program
)
_CAPITALS_ARE_NAMES = frozenset({"en", "fr", "es", "pt"})


def objection(original: str, text: str, *, language: str, most_new: float) -> str | None:
    """Why a text cannot stand for the original, in a word; None where it can.

    ``most_new`` is the share of its telling words that the original need not have, 0 to 1; one may
    always be new.
    """
    found = text.strip()
    if not found or not 0.3 * len(original) <= len(found) <= 1.6 * len(original) + 60:
        return "length"
    if any(
        unicodedata.category(each) in {"Cc", "Cf", "Co", "Cs"} and each != "\n" for each in found
    ):
        return "control"
    if _added(_ADDRESS, original, found) or _added(_MARKUP, original, found):
        return "markup"
    if _NUMBER.findall(found) != _NUMBER.findall(original):
        return "numbers"
    if _negations(found) != _negations(original):
        return "negation"
    if language in _CAPITALS_ARE_NAMES and not _names(found) <= _names(original) | _all(original):
        return "names"
    if language in _CAPITALS_ARE_NAMES and _capitals(found, original) != _capitals(original, found):
        return "order"
    telling = [each for each in words(found) if len(each) >= _FEWEST_LETTERS]
    known = {_stem(each) for each in words(original)}
    new = [each for each in telling if _stem(each) not in known]
    return "new_words" if len(new) > max(1, most_new * len(telling)) else None


def _added(what: re.Pattern[str], original: str, text: str) -> bool:
    return not set(what.findall(text)) <= set(what.findall(original))


def _negations(text: str) -> int:
    return sum(each in _NEGATIONS for each in re.findall(r"[\w']+", text.casefold()))


def _names(text: str) -> set[str]:
    return {each.casefold() for each in _NAME.findall(text)} - {"i", "i'm", "i've", "i'd", "i'll"}


def _capitals(text: str, other: str) -> list[str]:
    """The capital words of a text that the other has too, in order: told the other way round, the
    same names and numbers say something else."""
    known = set(_CAPITAL.findall(other))
    return [each for each in _CAPITAL.findall(text) if each in known and each != "I"]


def _all(text: str) -> set[str]:
    return {each.casefold() for each in re.findall(r"[\w'-]+", text)}


def _stem(word: str) -> str:
    return word[:_STEM]
