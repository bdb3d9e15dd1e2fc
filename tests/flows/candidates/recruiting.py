"""Candidates made by hand, an encoder of words, and a tenant's recruiters at work on them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import sqrt
from typing import Any

from functions.candidates.rules.edits import CandidateChanges, resume_of
from functions.candidates.service import hearing, merging, profiles
from shared.auth import Principal
from shared.encoding import DIMENSION, Vector
from shared.errors import Unavailable
from shared.events.candidate import HandoverDue
from shared.events.envelope import Event
from shared.models.candidate import CandidateProfile, CandidateRevision
from shared.search_terms import words
from tests.flows.stores import PSEUDONYMS, TENANT, House

BY = Principal("recruiter-1", TENANT, frozenset({"recruiter"}))


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
    """Write a profile as another system does; fields as a recruiter sends them."""
    return brought(house, tenant, edited=False, **fields)


def by_hand(house: House, tenant: str = TENANT, **fields: Any) -> CandidateProfile:
    """Write a profile as a recruiter does: what is set, no file overwrites."""
    return brought(house, tenant, edited=True, **fields)


def brought(house: House, tenant: str, *, edited: bool, **fields: Any) -> CandidateProfile:
    changes = CandidateChanges.model_validate(fields)
    resume, named = resume_of(changes, today=house.clock().date())
    return profiles.write(
        house, PSEUDONYMS, tenant, resume, name="by hand", by=BY,
        edited_fields=named if edited else (), now=house.clock(),
    ).profile  # fmt: skip


def edited(
    house: House, candidate_id: str, *, if_match: str | None = None, **fields: Any
) -> CandidateProfile:
    """Change a profile by hand."""
    changes = CandidateChanges.model_validate(fields)
    return profiles.change(
        house, PSEUDONYMS, candidate_id, changes, if_match=if_match, by=BY, now=house.clock()
    )


def merge(house: House, kept: str, other: str) -> CandidateProfile:
    """Merge one profile into another, as a recruiter asks."""
    return merging.merge(house, PSEUDONYMS, TENANT, kept, other, by=BY, now=house.clock())


def heard(house: House, encoder: WordEncoder | None = None) -> list[Event]:
    """Deliver what the flow hears of profiles; returns the handovers that are due."""
    due: list[Event] = []
    while events := house.waiting("candidates/candidates"):
        for event in events:
            if event.type == HandoverDue.type:
                due.append(event)
            else:
                hearing.hear(house, PSEUDONYMS, encoder or WordEncoder(), event, now=house.clock())
    return due


def read(house: House, candidate_id: str, tenant: str = TENANT) -> CandidateProfile:
    return profiles.read(house, tenant, candidate_id, now=house.clock())


def notes_of(house: House, candidate_id: str) -> list[str]:
    """What was noted of a candidate, the last first."""
    found, _ = profiles.notes(
        house, TENANT, candidate_id, limit=99, continuation=None, now=house.clock()
    )
    return [note.text for note in found]


def history_of(house: House, candidate_id: str) -> list[CandidateRevision]:
    """What changed in a profile, the last first."""
    return profiles.history(
        house, TENANT, candidate_id, limit=99, continuation=None, now=house.clock()
    )[0]
