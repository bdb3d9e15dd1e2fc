"""What is right about a résumé, and how well a reading of it does.

Labels come from the résumés that ``tools/sample_resumes`` invents, or lie beside the files of a
folder: ``NAME.json`` with name, email, phone, links, skills, languages, work_experience and
education, or ``NAME.truth.json`` with contact, experience, education and skills. A list that is
missing or null is not scored.
"""

from __future__ import annotations

import json
import mimetypes
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from functions.intake_extract.rules import extract
from functions.intake_parse.rules import dates
from functions.intake_parse.rules.lexicon import fold
from functions.intake_parse.rules.refining.folded import plain
from shared.models.resume import PartialDate, Resume, Value
from shared.models.text import ExtractedText
from tools.sample_resumes import Resume as Invented
from tools.sample_resumes import mixed_files

NEAR = 85.0
"""RapidFuzz ratio from which two writings count as the same."""
FIELDS = ("name", "email", "phone", "skills", "jobs", "studies", "languages")


@dataclass(frozen=True)
class Job:
    """One job; dates as precise as they are known, ``present`` for an end that is none."""

    title: str | None
    company: str | None
    start: str | None
    end: str | None
    place: str | None = None


@dataclass(frozen=True)
class Studied:
    """One course of study."""

    institution: str | None
    degree: str | None
    end: str | None


@dataclass(frozen=True)
class Labels:
    """What is right; None for what is not labelled."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    skills: tuple[str, ...] | None = None
    jobs: tuple[Job, ...] | None = None
    studies: tuple[Studied, ...] | None = None
    languages: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Labelled:
    """A text and what is right about it."""

    name: str
    text: ExtractedText
    labels: Labels


def invented(count: int) -> Iterator[Labelled]:
    """Yield résumés that are made up, in all layouts, formats and languages."""
    for file in mixed_files(count):
        if file.resume is not None and file.media_type is not None:
            text = extract(file.data, file.media_type)
            yield Labelled(file.name, text, _of_invented(file.resume))


def in_folder(folder: Path) -> Iterator[Labelled]:
    """Yield the labelled files of a folder."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in {".pdf", ".docx", ".odt", ".rtf", ".html", ".txt"}:
            continue
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        for suffix, read in ((".json", _of_labels), (".truth.json", _of_truth)):
            beside = path.with_suffix(suffix)
            if beside.exists():
                labels = read(json.loads(beside.read_text(encoding="utf-8")))
                yield Labelled(path.name, extract(path.read_bytes(), media_type), labels)


def _range(written: str) -> tuple[str | None, str | None]:
    found = dates.find(fold(written))
    if not found:
        return None, None
    period = found[0]
    end = "present" if period.current else period.finish.value if period.finish else None
    return (period.begin.value if period.begin else None), end


def _of_invented(resume: Invented) -> Labels:
    return Labels(
        resume.name,
        resume.email,
        resume.phone,
        tuple(skill for _, group in resume.skills for skill in group),
        tuple(
            Job(role.title, job.company, *_range(role.dates), job.city)
            for job in resume.jobs
            for role in job.roles
        ),
        tuple(Studied(each.school, each.degree, _range(each.dates)[1]) for each in resume.studies),
        tuple(name for name, _ in resume.languages),
    )


def _of_labels(read: dict[str, Any]) -> Labels:
    jobs, studies = read.get("work_experience"), read.get("education")
    return Labels(
        read.get("name"),
        read.get("email"),
        read.get("phone"),
        _strings(read.get("skills")),
        None
        if jobs is None
        else tuple(
            Job(each.get("title"), each.get("company"), each.get("start"), each.get("end"))
            for each in jobs
        ),
        None
        if studies is None
        else tuple(
            Studied(each.get("institution"), each.get("degree"), each.get("end"))
            for each in studies
        ),
        _strings(read.get("languages")),
    )


