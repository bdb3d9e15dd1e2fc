"""Text in a form for comparing words: lower case, without accents, plain dashes and quotes."""

from __future__ import annotations

import unicodedata

_STROKED = {"ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "ı": "i"}
"""Letters that no decomposition frees of their stroke, or that lack a dot."""


class _FoldTable(dict[int, int]):
    """One code point to one code point, filled as characters are met."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        if char in "‐‑‒–—―−\u00ad\u2043":
            folded = "-"
        elif char in "’‘`´ʼ":
            folded = "'"
        elif char in "“”„«»":
            folded = '"'
        elif char in _STROKED:
            folded = _STROKED[char]
        elif char != "\t" and (char.isspace() or char in "\u200b\ufeff"):
            folded = " "
        else:
            base = unicodedata.normalize("NFKD", char)
            base = "".join(c for c in base if not unicodedata.combining(c)) or char
            folded = base if len(base) == 1 else char
            lower = folded.casefold()
            folded = lower if len(lower) == 1 else folded
        self[code] = ord(folded)
        return self[code]


_FOLD = _FoldTable()


def fold(text: str) -> str:
    """Return ``text`` in comparison form, of the same length."""
    return text.translate(_FOLD)
