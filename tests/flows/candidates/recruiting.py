"""Candidates made by hand, an encoder of words, and a tenant's recruiters at work on them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import sqrt
from typing import Any

from functions.candidates.rules.edits import CandidateChanges, resume_of
from functions.candidates.service import hearing, profiles
from shared.encoding import DIMENSION, Vector
from shared.errors import Unavailable
from shared.events.candidate import HandoverDue
from shared.events.envelope import Event
from shared.models.candidate import CandidateProfile
from shared.search_terms import words
from tests.flows.stores import TENANT, House

BY = "the-pseudonym-of-a-recruiter"


class WordEncoder:
    """Texts are near each other by the words that they share. Made of nothing but these."""

    model, dimension = "of-words", DIMENSION

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> list[Vector]:
        if self.away:
            raise Unavailable("no encoder")
        self.encoded += texts
        return [_vector(text) for text in texts]


def _vector(text: str) -> Vector:
    found = [1e-6] * DIMENSION
    for word in words(text):
        found[hashlib.sha256(word.encode()).digest()[0] + 1] += 1.0
    length = sqrt(sum(value * value for value in found))
    return tuple(value / length for value in found)


def written(house: House, tenant: str = TENANT, **fields: Any) -> CandidateProfile:
    """Write a profile by hand; fields as a recruiter sends them."""
    changes = CandidateChanges.model_validate(fields)
    return profiles.write(
        house,
        tenant,
        resume_of(changes, today=house.clock().date()),
        name="by hand",
        by=BY,
        now=house.clock(),
    ).profile


def edited(
    house: House, candidate_id: str, *, if_match: str | None = None, **fields: Any
) -> CandidateProfile:
    """Change a profile by hand."""
    changes = CandidateChanges.model_validate(fields)
    return profiles.change(
        house, TENANT, candidate_id, changes, if_match=if_match, by=BY, now=house.clock()
    )


def heard(house: House, encoder: WordEncoder | None = None) -> list[Event]:
    """Deliver what the flow hears of profiles; returns the handovers that are due."""
    due: list[Event] = []
    while events := house.waiting("candidates/candidates"):
        for event in events:
            if event.type == HandoverDue.type:
                due.append(event)
            else:
                hearing.hear(house, encoder or WordEncoder(), event, now=house.clock())
    return due


def read(house: House, candidate_id: str, tenant: str = TENANT) -> CandidateProfile:
    return profiles.read(house, tenant, candidate_id)
