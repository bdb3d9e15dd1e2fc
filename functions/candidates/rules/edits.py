"""What a person sets in a profile: plain values that become a résumé's, sure and placeless."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.errors import Invalid
from shared.models.candidate import NO_END, CandidateConsent
from shared.models.examples import example
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
from shared.profiles.experience import months_of
from shared.skills import taxonomy

_CONFIG = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

Text = Annotated[str, Field(min_length=1, max_length=300, pattern=r"\S")]
Long = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]
Date = Annotated[
    str, Field(pattern=r"^[12][0-9]{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$")
]
Email = Annotated[str, Field(max_length=254, pattern=r"^[^\s@]+@[^\s@]+\.[^\s@]+$")]
Link = Annotated[str, Field(max_length=500, pattern=r"^https?://\S+$")]
Tag = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$")]


class PositionEdit(BaseModel):
    """A job as a person writes it."""

    model_config = _CONFIG | example(
        company="Borealis GmbH", title="Security engineer", location=None, start="2021-03",
        end=None, current=True, highlights=["Cut the time to answer an alert by half."],
    )  # fmt: skip

    company: Text | None = None
    title: Text | None = None
    location: Text | None = None
    start: Date | None = None
    end: Date | None = None
    current: bool = False
    highlights: tuple[Long, ...] = Field(default=(), max_length=50)


class StudyEdit(BaseModel):
    """An education as a person writes it."""

    model_config = _CONFIG | example(
        institution="Technical University of Berlin", degree="BSc Computer Science",
        level="bachelor", location=None, start="2017", end="2020", current=False,
    )  # fmt: skip

    institution: Text | None = None
    degree: Text | None = None
    level: Annotated[
        str | None,
        Field(pattern="^(secondary|certificate|associate|bachelor|master|doctorate)$"),
    ] = None
    location: Text | None = None
    start: Date | None = None
    end: Date | None = None
    current: bool = False


class LanguageEdit(BaseModel):
    """A language as a person writes it."""

    model_config = _CONFIG | example(name="German", code="de", level="C1")

    name: Text
    code: Annotated[str | None, Field(pattern="^[a-z]{2}$")] = None
    level: Annotated[str | None, Field(max_length=60)] = None


class ProjectEdit(BaseModel):
    """A project as a person writes it."""

    model_config = _CONFIG | example(name="Honeypot", description="A trap.", url=None)

    name: Text
    description: Long | None = None
    url: Link | None = None


class CandidateChanges(BaseModel):
    """What to change in a profile. What is not there stays; null or an empty list takes out.

    What a person sets, no file overwrites any more.
    """

    model_config = _CONFIG | example(
        name="Maya Okafor", headline="Security engineer", summary=None,
        location="Berlin, Germany", emails=["maya.okafor@example.com"], phones=["+4930901820"],
        links=["https://example.com/maya"], skills=["Python", "Kubernetes"],
        certifications=["CISSP"], achievements=[], tags=["shortlist"],
    )  # fmt: skip

    name: Text | None = None
    headline: Text | None = None
    summary: Long | None = None
    location: Text | None = None
    emails: tuple[Email, ...] = Field(default=(), max_length=20)
    phones: tuple[Text, ...] = Field(default=(), max_length=20)
    links: tuple[Link, ...] = Field(default=(), max_length=50)
    work_experience: tuple[PositionEdit, ...] = Field(default=(), max_length=100)
    education: tuple[StudyEdit, ...] = Field(default=(), max_length=50)
    skills: tuple[Text, ...] = Field(default=(), max_length=250)
    certifications: tuple[Text, ...] = Field(default=(), max_length=100)
    languages: tuple[LanguageEdit, ...] = Field(default=(), max_length=50)
    projects: tuple[ProjectEdit, ...] = Field(default=(), max_length=100)
    achievements: tuple[Long, ...] = Field(default=(), max_length=100)
    tags: tuple[Tag, ...] = Field(default=(), max_length=30)
    consent: CandidateConsent | None = None
    expires_at: AwareDatetime | None = Field(
        default=None, description="From then on the profile is not found; null for no end"
    )


_PERSONAL = ("name", "headline", "summary", "location", "emails", "phones", "links")
_BESIDE = ("tags", "consent", "expires_at")


def applied(
    resume: Resume, changes: CandidateChanges
) -> tuple[Resume, tuple[str, ...], dict[str, Any]]:
    """A résumé after changes; the names of what was set in it; and what changes beside it.

    Raises ``Invalid`` when nothing is changed.
    """
    given = [name for name in type(changes).model_fields if name in changes.model_fields_set]
    if not given:
        raise Invalid("there is nothing to change: name at least one field")
    personal: dict[str, Any] = {}
    whole: dict[str, Any] = {}
    beside: dict[str, Any] = {}
    for name in given:
        value = getattr(changes, name)
        if name in _PERSONAL:
            personal[name] = _as_values(value)
        elif name in _BESIDE:
            beside[name] = value
        else:
            whole[name] = tuple(_MADE[name](each) for each in value)
    if "expires_at" in beside:
        end: datetime | None = beside["expires_at"]
        # compared as text, so in one time zone
        beside["expires_at"] = end.astimezone(UTC) if end else NO_END
    if "tags" in beside:
        beside["tags"] = tuple(dict.fromkeys(beside["tags"]))
    after = resume.model_copy(
        update={"personal": resume.personal.model_copy(update=personal), **whole}
    )
    fields = (*(f"personal.{name}" for name in personal), *whole)
    return after, fields, beside


def resume_of(changes: CandidateChanges, *, today: date) -> tuple[Resume, tuple[str, ...]]:
    """A whole résumé that was written by hand, and the names of what was set in it."""
    blank = Resume(personal=PersonalInfo(), parser="by hand")
    resume, fields, _ = applied(blank, changes)
    months = months_of(resume.work_experience, today)
    return resume.model_copy(update={"months_of_experience": months}), fields


def told(text: str) -> Value:
    """A value that somebody set: sure, and read from no page."""
    return Value(value=" ".join(text.split()), confidence=1.0)


def _as_values(value: Any) -> Any:
    if value is None:
        return None
    return told(value) if isinstance(value, str) else tuple(told(each) for each in value)


def _optional(text: str | None) -> Value | None:
    return told(text) if text is not None else None


def _moment(text: str | None) -> PartialDate | None:
    return PartialDate(value=text, confidence=1.0) if text is not None else None


def skill_of(name: str) -> Skill:
    """A skill by its name, with its key where the taxonomy has one."""
    entry = taxonomy.exact(name)
    return Skill(name=told(name), key=entry.key if entry else None)


def _position(edit: PositionEdit) -> Position:
    return Position(
        company=_optional(edit.company),
        title=_optional(edit.title),
        location=_optional(edit.location),
        start=_moment(edit.start),
        end=_moment(edit.end),
        current=edit.current,
        highlights=tuple(map(told, edit.highlights)),
    )


def _study(edit: StudyEdit) -> Study:
    return Study(
        institution=_optional(edit.institution),
        degree=_optional(edit.degree),
        level=edit.level,
        location=_optional(edit.location),
        start=_moment(edit.start),
        end=_moment(edit.end),
        current=edit.current,
    )


def _language(edit: LanguageEdit) -> Language:
    return Language(name=told(edit.name), code=edit.code, level=edit.level)


def _project(edit: ProjectEdit) -> Project:
    return Project(
        name=told(edit.name), description=_optional(edit.description), url=_optional(edit.url)
    )


_MADE: dict[str, Any] = {
    "work_experience": _position,
    "education": _study,
    "skills": skill_of,
    "certifications": told,
    "languages": _language,
    "projects": _project,
    "achievements": told,
}
