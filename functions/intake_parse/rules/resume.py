"""A whole résumé read out of extracted text."""

from __future__ import annotations

from datetime import date

from functions.intake_parse.rules import (
    contact,
    credentials,
    education,
    experience,
    names,
    phones,
    places,
)
from functions.intake_parse.rules import rows as page
from functions.intake_parse.rules.by_content import refine
from functions.intake_parse.rules.languages import languages
from functions.intake_parse.rules.sections import HEADER, Section, from_name, split
from functions.intake_parse.rules.skills import skills
from shared.models.resume import PersonalInfo, Position, Resume, Study, Value
from shared.models.text import ExtractedText
from shared.profiles.experience import months_of

VERSION = "waymark-rules/1"
"""What :attr:`Resume.parser` says."""


def parse(text: ExtractedText, today: date) -> Resume:
    """Read a résumé; pure and deterministic, never raises on any ``text``.

    ``today`` ends the positions that last. Every value carries its span in ``text.text`` (a link
    that only an annotation gives has none) and a confidence in 0..1, the chance that the value
    is right as estimated from how it was found: by label or lexicon 0.9 and more, by shape about
    0.75, by order alone about 0.6, below 0.5 a mere trace.
    """
    rows = page.read(text)
    sections = refine(split(rows))
    emails = contact.emails(text, rows, sections)
    links = contact.links(text, rows, sections)
    person = names.name(rows, sections, emails, links)
    if person is not None and person.span is not None:
        sections = from_name(sections, person.span.start)
    front = contact.front_rows(sections)
    region = phones.region_of(text.language, [row for row in rows if row.index in front][:40])
    numbers = phones.phones(text, rows, sections, region)
    work = _work(sections)
    return Resume(
        personal=PersonalInfo(
            name=person,
            headline=names.headline(rows, sections, person),
            summary=_summary(sections),
            location=places.location(sections),
            emails=emails,
            phones=numbers,
            links=links,
        ),
        work_experience=tuple(work),
        education=tuple(_education(sections)),
        skills=skills(sections),
        certifications=credentials.certifications(sections),
        languages=languages(sections),
        projects=credentials.projects(sections),
        achievements=credentials.achievements(sections),
        months_of_experience=months_of(work, today),
        language=text.language,
        parser=VERSION,
    )


def _work(sections: list[Section]) -> list[Position]:
    """Return the jobs of the experience sections; without one, of sections that look like it."""
    found: list[Position] = []
    for section in sections:
        if section.kind == "experience":
            found.extend(experience.positions(section.rows))
    if found:
        return found
    for section in sections:
        if section.kind in {HEADER, "summary", "other", "personal"} and experience.looks_like_work(
            section.rows
        ):
            found.extend(p for p in experience.positions(section.rows) if p.start and p.title)
    return found


def _education(sections: list[Section]) -> list[Study]:
    found: list[Study] = []
    for section in sections:
        if section.kind == "education":
            found.extend(education.studies(section.rows))
    return found


def _summary(sections: list[Section]) -> Value | None:
    """Return the prose of the summary section; confidence 0.9."""
    for section in sections:
        if section.kind != "summary" or not section.rows:
            continue
        rows = section.rows[:12]
        lines = [row for row in rows if len(row.content.split()) >= 2]
        if not lines:
            continue
        first = page.value(lines[0], lines[0].body, len(lines[0].text), 0.9)
        if first.span is None:
            return None
        end = lines[-1].start + len(lines[-1].text.rstrip())
        return first.model_copy(
            update={
                "value": " ".join(" ".join(row.content.split()) for row in lines),
                "span": first.span.model_copy(update={"end": end}),
            }
        )
    return None
