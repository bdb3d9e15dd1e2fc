"""The tokens of Rich Text Format, in one pass over the bytes (RTF specification 1.9.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A control word, a byte in hexadecimal, another control symbol, braces, line ends, text.
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?"
    rb"|\\'([0-9a-fA-F]{2})"
    rb"|\\([^a-zA-Z])"
    rb"|([{}])"
    rb"|[\r\n\x00]+"
    rb"|([^\\{}\r\n\x00]+)",
    re.DOTALL,
)


@dataclass(slots=True, frozen=True)
class Word:
    """A control word with its number, None where it has none."""

    name: str
    number: int | None


@dataclass(slots=True, frozen=True)
class Symbol:
    """A control symbol: a backslash and one character that is no letter."""

    char: str


@dataclass(slots=True, frozen=True)
class Chars:
    """Bytes of text in the encoding of the moment."""

    data: bytes
    escaped: bool = False
    """Whether it is one byte that was written in hexadecimal."""


@dataclass(slots=True, frozen=True)
class Brace:
    """The begin or the end of a group."""

    opens: bool


Token = Word | Symbol | Chars | Brace


def tokens(data: bytes) -> Iterator[Token]:
    """Yield the tokens of a file; bytes that belong to no token are passed over."""
    at = 0
    while at < len(data):
        found = _TOKEN.match(data, at)
        if found is None:
            at += 1
            continue
        at = found.end()
        name, number, escaped, symbol, brace, chars = found.groups()
        if chars is not None:
            yield Chars(chars)
        elif name is not None:
            word = Word(name.decode(), None if number is None else int(number))
            if word.name == "bin":
                at += min(max(word.number or 0, 0), len(data) - at)
            yield word
        elif escaped is not None:
            yield Chars(bytes([int(escaped, 16)]), escaped=True)
        elif brace is not None:
            yield Brace(brace == b"{")
        elif symbol is not None:
            yield Symbol(symbol.decode("latin-1"))
