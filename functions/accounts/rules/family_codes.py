"""Codes that a learner or school hands to a parent."""

from __future__ import annotations

from datetime import timedelta

LIFETIME = timedelta(hours=48)
MAX_OPEN = 5
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is easily taken for another."""
CHARACTERS = 12
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


def code_of(entropy: bytes) -> str:
    """A code of 60 random bits, as people write it: ``7Q2M-X0TV-93KD``. Takes 8 random bytes."""
    number = int.from_bytes(entropy[:8], "big")
    letters = [ALPHABET[number >> (5 * position) & 31] for position in range(CHARACTERS)]
    return "-".join("".join(letters[start : start + 4]) for start in range(0, CHARACTERS, 4))


def canonical(code: str) -> str:
    """A code as it is compared, however it was typed: case, blanks, dashes, O for 0."""
    kept = "".join(character for character in code.upper() if character.isalnum())
    return kept.translate(_READ_AS)
