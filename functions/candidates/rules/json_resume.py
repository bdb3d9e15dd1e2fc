"""JSON Resume 1.0.0 (https://jsonresume.org/schema): the standard form of a profile."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from functions.candidates.rules.edits import skill_of, told
from shared.models.candidate import CandidateProfile
from shared.models.examples import example
from shared.models.resume import (
    Language,
    PartialDate,
    PersonalInfo,
    Position,
    Project,
    Resume,
    Study,
    Value,
)
from shared.profiles.experience import months_of

_CONFIG = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)
_DATE = re.compile(r"[12][0-9]{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_NETWORKS = {
    "linkedin.com": "LinkedIn", "github.com": "GitHub", "gitlab.com": "GitLab", "x.com": "X",
    "twitter.com": "Twitter", "xing.com": "XING", "stackoverflow.com": "Stack Overflow",
}  # fmt: skip
_MOST = 200

Long = Annotated[str, Field(max_length=4000)]


class _Part(BaseModel):
    model_config = _CONFIG


class JsonLocation(_Part):
    """Where somebody lives."""

    model_config = _CONFIG | example(address="Berlin, Germany", city=None, region=None)

    address: str | None = Field(default=None, max_length=400)
    city: str | None = Field(default=None, max_length=200)
    region: str | None = Field(default=None, max_length=200)
    countryCode: str | None = Field(default=None, max_length=60)  # noqa: N815  the standard's name


class JsonProfile(_Part):
    """Somebody's page on a network."""

    model_config = _CONFIG | example(network="GitHub", username="maya", url=None)

    network: str | None = Field(default=None, max_length=100)
    username: str | None = Field(default=None, max_length=200)
    url: str | None = Field(default=None, max_length=500)


class JsonBasics(_Part):
    """Who it is about."""

    model_config = _CONFIG | example(
        name="Maya Okafor", label="Security engineer", email="maya.okafor@example.com",
        phone="+4930901820", url=None, summary=None,
    )  # fmt: skip

    name: str | None = Field(default=None, max_length=300)
    label: str | None = Field(default=None, max_length=300)
    email: str | None = Field(default=None, max_length=254)
    phone: str | None = Field(default=None, max_length=60)
    url: str | None = Field(default=None, max_length=500)
    summary: str | None = Field(default=None, max_length=8000)
    location: JsonLocation | None = None
    profiles: tuple[JsonProfile, ...] = Field(default=(), max_length=_MOST)


class _JsonDated(_Part):
    startDate: str | None = Field(default=None, max_length=30)  # noqa: N815
    endDate: str | None = Field(default=None, max_length=30)  # noqa: N815


class JsonWork(_JsonDated):
    """A job."""

    model_config = _CONFIG | example(
        startDate="2021-03", endDate=None, name="Borealis GmbH", position="Security engineer",
        location=None, summary=None, highlights=["Cut the time to answer an alert by half."],
    )  # fmt: skip

    name: str | None = Field(default=None, max_length=300)
    position: str | None = Field(default=None, max_length=300)
    location: str | None = Field(default=None, max_length=300)
    summary: str | None = Field(default=None, max_length=8000)
    highlights: tuple[Long, ...] = Field(default=(), max_length=_MOST)


class JsonEducation(_JsonDated):
    """An education."""

    model_config = _CONFIG | example(
        startDate="2017", endDate="2020", institution="Technical University of Berlin",
        area=None, studyType="BSc Computer Science", level="bachelor",
    )  # fmt: skip

    institution: str | None = Field(default=None, max_length=300)
    area: str | None = Field(default=None, max_length=300)
    studyType: str | None = Field(default=None, max_length=300)  # noqa: N815
    level: Annotated[
        str | None,
        Field(pattern="^(secondary|certificate|associate|bachelor|master|doctorate)$"),
    ] = None
    """Beyond the standard: the degree's level here."""


class JsonSkill(_Part):
    """A skill, or a group of them by its keywords."""

    model_config = _CONFIG | example(name="Python", keywords=[])

    name: str | None = Field(default=None, max_length=200)
    keywords: tuple[str, ...] = Field(default=(), max_length=_MOST)


