"""Résumés in every format that is read come out as the same profile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from functions.intake_extract.reading import extract
from functions.intake_parse.rules import parse
from shared.models.resume import Resume as Parsed
from tests.flows.intake_extract.ocr_installed import needs_ocr
from tools.sample_formats import (
    HTML,
    ODT,
    RTF,
    as_html,
    as_odt,
    as_rtf,
    as_scan,
)
from tools.sample_layouts import as_docx
from tools.sample_resumes import DOCX, Resume, make_resume


@pytest.mark.parametrize("language", ["en", "fr", "es", "de"])
@pytest.mark.parametrize(
    ("render", "media_type"),
    [(as_docx, DOCX), (as_odt, ODT), (as_rtf, RTF), (as_html, HTML)],
)
def test_name_address_and_jobs(
    render: Callable[[Resume], bytes], media_type: str, language: str
) -> None:
    """Name, e-mail address, links, and each job with its employer are found."""
    resume = make_resume(21, language, jobs=2)
    found = parse(extract(render(resume), media_type), today=date(2024, 1, 1))
    assert found.personal.name is not None
    assert found.personal.name.value == resume.name
    assert [email.value for email in found.personal.emails] == [resume.email]
    assert {link.value for link in found.personal.links} >= set(resume.links)
    same_jobs(found, resume)
    assert found.skills


def same_jobs(found: Parsed, resume: Resume) -> None:
    companies = [job.company.value for job in found.work_experience if job.company]
    expected = [job.company for job in resume.jobs for _ in job.roles]
    assert len(companies) == len(expected)
    assert all(map(str.startswith, companies, expected))


@needs_ocr
@pytest.mark.parametrize("layout", ["one column", "sidebar", "dates left"])
def test_a_scan_gives_the_same(layout: str) -> None:
    """What a scan shows is found as in the file that was printed."""
    resume = make_resume(21, jobs=2)
    found = parse(extract(as_scan(resume, layout), "image/png"), today=date(2024, 1, 1))
    assert found.personal.name is not None
    assert found.personal.name.value == resume.name
    assert [email.value for email in found.personal.emails] == [resume.email]
    same_jobs(found, resume)
