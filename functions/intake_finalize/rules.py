"""Whose profile a résumé belongs to, and how it is merged into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from shared.models.candidate import CandidateProfile, ProfileSource, candidate_id_of
from shared.models.intake import IntakeRecord, ParseDocument
from shared.models.resume import (
    Language,
    PersonalInfo,
    Position,
    Project,
    Resume,
    Skill,
    Study,
    Value,
)
from shared.search_terms import field_term, folded, limited, name_terms

MIN_PHONE_CONFIDENCE = 0.5

Item = TypeVar("Item")


def identity_key(resume: Resume, sha256: str) -> str:
    """What identifies the person: the first e-mail address, else the first sound phone
    number, else the name with the file's digest."""
    personal = resume.personal
    if personal.emails:
        return f"email:{personal.emails[0].value.strip().casefold()}"
    for phone in personal.phones:
        if phone.value.startswith("+") and phone.confidence >= MIN_PHONE_CONFIDENCE:
            return f"phone:{phone.value}"
    name = folded(personal.name.value) if personal.name else ""
    return f"file:{name}\n{sha256}"


def source_of(record: IntakeRecord, parsed: ParseDocument) -> ProfileSource:
    """The file as a source of a profile."""
    return ProfileSource(
        intake_id=record.intake_id,
        attempt=parsed.attempt,
        filename=record.file.filename,
        sha256=record.file.sha256,
        received_at=record.created_at,
    )


def new_profile(record: IntakeRecord, parsed: ParseDocument, *, now: datetime) -> CandidateProfile:
    """The profile of somebody not known so far."""
    key = identity_key(parsed.resume, record.file.sha256)
    candidate_id = candidate_id_of(record.tenant_id, key)
    blank = CandidateProfile(
        id=candidate_id,
        tenant_id=record.tenant_id,
        candidate_id=candidate_id,
        resume=parsed.resume,
        sources=(source_of(record, parsed),),
        created_at=now,
        updated_at=now,
    )
    return _derived(blank, parsed.resume, parsed.terms, ())


def merged_profile(
    profile: CandidateProfile, record: IntakeRecord, parsed: ParseDocument, *, now: datetime
) -> CandidateProfile:
    """The profile with another file of the same person merged in.

    The file that came in later wins field by field, whichever is read first; fields
    that a person edited stay. Nothing listed in either is lost.
    """
    source = source_of(record, parsed)
    newest = profile.newest_source
    is_newer = (source.received_at, source.intake_id) >= (newest.received_at, newest.intake_id)
    first, second = (parsed.resume, profile.resume) if is_newer else (profile.resume, parsed.resume)
    resume = merged_resume(first, second)
    kept = {
        field: getattr(profile.resume, field)
        for field in profile.edited_fields
        if field in Resume.model_fields
    }
    resume = resume.model_copy(update=kept)
    others = tuple(s for s in profile.sources if s.intake_id != source.intake_id)
    merged = profile.model_copy(
        update={"resume": resume, "sources": (*others, source), "updated_at": now}
    )
    return _derived(merged, resume, parsed.terms, profile.terms)


def merged_resume(first: Resume, second: Resume) -> Resume:
    """Two résumés of one person as one; where both say something, ``first`` is right."""
    a, b = first.personal, second.personal
    personal = PersonalInfo(
        name=a.name or b.name,
        headline=a.headline or b.headline,
        summary=a.summary or b.summary,
        location=a.location or b.location,
        emails=_union(a.emails, b.emails, _text),
        phones=_union(a.phones, b.phones, _digits),
        links=_union(a.links, b.links, _text),
    )
    months = [m for m in (first.months_of_experience, second.months_of_experience) if m is not None]
    return first.model_copy(
        update={
            "personal": personal,
            "work_experience": _union(first.work_experience, second.work_experience, _position),
            "education": _union(first.education, second.education, _study),
            "skills": _union(first.skills, second.skills, _skill),
            "certifications": _union(first.certifications, second.certifications, _text),
            "languages": _union(first.languages, second.languages, _language),
            "projects": _union(first.projects, second.projects, _project),
            "achievements": _union(first.achievements, second.achievements, _text),
            "months_of_experience": max(months) if months else None,
        }
    )


def _derived(
    profile: CandidateProfile, resume: Resume, terms: Iterable[str], more: Iterable[str]
) -> CandidateProfile:
    """Fill in what searches ask."""
    personal = resume.personal
    emails = tuple(dict.fromkeys(value.value.casefold() for value in personal.emails))
    marked = [field_term("email", email) for email in emails]
    if personal.name:
        marked += sorted(name_terms(personal.name.value))
    update: dict[str, Any] = {
        "name": personal.name.value if personal.name else None,
        "emails": emails,
        "phones": tuple(dict.fromkeys(value.value for value in personal.phones)),
        "skill_keys": tuple(dict.fromkeys(skill.key for skill in resume.skills if skill.key)),
        "terms": limited([*marked, *terms, *more]),
    }
    return profile.model_copy(update=update)


def _union(
    first: Iterable[Item], second: Iterable[Item], key: Callable[[Item], str]
) -> tuple[Item, ...]:
    """All items of both, the first of those with the same key kept."""
    found: dict[str, Item] = {}
    for item in (*first, *second):
        found.setdefault(key(item), item)
    return tuple(found.values())


def _text(value: Value) -> str:
    return " ".join(folded(value.value).split())


def _digits(value: Value) -> str:
    return "".join(c for c in value.value if c.isdecimal())[-9:]


def _optional(value: Value | None) -> str:
    return _text(value) if value else ""


def _position(item: Position) -> str:
    start = item.start.value[:4] if item.start else ""
    return f"{_optional(item.company)}|{_optional(item.title)}|{start}"


def _study(item: Study) -> str:
    return f"{_optional(item.institution)}|{_optional(item.degree)}"


def _skill(item: Skill) -> str:
    return item.key or _text(item.name)


def _language(item: Language) -> str:
    return item.code or _text(item.name)


def _project(item: Project) -> str:
    return _text(item.name)
