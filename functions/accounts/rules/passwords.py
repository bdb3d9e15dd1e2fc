"""Which passwords are taken: long enough, and none that many people have (NIST SP 800-63B,
section 3.1.1)."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

from shared.errors import FieldError, Invalid

MIN_CHARACTERS, MAX_CHARACTERS = 10, 128
MIN_DISTINCT = 5


def prepared(password: str) -> str:
    """A password as it is hashed: composed alike, however a keyboard composes it."""
    return unicodedata.normalize("NFC", password)


def check_password(
    password: str, *, common: Collection[str], personal: Collection[str], pointer: str = "/password"
) -> None:
    """Raise ``Invalid`` for a password that is too short or too long, common or the person's own.

    ``common`` holds common passwords in lower case; one with digits or punctuation around it
    is as common. ``personal`` are the person's names and addresses.
    """
    text = prepared(password)
    why = _why_not(text, common, {part.casefold() for part in personal if part})
    if why:
        raise Invalid(f"the password does not hold: it {why}", fields=(FieldError(pointer, why),))


def _why_not(text: str, common: Collection[str], personal: Collection[str]) -> str | None:
    if len(text) < MIN_CHARACTERS:
        return f"has fewer than {MIN_CHARACTERS} characters"
    if len(text) > MAX_CHARACTERS:
        return f"has more than {MAX_CHARACTERS} characters"
    if len(set(text)) < MIN_DISTINCT:
        return f"has fewer than {MIN_DISTINCT} different characters"
    folded = text.casefold()
    core = folded.strip("0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
    if folded in common or core in common:
        return "is one that many people use"
    if folded in personal or core in personal:
        return "is your own name or address"
    return None
