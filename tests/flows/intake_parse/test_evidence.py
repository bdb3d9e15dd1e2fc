"""Only what a text supports is taken from a model's claims, each value with its place."""

from __future__ import annotations

from typing import Any

import pytest

from functions.intake_parse.rules.refining import asked
from shared.models.text import PageLink
from tests.flows.intake_parse.claiming import believed, job, said, study, text_of


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


ROLES = """
Project manager with 11 years in logistics
Castor Robotics, Dublin
Programme Manager\tSep 2021 – Present
• Shortened delivery times
• Brought a stalled rollout back on schedule
• Prepared the audit
Project Manager\tNov 2018 – Aug 2021
• Wrote the handbook
• Kept suppliers in step
Project Assistant\tApr 2015 – Jul 2017
Oakline Energy, Austin
""".strip()


def test_further_roles_stand_below_their_employer() -> None:
    """Each with its own dates, whatever line was said, and though its title stands in prose too."""
    found = believed(
        ROLES,
        work_experience=[
            job("Programme Manager", "Castor Robotics", "2021-09", "present", location="Dublin"),
            job("Project Manager", "Castor Robotics", "2018-11", "2021-08", location="Dublin"),
            job("Project Assistant", "Oakline Energy", "2015-04", "2017-07"),
        ],
    )
    assert found.dropped == {}
    starts = [each.title.span.start for each in found.resume.work_experience
              if each.title is not None and each.title.span is not None]  # fmt: skip
    assert starts == [ROLES.index(each) for each in
                      ("Programme Manager", "Project Manager\t", "Project Assistant")]  # fmt: skip


def test_no_role_goes_to_an_employer_beyond_another() -> None:
    """Nor to one that heads nothing."""
    programme = job("Programme Manager", "Castor Robotics", "2021-09", "present")
    taken = job("Project Assistant", "Castor Robotics", "2015-04")
    oakline = job("Head", "Oakline Energy")
    beyond = believed(ROLES, work_experience=[programme, taken, oakline])
    assert beyond.dropped["work_experience.company"] == 1
    alone = believed(ROLES, work_experience=[taken])
    assert alone.dropped == {"work_experience.company": 1}


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


def test_what_is_sent_ends_at_a_line() -> None:
    """Within the bound; numbers are those of the text's lines, and blank ones are left out."""
    page = "\n".join(["first", "", "x" * 9_000, "y" * 9_000, "z" * 9_000, "last"])
    found = asked.sent(text_of(page))
    assert list(found.document["lines"]) == ["1", "3", "4"]
    assert found.lines == 4
    assert asked.sent(text_of("x" * 30_000)).lines == 0
