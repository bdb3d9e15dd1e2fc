"""Any résumés, records and files of one person, for the rules of the profile writer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from functions.intake_finalize.rules import incoming_of
from shared.models.candidate import CandidateProfile
from shared.models.intake import IntakeFile, IntakeRecord, ParseDocument
from shared.models.resume import (
    Language,
    PartialDate,
    PersonalInfo,
    Position,
    Project,
    Resume,
    Skill,
    Study,
    Value,
)
from shared.profiles.writing import created
from shared.search_terms import words
from tests.flows.stores import START, TENANT

NAMES = ["Maya Okafor", "MAYA OKAFOR", "Maya Okafor-Lindqvist", "M. Okafor"]
EMAILS = ["maya@example.com", "Maya@Example.com", "m.okafor@example.org", " maya@example.com "]
PHONES = ["+12125550100", "+13125550100", "030 901820", "(0)30-901820", "n/a"]
WORDS = ["Acme", "ACME", "Borealis", "Engineer", "Déploiement", "deploiement", "Python"]
YEARS = ["2017", "2019", "2019-05", "2023-11-30"]


def value(text: str, confidence: float = 0.98) -> Value:
    return Value(value=text, confidence=confidence)


def _values(texts: list[str]) -> st.SearchStrategy[Value]:
    return st.builds(value, st.sampled_from(texts), st.sampled_from([0.6, 0.98]))


def _some(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=3).map(tuple)


_words = _values(WORDS)
_maybe = st.none() | _words
_dates = st.none() | st.builds(
    PartialDate, value=st.sampled_from(YEARS), confidence=st.just(0.9), span=st.none()
)
_studies: dict[str, Any] = {
    "institution": _maybe, "degree": _maybe, "location": _maybe,
    "level": st.sampled_from([None, "bachelor"]), "start": _dates, "end": _dates,
    "current": st.booleans(),
}  # fmt: skip
_positions: dict[str, Any] = {
    "company": _maybe, "title": _maybe, "location": _maybe, "start": _dates, "end": _dates,
    "current": st.booleans(), "highlights": _some(_words),
}  # fmt: skip
_keys = st.sampled_from([None, "python", "docker"])
_languages: dict[str, Any] = {
    "name": _values(["Mandarin", "Cantonese", "German"]),
    "code": st.sampled_from([None, "zh", "de"]),
    "level": st.sampled_from([None, "B2", "C1"]),
}

resumes = st.builds(
    Resume,
    personal=st.builds(
        PersonalInfo,
        name=st.none() | _values(NAMES),
        headline=_maybe,
        summary=_maybe,
        location=_maybe,
        emails=_some(_values(EMAILS)),
        phones=_some(_values(PHONES)),
        links=_some(_words),
    ),
    work_experience=_some(st.builds(Position, **_positions)),
    education=_some(st.builds(Study, **_studies)),
    skills=_some(st.builds(Skill, name=_words, key=_keys)),
    certifications=_some(_words),
    languages=_some(st.builds(Language, **_languages)),
    projects=_some(st.builds(Project, name=_words, description=_maybe, url=_maybe)),
    achievements=_some(_words),
    months_of_experience=st.sampled_from([None, 0, 30, 60]),
    language=st.sampled_from(["en", "de"]),
    parser=st.just("rules 1"),
)

File = tuple[IntakeRecord, ParseDocument]


def file_of(resume: Resume, number: int, *, at: datetime = START, attempt: int = 1) -> File:
    """A file with this résumé, dropped ``number`` minutes after a moment."""
    intake_id, moment = f"intake-{number}", at + timedelta(minutes=number)
    record = IntakeRecord(
        id=intake_id,
        tenant_id=TENANT,
        intake_id=intake_id,
        state="finalizing",
        attempt=attempt,
        file=IntakeFile(name=f"{TENANT}/{number}.txt", size=1, sha256=str(number) * 64),
        created_at=moment,
        updated_at=moment,
    )
    said = " ".join(v.value for v in (*resume.achievements, *resume.certifications))
    parsed = ParseDocument(
        tenant_id=TENANT,
        intake_id=intake_id,
        attempt=attempt,
        resume=resume,
        terms=tuple(dict.fromkeys(words(said))),
        created_at=moment,
    )
    return record, parsed


def profile_of(file: File) -> CandidateProfile:
    return created(TENANT, incoming_of(*file), now=START)
