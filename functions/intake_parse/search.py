"""Search terms of a résumé: its words, and every usual name of its skills."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from functions.intake_parse.rules.lexicon import data
from shared.models.resume import Resume
from shared.search_terms import limited, skill_term, words


def resume_terms(resume: Resume, text: str) -> tuple[str, ...]:
    """Distinct terms: skills first, under each name the taxonomy has for them, then all words."""
    return limited([*_skill_terms(resume), *words(text)])


def _skill_terms(resume: Resume) -> Iterator[str]:
    names = _names()
    for skill in resume.skills:
        yield skill_term(skill.name.value)
        for name in names.get(skill.key or "", ()):
            yield skill_term(name)


@cache
def _names() -> dict[str, tuple[str, ...]]:
    """The names of each skill of the taxonomy, by key."""
    return {
        item["key"]: (item["key"], item["name"], *item["synonyms"])
        for item in data("taxonomy.json")["skills"]
    }
