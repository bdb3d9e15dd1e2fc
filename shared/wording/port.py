"""Whoever puts texts into other words; what comes back, :mod:`shared.wording.checks` looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from shared.errors import WaymarkError

Purpose = Literal["value_statement", "coaching"]


@dataclass(frozen=True)
class Draft:
    """Texts as they came back, under the keys they were sent with, and the tokens they took."""

    texts: Mapping[str, str]
    tokens: int


class NoDraft(WaymarkError):
    """No usable answer came: ``reason`` says why in a word, ``tokens`` what it took all the same
    (None where nobody knows)."""

    def __init__(self, reason: str, *, tokens: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.tokens = tokens


class Wording(Protocol):
    """Puts texts into other words. Safe to use from several threads."""

    @property
    def model(self) -> str:
        """The name of the model."""

    def most_tokens(self, texts: Mapping[str, str]) -> int:
        """How many tokens rewording these can take at most."""

    def reword(self, texts: Mapping[str, str], *, purpose: Purpose, language: str) -> Draft:
        """The same texts in better words of the same language. Raises :class:`NoDraft` where no
        usable answer comes in time, whatever the reason."""
