"""Search terms: how text becomes the words that a search asks for.

Terms are case-folded and without accents. ``+``, ``#``, ``.`` and ``-`` inside a
word stay (``c++``, ``c#``, ``node.js``); an e-mail address is one term beside its
parts. Terms of one field carry a mark: ``name:``, ``email:``, ``skill:``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MAX_TERMS = 3000
_EMAIL = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9.-]{1,190}\.[a-z]{2,24}")
_BETWEEN_LETTERS = re.compile(r"[^\w+#/]+|_")
_WORD = re.compile(r"\w[\w+#.'-]*")


def folded(text: str) -> str:
    """Case-folded, without accents, compatibility forms resolved."""
    # Once before, as a compatibility form may be a capital, once after, as folding composes.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return plain.replace("ı", "i")  # in capitals the two are one letter


def words(text: str) -> list[str]:
    """The terms of a text in order, repeats included."""
    found = []
    for word in whole_words(text):
        found.append(word)
        parts = [part for part in re.split(r"[.'-]", word) if _WORD.fullmatch(part)]
        if len(parts) > 1 and "@" not in word:
            found += parts
    return found


def whole_words(text: str) -> list[str]:
    """The terms of a text that are no parts of others: who has these has all of them."""
    plain = folded(text)
    found = _EMAIL.findall(plain)
    for match in _WORD.finditer(plain):
        word = match[0].rstrip(".'-")
        if 0 < len(word) <= 64:
            found.append(word)
    return found


def field_term(field: str, text: str) -> str:
    """The term of a whole value of one field: its words, one space apart."""
    return f"{field}:{' '.join(folded(text).split())}"[:128]


def skill_term(text: str) -> str:
    """The term of a skill's name: spaces and punctuation aside, so that Node.js is node js."""
    plain = folded(text)
    letters = _BETWEEN_LETTERS.sub("", plain)
    return f"skill:{letters or ' '.join(plain.split())}"[:128]


def name_terms(name: str) -> set[str]:
    """The terms of a name: each of its words with every beginning of two letters or more."""
    return {
        f"name:{word[:length]}"
        for word in words(name)
        for length in range(min(2, len(word)), len(word) + 1)
    }


def limited(terms: Iterable[str]) -> tuple[str, ...]:
    """Distinct terms in the order given, at most :data:`MAX_TERMS`."""
    return tuple(list(dict.fromkeys(terms))[:MAX_TERMS])
