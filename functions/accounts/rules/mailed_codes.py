"""Codes that go to somebody by e-mail: how long they hold, and what the e-mail says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

LIFETIME = timedelta(minutes=30)
KEPT = timedelta(hours=1)
"""How long it is known that somebody asked; an e-mail that is later than that does not go out."""

Occasion = Literal["reset", "registration", "taken"]
Part = Literal["subject", "text", "after"]


def words_of(words: Mapping[str, str], occasion: Occasion, part: Part) -> str:
    """What an e-mail says on an occasion; nothing where the words have no such part."""
    minutes = int(LIFETIME.total_seconds() // 60)
    return words.get(f"{occasion}_{part}", "").format(minutes=minutes)
