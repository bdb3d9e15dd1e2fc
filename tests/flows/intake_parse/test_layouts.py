"""Headings told by their place, look and content, in any language and column."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from functions.intake_parse.rules import parse
from shared.models.resume import Resume
from shared.models.text import ExtractedText, TextLine

TODAY = date(2024, 1, 1)
FRONT = "! Ada Byron\nada@mail.org\n"


def placed(*rows: tuple[str, float, float, int, bool], language: str = "en") -> ExtractedText:
    """Return a page of rows ``(text, left edge, size, page, bold)``."""
    lines, y = [], 40.0
    for text, x, size, page, bold in rows:
        lines.append(
            TextLine(
                text=text,
                page=page,
                x0=x,
                y0=y,
                x1=x + 5 * len(text),
                y1=y + size,
                size=size,
                bold=bold,
            )
        )
        y += 1.3 * size
    return ExtractedText(
        media_type="application/pdf", page_count=2, lines=tuple(lines), language=language
    )  # fmt: skip


def work(found: Resume) -> list[tuple[str | None, str | None, str | None]]:
    """Return (title, company, start) of each job."""
    return [
        (
            job.title.value if job.title else None,
            job.company.value if job.company else None,
            job.start.value if job.start else None,
        )
        for job in found.work_experience
    ]


@pytest.mark.parametrize(
    ("language", "body", "job", "school", "skills", "spoken"),
    [
        (
            "nl",
            "# Werkervaring\n** mrt 2019 – heden⇥Boekhouder, Tulp Logistiek BV, Delft\n"
            "# Opleidingen\n2010 – 2014⇥Bachelor Accountancy, Hogeschool Rotterdam\n"
            "# Vaardigheden\nExact, Excel, loonadministratie\n# Talen\nNederlands (moedertaal)",
            ("Boekhouder", "Tulp Logistiek BV", "2019-03"),
            "Hogeschool Rotterdam",
            ["Exact", "Excel", "loonadministratie"],
            ["nl"],
        ),
        (
            "sv",
            "# Arbetslivserfarenhet\n** maj 2019 – pågående⇥Redovisningsekonom, Nordhamn AB\n"
            "# Utbildning\n2010 – 2014⇥Kandidatexamen i ekonomi, Umeå universitet\n"
            "# Kompetenser\nFortnox, Visma, bokslut\n# Språk\nSvenska (modersmål), engelska (god)",
            ("Redovisningsekonom", "Nordhamn AB", "2019-05"),
            "Umeå universitet",
            ["Fortnox", "Visma", "bokslut"],
            ["sv", "en"],
        ),
        (
            "pl",
            "# Doświadczenie zawodowe\n05.2019 – obecnie\n** Księgowa\nStocznia Północ sp. z o.o.\n"
            "# Wykształcenie\n2010 – 2014\nUniwersytet Gdański\nLicencjat, rachunkowość\n"
            "# Umiejętności\nSymfonia, Excel, bilanse\n# Języki obce\nangielski – dobry",
            ("Księgowa", "Stocznia Północ sp. z o.o.", "2019-05"),
            "Uniwersytet Gdański",
            ["Symfonia", "Excel", "bilanse"],
            ["en"],
        ),
        (
            "cs",
            "# Pracovní zkušenosti\n05/2019 – dosud\n** Účetní\nKovárna Jih s.r.o.\n"
            "# Vzdělání\n2010 – 2014\nVysoká škola ekonomická\nInženýrské studium\n"
            "# Dovednosti\nPohoda, Excel, mzdy\n# Jazyky\nangličtina – plynně",
            ("Účetní", "Kovárna Jih s.r.o.", "2019-05"),
            "Vysoká škola ekonomická",
            ["Pohoda", "Excel", "mzdy"],
            ["en"],
        ),
        (
            "ro",
            "# Experiență profesională\nmai 2019 – prezent\n** Contabil, Vulturul SRL\n"
            "# Educație\n2010 – 2014⇥Licență în finanțe, Universitatea de Vest\n"
            "# Competențe\nSaga, Excel, bilanț\n# Limbi străine\nengleză (avansat)",
            ("Contabil", "Vulturul SRL", "2019-05"),
            "Universitatea de Vest",
            ["Saga", "Excel", "bilanț"],
            ["en"],
        ),
        (
            "tr",
            "# İş Deneyimi\nMayıs 2019 – Halen\n** Muhasebeci, Deniz Lojistik A.Ş.\n"
            "# Eğitim\n2010 – 2014⇥Lisans, Ege Üniversitesi\n"
            "# Beceriler\nLogo, Excel, bordro\n# Yabancı Dil\nİngilizce (iyi)",
            ("Muhasebeci", "Deniz Lojistik A.Ş.", "2019-05"),
            "Ege Üniversitesi",
            ["Logo", "Excel", "bordro"],
            ["en"],
        ),
    ],
)
def test_reads_sections_of_further_languages(
    page: Any,
    language: str,
    body: str,
    job: tuple[str, str, str],
    school: str,
    skills: list[str],
    spoken: list[str],
) -> None:
    """Headings, months, schools and levels of each language are known."""
    found = parse(page(FRONT + body, language=language), TODAY)
    assert work(found) == [job]
    assert found.work_experience[0].current
    assert [s.institution and s.institution.value for s in found.education] == [school]
    assert [s.name.value for s in found.skills] == skills
    assert [x.code for x in found.languages] == spoken


def test_parts_a_page_whose_headings_no_list_knows(page: Any) -> None:
    """Rows of the recurring heading look open sections, which their content names."""
    body = (
        "# Glurbo\n2019 – 2022⇥Zanto, Vrik Mulo, Pell\n• ato\n"
        "2015 – 2019⇥Plomo, Xant, Pell\n• eto\n"
        "# Vorka\n2010 – 2014⇥Trado, Mulko\n# Blenka\nOstro, Netmo, Prokuntor\n"
        "# Kaela\nEnglish (B2), German (C1)\n# Zanka\nFoo bar."
    )
    found = parse(page(FRONT + body, language="und"), TODAY)
    assert work(found) == [("Zanto", "Vrik Mulo", "2019"), ("Plomo", "Xant", "2015")]
    assert len(found.education) == 1
    assert [s.name.value for s in found.skills] == ["Ostro", "Netmo", "Prokuntor"]
    assert [x.code for x in found.languages] == ["en", "de"]


def test_a_row_set_like_the_headings_closes_the_section(page: Any) -> None:
    """An unlisted heading in the look of the others ends the jobs above it."""
    body = (
        "# Experience\n** Clerk, Acme Inc⇥2019 - 2020\n• Filed it\n# Sundry Wonders\n"
        "Juggling and fire eating\n# Education\nB.Sc. Physics, Lakeside University, 2015"
    )
    found = parse(page(FRONT + body), TODAY)
    assert work(found) == [("Clerk", "Acme Inc", "2019")]
    assert [h.value for h in found.work_experience[0].highlights] == ["Filed it"]


def test_strengths_are_skills_where_no_others_are_given(page: Any) -> None:
    """A list of short strengths counts as skills unless the page has a skill section."""
    body = "# Strengths\nStage lighting⇥Rigging\n# Education\nB.A., Lakeside University, 2015"
    found = parse(page(FRONT + body), TODAY)
    assert [s.name.value for s in found.skills] == ["Stage lighting", "Rigging"]
    more = parse(page(f"{FRONT}{body}\n# Skills\nCarpentry"), TODAY)
    assert [s.name.value for s in more.skills] == ["Carpentry"]


def test_accepts_the_smaller_headings_of_a_sidebar() -> None:
    """Headings of one column may be smaller than those of the other."""
    text = placed(
        ("Ada Byron", 220, 20, 1, False),
        ("ada@mail.org", 220, 9, 1, False),
        ("Skills", 20, 11, 1, False),
        ("Bookbinding", 20, 9, 1, False),
        ("Letterpress", 20, 9, 1, False),
        ("Languages", 20, 11, 1, False),
        ("Greek (native)", 20, 9, 1, False),
        ("Experience", 220, 14, 1, False),
        ("Bindery Manager, Quarto House Ltd", 220, 9, 1, True),
        ("May 2019 - Present", 220, 9, 1, False),
        ("Education", 220, 14, 1, False),
        ("B.A. Design, Lakeside University, 2015", 220, 9, 1, False),
    )
    found = parse(text, TODAY)
    assert [s.name.value for s in found.skills] == ["Bookbinding", "Letterpress"]
    assert [x.code for x in found.languages] == ["el"]


def test_a_column_goes_on_over_the_page() -> None:
    """Rows at the top of a page belong to the section that their column left open."""
    text = placed(
        ("Ada Byron", 30, 20, 1, True),
        ("ada@mail.org", 30, 9, 1, False),
        ("EXPERIENCE", 30, 12, 1, True),
        ("Bindery Manager", 30, 9, 1, True),
        ("Quarto House Ltd\tMay 2019 - Present", 30, 9, 1, False),
        ("LANGUAGES", 400, 12, 1, True),
        ("Greek", 400, 9, 1, False),
        ("Press Operator", 30, 9, 2, True),
        ("Octavo Print GmbH\tMay 2015 - Apr 2019", 30, 9, 2, False),
        ("EDUCATION", 30, 12, 2, True),
        ("B.A. Design, Lakeside University, 2015", 30, 9, 2, False),
    )
    found = parse(text, TODAY)
    assert work(found) == [
        ("Bindery Manager", "Quarto House Ltd", "2019-05"),
        ("Press Operator", "Octavo Print GmbH", "2015-05"),
    ]


def test_indented_rows_are_bullets_though_no_glyph_says_so() -> None:
    """Rows at a deeper left edge are what was done, even when one names an organisation."""
    text = placed(
        ("Ada Byron", 30, 20, 1, True),
        ("ada@mail.org", 30, 9, 1, False),
        ("EXPERIENCE", 30, 12, 1, True),
        ("Bindery Manager", 30, 9, 1, True),
        ("Folio, Leeds\tMay 2019 - Present", 30, 9, 1, False),
        ("Trained the apprentices", 55, 9, 1, False),
        ("Weekly talks with the press team", 55, 9, 1, False),
        ("Press Operator", 30, 9, 1, True),
        ("Octavo, York\tMay 2015 - Apr 2019", 30, 9, 1, False),
        ("Colour proofs", 55, 9, 1, False),
    )
    found = parse(text, TODAY)
    assert [company for _, company, _ in work(found)] == ["Folio", "Octavo"]
    assert len(found.work_experience[0].highlights) == 2


def test_a_label_on_its_own_line_opens_languages_among_skills(page: Any) -> None:
    """ "Sprachen:" above a list of languages ends the skills; place and date close the page."""
    body = (
        "# Kenntnisse\nEDV:\nExcel, Lexware\nSprachen:\nDeutsch (Muttersprache), Polnisch (B1)\n"
        "Führerschein:\nKlasse B\n\nGera, den 4. März 2023\nA. Byron"
    )
    found = parse(page(FRONT + body, language="de"), TODAY)
    assert [s.name.value for s in found.skills] == ["Excel", "Lexware"]
    assert [x.code for x in found.languages] == ["de", "pl"]


def test_dot_leaders_part_label_and_list(page: Any) -> None:
    """Runs of dots between words part them like a tab."""
    body = "SKILLS\nWelding ..... TIG, brazing\nPresses ....... Heidelberg, Adana"
    found = parse(page(FRONT + body, styled=False), TODAY)
    assert [s.name.value for s in found.skills] == ["TIG", "brazing", "Heidelberg", "Adana"]


def test_an_employer_set_like_a_heading_stays_an_employer(page: Any) -> None:
    """Companies in the look of the headings do not end the jobs."""
    body = (
        "# WORK EXPERIENCE\n# OTTER CANOES\nClerk⇥2012 - 2013\n• Did\n# BADGER TOOLS\n"
        "Packer⇥2010 - 2012\n• Did\n# EDUCATION\nB.A., Lakeside University, 2010"
    )
    found = parse(page(FRONT + body), TODAY)
    assert work(found) == [
        ("Clerk", "OTTER CANOES", "2012"),
        ("Packer", "BADGER TOOLS", "2010"),
    ]


def test_community_service_is_no_work(page: Any) -> None:
    """A heading that ends in "service" closes the jobs; what it serves tells what it is."""
    body = (
        "# Work\nClerk, Acme Inc⇥2012 - 2013\n• Did\n# Volunteer Parish Service\n"
        "Driver, Soup Kitchen⇥2014 - 2015"
    )
    assert work(parse(page(FRONT + body), TODAY)) == [("Clerk", "Acme Inc", "2012")]


def test_headings_may_differ_in_capitals(page: Any) -> None:
    """A main heading as large and bold as the others counts though it lacks their capitals."""
    body = "# EDUCATION\nB.A., Lakeside University, 2010\n# Skills\nBookbinding, Rigging"
    found = parse(page(FRONT + body), TODAY)
    assert [s.name.value for s in found.skills] == ["Bookbinding", "Rigging"]


def test_one_known_heading_shows_the_look_of_the_others(page: Any) -> None:
    """Where a page words its headings freely, their common look and their content tell them."""
    body = (
        "# Work\n** Barista at Bean There (2019 – now)\n• Poured\n# Brain Food\n"
        "BSc Chemistry, Ridgemont College, 2018\n# Superpowers\nLatte art, Python, Excel\n"
        "# Chatter\nEnglish (native), Welsh (B1)\n# Shelf\nNovels and poems"
    )
    found = parse(page(FRONT + body), TODAY)
    assert work(found) == [("Barista", "Bean There", "2019")]
    assert [s.institution and s.institution.value for s in found.education] == ["Ridgemont College"]
    assert [s.name.value for s in found.skills] == ["Latte art", "Python", "Excel"]
    assert [x.code for x in found.languages] == ["en", "cy"]


def test_a_compound_heading_is_what_its_known_part_says(page: Any) -> None:
    """ "Strengths & Skills" announces skills, not something else."""
    found = parse(page(f"{FRONT}# Strengths & Skills\nPhonics, Safeguarding"), TODAY)
    assert [s.name.value for s in found.skills] == ["Phonics", "Safeguarding"]
