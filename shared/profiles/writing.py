"""A candidate's profile: made, merged into, edited, united with another.

What searches ask is derived from the résumé each time; what a profile was found by before it is
found by again, unless a person took it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared.models.candidate import NO_END, CandidateProfile, ProfileSource, candidate_id_of
from shared.models.resume import PersonalInfo, Resume, Value
from shared.profiles.experience import months_of
from shared.profiles.identity import address_of, identity_key, number_of
from shared.profiles.merging import merged_resume
from shared.search_terms import field_term, limited, name_terms, skill_term, whole_words, words
from shared.skills.taxonomy import names_of

_MARKS = ("email:", "name:", "skill:", "place:")
SINGLE = ("name", "headline", "summary", "location")
"""Values of which a profile has one."""
MOST_BYTES = 400_000
_MOST_ITEMS = 100
_LISTS = (
    "work_experience", "education", "skills", "certifications", "languages", "projects",
    "achievements",
)  # fmt: skip
_LEVELS = ("secondary", "certificate", "associate", "bachelor", "master", "doctorate")


@dataclass(frozen=True)
class Incoming:
    """What comes to a profile: a résumé, the words it is found by, and where it is from."""

    resume: Resume
    words: tuple[str, ...]
    source: ProfileSource

    @property
    def key(self) -> str:
        """What identifies the person."""
        return identity_key(self.resume, self.source.sha256)


def created(tenant_id: str, incoming: Incoming, *, now: datetime) -> CandidateProfile:
    """The profile of somebody not known so far."""
    candidate_id = candidate_id_of(tenant_id, incoming.key)
    blank = CandidateProfile(
        id=candidate_id,
        tenant_id=tenant_id,
        candidate_id=candidate_id,
        resume=bounded(incoming.resume),
        sources=(incoming.source,),
        said_by=dict.fromkeys(_said(incoming.resume), incoming.source.intake_id),
        created_at=now,
        updated_at=now,
    )
    return _derived(blank, incoming.words)


def merged(profile: CandidateProfile, incoming: Incoming, *, now: datetime) -> CandidateProfile:
    """The profile with another source of the same person merged in.

    What came in later wins field by field, whichever is read first; fields that a person
    edited stay. Nothing listed in either is lost, and what either was found by finds both. A
    source that brings nothing new leaves the revision as it is.
    """
    source = incoming.source
    newest = profile.newest_source
    is_newer = (source.received_at, source.intake_id) >= (newest.received_at, newest.intake_id)
    resumes = (incoming.resume, profile.resume)
    joined = merged_resume(*(resumes if is_newer else reversed(resumes)))
    personal, said_by = _later(profile, incoming)
    joined = joined.model_copy(update={"personal": joined.personal.model_copy(update=personal)})
    resume = with_kept(joined, profile)
    # what a person took out of a field is not found again by what a later file says there
    found_by = ([*_marked(with_kept(incoming.resume, profile)), *incoming.words], profile.terms)
    first, second = found_by if is_newer else reversed(found_by)
    update: dict[str, Any] = {
        "resume": bounded(resume),
        "sources": _sources(profile, (source,)),
        "said_by": said_by,
    }
    if profile.expires_at <= source.received_at:
        # whoever applies again after the end begins anew
        update |= {"expires_at": NO_END, "consent": None}
    after = _derived(profile.model_copy(update=update), [*first, *second])
    revision = profile.revision + (after != profile)
    return after.model_copy(update={"updated_at": now, "revision": revision})


def _later(
    profile: CandidateProfile, incoming: Incoming
) -> tuple[dict[str, Value | None], dict[str, str]]:
    """The single values of a profile and of what comes to it, each of the later source that says
    it, and which source that is; whatever the order in which the sources are read."""
    order = {
        source.intake_id: (source.received_at, source.intake_id)
        for source in (*profile.sources, incoming.source)
    }
    newest = profile.newest_source.intake_id
    values: dict[str, Value | None] = {}
    said_by: dict[str, str] = {}
    for name in SINGLE:
        held, new = getattr(profile.resume.personal, name), getattr(incoming.resume.personal, name)
        holder = profile.said_by.get(name, newest)
        is_later = order[incoming.source.intake_id] >= order.get(holder, order[newest])
        takes = new is not None and (held is None or is_later)
        values[name] = new if takes else held
        if values[name] is not None:
            said_by[name] = incoming.source.intake_id if takes else holder
    return values, said_by


def _said(resume: Resume) -> list[str]:
    return [name for name in SINGLE if getattr(resume.personal, name) is not None]


def edited(
    profile: CandidateProfile,
    resume: Resume,
    fields: Iterable[str],
    more: Mapping[str, Any],
    *,
    now: datetime,
) -> CandidateProfile:
    """The profile after a person changed it.

    ``resume`` is what it holds now, ``fields`` names what they set (``skills``,
    ``personal.name``), which no file overwrites any more; ``more`` changes fields beside the
    résumé.
    """
    fields = tuple(fields)
    if "work_experience" in fields:
        months = months_of(resume.work_experience, now.date())
        resume = resume.model_copy(update={"months_of_experience": months})
    resume = bounded(resume)
    before = {*_marked(profile.resume), *words_of(profile.resume)}
    after = words_of(resume)
    left = [term for term in profile.terms if term not in before or term in set(after)]
    update = {
        "resume": resume,
        "edited_fields": tuple(dict.fromkeys((*profile.edited_fields, *fields))),
        "updated_at": now,
        "revision": profile.revision + 1,
        **more,
    }
    return _derived(profile.model_copy(update=update), [*after, *left])


def united(
    profile: CandidateProfile, other: CandidateProfile, *, now: datetime
) -> CandidateProfile:
    """The profile with all that another of the same person has.

    The profile's own words stand where both say something, but where a person set the other's
    alone; lists are joined; what was edited in either stays edited, and the earlier end holds. It
    stands for the other from now on. United once, again it is the same.
    """
    resume = merged_resume(profile.resume, other.resume)
    resume = with_kept(with_kept(resume, other), profile)
    update = {
        "resume": bounded(resume),
        "expires_at": min(profile.expires_at, other.expires_at),
        "sources": _sources(profile, other.sources),
        "said_by": {**other.said_by, **profile.said_by},
        "edited_fields": tuple(dict.fromkeys((*profile.edited_fields, *other.edited_fields))),
        "tags": tuple(dict.fromkeys((*profile.tags, *other.tags))),
        "consent": profile.consent or other.consent,
        "absorbed": tuple(dict.fromkeys((*profile.absorbed, other.candidate_id, *other.absorbed))),
        "created_at": min(profile.created_at, other.created_at),
    }
    joined = _derived(profile.model_copy(update=update), [*profile.terms, *other.terms])
    if joined == profile:
        return profile
    return joined.model_copy(update={"updated_at": now, "revision": profile.revision + 1})


def bounded(resume: Resume) -> Resume:
    """A résumé of at most 400 kB as JSON: beyond that the least telling is left out, the texts of
    jobs and projects first. A commit holds a profile with what it was before."""
    for most, longest in ((None, None), (25, 600), (10, 300), (0, 200)):
        if most is not None:
            resume = _shortened(resume, most, longest)
        if len(resume.model_dump_json()) <= MOST_BYTES:
            return resume
    parts = {name: getattr(resume, name)[:_MOST_ITEMS] for name in _LISTS}
    personal = {name: getattr(resume.personal, name)[:30] for name in ("emails", "phones", "links")}
    return resume.model_copy(
        update={**parts, "personal": resume.personal.model_copy(update=personal)}
    )


def _shortened(resume: Resume, most: int, longest: int | None) -> Resume:
    def cut(value: Value | None) -> Value | None:
        return value.model_copy(update={"value": value.value[:longest]}) if value else None

    jobs = tuple(
        job.model_copy(update={"highlights": tuple(map(cut, job.highlights[:most]))})
        for job in resume.work_experience
    )
    projects = tuple(
        project.model_copy(update={"description": cut(project.description)})
        for project in resume.projects
    )
    named = {
        name: tuple(map(cut, getattr(resume, name))) for name in ("certifications", "achievements")
    }
    personal = resume.personal.model_copy(update={"summary": cut(resume.personal.summary)})
    return resume.model_copy(
        update={"work_experience": jobs, "projects": projects, "personal": personal, **named}
    )


def with_kept(resume: Resume, profile: CandidateProfile) -> Resume:
    """A résumé with what a person edited in the profile."""
    whole = {
        field: getattr(profile.resume, field)
        for field in profile.edited_fields
        if field in Resume.model_fields
    }
    inside = {
        field.removeprefix("personal."): getattr(
            profile.resume.personal, field.removeprefix("personal.")
        )
        for field in profile.edited_fields
        if field.startswith("personal.")
        and field.removeprefix("personal.") in PersonalInfo.model_fields
    }
    if "work_experience" in whole:
        whole["months_of_experience"] = profile.resume.months_of_experience
    personal = whole.pop("personal", resume.personal).model_copy(update=inside)
    return resume.model_copy(update={**whole, "personal": personal})


def words_of(resume: Resume) -> list[str]:
    """The words of everything that a résumé says."""
    said: list[str] = []
    _gather(resume.model_dump(exclude={"language", "parser", "schema_version"}), said)
    return words("\n".join(said))


def levels_of(resume: Resume) -> tuple[str, ...]:
    """The highest degree of an education after all below it; empty when none is known."""
    levels = [_LEVELS.index(study.level) for study in resume.education if study.level in _LEVELS]
    return _LEVELS[: max(levels) + 1] if levels else ()


def years_of_experience(profile: CandidateProfile, today: date) -> float | None:
    """Years of work, to one place: as counted when the résumé was read, and since then where a
    position goes on."""
    months = profile.resume.months_of_experience
    if months is None:
        return None
    again = months_of(profile.resume.work_experience, today)
    return round(max(months, again or 0) / 12, 1)


def _gather(dumped: Any, said: list[str]) -> None:
    if isinstance(dumped, dict):
        for name, value in dumped.items():
            if name not in {"span", "confidence", "key", "code"}:
                _gather(value, said)
    elif isinstance(dumped, list | tuple):
        for each in dumped:
            _gather(each, said)
    elif isinstance(dumped, str):
        said.append(dumped)


def _sources(profile: CandidateProfile, more: Iterable[ProfileSource]) -> tuple[ProfileSource, ...]:
    by_id = {source.intake_id: source for source in (*profile.sources, *more)}
    return tuple(sorted(by_id.values(), key=lambda each: (each.received_at, each.intake_id)))


def _derived(profile: CandidateProfile, found_by: Iterable[str]) -> CandidateProfile:
    """Fill in what searches ask: the fields' own terms, then the words."""
    resume, personal = profile.resume, profile.resume.personal
    told = list(found_by)
    marked = [*_marked(resume), *(term for term in told if term.startswith(_MARKS))]
    update: dict[str, Any] = {
        "name": personal.name.value if personal.name else None,
        "emails": _distinct(map(address_of, personal.emails)),
        "phones": _distinct(map(number_of, personal.phones)),
        "skill_keys": _distinct(skill.key or "" for skill in resume.skills),
        "language_codes": _distinct(each.code or "" for each in resume.languages),
        "levels": levels_of(resume),
        "months_of_experience": resume.months_of_experience or 0,
        "channels": _distinct(source.channel for source in profile.sources),
        "terms": limited([*marked, *told]),
    }
    return profile.model_copy(update=update)


def _marked(resume: Resume) -> list[str]:
    """The terms of single fields: whose it is, from where, and what they can, by every name."""
    personal = resume.personal
    terms = [field_term("email", address) for address in map(address_of, personal.emails)]
    if personal.name:
        terms += sorted(name_terms(personal.name.value))
    if personal.location:
        terms += [f"place:{word}" for word in whole_words(personal.location.value)]
    for skill in resume.skills:
        terms.append(skill_term(skill.name.value))
        terms += [skill_term(name) for name in names_of(skill.key or "")]
    return terms


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text for text in dict.fromkeys(texts) if text)
