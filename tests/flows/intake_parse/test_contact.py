"""Names, e-mail addresses, telephone numbers, links and places."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from functions.intake_parse.rules import parse

TODAY = date(2024, 1, 1)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("! Ada Byron\nada.byron@mail.org", "Ada Byron"),
        ("** Product Designer\n** Nora Quist\nnora.quist@mail.org", "Nora Quist"),
        ("! Curriculum Vitae\n# Personal data\nName: Ada Byron\nTel: 030 123456", "Ada Byron"),
        ("# Persönliche Daten\nName:⇥Jürgen Haßel\nE-Mail:⇥jh@web.de", "Jürgen Haßel"),
        ("Vorname: Jana\nNachname: Weiß\njana@web.de", "Jana Weiß"),
        ("** PERSONAL INFORMATION⇥Nikos Pappas\n⇥nikos.pappas@mail.gr", "Nikos Pappas"),
        ("! J O R D A N R E Y E S\njordan.reyes@mail.org", "JORDAN REYES"),
        ("! C L A I R E   D U B O I S\nclaire@dubois.fr", "CLAIRE DUBOIS"),
        ("! Etta\netta@mail.org", "Etta"),
        ("! Алексей Смирнов\nalexey.smirnov@mail.ru", "Алексей Смирнов"),
        ("! ANNA WIŚNIEWSKA\nanna.wisniewska@mail.pl", "ANNA WIŚNIEWSKA"),
        ("! Dr. Helena Vasquez, Ph.D.\nh.vasquez@leeds.ac.uk", "Helena Vasquez"),
        ("! Chanchal\n! Sharma\nOffice Manager\nchanchals@mail.org", "Chanchal Sharma"),
        ("! ANGELA M. BROOKS, RN, BSN\nangela.brooks@mail.org", "ANGELA M. BROOKS"),
        ("! CPT (RET.) ODETTA RAE STONE\no.stone@mail.org", "ODETTA RAE STONE"),
        ("! ottilie r. fenwick\nfenwick@mail.org • Hobart TAS", "ottilie r. fenwick"),
        (
            "! Chiara Luce\n! d’Este Moroni\nArchitetto\nc.deste@mail.it",
            "Chiara Luce d’Este Moroni",
        ),
    ],
)
def test_finds_the_name(page: Any, head: str, name: str) -> None:
    """The name is found by size, label, letter-spacing, address or its place."""
    found = parse(page(head + "\n# Experience\nEngineer, Acme Inc⇥2019 - 2020"), TODAY)
    assert found.personal.name is not None
    assert found.personal.name.value == name


def test_finds_the_name_behind_a_sidebar(page: Any) -> None:
    """A sidebar read before the main column does not hide the name or swallow its headline."""
    found = parse(
        page(
            "# CONTACT\nrs@mail.org\n# SKILLS\n• Teamwork\n• Public Relations\n"
            "! RICHARD SANDERS\nMARKETING MANAGER\n# EXPERIENCE\nAnalyst, Acme Inc⇥2019 - 2020"
        ),
        TODAY,
    )
    assert found.personal.name is not None
    assert found.personal.name.value == "RICHARD SANDERS"
    assert [s.name.value for s in found.skills] == ["Teamwork", "Public Relations"]


@pytest.mark.parametrize(
    ("line", "number", "sure"),
    [
        ("+39 392 1234567", "+393921234567", True),
        ("(+82) 10-9030-1843", "+821090301843", True),
        ("Phone: (415) 555-2671", "+14155552671", True),
        ("123-456-7890", "123-456-7890", False),
        ("22 Birch Ave, Tacoma, WA 98402 • 123-456-7890", "123-456-7890", False),
        ("Tel.: 0049 30 901820", "+4930901820", True),
    ],
)
def test_reads_telephone_numbers(page: Any, line: str, number: str, sure: bool) -> None:
    """Valid numbers come as E.164, others as written and with little confidence."""
    found = parse(page(f"! Ada Byron\n{line} | ada@mail.org"), TODAY)
    assert [p.value for p in found.personal.phones] == [number]
    assert (found.personal.phones[0].confidence > 0.9) is sure


@pytest.mark.parametrize(
    "line", ["2015 - 2019", "ABC Road, 100/2 - 12345 Rome", "GPA: 3.9123456", "01/2018 – 03/2020"]
)
def test_dates_and_addresses_are_no_telephone_numbers(page: Any, line: str) -> None:
    """Digits of dates, postcodes and marks are left alone."""
    assert parse(page(f"! Ada Byron\n{line}"), TODAY).personal.phones == ()


def test_national_number_is_read_by_the_country_of_the_page(page: Any) -> None:
    """A number without a country code is valid in the country that the header names."""
    text = page("! Max Muster\n10115 Berlin, Germany\n030 901820\nmax@web.de", language="de")
    assert parse(text, TODAY).personal.phones[0].value == "+4930901820"


def test_links_of_text_and_annotations_are_one_list(page: Any) -> None:
    """A link and its annotation are one; an annotation alone is added without a span."""
    text = page(
        "! Ada Byron\nada@mail.org | linkedin.com/in/ada | ada.dev",
        links=("https://www.linkedin.com/in/ada/", "https://github.com/ada", "mailto:ada@mail.org"),
    )
    links = parse(text, TODAY).personal.links
    assert [v.value for v in links] == ["linkedin.com/in/ada", "ada.dev", "https://github.com/ada"]
    assert links[2].span is None


def test_technologies_are_no_links(page: Any) -> None:
    """Node.js and ASP.NET are not addresses."""
    found = parse(page("! Ada Byron\nI write Node.js, Vue.js and ASP.NET\nada@mail.org"), TODAY)
    assert found.personal.links == ()


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("ada@mail.org | Austin, TX | (312) 555-0123", "Austin, TX"),
        ("Address: Lindenweg 12, 70173 Stuttgart", "Lindenweg 12, 70173 Stuttgart"),
        ("Barcelona, Catalonia, Spain", "Barcelona, Catalonia, Spain"),
    ],
)
def test_finds_where_the_person_lives(page: Any, line: str, place: str) -> None:
    """The place is found between separators, behind a label and by its shape."""
    found = parse(page(f"! Ada Byron\n{line}"), TODAY)
    assert found.personal.location is not None
    assert found.personal.location.value == place


def test_joins_an_address_that_a_line_break_cut(page: Any) -> None:
    """A profile link whose last part stands on the next line is one link."""
    text = page("! Ada Byron\nada@mail.org\nwww.linkedin.com/in/\nada-byron-1815 (LinkedIn)")
    (link,) = parse(text, TODAY).personal.links
    assert link.value == "www.linkedin.com/in/ada-byron-1815"
    assert link.span is not None
    assert text.text[link.span.start : link.span.end].endswith("in/\nada-byron-1815")


def test_a_cut_address_gives_way_to_its_annotation(page: Any) -> None:
    """The part of a link that stands before the break is no second link."""
    text = page(
        "! Ada Byron\nada@mail.org\nlinkedin.com/in/\nada-byron",
        links=("https://www.linkedin.com/in/ada-byron/",),
    )
    links = parse(text, TODAY).personal.links
    assert [link.value for link in links] == ["https://www.linkedin.com/in/ada-byron/"]


def test_a_domain_before_a_number_says_nothing_about_it(page: Any) -> None:
    """An address that ends in ".id" is no identity number's label."""
    text = page("! Ada Byron\nada@byron.id⇥+62 812-5550-1999\n# Skills\nChess")
    assert [p.value for p in parse(text, TODAY).personal.phones] == ["+6281255501999"]


def test_reads_national_numbers_of_further_countries(page: Any) -> None:
    """The language tells the country of a number without its code."""
    text = page("! Ada Byron\nada@mail.org | 070-174 06 35\n# Språk\nSvenska", language="sv")
    assert [p.value for p in parse(text, TODAY).personal.phones] == ["+46701740635"]
