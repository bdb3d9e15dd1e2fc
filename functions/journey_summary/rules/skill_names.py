"""What a skill is called where only its id is known."""

from __future__ import annotations

import re

from shared.models.learning import SUBJECTS, Subject

MOST_CHARACTERS = 60
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_PARTS = re.compile(r"[\W_]+")
_OF_SUBJECTS = {word for subject in SUBJECTS for word in subject.lower().split()} | {"skill"}


def skill_name(skill_id: str, subject: Subject) -> str:
    """Words for a skill from its id, to stand within a sentence.

    ``math.fractions.addLike`` is ``fractions: add like``; the subject's own words are left out,
    and an id of nothing else is named after its subject.
    """
    levels = []
    for level in re.split(r"[./:]+", skill_id):
        words = [word for word in _PARTS.split(_CAMEL.sub(" ", level)) if word]
        words = [word for word in words if word.lower() not in _OF_SUBJECTS]
        if words:
            levels.append(" ".join(word if word.isupper() else word.lower() for word in words))
    name = ": ".join(levels) or subject
    return name if len(name) <= MOST_CHARACTERS else name[: MOST_CHARACTERS - 1].rstrip() + "…"


def as_title(name: str) -> str:
    """A name at the beginning of a line."""
    return name[:1].upper() + name[1:]
