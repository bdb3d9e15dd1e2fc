"""Whoever says whether a file carries malware."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a blob: the verdict is of these bytes or of none."""

    container: str
    name: str
    etag: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Clean:
    """The scanner looked at the whole file and found nothing."""


@dataclass(frozen=True, slots=True)
class Infected:
    """The scanner found malware, by this name (plain and short, whatever it sent)."""

    signature: str


@dataclass(frozen=True, slots=True)
class Unscannable:
    """The scanner says that it cannot look at this file: no other answer will come by itself.

    ``why`` is a sentence.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Pending:
    """There is no verdict on this version yet: ask again later. ``why`` is a sentence."""

    why: str


Verdict = Clean | Infected | Unscannable | Pending


class Scanner(Protocol):
    """Says whether files carry malware. Safe to use from several threads."""

    def ping(self, *, seconds: float) -> None:
        """Ask whether it is there. Raises ``Unavailable`` where it is not in ``seconds``."""

    def scan(self, version: Version) -> Verdict:
        """Return the verdict on a version of a blob; one that is there no more is ``Pending``.

        Raises ``Unavailable`` (or ``Throttled``) when the scanner, or the store that holds the
        file, does not answer or says what is no answer.
        """


_LONGEST_NAME = 120


def plain_name(text: str) -> str:
    """A signature's name as it may be shown: printable, without blanks, of bounded length."""
    shown = "".join(c if c.isascii() and c.isprintable() and c != " " else "_" for c in text)
    return shown[:_LONGEST_NAME] or "unnamed"
