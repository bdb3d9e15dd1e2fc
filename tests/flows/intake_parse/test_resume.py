"""A whole résumé: spans, confidences, determinism, and texts that mean harm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from functions.intake_parse.rules import parse
from functions.intake_parse.rules.lexicon import squash
from functions.intake_parse.rules.rows import LONGEST_ROW, MOST_CHARACTERS, read
from shared.models.resume import PartialDate, Resume, Value
from shared.models.text import ExtractedText, PageLink, TextLine

TODAY = date(2024, 1, 1)

SAMPLE = """
! Nora Quist
Backend Engineer
nora.quist@mail.org | (415) 555-2671 | Portland, OR | linkedin.com/in/noraquist
# Summary
Engineer with ten years in payments.
Likes small teams.
# Experience
** Staff Engineer, Globex Systems LLC⇥Mar 2021 - Present
• Led the payments platform migration
** Engineer, Initech Analytics⇥Jun 2017 - Feb 2021
• Built the ingest pipeline
# Education
** Ridgemont State University⇥2013 – 2017
B.S. in Computer Science
# Skills
Python, Kubernetes, Terraform
# Languages
English (native), Spanish (B2)
# Certifications
• Certified Kubernetes Administrator (CKA), 2021
# Projects
** opentrace⇥2020
• Tracing for Go services
"""


def values(model: BaseModel) -> Iterator[Value | PartialDate]:
    """Yield every value with a span within a parsed résumé."""
    for name in type(model).model_fields:
        item: Any = getattr(model, name)
        for part in item if isinstance(item, tuple) else (item,):
            if isinstance(part, Value | PartialDate):
                yield part
            elif isinstance(part, BaseModel):
                yield from values(part)


def check_spans(resume: Resume, text: ExtractedText) -> None:
    """Assert that each value stands where its span says."""
    for value in values(resume):
        assert 0 <= value.confidence <= 1
        if value.span is None:
            continue
        assert 0 <= value.span.start < value.span.end <= len(text.text)
        written = text.text[value.span.start : value.span.end]
        if isinstance(value, PartialDate):
            assert re.search(r"\d|[^\W\d_]", written)
        else:
            letters = squash(written)
            # A name may be turned ("Byron, Ada"), a number normalised, a link completed.
            loose = re.sub(r"\D", "", value.value)[-6:] in re.sub(r"\D", "", written)
            words = [squash(w) for w in value.value.split() if squash(w)]
            assert all(w in letters for w in words) or (loose and any(c.isdigit() for c in written))


def test_reads_a_whole_resume(page: Any) -> None:
    """Every part of an ordinary résumé is found."""
    found = parse(page(SAMPLE), TODAY)
    assert found.personal.name is not None
    assert found.personal.name.value == "Nora Quist"
    assert found.personal.headline is not None
    assert found.personal.headline.value == "Backend Engineer"
    assert found.personal.summary is not None
    assert found.personal.summary.value.startswith("Engineer with ten years")
    assert [e.value for e in found.personal.emails] == ["nora.quist@mail.org"]
    assert len(found.work_experience) == 2
    assert found.education[0].level == "bachelor"
    assert [s.key for s in found.skills] == ["python", "kubernetes", "terraform"]
    assert [x.code for x in found.languages] == ["en", "es"]
    assert [c.value for c in found.certifications] == ["Certified Kubernetes Administrator (CKA)"]
    assert [p.name.value for p in found.projects] == ["opentrace"]
    assert found.months_of_experience == 80


@pytest.mark.parametrize("styled", [True, False])
def test_values_stand_where_their_spans_say(page: Any, styled: bool) -> None:
    """Each span lies in the text and holds what it claims, with and without type sizes."""
    text = page(SAMPLE, styled=styled)
    check_spans(parse(text, TODAY), text)


def test_today_ends_what_lasts(page: Any) -> None:
    """Months of experience grow with today's date, which is an argument."""
    text = page(SAMPLE)
    later = parse(text, date(2024, 3, 1)).months_of_experience
    assert later == (parse(text, TODAY).months_of_experience or 0) + 2


_PIECES = st.sampled_from(
    [
        "Experience", "EDUCATION", "Skills:", "Languages", "Certifications", "Projects", "Awards",
        "Mar 2021 - Present", "2015 – 2019", "20XX", "Software Engineer, Acme Inc", "• Built (it",
        "B.Sc. Physics, MIT", "Name: Ada Byron", "ada@mail.org", "+39 392 1234567", "K8s, C++",
        "\t", "Englisch\tC1", "https://x.dev/a", "A B C D E F", "、中文", "—", "(",
        "••", "Dr.", "é" * 40,
    ]
)  # fmt: skip
_LINES = st.builds(
    TextLine,
    text=st.one_of(_PIECES, st.text(max_size=60), st.lists(_PIECES, max_size=4).map("\t".join)),
    page=st.integers(1, 3),
    block=st.integers(0, 5),
    x0=st.floats(0, 600),
    y0=st.floats(0, 800),
    y1=st.floats(0, 800),
    size=st.sampled_from([0.0, 9.0, 10.0, 13.0, 24.0]),
    bold=st.booleans(),
    heading=st.booleans(),
)
_TEXTS = st.builds(
    ExtractedText,
    media_type=st.just("text/plain"),
    page_count=st.just(3),
    lines=st.lists(_LINES, max_size=30).map(tuple),
    links=st.lists(
        st.builds(
            PageLink,
            url=st.one_of(st.text(max_size=30), st.just("https://github.com/ada")),
            page=st.just(1),
            text=st.text(max_size=10),
            line=st.one_of(st.none(), st.integers(0, 40)),
        ),
        max_size=3,
    ).map(tuple),
    language=st.sampled_from(["en", "de", "und"]),
)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(_TEXTS)
def test_any_text_is_read_the_same_twice(text: ExtractedText) -> None:
    """Nothing raises, spans hold what they claim, and a second reading equals the first."""
    found = parse(text, TODAY)
    check_spans(found, text)
    assert parse(text, TODAY) == found
    assert (found.months_of_experience or 0) <= (2050 - 1940) * 12


@pytest.mark.parametrize(
    "unit", ["a", "1 ", "a@", "(", "http://", "a, ", "May 2019 - ", "\t", "Aa ", "•", "a.", "- "]
)
def test_a_hostile_line_is_cut(unit: str) -> None:
    """Of one endless line only a bounded beginning is looked at."""
    line = TextLine(text=unit * (500_000 // len(unit)), page=1)
    text = ExtractedText(media_type="text/plain", page_count=1, lines=(line,))
    assert all(len(row.text) <= LONGEST_ROW for row in read(text))
    check_spans(parse(text, TODAY), text)


def test_an_endless_text_is_cut() -> None:
    """Of endless many lines only a bounded number of characters is looked at."""
    line = TextLine(text="Software Engineer, Acme Inc\t2019 - 2020", page=1)
    text = ExtractedText(media_type="text/plain", page_count=1, lines=(line,) * 12_000)
    assert sum(len(row.text) for row in read(text)) <= MOST_CHARACTERS
