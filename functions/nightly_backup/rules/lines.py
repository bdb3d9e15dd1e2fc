"""A document as a line of a backup, and what is left of its time when it is restored."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from math import ceil
from typing import Any

Json = dict[str, Any]
_LONGEST_TTL = 2**31 - 1


@dataclass(frozen=True)
class Line:
    """A document with the moment at which it expires, in seconds since the epoch (None: never)."""

    body: Json
    expires_at: float | None

    def written(self) -> bytes:
        """The line, its end included."""
        held = {"body": self.body}
        if self.expires_at is not None:
            held["expires_at"] = self.expires_at  # type: ignore[assignment]  # beside the body
        text = json.dumps(held, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode() + b"\n"

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


def digest_of(body: Json) -> str:
    """A digest of a document apart from its ``ttl``, which counts on; the order of its fields
    says nothing."""
    rest = {name: value for name, value in body.items() if name != "ttl"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
