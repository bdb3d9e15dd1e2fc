"""Invented résumés in any number: distinct by seed, rendered as PDF, DOCX or TXT; hostile ones too.

For tests, benchmarks and the chaos test. Everything follows from the seed.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from tools.sample_words import COMPANIES, FIRST, LANGUAGES, LAST, Field, Words

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT = "text/plain"


@dataclass(frozen=True)
class Role:
    """One role at an employer."""

    title: str
    dates: str
    bullets: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """One employer with one role or several, the latest first."""

    company: str
    city: str
    roles: tuple[Role, ...]


@dataclass(frozen=True)
class Study:
    """One degree."""

    degree: str
    school: str
    dates: str


@dataclass(frozen=True)
class Resume:
    """An invented person's résumé, as it stands on the page."""

    language: str
    name: str
    headline: str
    email: str
    phone: str
    city: str
    links: tuple[str, ...]
    summary: str
    jobs: tuple[Job, ...]
    studies: tuple[Study, ...]
    skills: tuple[tuple[str, tuple[str, ...]], ...]
    languages: tuple[tuple[str, str], ...]
    certifications: tuple[str, ...]
    achievements: tuple[str, ...]

    @property
    def headings(self) -> dict[str, str]:
        """Section headings in the résumé's language."""
        return LANGUAGES[self.language].headings


@dataclass(frozen=True)
class SampleFile:
    """A file as someone might drop it."""

    name: str
    data: bytes
    media_type: str | None
    """What it really is; None for what is nothing."""
    resume: Resume | None
    """None for a hostile file."""
    verdict: str
    """``accepted``, or the code of the reason why not."""


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return plain.lower().replace(" ", "")


def _dates(words: Words, begin: int, end: int | None) -> str:
    """Return a range between months that are counted from year 0; None is still going on."""

    def month(at: int) -> str:
        name = words.months[at % 12]
        return f"{name}/{at // 12}" if name.isdigit() else f"{name} {at // 12}"

    return f"{month(begin)} – {month(end) if end is not None else words.present}"


def _bullets(field: Field, chance: random.Random) -> Iterator[str]:
    """Yield what was done, in an order of its own; after all of it, once more with new numbers."""
    while True:
        for bullet in chance.sample(field.bullets, len(field.bullets)):
            yield bullet.format(n=chance.randint(11, 95), m=chance.randint(3, 9))


def _jobs(
    words: Words, field: Field, chance: random.Random, count: int, roles: int
) -> tuple[Job, ...]:
    jobs: list[Job] = []
    end: int | None = None
    now = 2025 * 12 + chance.randint(0, 11)
    level = len(field.titles) - 1
    done = _bullets(field, chance)
    for company in chance.sample(COMPANIES, count):
        held = []
        for _ in range(roles if not jobs else 1):
            last = now if end is None else end
            begin = last - chance.randint(14, 50)
            held.append(
                Role(
                    field.titles[max(level, 0)],
                    _dates(words, begin, end),
                    tuple(islice(done, chance.randint(2, 4))),
                )
            )
            level, end = level - 1, begin - 1
        jobs.append(Job(company, chance.choice(words.cities), tuple(held)))
    return tuple(jobs)


def make_resume(seed: int, language: str = "en", *, jobs: int = 3, roles: int = 1) -> Resume:
    """Return the résumé of an invented person.

    Different seeds give different e-mail addresses. ``language`` is en, fr, es
    or de, ``jobs`` the number of employers, ``roles`` the number of roles at
    the latest one.
    """
    chance = random.Random(f"{language}-{seed}")  # noqa: S311  # samples, no secrets
    words = LANGUAGES[language]
    first, last = chance.choice(FIRST), chance.choice(LAST)
    field = chance.choice(words.fields)
    work = _jobs(words, field, chance, jobs, roles)
    year = int(work[-1].roles[-1].dates.split(" – ")[0][-4:])
    studies = tuple(
        Study(degree, school, f"{year - 5 - 3 * index} – {year - 2 - 3 * index}")
        for index, (degree, school) in enumerate(
            zip(words.degrees[:2], chance.sample(words.schools, 2), strict=True)
        )
    )
    handle = f"{_ascii(first)}-{_ascii(last)}-{seed}"
    return Resume(
        language=language,
        name=f"{first} {last}",
        headline=work[0].roles[0].title,
        email=f"{_ascii(first)}.{_ascii(last)}.{seed}@example.com",
        phone=words.phone.format(f"{chance.randint(100, 199)}"),
        city=chance.choice(words.cities),
        links=(f"linkedin.com/in/{handle}", f"github.com/{handle}"),
        summary=field.summary.format(years=2026 - year),
        jobs=work,
        studies=studies,
        skills=field.skills,
        languages=words.languages,
        certifications=field.certifications,
        achievements=tuple(
            text.format(y=chance.randint(2016, 2024)) for text in words.achievements
        ),
    )


def mixed_files(count: int, seed: int = 0) -> Iterator[SampleFile]:
    """Yield ``count`` files in a steady mix: nine distinct résumés to one hostile file."""
    from tools.sample_hostile import hostile_files
    from tools.sample_layouts import PDF_LAYOUTS, as_docx, as_pdf, as_text

    bad: list[SampleFile] = []
    languages = list(LANGUAGES)
    for index in range(count):
        number = seed * 1_000_000 + index
        if index % 10 == 9:
            bad = bad or hostile_files(number)
            hostile = bad.pop(0)
            name = f"{index:05d}-{hostile.name}"
            yield SampleFile(name, hostile.data, hostile.media_type, None, hostile.verdict)
            continue
        resume = make_resume(number, languages[index % len(languages)], jobs=1 + index % 4)
        kind = index % 3
        if kind == 0:
            layout = PDF_LAYOUTS[index // 3 % len(PDF_LAYOUTS)]
            data, name, media = as_pdf(resume, layout), "pdf", PDF
        elif kind == 1:
            data, name, media = as_docx(resume, tables=index % 2 == 0), "docx", DOCX
        else:
            data, name, media = as_text(resume).encode(), "txt", TEXT
        yield SampleFile(f"{index:05d}-cv.{name}", data, media, resume, "accepted")
