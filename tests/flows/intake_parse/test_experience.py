"""Jobs in the many ways in which résumés set them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from functions.intake_parse.rules import parse
from shared.models.resume import Resume

TODAY = date(2024, 1, 1)
FRONT = "! Ada Byron\nada@mail.org\n"


def jobs(found: Resume) -> list[tuple[str | None, str | None, str | None]]:
    """Return (title, company, start) of each job."""
    return [
        (
            job.title.value if job.title else None,
            job.company.value if job.company else None,
            job.start.value if job.start else None,
        )
        for job in found.work_experience
    ]


EXPECTED = [
    ("Software Engineer", "Northwind Systems", "2021-03"),
    ("Data Analyst", "Contoso Labs", "2018-06"),
]


@pytest.mark.parametrize(
    "body",
    [
        # title and company on one line, date on the right, beneath, above, in brackets, in front
        "** Software Engineer, Northwind Systems⇥Mar 2021 - Present\n• Built it\n"
        "** Data Analyst, Contoso Labs⇥Jun 2018 - Feb 2021\n• Ran it",
        "** Software Engineer – Northwind Systems\nMar 2021 - Present\n• Built it\n"
        "** Data Analyst – Contoso Labs\nJun 2018 - Feb 2021\n• Ran it",
        "Mar 2021 - Present\n** Software Engineer, Northwind Systems\n• Built it\n"
        "Jun 2018 - Feb 2021\n** Data Analyst, Contoso Labs\n• Ran it",
        "Software Engineer, Northwind Systems, Austin, TX (Mar 2021 - Present)\n• Built it\n"
        "Data Analyst, Contoso Labs, Remote (Jun 2018 - Feb 2021)\n• Ran it",
        "03/2021 – heute⇥Software Engineer\n⇥Northwind Systems, Berlin\n• Built it\n"
        "06/2018 – 02/2021⇥Data Analyst\n⇥Contoso Labs, Berlin\n• Ran it",
        # either order, two lines, places beside them
        "** Northwind Systems⇥Austin, TX\nSoftware Engineer⇥Mar 2021 - Present\n• Built it\n"
        "** Contoso Labs⇥Boston, MA\nData Analyst⇥Jun 2018 - Feb 2021\n• Ran it",
        "** Software Engineer⇥Mar 2021 - Present\nNorthwind Systems⇥Austin, TX\n• Built it\n"
        "** Data Analyst⇥Jun 2018 - Feb 2021\nContoso Labs⇥Boston, MA\n• Ran it",
        "Software Engineer | Northwind Systems | Austin | 03/2021 – Present\n• Built it\n"
        "Data Analyst | Contoso Labs | Boston | 06/2018 – 02/2021\n• Ran it",
        "** Northwind Systems — Software Engineer\nMar 2021 – Present · Austin, TX\n• Built it\n"
        "** Contoso Labs — Data Analyst\nJun 2018 – Feb 2021 · Remote\n• Ran it",
        # bullets as entries, a date as heading, labels of a form
        "• Software Engineer at Northwind Systems (03/2021 – present): built it\n"
        "• Data Analyst at Contoso Labs (06/2018 – 02/2021): ran it",
        "** Mar 2021 - Present\n• Software Engineer, Northwind Systems\n• Built it\n"
        "** Jun 2018 - Feb 2021\n• Data Analyst, Contoso Labs\n• Ran it",
        "** Northwind Systems\nDesignation: Software Engineer\nDuration: Mar 2021 – Till Date\n"
        "• Built it\n** Contoso Labs\nDesignation: Data Analyst\nDuration: Jun 2018 – Feb 2021",
    ],
)
def test_reads_titles_companies_and_dates(page: Any, body: str) -> None:
    """Title, company and start come out the same, however they are set."""
    found = parse(page(f"{FRONT}# Experience\n{body}\n# Interests\nChess"), TODAY)
    assert jobs(found) == EXPECTED
    assert found.work_experience[0].current
    assert not found.work_experience[1].current


@pytest.mark.parametrize("banner", ["** Acme Corporation", "** Acme Corporation⇥2012 – Present"])
def test_roles_under_one_employer_share_it(page: Any, banner: str) -> None:
    """Roles listed under an employer's line, with or without its whole period, are its roles."""
    body = (
        f"{banner}\nStaff Engineer, Platform⇥2020 - Present\n• Led it\n"
        "Senior Engineer, Payments⇥2016 - 2020\n• Built it\nEngineer⇥2012 - 2016\n• Wrote it"
    )
    found = jobs(parse(page(f"{FRONT}# Experience\n{body}"), TODAY))
    assert [company for _, company, _ in found] == ["Acme Corporation"] * 3
    assert found[1][0] == "Senior Engineer, Payments"


@pytest.mark.parametrize(
    ("heading", "line", "job"),
    [
        ("Berufserfahrung", "Teamleiter Einkauf⇥seit 03/2018\nNovatec GmbH, Ulm", "Novatec GmbH"),
        ("Expériences professionnelles", "Développeuse – Worldline⇥Depuis mars 2018", "Worldline"),
        (
            "Experiencia laboral",
            "Enero 2019 - Actualidad\nCamarera, Casa Pepe, Madrid",
            "Casa Pepe",
        ),
        ("Experiência Profissional", "Itaú\nAnalista de Dados\nfev 2020 - atual", "Itaú"),
        ("Esperienze lavorative", "Da marzo 2019 ad oggi\nCuoco presso Hotel Roma", "Hotel Roma"),
        (
            "Career History",
            "SOUS CHEF, The Blue Heron\nMiami, FL\nNov 2017 to present",
            "The Blue Heron",
        ),
        (
            "Teaching Experience",
            "Voice Instructor\nMusic School · Boston, MA 2019 - 2022",
            "Music School",
        ),
    ],
)
def test_reads_jobs_under_headings_of_six_languages(
    page: Any, heading: str, line: str, job: str
) -> None:
    """A heading of any of the languages, with or without "experience", opens the jobs."""
    found = jobs(parse(page(f"{FRONT}# {heading}\n{line}"), TODAY))
    assert [company for _, company, _ in found] == [job]


