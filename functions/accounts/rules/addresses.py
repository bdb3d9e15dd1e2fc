"""E-mail addresses: which are one, and which are none."""

from __future__ import annotations

import re
import unicodedata

from shared.errors import FieldError, Invalid

MAX_CHARACTERS = 254
_UNSEEN = re.compile(
    # fillers, joiners and variation selectors, which count as printable (Unicode,
    # Default_Ignorable_Code_Point)
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_LOCAL = re.compile(r"[^\s@\x00-\x1f\x7f<>()\[\],;:\"\\]{1,64}")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+([a-z]{2,}|xn--[a-z0-9-]*[a-z0-9])")


def normalised(email: str) -> str:
    """The form in which two ways to write one address are the same: however its letters are
    cased, wide or composed, and whether its domain stands there in its own script or in the
    ASCII form that mail servers ask for (RFC 3490).

    Raises ``Invalid`` for what is no address, or has letters in it that nobody sees.
    """
    address = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email.strip()).casefold())
    address = address.replace("ı", "i")  # in capitals the two are one letter
    local, _, domain = address.rpartition("@")
    is_seen = address.isprintable() and not _UNSEEN.search(address)
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    try:
        domain = domain.encode("idna").decode("ascii") if is_seen else ""
    except UnicodeError:
        domain = ""
    address = f"{local}@{domain}"
    is_formed = bool(_LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)) and not dots
    if len(address) > MAX_CHARACTERS or not is_formed:
        raise Invalid(
            "the e-mail address does not hold",
            fields=(FieldError("/email", "is not an e-mail address"),),
        )
    return address
