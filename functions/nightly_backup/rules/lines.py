"""A document as a line of a backup, and what is left of its time when it is restored."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from math import ceil
from typing import Any

Json = dict[str, Any]
_LONGEST_TTL = 2**31 - 1
_VERSION = re.compile(r'\{"schema_version":(\d+)[,}]')
_SORTED = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Line:
    """A document with the moment at which it expires, in seconds since the epoch (None: never)."""

    body: Json
    expires_at: float | None

    @classmethod
    def read(cls, line: bytes) -> Line:
        """Read a line. Raises ``ValueError`` for what is none."""
        held = json.loads(line)
        if not isinstance(held, dict) or not isinstance(held.get("body"), dict):
            raise ValueError("not a line of a backup")  # noqa: TRY004  one error for all of them
        return cls(held["body"], held.get("expires_at"))

    def alive(self, now: float) -> Json | None:
        """The document as it is to be written at a moment, so that it expires when it would
        have: with a ``ttl`` of what is left of its time. None of one whose time is over."""
        if self.expires_at is None:
            return self.body
        left = ceil(self.expires_at - now)
        return None if left <= 0 else self.body | {"ttl": min(left, _LONGEST_TTL)}


def written(text: str, expires_at: float | None) -> bytes:
    """The line, its end included, of a document that is given as JSON text without line breaks."""
    until = "" if expires_at is None else f',"expires_at":{expires_at!r}'
    return f'{{"body":{text}{until}}}\n'.encode()


def version_of(text: str) -> str:
    """The version of a document's schema, ``none`` of one that has none. It is written first, and
    the rest of the text is then not looked at."""
    found = _VERSION.match(text)
    if found is not None:
        return found[1]
    version = json.loads(text).get("schema_version")
    return "none" if version is None else str(version)


def digest_of(body: Json) -> str:
    """A digest of a document apart from its ``ttl``, which counts on; the order of its fields
    says nothing."""
    rest = {name: value for name, value in body.items() if name != "ttl"}
    return hashlib.sha256(_SORTED.encode(rest).encode()).hexdigest()
