"""Only what a text supports is taken from a model's claims, each value with its place."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.intake_parse.rules import parse
from functions.intake_parse.rules.refining import Refined, asked, refined
from shared.models.resume import PartialDate, Resume, Value
from shared.models.text import ExtractedText, PageLink, TextLine

TODAY = date(2026, 3, 1)
PAGE = """Maya Okafor
Staff engineer for pay-
ments and reliability
maya.okafor@example.com\t+49 30 901820
github.com/maya-okafor
Experience
Soft\u00adware Engi\u00adneer
Borealis GmbH, Berlin
März 2019 – Juni 2023
Built the ofﬁce network with C++ and Node.js
Junior Developer
Häfele & Söhne
2015 - 2018
Education
BSc Computer Science, TU Wien
2011 - 2014
Skills
Python, PostgreSQL, C++, Node.js
Data Ware-
house
Languages
German (native), English C1
References
John Smith, john.smith@example.org, +49 30 555123
""".strip()


def text_of(page: str = PAGE, links: tuple[PageLink, ...] = ()) -> ExtractedText:
    """A page of its own for each five lines."""
    lines = tuple(TextLine(text=line, page=1 + at // 5) for at, line in enumerate(page.split("\n")))
    return ExtractedText(
        media_type="text/plain", page_count=9, lines=lines, links=links, language="en"
    )


def said(value: str | None, line: int = 1) -> dict[str, Any] | None:
    return None if value is None else {"value": value, "line": line}


def job(
    title: str | None = None,
    company: str | None = None,
    start: str | None = None,
    end: str | None = None,
    *,
    location: str | None = None,
    line: int = 1,
    current: bool = False,
) -> dict[str, Any]:
    return {
        "title": said(title, line), "company": said(company, line), "start": said(start, line),
        "end": said(end, line), "location": said(location, line), "current": current,
    }  # fmt: skip


def study(
    institution: str | None, degree: str | None, start: str | None = None, end: str | None = None
) -> dict[str, Any]:
    return {
        "institution": said(institution), "degree": said(degree), "start": said(start),
        "end": said(end),
    }  # fmt: skip


def claims(**fields: Any) -> dict[str, Any]:
    """An answer that says nothing but these."""
    nothing: dict[str, Any] = {
        name: [] if name not in {"name", "headline", "location"} else None
        for name in asked.Claims.model_fields
    }
    return nothing | fields


def believed(
    page: str | ExtractedText = PAGE, resume: Resume | None = None, **fields: Any
) -> Refined:
    """What comes of claims, the rules having read nothing unless told otherwise."""
    text = text_of(page) if isinstance(page, str) else page
    found = asked.claims_of(claims(**fields))
    assert found is not None
    return refined(
        text,
        resume or Resume(parser="rules"),
        found,
        lines=len(text.lines),
        today=TODAY,
        model="m",
    )


@pytest.mark.parametrize(
    ("value", "stands"),
    [
        ("Maya Okafor", "Maya Okafor"),
        ("MAYA  OKAFOR", "Maya Okafor"),
        ("Máya Okafor", "Maya Okafor"),
        ("engineer for payments and reliability", "engineer for payments and reliability"),
        ("the office network", "the ofﬁce network"),
        ("Borealis GmbH, Berlin", "Borealis GmbH, Berlin"),
        ("März 2019 - Juni 2023", "März 2019 – Juni 2023"),
        ("Hafele & Sohne", "Häfele & Söhne"),
    ],
)  # fmt: skip
def test_a_value_is_found_however_it_is_written(value: str, stands: str) -> None:
    """Whatever its case, accents, dashes, ligatures and breaks; it is kept as the text has it."""
    found = believed(headline=said(value)).resume.personal.headline
    assert found is not None
    assert found.value == stands
    assert found.span is not None
    assert found.span.page == 1 + text_of().text[: found.span.start].count("\n") // 5


@pytest.mark.parametrize(
    "value",
    ["Maya Okafo", "Java", "Berlin Python", "", "  ", "—", "Engineer of the Year", "Python\tGo",
     "reliability maya.okafor", "x" * 400, "Network with C"],
)  # fmt: skip
def test_what_does_not_stand_there_is_dropped(value: str) -> None:
    """Also a part of a word, words of two places, and what goes on behind a wide gap."""
    found = believed(headline=said(value))
    assert found.resume.personal.headline is None
    assert found.dropped == {"headline": 1}


@pytest.mark.parametrize(
    ("skill", "is_kept"),
    [("Python", True), ("C++", True), ("Node.js", True), ("Data Warehouse", True), ("C", False),
     ("Node", False), ("JS", False), ("SQL", False), ("Kubernetes", False), ("example", False),
     ("Python, PostgreSQL", False)],
)  # fmt: skip
def test_skills_are_whole_words(skill: str, is_kept: bool) -> None:
    """One each, and no part of another's name."""
    found = believed(skills=[said(skill, 18)])
    assert [each.name.value for each in found.resume.skills] == ([skill] if is_kept else [])
    assert found.dropped == ({} if is_kept else {"skills": 1})