class JsonLanguage(_Part):
    """A language."""

    model_config = _CONFIG | example(language="German", fluency="C1", code="de")

    language: str | None = Field(default=None, max_length=100)
    fluency: str | None = Field(default=None, max_length=100)
    code: Annotated[str | None, Field(pattern="^[a-z]{2}$")] = None
    """Beyond the standard: ISO 639-1."""


class JsonNamed(_Part):
    """A certificate."""

    model_config = _CONFIG | example(name="CISSP")

    name: str | None = Field(default=None, max_length=300)


class JsonAward(_Part):
    """An award."""

    model_config = _CONFIG | example(title="Best paper")

    title: str | None = Field(default=None, max_length=600)


class JsonProject(_Part):
    """A project."""

    model_config = _CONFIG | example(name="Honeypot", description="A trap.", url=None)

    name: str | None = Field(default=None, max_length=300)
    description: str | None = Field(default=None, max_length=8000)
    url: str | None = Field(default=None, max_length=500)


class JsonResume(_Part):
    """A résumé as JSON Resume has it. What it has beyond this is passed over."""

    basics: JsonBasics = JsonBasics()
    work: tuple[JsonWork, ...] = Field(default=(), max_length=_MOST)
    education: tuple[JsonEducation, ...] = Field(default=(), max_length=_MOST)
    skills: tuple[JsonSkill, ...] = Field(default=(), max_length=_MOST)
    languages: tuple[JsonLanguage, ...] = Field(default=(), max_length=_MOST)
    certificates: tuple[JsonNamed, ...] = Field(default=(), max_length=_MOST)
    awards: tuple[JsonAward, ...] = Field(default=(), max_length=_MOST)
    projects: tuple[JsonProject, ...] = Field(default=(), max_length=_MOST)


def exported(profile: CandidateProfile) -> dict[str, Any]:
    """A profile as a JSON Resume document, valid by the standard's schema.

    What the standard has no place for stays out: further addresses and numbers, places in the
    text, confidences, tags.
    """
    resume, personal = profile.resume, profile.resume.personal
    emails = [email for email in profile.emails if _EMAIL.fullmatch(email)]
    links = [url for value in personal.links if (url := _url(value.value))]
    pages = [page for url in links if (page := _page(url))]
    home = next((url for url in links if _page(url) is None), None)
    basics = {
        "name": profile.name,
        "label": _text(personal.headline),
        "email": emails[0] if emails else None,
        "phone": profile.phones[0] if profile.phones else None,
        "url": home,
        "summary": _text(personal.summary),
        "location": {"address": personal.location.value} if personal.location else None,
        "profiles": pages,
    }
    return {
        "basics": _filled(basics),
        "work": [_work(job) for job in resume.work_experience],
        "education": [_education(study) for study in resume.education],
        "skills": [{"name": skill.name.value} for skill in resume.skills],
        "languages": [
            _filled({"language": each.name.value, "fluency": each.level, "code": each.code})
            for each in resume.languages
        ],
        "certificates": [{"name": value.value} for value in resume.certifications],
        "awards": [{"title": value.value} for value in resume.achievements],
        "projects": [_project(project) for project in resume.projects],
        "meta": {
            "version": "v1.0.0",
            "lastModified": profile.updated_at.strftime("%Y-%m-%dT%H:%M:%S"),
        },
    }


