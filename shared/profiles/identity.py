"""What makes two values of a résumé the same, and whom a résumé is about."""

from __future__ import annotations

from shared.models.resume import Resume, Value
from shared.search_terms import folded

MIN_PHONE_CONFIDENCE = 0.8
"""Numbers that are only shaped like one are less sure than this: many write the same."""


def identity_key(resume: Resume, sha256: str) -> str:
    """What identifies the person: the first e-mail address, else the first sound phone
    number with the name (families and offices share a number), else the name with the
    file's digest."""
    personal = resume.personal
    name = text_of(personal.name) if personal.name else ""
    for email in personal.emails:
        if address := address_of(email):
            return f"email:{address}"
    for phone in personal.phones:
        if phone.value.startswith("+") and phone.confidence >= MIN_PHONE_CONFIDENCE:
            return f"phone:{number_of(phone)}\n{name}"
    return f"file:{name}\n{sha256}"


def text_of(value: Value) -> str:
    """The value in the form in which it is compared."""
    return " ".join(folded(value.value).split())


def address_of(value: Value) -> str:
    """An e-mail address in the form in which it is compared."""
    return "".join(value.value.split()).casefold()


def number_of(value: Value) -> str:
    """A number by its digits; with its country code it is another than without."""
    digits = "".join(c for c in value.value if c.isdecimal())
    sign = "+" if value.value.lstrip().startswith("+") else ""
    return f"{sign}{digits}" if digits else text_of(value)