def test_addresses_are_exact_and_the_persons_own() -> None:
    """A telephone number by its digits; what stands among the references is somebody else's."""
    found = believed(
        emails=[said("Maya.Okafor@example.com"), said("okafor@example.com"),
                said("john.smith@example.org", 24)],
        phones=[said("+49 (30) 901820"), said("901820"), said("+49 30 555123", 24)],
        links=[said("https://www.github.com/maya-okafor/"), said("github.com/maya")],
    )  # fmt: skip
    personal = found.resume.personal
    assert [each.value for each in personal.emails] == ["maya.okafor@example.com"]
    assert [each.value for each in personal.phones] == ["+4930901820"]
    assert [each.value for each in personal.links] == ["github.com/maya-okafor"]
    assert found.dropped == {"emails": 2, "links": 1, "phones": 2}


def test_links_that_only_annotations_carry_are_links() -> None:
    """With the address of the annotation, a mail address among them."""
    links = (
        PageLink(url="https://linkedin.com/in/maya", page=1),
        PageLink(url="mailto:maya@home.example", page=1),
        PageLink(url="mailto:john@home.example", page=1, line=23),
    )
    found = believed(
        text_of(links=links),
        links=[said("linkedin.com/in/maya"), said("linkedin.com/in/john")],
        emails=[said("maya@home.example"), said("john@home.example")],
    )
    assert [each.value for each in found.resume.personal.links] == ["https://linkedin.com/in/maya"]
    assert [each.value for each in found.resume.personal.emails] == ["maya@home.example"]
    assert found.dropped == {"emails": 1, "links": 1}


def test_a_job_is_one_where_its_parts_stand_together() -> None:
    """Title, company, place and the dates of one period."""
    found = believed(
        work_experience=[
            job("Software Engineer", "Borealis GmbH", "2019-03", "2023-06", location="Berlin",
                line=7)
        ]
    )  # fmt: skip
    (kept,) = found.resume.work_experience
    assert kept.title
    assert kept.company
    assert kept.location
    assert kept.start
    assert kept.end
    assert (kept.title.value, kept.company.value) == (
        "Software Engineer",
        "Borealis GmbH",
    )
    assert (kept.start.value, kept.end.value) == ("2019-03", "2023-06")
    assert kept.location.value == "Berlin"
    assert found.dropped == {}
    assert found.resume.months_of_experience == 52
    assert found.resume.parser == "rules+m"


@pytest.mark.parametrize(
    ("said_job", "dropped"),
    [
        (job("Software Engineer", "Häfele & Söhne", "2019-03"), {"work_experience.company": 1}),
        (job("Junior Developer", "Borealis GmbH", "2015"), {"work_experience.company": 1}),
        (job("Software Engineer", "Borealis GmbH", "2018", "2023"), {"work_experience.start": 1}),
        (job("Software Engineer", "Borealis GmbH", "2019-04"), {"work_experience.start": 1}),
        (job("Software Engineer", "Borealis GmbH", "2023-06"), {"work_experience.start": 1}),
        (job("Software Engineer", "Borealis GmbH", "2019", "present"),
         {"work_experience.current": 1}),
        (job("Software Engineer", "Borealis GmbH", "2015", "2018"),
         {"work_experience.end": 1, "work_experience.start": 1}),
        (job("Junior Developer", "Häfele & Söhne", "2015-01"), {"work_experience.start": 1}),
        (job("Chief Wizard", "Acme", "2019"),
         {"work_experience": 1, "work_experience.company": 1, "work_experience.title": 1}),
    ],
)  # fmt: skip
def test_moved_dates_and_swapped_companies_are_dropped(
    said_job: dict[str, Any], dropped: dict[str, int]
) -> None:
    """A month that is not there, an end for a start, another's period, another's company."""
    assert dict(believed(work_experience=[said_job]).dropped) == dropped


