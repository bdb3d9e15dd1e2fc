"""E-mail addresses: which are one, and which are none."""

from __future__ import annotations

import re
import unicodedata

from shared.errors import FieldError, Invalid

MAX_CHARACTERS = 254
_FORM = re.compile(
    r"[^\s@\x00-\x1f\x7f<>()\[\],;:\"\\]{1,64}"  # who
    r"@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,}"  # where
)


def normalised(email: str) -> str:
    """The form in which two ways to write one address are the same: however its letters are
    cased, wide or composed.

    Raises ``Invalid`` for what is no address.
    """
    address = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email.strip()).casefold())
    local, _, domain = address.rpartition("@")
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    if len(address) > MAX_CHARACTERS or dots or not _FORM.fullmatch(address) or not domain:
        raise Invalid(
            "the e-mail address does not hold",
            fields=(FieldError("/email", "is not an e-mail address"),),
        )
    return address
