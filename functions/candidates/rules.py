"""What a search asks for, as the search terms that a profile must have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import FieldError, Invalid
from shared.search_terms import field_term, skill_term, words

MAX_TERMS = 20


@dataclass(frozen=True)
class Search:
    """What is wanted; everything given must hold."""

    text: str | None = None
    name: str | None = None
    email: str | None = None
    skills: Sequence[str] = ()


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
        found = words(given)
        if not found:
            raise Invalid(
                f"{field} holds no word to search for",
                fields=(FieldError(field, "give at least one letter or digit"),),
            )
        terms += [f"name:{word}" for word in found] if field == "name" else found
    if wanted.email is not None:
        terms.append(field_term("email", wanted.email))
    terms += [skill_term(skill) for skill in wanted.skills]
    distinct = list(dict.fromkeys(terms))
    if len(distinct) > MAX_TERMS:
        raise Invalid(f"a search takes at most {MAX_TERMS} words; shorten it")
    return distinct
