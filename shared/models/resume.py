"""A résumé as structured data, each value with its place in the text and a confidence.

Written by ``intake_parse``, read by ``intake_finalize`` and ``candidates``.
"""

from __future__ import annotations

from pydantic import BaseModel, Field

from shared.models.document import READING
from shared.models.examples import RESUME, example


class _Part(BaseModel):
    model_config = READING


class Span(_Part):
    """Where a value stands in ``ExtractedText.text``: characters ``[start, end)`` of a page."""

    page: int = Field(ge=1)
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class Value(_Part):
    """One value read from the page."""

    value: str
    confidence: float = Field(ge=0, le=1)
    span: Span | None = Field(
        default=None, description="None only for what a link annotation alone gave"
    )


class PartialDate(_Part):
    """A date as precise as it was written: ``2019``, ``2019-05`` or ``2019-05-17``."""

    value: str = Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")
    confidence: float = Field(ge=0, le=1)
    span: Span | None = None


class PersonalInfo(_Part):
    """Who the résumé is about."""

    name: Value | None = None
    headline: Value | None = None
    summary: Value | None = None
    location: Value | None = None
    emails: tuple[Value, ...] = ()
    phones: tuple[Value, ...] = Field(default=(), description="E.164 when valid, else as written")
    links: tuple[Value, ...] = Field(default=(), description="URLs, as on the page")


class Position(_Part):
    """One job; several positions at one employer are several of these."""

    company: Value | None = None
    title: Value | None = None
    location: Value | None = None
    start: PartialDate | None = None
    end: PartialDate | None = None
    current: bool = False
    highlights: tuple[Value, ...] = ()


class Study(_Part):
    """One degree, course of study or school."""

    institution: Value | None = None
    degree: Value | None = Field(default=None, description="As written, field of study included")
    level: str | None = Field(
        default=None,
        description="secondary, certificate, associate, bachelor, master, doctorate; None unknown",
    )
    location: Value | None = None
    start: PartialDate | None = None
    end: PartialDate | None = None
    current: bool = False


class Skill(_Part):
    """A skill as written and, when the taxonomy knows it, its key there."""

    name: Value
    key: str | None = Field(default=None, description="Key in the skill taxonomy")


class Language(_Part):
    """A language and how well it is spoken."""

    name: Value
    code: str | None = Field(default=None, description="ISO 639-1")
    level: str | None = Field(default=None, description="As written, or a CEFR level")


class Project(_Part):
    """A project beside the jobs."""

    name: Value
    description: Value | None = None
    url: Value | None = None


class Resume(_Part):
    """Everything that was read from one résumé."""

    model_config = example(**RESUME)

    schema_version: int = 1
    personal: PersonalInfo = PersonalInfo()
    work_experience: tuple[Position, ...] = ()
    education: tuple[Study, ...] = ()
    skills: tuple[Skill, ...] = ()
    certifications: tuple[Value, ...] = ()
    languages: tuple[Language, ...] = ()
    projects: tuple[Project, ...] = ()
    achievements: tuple[Value, ...] = ()
    months_of_experience: int | None = Field(
        default=None, ge=0, description="Calendar months worked, overlaps counted once"
    )
    language: str = Field(default="und", description="ISO 639-1 of the résumé itself")
    parser: str = Field(default="", description="Name and version of what read it")