def _of_truth(read: dict[str, Any]) -> Labels:
    contact = read.get("contact", {})
    return Labels(
        contact.get("full_name"),
        contact.get("email"),
        contact.get("phone"),
        _strings(read.get("skills")) or None,
        tuple(
            Job(each.get("title"), each.get("company"), *_range(each.get("dates") or ""))
            for each in read.get("experience", [])
        ),
        tuple(
            Studied(each.get("institution"), each.get("degree"), None)
            for each in read.get("education", [])
        ),
    )


def _strings(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


@dataclass
class Score:
    """Hits, labels and readings of each field, over many résumés."""

    hits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIELDS, 0))
    wanted: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIELDS, 0))
    read: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIELDS, 0))

    def f1(self, name: str) -> float | None:
        """The harmonic mean of precision and recall; None where nothing is labelled."""
        if not self.wanted[name]:
            return None
        return 2 * self.hits[name] / (self.wanted[name] + self.read[name])

    def mean(self) -> float:
        """The mean over the fields that are labelled."""
        found = [value for each in FIELDS if (value := self.f1(each)) is not None]
        return sum(found) / len(found)

    def add(self, labels: Labels, resume: Resume) -> None:
        """Count one reading."""
        personal = resume.personal
        for name, label, read in (
            ("name", labels.name, personal.name),
            ("email", labels.email, next(iter(personal.emails), None)),
            ("phone", labels.phone, next(iter(personal.phones), None)),
        ):
            if label is not None:
                same = _same_phone if name == "phone" else is_same
                self._count(name, [label], [read.value] if read else [], same)
        if labels.skills is not None:
            self._count(
                "skills", labels.skills, [each.name.value for each in resume.skills], is_same
            )
        if labels.languages is not None:
            names = [each.name.value for each in resume.languages]
            self._count("languages", labels.languages, names, _holds)
        if labels.jobs is not None:
            self._count("jobs", labels.jobs, jobs_of(resume), is_same_job)
        if labels.studies is not None:
            studies = [
                Studied(_text(each.institution), _text(each.degree), _date(each.end))
                for each in resume.education
            ]
            self._count("studies", labels.studies, studies, _same_study)

    def _count(
        self,
        name: str,
        labels: Sequence[Any],
        readings: Sequence[Any],
        same: Callable[[Any, Any], bool],
    ) -> None:
        left = list(readings)
        for label in labels:
            hit = next((each for each in left if same(label, each)), None)
            if hit is not None:
                left.remove(hit)
                self.hits[name] += 1
        self.wanted[name] += len(labels)
        self.read[name] += len(readings)


def jobs_of(resume: Resume) -> list[Job]:
    """The jobs of a reading, in the form of labels."""
    return [
        Job(
            _text(each.title),
            _text(each.company),
            _date(each.start),
            "present" if each.current else _date(each.end),
        )
        for each in resume.work_experience
    ]


def _text(value: Value | None) -> str | None:
    return value.value if value else None


def _date(date: PartialDate | None) -> str | None:
    return date.value if date else None


def is_same(one: str | None, other: str | None) -> bool:
    """Say whether two writings are of the same."""
    a, b = plain(one or ""), plain(other or "")
    if not a or not b:
        return a == b
    return a == b or (min(len(a), len(b)) >= 4 and fuzz.ratio(a, b) >= NEAR)


def _holds(label: str, read: str) -> bool:
    return is_same(label, read) or plain(read) in plain(label).split()


def _same_phone(one: str, other: str) -> bool:
    digits = [re.sub(r"\D", "", each).lstrip("0")[-7:] for each in (one, other)]
    return digits[0] == digits[1]


def _near(label: str | None, read: str | None) -> bool:
    return is_same(label, read) or bool(
        label and read and fuzz.token_set_ratio(plain(label), plain(read)) >= 95
    )


def is_same_job(label: Job, read: Job) -> bool:
    """Say whether title, company and the year of the start are right."""
    years = (label.start or "")[:4] == (read.start or "")[:4]
    return _near(label.title, read.title) and _near(label.company, read.company) and years


def _same_study(label: Studied, read: Studied) -> bool:
    years = label.end is None or label.end[:4] == (read.end or "")[:4]
    return _near(label.institution, read.institution) and years
