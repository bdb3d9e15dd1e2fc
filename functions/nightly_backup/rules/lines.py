"""A document as a line of a backup, and what is left of its time when it is restored."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from math import ceil, isfinite
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
        body = held.get("body") if isinstance(held, dict) else None
        if not isinstance(body, dict):
            raise ValueError("not a line of a backup")  # noqa: TRY004  one error for all of them
        if not all(isinstance(body.get(name), str) for name in ("id", "tenant_id")):
            raise ValueError("a document without an id or a tenant")
        until = held.get("expires_at")
        is_number = isinstance(until, int | float) and not isinstance(until, bool)
        if until is not None and not (is_number and isfinite(until)):
            raise ValueError("a document that expires at no moment")
        return cls(body, until)

    def alive(self, now: float, *, since: float | None = None) -> Json | None:
        """The document as it is to be written at a moment, so that it expires when it would
        have: with a ``ttl`` of what is left of its time. None of one whose time is over.

        For receipts time has stood still since ``since``, when the backup began: an event that
        the backup holds must meet the receipts that it holds.
        """
        if self.expires_at is None:
            return self.body
        if since is not None and self.body.get("kind") == "receipt":
            now = since
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
