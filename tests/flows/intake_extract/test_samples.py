"""Every sample comes out in the order in which a person reads it."""

from __future__ import annotations

import pytest

from functions.intake_extract.rules import extract
from shared.models.text import ExtractedText
from tools.make_samples import FOLDER, SAMPLES, Sample
from tools.sample_layouts import PDF_LAYOUTS, as_pdf
from tools.sample_resumes import PDF, Resume, make_resume


def squeezed(text: str) -> str:
    return "".join(text.lower().replace("•", "").replace("- ", "").split())


def in_order(text: ExtractedText, expected: list[str]) -> None:
    """Fail unless the expected passages follow each other in the text, blanks aside."""
    whole, at = squeezed(text.text), 0
    for passage in expected:
        found = whole.find(squeezed(passage), at)
        assert found >= 0, f"{passage!r} does not follow in:\n{text.text}"
        at = found + len(squeezed(passage))


def work(resume: Resume, *, dates_first: bool) -> list[str]:
    """What the work section says, in order, for layouts with the date on the title's row."""
    passages = []
    for job in resume.jobs:
        several = len(job.roles) > 1
        passages += [job.company] if several else []
        for role in job.roles:
            row = (role.dates, role.title) if dates_first else (role.title, role.dates)
            passages += ["".join(row), *([] if several else [f"{job.company}, {job.city}"])]
            passages += role.bullets
    return passages


def studies(resume: Resume, *, dates_first: bool) -> list[str]:
    return [
        passage
        for study in resume.studies
        for passage in (
            study.dates + study.degree if dates_first else study.degree + study.dates,
            study.school,
        )
    ]


def reading_order(resume: Resume, layout: str) -> list[str]:
    """What a person reads in a PDF of that layout."""
    head, early = resume.headings, layout == "dates left"
    main = [
        *(head["summary"], resume.summary, head["work"], *work(resume, dates_first=early)),
        *(head["education"], *studies(resume, dates_first=early)),
    ]
    side = [
        head["skills"],
        *(f"{group}: {', '.join(names)}" for group, names in resume.skills),
        head["languages"],
        *(f"{language}: {level}" for language, level in resume.languages),
        *(head["certifications"], *resume.certifications),
    ]
    last = [head["achievements"], *resume.achievements]
    contact = [resume.email, resume.phone, resume.city, *resume.links]
    top = [resume.name, resume.headline]
    if layout == "sidebar":
        return [*top, head["contact"], *contact, *side, *main, *last]
    if layout == "right sidebar":
        return [*top, *main, *last, head["contact"], *contact, *side]
    return [*top, *contact, *main, *side, *last]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_samples_are_the_files_that_their_maker_makes(sample: Sample) -> None:
    """The committed files are what the generator gives, byte by byte."""
    assert (FOLDER / sample.name).read_bytes() == sample.render()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_language_of_samples(sample: Sample) -> None:
    """The language of each sample is recognised."""
    assert extract(sample.render(), sample.media_type).language == sample.resume.language


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_samples_lose_nothing(sample: Sample) -> None:
    """Every word of the résumé is in the text."""
    whole = squeezed(extract(sample.render(), sample.media_type).text)
    resume = sample.resume
    roles = [role for job in resume.jobs for role in job.roles]
    for passage in (
        resume.name,
        resume.email,
        resume.summary,
        *(bullet for role in roles for bullet in role.bullets),
        *(role.dates for role in roles),
        *resume.links,
        *resume.certifications,
    ):
        assert squeezed(passage) in whole


@pytest.mark.parametrize(
    "sample", [s for s in SAMPLES if s.media_type == PDF], ids=lambda sample: sample.name
)
def test_pdf_samples_in_reading_order(sample: Sample) -> None:
    """Columns, margins and rails of the samples are read as a person reads them."""
    in_order(extract(sample.render(), PDF), reading_order(sample.resume, sample.layout))


@pytest.mark.parametrize("layout", PDF_LAYOUTS)
@pytest.mark.parametrize("seed", range(100, 108))
def test_any_invented_resume_in_reading_order(layout: str, seed: int) -> None:
    """The order holds for one page and several, few jobs and many, in each language."""
    language = ("en", "fr", "es", "de")[seed % 4]
    resume = make_resume(seed, language, jobs=1 + seed % 7, roles=1 + seed % 3)
    in_order(extract(as_pdf(resume, layout), PDF), reading_order(resume, layout))


def test_links_lie_on_their_words() -> None:
    """A link annotation comes with its words and the line on which they stand."""
    sample = next(s for s in SAMPLES if s.layout == "sidebar")
    text = extract(sample.render(), PDF)
    assert [(link.url, link.text) for link in text.links] == [
        (f"https://{link}", link) for link in sample.resume.links
    ]
    for link in text.links:
        assert link.line is not None
        assert link.text in text.lines[link.line].text


def test_several_roles_keep_their_dates_on_the_row() -> None:
    """A right-flushed date stands behind a tab on the row of its title."""
    sample = next(s for s in SAMPLES if s.name.startswith("several-roles"))
    lines = [line.text for line in extract(sample.render(), PDF).lines]
    for role in sample.resume.jobs[0].roles:
        assert f"{role.title}\t{role.dates}" in lines


def test_a_date_margin_stands_on_the_row_of_its_entry() -> None:
    """A date in the left margin stands before a tab on the row of its entry."""
    sample = next(s for s in SAMPLES if s.layout == "dates left")
    text = extract(sample.render(), PDF)
    lines = {line.text: line for line in text.lines}
    for job in sample.resume.jobs:
        line = lines[f"{job.roles[0].dates}\t{job.roles[0].title}"]
        assert line.bold


def test_labels_in_the_margin_come_before_their_text() -> None:
    """A heading in the left margin is a line and a block of its own."""
    sample = next(s for s in SAMPLES if s.layout == "label rail")
    lines = extract(sample.render(), PDF).lines
    for heading in sample.resume.headings.values():
        if heading in ("Contact", "Projects"):
            continue
        at = next(index for index, line in enumerate(lines) if line.text == heading)
        assert lines[at].bold
        assert lines[at].block != lines[at + 1].block


def test_word_headings_and_marks() -> None:
    """A Word document's headings are marked as such, list items carry their mark."""
    sample = next(s for s in SAMPLES if s.layout == "plain")
    text = extract(sample.render(), sample.media_type)
    headings = [line.text for line in text.lines if line.heading]
    assert headings[:3] == [sample.resume.headings[k] for k in ("summary", "work", "education")]
    bullets = [b for job in sample.resume.jobs for role in job.roles for b in role.bullets]
    assert {f"• {bullet}" for bullet in bullets} <= {line.text for line in text.lines}


def test_dates_in_table_cells_stand_on_the_row_of_their_entry() -> None:
    """A cell that holds a date alone goes on the first row of its neighbour."""
    sample = next(s for s in SAMPLES if s.layout == "tables")
    lines = [line.text for line in extract(sample.render(), sample.media_type).lines]
    for job in sample.resume.jobs:
        role = job.roles[0]
        assert f"{role.dates}\t{role.title}, {job.company}, {job.city}" in lines
    assert "Anglais\tcourant" in lines