def test_reads_jobs_without_a_heading(page: Any) -> None:
    """Dated jobs under a foreign heading are found when there is no experience section."""
    body = (
        "# Highlights\nEight years of testing.\n"
        "Senior QA Engineer, Northwind Systems (Mar 2021 - Present)\n• Cut it\n"
        "QA Engineer, Contoso Labs (Jun 2018 - Feb 2021)\n• Wrote it\n# Education\nB.S., MIT, 2016"
    )
    found = jobs(parse(page(FRONT + body), TODAY))
    assert found[0] == ("Senior QA Engineer", "Northwind Systems", "2021-03")
    assert len(found) == 2


def test_volunteering_is_no_work(page: Any) -> None:
    """Sections of volunteering and leadership do not become jobs."""
    body = (
        "# Volunteer Experience\nTeacher, CoderDojo⇥2012 - 2013\n"
        "# Work\nCEO, Pied Piper⇥2014 - 2015"
    )
    assert jobs(parse(page(FRONT + body), TODAY)) == [("CEO", "Pied Piper", "2014")]


def test_undated_jobs_are_told_apart_by_their_look(page: Any) -> None:
    """Jobs without dates are parted where the first line's look returns."""
    body = "** Intern\nExample Opera Company\n• Helped\n** Sales Associate\nMusic Store LLC\n• Sold"
    found = jobs(parse(page(f"{FRONT}# Experience\n{body}"), TODAY))
    assert found == [
        ("Intern", "Example Opera Company", None),
        ("Sales Associate", "Music Store LLC", None),
    ]


def test_highlights_join_wrapped_lines(page: Any) -> None:
    """A bullet that wraps is one highlight, its span over both lines."""
    body = "** Engineer, Acme Inc⇥2019 - 2020\n• Cut the latency of\nthe service by half\n• Led"
    text = page(f"{FRONT}# Experience\n{body}")
    found = parse(text, TODAY).work_experience[0].highlights
    assert [h.value for h in found] == ["Cut the latency of the service by half", "Led"]
    assert found[0].span is not None
    assert text.text[found[0].span.start : found[0].span.end].startswith("Cut the latency")


def test_a_dated_banner_is_not_its_first_role(page: Any) -> None:
    """Each role under an employer with its whole period keeps its own dates and department."""
    body = (
        "** HARBOUR TOWING INC⇥2006 – 2020\n$12M in sales, 80 employees\n"
        "** Director, Dredging\n2014 – 2020\n• Led it\n"
        "** Supervisor, Moorings\n2006 – 2014\n• Ran it"
    )
    assert jobs(parse(page(f"{FRONT}# Experience\n{body}"), TODAY)) == [
        ("Director, Dredging", "HARBOUR TOWING INC", "2014"),
        ("Supervisor, Moorings", "HARBOUR TOWING INC", "2006"),
    ]


def test_an_address_is_no_employer(page: Any) -> None:
    """A street with its house number is the place of the job."""
    body = "** Ranger\nBureau of Rivers\n88 Otter Creek Rd NW, Salem, OR 97301\n05/2012 - 06/2014"
    found = jobs(parse(page(f"{FRONT}# Experience\n{body}"), TODAY))
    assert found == [("Ranger", "Bureau of Rivers", "2012-05")]


def test_the_head_of_a_table_is_no_job(page: Any) -> None:
    """A first row that names columns is dropped."""
    body = "Dates⇥Company⇥Job Title\n2015 – 2019⇥Saltworks⇥Shift Supervisor"
    found = jobs(parse(page(f"{FRONT}# Experience\n{body}"), TODAY))
    assert found == [("Shift Supervisor", "Saltworks", "2015")]


def test_full_stops_part_period_title_and_company(page: Any) -> None:
    """A row whose pieces all end in full stops is parted at them."""
    body = "2015 - 2019. Jefe de obra. Construcciones Alba, Madrid."
    found = jobs(parse(page(f"{FRONT}# Experiencia\n{body}", language="es"), TODAY))
    assert found == [("Jefe de obra", "Construcciones Alba", "2015")]


def test_a_town_behind_the_legal_form_is_no_part_of_the_company(page: Any) -> None:
    """ "Acme GmbH, Town" is company and town though no list has the town."""
    body = "Clerk⇥2015 – 2019\nMoorhof Landtechnik GmbH, Dingelbach\n• Filed"
    found = parse(page(f"{FRONT}# Experience\n{body}"), TODAY)
    assert jobs(found) == [("Clerk", "Moorhof Landtechnik GmbH", "2015")]
    assert found.work_experience[0].location is not None


@pytest.mark.parametrize(
    "town",
    [
        "Freiburg im Breisgau", "Frankfurt am Main", "Rothenburg ob der Tauber",
        "Newcastle upon Tyne", "Stoke-on-Trent", "Aix-en-Provence", "Boulogne-sur-Mer",
    ],
)  # fmt: skip
def test_a_town_that_says_where_it_lies_is_no_part_of_the_company(page: Any, town: str) -> None:
    body = f"Software Engineer\nNorthwind Systems, {town}\nMar 2021 - Present\n• Built it"
    (job,) = parse(page(f"{FRONT}# Experience\n{body}"), TODAY).work_experience
    assert job.company is not None
    assert job.company.value == "Northwind Systems"
    assert job.location is not None
    assert job.location.value == town
