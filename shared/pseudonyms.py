"""Keyed pseudonyms: names for people that tell nothing without the key.

What must outlive a person's data (tombstones, the audit log) names them by these.
Without the key nobody can try out ids or addresses; with the person's id at hand, the
house finds what is theirs.
"""

from __future__ import annotations

import hashlib
import hmac

_CHARACTERS = 40


class Pseudonyms:
    """Makes pseudonyms with one secret key, which must never change: what was written
    under another one is not found again."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, tenant_id: str, kind: str, identity: str) -> str:
        """The pseudonym of what has this id: 40 hexadecimal characters of an HMAC-SHA256."""
        return self.digest("\n".join((tenant_id, kind, identity)).encode("utf-8", "replace"))

    def digest(self, data: bytes) -> str:
        """A digest of data that nobody can try out without the key."""
        return hmac.new(self._key, data, hashlib.sha256).hexdigest()[:_CHARACTERS]