def test_a_level_stands_beside_its_language() -> None:
    """Another one is dropped, the language is kept."""
    found = believed(
        languages=[
            {"name": said("German", 22), "level": said("native", 22)},
            {"name": said("English", 22), "level": said("C2", 22)},
            {"name": said("Dutch", 22), "level": None},
            {"name": said("Python", 22), "level": None},
        ]
    )
    assert [(each.name.value, each.code, each.level) for each in found.resume.languages] == [
        ("German", "de", "native"), ("English", "en", None),
    ]  # fmt: skip
    assert found.dropped == {"languages": 2, "languages.level": 1}


def test_a_study_is_kept_with_its_dates_and_level() -> None:
    """As the text has them."""
    found = believed(education=[study("TU Wien", "BSc Computer Science", "2011", "2014"),
                                study("Harvard", "MBA", None, "2014")])  # fmt: skip
    (kept,) = found.resume.education
    assert kept.start
    assert kept.end
    assert (kept.level, kept.start.value, kept.end.value) == ("bachelor", "2011", "2014")
    assert found.dropped == {
        "education": 1, "education.degree": 1, "education.institution": 1,
    }  # fmt: skip


def test_what_the_rules_were_sure_of_stays() -> None:
    """A blank is filled, an unsure value corrected, an address never removed."""
    text = text_of()
    rules = parse(text, TODAY)
    name = Value(value="Staff engineer", confidence=0.5)
    unsure = rules.model_copy(
        update={
            "personal": rules.personal.model_copy(update={"name": name, "headline": None}),
            "languages": (),
        }
    )
    found = believed(
        text,
        unsure,
        name=said("Maya Okafor"),
        headline=said("Staff engineer", 2),
        emails=[said("john.smith@example.org")],
        languages=[{"name": said("German", 22), "level": None}],
        work_experience=[job("Junior Developer", "Häfele & Söhne", "2015", "2018", line=11)],
    )
    personal = found.resume.personal
    assert personal.name is not None
    assert personal.name.value == "Maya Okafor"
    assert personal.emails == rules.personal.emails
    assert personal.phones == rules.personal.phones
    assert len(found.resume.work_experience) == len(rules.work_experience) == 2
    assert (found.added, found.corrected) == (2, 1)
    again = believed(text, rules, name=said("John Smith", 23))
    assert again.resume.personal.name == rules.personal.name


def test_a_job_that_the_rules_missed_stands_in_its_place() -> None:
    """Between those around it, and the months are counted anew."""
    text = text_of()
    rules = parse(text, TODAY)
    missed = rules.model_copy(
        update={"work_experience": rules.work_experience[1:], "months_of_experience": 48}
    )
    found = believed(
        text, missed, work_experience=[job("Software Engineer", "Borealis GmbH", "2019-03",
                                           "2023-06", line=7)]
    )  # fmt: skip
    assert [each.title.value for each in found.resume.work_experience if each.title] == [
        "Software Engineer", "Junior Developer",
    ]  # fmt: skip
    assert found.added == 1
    assert found.resume.months_of_experience == rules.months_of_experience == 100


