"""Whose profile a résumé belongs to, and how it is merged into it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from shared.models.candidate import CandidateProfile, ProfileSource, candidate_id_of
from shared.models.intake import IntakeRecord, ParseDocument
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
from shared.search_terms import field_term, folded, limited, name_terms

MIN_PHONE_CONFIDENCE = 0.8
"""Numbers that are only shaped like one are less sure than this: many write the same."""

Item = TypeVar("Item", bound=BaseModel)
Dated = TypeVar("Dated", Position, Study)


def identity_key(resume: Resume, sha256: str) -> str:
    """What identifies the person: the first e-mail address, else the first sound phone
    number with the name (families and offices share a number), else the name with the
    file's digest."""
    personal = resume.personal
    name = _text(personal.name) if personal.name else ""
    for email in personal.emails:
        if address := _address(email):
            return f"email:{address}"
    for phone in personal.phones:
        if phone.value.startswith("+") and phone.confidence >= MIN_PHONE_CONFIDENCE:
            return f"phone:{_number(phone)}\n{name}"
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
    return _derived(blank, _terms_of(parsed), ())


def merged_profile(
    profile: CandidateProfile, record: IntakeRecord, parsed: ParseDocument, *, now: datetime
) -> CandidateProfile:
    """The profile with another file of the same person merged in.

    The file that came in later wins field by field, whichever is read first; fields
    that a person edited stay. Nothing listed in either is lost, and what either was
    found by finds both.
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
    others = [each for each in profile.sources if each.intake_id != source.intake_id]
    sources = sorted([*others, source], key=lambda each: (each.received_at, each.intake_id))
    merged = profile.model_copy(
        update={"resume": resume, "sources": tuple(sources), "updated_at": now}
    )
    terms = (_terms_of(parsed), profile.terms)
    return _derived(merged, *(terms if is_newer else reversed(terms)))


def merged_resume(first: Resume, second: Resume) -> Resume:
    """Two résumés of one person as one; where both say something, ``first`` is right."""
    a, b = first.personal, second.personal
    personal = PersonalInfo(
        name=a.name or b.name,
        headline=a.headline or b.headline,
        summary=a.summary or b.summary,
        location=a.location or b.location,
        emails=_union(a.emails, b.emails, _address),
        phones=_union(a.phones, b.phones, _number),
        links=_union(a.links, b.links, _text),
    )
    months = [m for m in (first.months_of_experience, second.months_of_experience) if m is not None]
    return first.model_copy(
        update={
            "personal": personal,
            "work_experience": _union(
                first.work_experience, second.work_experience, _position, _filled_position
            ),
            "education": _union(first.education, second.education, _study, _filled_study),
            "skills": _union(first.skills, second.skills, _skill),
            "certifications": _union(first.certifications, second.certifications, _text),
            "languages": _union(first.languages, second.languages, _language, _filled),
            "projects": _union(first.projects, second.projects, _project, _filled),
            "achievements": _union(first.achievements, second.achievements, _text),
            "months_of_experience": max(months) if months else None,
        }
    )


def _derived(
    profile: CandidateProfile, terms: Iterable[str], more: Iterable[str]
) -> CandidateProfile:
    """Fill in what searches ask."""
    personal = profile.resume.personal
    keys = dict.fromkeys(skill.key for skill in profile.resume.skills if skill.key)
    update: dict[str, Any] = {
        "name": personal.name.value if personal.name else None,
        "emails": _distinct(map(_address, personal.emails)),
        "phones": _distinct(value.value for value in personal.phones),
        "skill_keys": tuple(keys),
        "terms": limited([*_personal_terms(personal), *terms, *more]),
    }
    return profile.model_copy(update=update)


def _terms_of(parsed: ParseDocument) -> list[str]:
    """What one file is found by: whose it is, and its words."""
    return [*_personal_terms(parsed.resume.personal), *parsed.terms]


def _personal_terms(personal: PersonalInfo) -> list[str]:
    terms = [field_term("email", address) for address in map(_address, personal.emails)]
    if personal.name:
        terms += sorted(name_terms(personal.name.value))
    return terms


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text for text in dict.fromkeys(texts) if text)


def _keep(first: Item, _second: Item) -> Item:
    return first


def _union(
    first: Sequence[Item],
    second: Sequence[Item],
    key: Callable[[Item], str],
    fill: Callable[[Item, Item], Item] = _keep,
) -> tuple[Item, ...]:
    """All items of the first, and those of the second that it has not.

    Items with one key are the same thing said twice: the first's stays, its blanks filled
    from the second's. Where either list has a key several times, nothing tells which is
    which, and only what is word for word the same is left out.
    """
    in_first, in_second = Counter(map(key, first)), Counter(map(key, second))
    paired = {k for k in in_first if in_first[k] == 1 and in_second[k] == 1}
    twins = {key(item): item for item in second}
    said = {_wording(item.model_dump()) for item in first if key(item) not in paired}
    united = [fill(item, twins[key(item)]) if key(item) in paired else item for item in first]
    united += [
        item
        for item in second
        if key(item) not in paired and _wording(item.model_dump()) not in said
    ]
    return tuple(united)


def _wording(dumped: Any) -> str:
    """What an item says, wherever and however surely it was read."""
    if isinstance(dumped, dict):
        said = {k: _wording(v) for k, v in dumped.items() if k not in {"span", "confidence"}}
        return repr(sorted(said.items()))
    if isinstance(dumped, list | tuple):
        return repr([_wording(each) for each in dumped])
    return folded(dumped) if isinstance(dumped, str) else repr(dumped)


def _filled(first: Item, second: Item) -> Item:
    """The first with what it leaves blank taken from the second."""
    blanks = {
        field: getattr(second, field)
        for field in type(first).model_fields
        if getattr(first, field) in (None, ())
    }
    return first.model_copy(update=blanks)


def _filled_position(first: Position, second: Position) -> Position:
    return _with_end(_filled(first, second), first, second)


def _filled_study(first: Study, second: Study) -> Study:
    return _with_end(_filled(first, second), first, second)


def _with_end(filled: Dated, first: Dated, second: Dated) -> Dated:
    """The end from one side: a job that goes on has none."""
    of = first if first.end or first.current else second
    return filled.model_copy(update={"end": of.end, "current": of.current})


def _text(value: Value) -> str:
    return " ".join(folded(value.value).split())


def _address(value: Value) -> str:
    return "".join(value.value.split()).casefold()


def _number(value: Value) -> str:
    """A number by its digits; with its country code it is another than without."""
    digits = "".join(c for c in value.value if c.isdecimal())
    sign = "+" if value.value.lstrip().startswith("+") else ""
    return f"{sign}{digits}" if digits else _text(value)


def _optional(value: Value | None) -> str:
    return _text(value) if value else ""


def _year(date: PartialDate | None) -> str:
    return date.value[:4] if date else ""


def _position(item: Position) -> str:
    return _joined(_optional(item.company), _optional(item.title), _year(item.start), item=item)


def _study(item: Study) -> str:
    """A degree of an institution; where no degree is named, the years tell studies apart."""
    years = (_year(item.start), _year(item.end))
    degree = _optional(item.degree) or ("-".join(years) if any(years) else "")
    return _joined(_optional(item.institution), degree, item=item)


def _joined(*parts: str, item: BaseModel) -> str:
    """The parts as one key; the whole item where all are blank."""
    return "\n".join(parts) if any(parts) else item.model_dump_json()


def _skill(item: Skill) -> str:
    return f"key:{item.key}" if item.key else f"name:{_text(item.name)}"


def _language(item: Language) -> str:
    return f"code:{item.code}" if item.code else f"name:{_text(item.name)}"


def _project(item: Project) -> str:
    return _text(item.name)