def imported(given: JsonResume, *, now: datetime) -> Resume:
    """A JSON Resume document as a résumé; ``now`` tells a job without an end from an old one."""
    basics, place = given.basics, given.basics.location
    parts = (place.city, place.region, place.countryCode) if place else ()
    location = (place.address if place else None) or ", ".join(part for part in parts if part)
    links = [basics.url, *(page.url for page in basics.profiles)]
    personal = PersonalInfo(
        name=_value(basics.name),
        headline=_value(basics.label),
        summary=_value(basics.summary),
        location=_value(location),
        emails=_values([basics.email]),
        phones=_values([basics.phone]),
        links=_values(links),
    )
    named = [name for skill in given.skills for name in (skill.keywords or (skill.name,))]
    work = tuple(_position(job, now) for job in given.work if _says(job))
    return Resume(
        personal=personal,
        work_experience=work,
        months_of_experience=months_of(work, now.date()),
        education=tuple(_study(study) for study in given.education if _says(study)),
        skills=tuple(skill_of(name) for name in dict.fromkeys(named) if name and name.strip()),
        languages=tuple(
            Language(name=told(each.language), code=each.code, level=each.fluency)
            for each in given.languages
            if each.language and each.language.strip()
        ),
        certifications=_values(each.name for each in given.certificates),
        achievements=_values(each.title for each in given.awards),
        projects=tuple(
            Project(
                name=told(each.name), description=_value(each.description), url=_value(each.url)
            )
            for each in given.projects
            if each.name and each.name.strip()
        ),
        parser="json resume",
    )


def _work(job: Position) -> dict[str, Any]:
    return _filled(
        {
            "name": _text(job.company),
            "position": _text(job.title),
            "location": _text(job.location),
            "startDate": _exported(job.start),
            "endDate": _exported(job.end),
            "highlights": [value.value for value in job.highlights],
        }
    )


def _education(study: Study) -> dict[str, Any]:
    return _filled(
        {
            "institution": _text(study.institution),
            "studyType": _text(study.degree),
            "level": study.level,
            "startDate": _exported(study.start),
            "endDate": _exported(study.end),
        }
    )


def _project(project: Project) -> dict[str, Any]:
    url = _url(project.url.value) if project.url else None
    described = _text(project.description)
    return _filled({"name": project.name.value, "description": described, "url": url})


def _exported(moment: PartialDate | None) -> str | None:
    """A date as the standard takes it, None for one that it does not."""
    return moment.value if moment and _DATE.fullmatch(moment.value) else None


def _page(url: str) -> dict[str, Any] | None:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    network = next(
        (name for site, name in _NETWORKS.items() if host == site or host.endswith(f".{site}")),
        None,
    )
    if network is None:
        return None
    username = urlsplit(url).path.strip("/").rpartition("/")[2]
    return _filled({"network": network, "username": username or None, "url": url})


def _url(text: str) -> str | None:
    """An address with its scheme, None for what is none."""
    url = (
        text.strip()
        if re.match(r"https?://", text.strip(), re.IGNORECASE)
        else f"https://{text.strip()}"
    )
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    is_sound = parts.hostname and "." in parts.hostname and url.isascii()
    return url if is_sound and not re.search(r"[\s<>\"{}|\\^`\[\]]", url) else None


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, [], "")}


def _text(value: Value | None) -> str | None:
    return value.value if value else None


def _value(text: str | None) -> Value | None:
    return told(text) if text and text.strip() else None


def _values(texts: Iterable[str | None]) -> tuple[Value, ...]:
    return tuple(told(text) for text in dict.fromkeys(texts) if text and text.strip())


def _says(part: BaseModel) -> bool:
    return any(value for value in part.model_dump().values())


def _date(text: str | None) -> PartialDate | None:
    found = _DATE.match(text or "")
    return PartialDate(value=found[0], confidence=1.0) if found else None


def _position(job: JsonWork, now: datetime) -> Position:
    end = _date(job.endDate)
    said = (*([job.summary] if job.summary else []), *job.highlights)
    start = _date(job.startDate)
    return Position(
        company=_value(job.name),
        title=_value(job.position),
        location=_value(job.location),
        start=start,
        end=end,
        current=end is None and start is not None and int(start.value[:4]) <= now.year,
        highlights=_values(said),
    )


def _study(study: JsonEducation) -> Study:
    degree = " ".join(part for part in (study.studyType, study.area) if part)
    return Study(
        institution=_value(study.institution),
        degree=_value(degree),
        level=study.level,
        start=_date(study.startDate),
        end=_date(study.endDate),
    )