WORDS = st.sampled_from(sorted(set(re.findall(r"\S+", PAGE))))
VALUES = st.one_of(
    WORDS,
    st.lists(WORDS, max_size=4).map(" ".join),
    st.sampled_from(PAGE.split("\n")),
    st.text(max_size=20),
    st.sampled_from(["2019", "2019-03", "2015", "2014-01", "present", "+49 30 901820", "Python"]),
)
CLAIM = st.builds(said, VALUES, st.integers(-5, 60))
MAYBE = st.none() | CLAIM
JOB = st.fixed_dictionaries(
    {"title": MAYBE, "company": MAYBE, "location": MAYBE, "start": MAYBE, "end": MAYBE,
     "current": st.booleans()}
)  # fmt: skip
STUDY = st.fixed_dictionaries({"institution": MAYBE, "degree": MAYBE, "start": MAYBE, "end": MAYBE})
MANY = st.lists(CLAIM, max_size=4)
ANYTHING = st.fixed_dictionaries(
    {
        "name": MAYBE, "headline": MAYBE, "location": MAYBE, "emails": MANY, "phones": MANY,
        "links": MANY, "work_experience": st.lists(JOB, max_size=4),
        "education": st.lists(STUDY, max_size=3), "skills": MANY, "certifications": MANY,
        "languages": st.lists(st.fixed_dictionaries({"name": CLAIM, "level": MAYBE}), max_size=3),
        "projects": MANY,
    }
)  # fmt: skip


def _parts(value: Any) -> list[Value | PartialDate]:
    if isinstance(value, Value | PartialDate):
        return [value]
    if isinstance(value, tuple):
        return [part for each in value for part in _parts(each)]
    if hasattr(value, "model_fields_set"):
        return [part for _, each in value for part in _parts(each)]
    return []


def _letters(text: str) -> str:
    """Letters and digits alone, without marks: what a value and its place must share."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(each for each in apart if each.isalnum())


def hold_supported(text: ExtractedText, resume: Resume) -> None:
    """Every value stands where it says, on the page that it says."""
    for part in _parts(resume):
        assert part.span is not None
        stands = text.text[part.span.start : part.span.end]
        line = text.text[: part.span.start].count("\n")
        assert part.span.page == text.lines[line].page
        if isinstance(part, PartialDate):
            assert part.value[:4] in stands
        elif part in resume.personal.phones:
            digits = re.sub(r"\D", "", stands)
            assert re.sub(r"\D", "", part.value).endswith(digits.lstrip("0"))
        else:
            assert _letters(part.value) == _letters(stands)
    for each in resume.languages:
        assert each.level is None or _letters(each.level) in _letters(text.text)


@settings(max_examples=300, deadline=None)
@given(ANYTHING)
def test_nothing_invented_survives(answer: dict[str, Any]) -> None:
    """Whatever a model says, every value of the result stands in the text."""
    text = text_of()
    hold_supported(text, believed(text, **answer).resume)


@settings(max_examples=100, deadline=None)
@given(ANYTHING)
def test_the_rules_lose_nothing_that_they_were_sure_of(answer: dict[str, Any]) -> None:
    """No address, no entry, no sure value, whatever a model says."""
    text = text_of()
    rules = parse(text, TODAY)
    found = believed(text, rules, **answer).resume
    assert set(_values(rules.personal.emails)) <= set(_values(found.personal.emails))
    assert set(_values(rules.personal.phones)) <= set(_values(found.personal.phones))
    assert len(found.work_experience) >= len(rules.work_experience)
    assert len(found.education) >= len(rules.education)
    kept = {_letters(each.value) for each in _parts(found)}
    for each in _parts(rules):
        whole = _letters(each.value)
        # what the rules left in one may be parted in two
        parts = [part for part in kept if part and part in whole]
        assert each.confidence < 0.8 or whole in kept or len(parts) >= 2


def _values(values: tuple[Value, ...]) -> list[str]:
    return [each.value for each in values]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300), ANYTHING)
def test_any_text_and_any_answer_are_taken(page: str, answer: dict[str, Any]) -> None:
    """Without an error, and with nothing but what stands there."""
    text = text_of(page)
    hold_supported(text, believed(text, **answer).resume)


def test_what_is_sent_ends_at_a_line() -> None:
    """Within the bound; numbers are those of the text's lines, and blank ones are left out."""
    page = "\n".join(["first", "", "x" * 9_000, "y" * 9_000, "z" * 9_000, "last"])
    found = asked.sent(text_of(page))
    assert list(found.document["lines"]) == ["1", "3", "4"]
    assert found.lines == 4
    assert asked.sent(text_of("x" * 30_000)).lines == 0
