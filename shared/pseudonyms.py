"""Keyed pseudonyms: names for people that tell nothing without the key.

What must outlive a person's data (tombstones, the audit log) names them by these.
Without the key nobody can try out ids or addresses; with the person's id at hand, the
house finds what is theirs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_CHARACTERS = 40


class Pseudonyms:
    """Makes pseudonyms with one secret key, which must never change: what was written
    under another one is not found again."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, tenant_id: str, kind: str, identity: str) -> str:
        """The pseudonym of what has this id: 40 hexadecimal characters of an HMAC-SHA256."""
        return self.digest("\n".join((tenant_id, kind, identity)).encode("utf-8", "replace"))

    def sealed(self, tenant_id: str, user_id: str) -> str:
        """A person's id, readable for the house alone: for what must lead back to the person, and
        must not hold an id that an erasure could not find. The same id is sealed the same.

        AES-SIV (RFC 5297), in URL-safe base 64.
        """
        text = self._cipher.encrypt(user_id.encode(), [tenant_id.encode()])
        return base64.urlsafe_b64encode(text).decode().rstrip("=")

    def unsealed(self, tenant_id: str, text: str) -> str | None:
        """The id that was sealed in this tenant; None for anything else."""
        from cryptography.exceptions import InvalidTag

        try:
            data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            return self._cipher.decrypt(data, [tenant_id.encode()]).decode()
        except (ValueError, InvalidTag):
            return None

    @cached_property
    def _cipher(self) -> AESSIV:
        # loaded here: few flows seal anything
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        return AESSIV(hmac.digest(self._key, b"sealed ids", "sha512"))

    def digest(self, data: bytes) -> str:
        """A digest of data that nobody can try out without the key."""
        return hmac.new(self._key, data, hashlib.sha256).hexdigest()[:_CHARACTERS]
