"""What a search asks for, as the search terms that a profile must have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.errors import FieldError, Invalid
from shared.search_terms import field_term, folded, skill_term, whole_words

MAX_TERMS = 20


@dataclass(frozen=True)
class Search:
    """What is wanted; everything given must hold."""

    text: str | None = None
    name: str | None = None
    email: str | None = None
    skills: Sequence[str] = ()
    place: str | None = None
    tags: Sequence[str] = ()
    languages: Sequence[str] = ()
    level: str | None = None
    least_years: float | None = None
    channel: str | None = None
    changed_since: datetime | None = None


def wanted_terms(wanted: Search) -> list[str]:
    """The terms a profile must have, all of them.

    Each word of a name may be a beginning (``sam`` finds Samira); an address is
    whole; a skill is any of its usual names; words of the free text are whole.
    Raises ``Invalid`` when something given says nothing.
    """
    terms: list[str] = []
    for field, given in (("name", wanted.name), ("q", wanted.text)):
        if given is None:
            continue
        found = whole_words(given)
        if not found:
            raise _says_nothing(field)
        terms += [f"name:{word}" for word in found] if field == "name" else found
    if wanted.email is not None:
        if not _has_word(wanted.email):
            raise _says_nothing("email")
        terms.append(field_term("email", wanted.email))
    if wanted.place is not None:
        found = whole_words(wanted.place)
        if not found:
            raise _says_nothing("place")
        terms += [f"place:{word}" for word in found]
    for skill in wanted.skills:
        if not _has_word(skill):
            raise _says_nothing("skill")
        terms.append(skill_term(skill))
    distinct = list(dict.fromkeys(terms))
    if len(distinct) > MAX_TERMS:
        raise Invalid(f"a search takes at most {MAX_TERMS} words; shorten it")
    return distinct


def _has_word(text: str) -> bool:
    return any(character.isalnum() for character in folded(text))


def _says_nothing(field: str) -> Invalid:
    return Invalid(
        f"{field} holds no word to search for",
        fields=(FieldError(field, "give at least one letter or digit"),),
    )
