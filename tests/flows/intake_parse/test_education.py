"""Studies in the many ways in which résumés set them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from functions.intake_parse.rules import parse
from functions.intake_parse.rules.titles import level_of

TODAY = date(2024, 1, 1)
FRONT = "! Ada Byron\nada@mail.org\n"


@pytest.mark.parametrize(
    "body",
    [
        "** Lakeside University⇥2019 – 2021\nMaster of Science in Physics\n"
        "** Ridgemont College⇥2015 – 2019\nB.Sc. Mathematics",
        "Master of Science in Physics⇥2019 – 2021\nLakeside University\n"
        "B.Sc. Mathematics⇥2015 – 2019\nRidgemont College",
        "Master of Science in Physics, Lakeside University, 2021\n"
        "B.Sc. Mathematics, Ridgemont College, 2019",
        "2019 – 2021⇥Master of Science in Physics, Lakeside University\n"
        "2015 – 2019⇥B.Sc. Mathematics, Ridgemont College",
        "2019 - 2021\nMaster of Science in Physics\nLakeside University\n"
        "2015 - 2019\nB.Sc. Mathematics\nRidgemont College",
        "** Lakeside University\nMaster of Science in Physics\nMay 2021 | Ithaca, NY\n"
        "** Ridgemont College\nB.Sc. Mathematics\nMay 2019 | Ithaca, NY",
        "• Master of Science in Physics, Lakeside University (2021)\n"
        "• B.Sc. Mathematics, Ridgemont College (2019)",
        "Master of Science in Physics — Lakeside University⇥2021\n• GPA 3.9\n"
        "B.Sc. Mathematics — Ridgemont College⇥2019\n• Thesis: On knots",
        "Degree⇥Institution⇥Year⇥Percentage\n"
        "Master of Science in Physics⇥Lakeside University⇥2021⇥78%\n"
        "B.Sc. Mathematics⇥Ridgemont College⇥2019⇥81%",
        "** Master of Science in\n** Physics\n2019 - 2021\nLakeside University\n"
        "** B.Sc. Mathematics\n2015 - 2019\nRidgemont College",
    ],
)
def test_reads_degrees_schools_and_dates(page: Any, body: str) -> None:
    """Degree, school and year come out the same, the date before, after or beside them."""
    found = parse(page(f"{FRONT}# Education\n{body}\n# Interests\nChess"), TODAY).education
    read = [
        (
            s.degree and s.degree.value,
            s.institution and s.institution.value,
            s.end and s.end.value[:4],
        )
        for s in found
    ]
    assert read == [
        ("Master of Science in Physics", "Lakeside University", "2021"),
        ("B.Sc. Mathematics", "Ridgemont College", "2019"),
    ]
    assert [s.level for s in found] == ["master", "bachelor"]


def test_school_without_a_telling_name_is_found_by_its_place(page: Any) -> None:
    """What stands where the schools stand is one, even when no word says so."""
    body = "Caltech⇥2022\nPh.D., Applied Mathematics\nNorthbridge⇥2018\nB.S., Computer Science"
    found = parse(page(f"{FRONT}# Education\n{body}"), TODAY).education
    assert [s.institution and s.institution.value for s in found] == ["Caltech", "Northbridge"]


def test_second_degree_takes_the_school_above(page: Any) -> None:
    """A degree without a school of its own stands under the one before."""
    body = "** San Jose State University⇥2020\nB.S. Biology\nB.A. Japanese"
    found = parse(page(f"{FRONT}# Education\n{body}"), TODAY).education
    assert [s.institution and s.institution.value for s in found] == [
        "San Jose State University"
    ] * 2
    assert found[1].institution is not None
    assert found[0].institution is not None
    assert found[1].institution.confidence < found[0].institution.confidence


@pytest.mark.parametrize(
    ("written", "level"),
    [
        ("High School Diploma", "secondary"),
        ("Abitur", "secondary"),
        ("Baccalauréat scientifique", "secondary"),
        ("Associate's in Liberal Arts", "associate"),
        ("DUT Informatique", "associate"),
        ("Bacharelado em Estatística", "bachelor"),
        ("Grado en Derecho", "bachelor"),
        ("Laurea in Lettere", "bachelor"),
        ("MENG IN COMPUTER SCIENCE", "master"),
        ("Diplom-Informatiker", "master"),
        ("Laurea magistrale in Fisica", "master"),
        ("PhD in Chemistry", "doctorate"),
        ("Certificate in Applied Analytics", "certificate"),
        ("Underwater basket weaving", None),
    ],
)
def test_normalises_degrees_to_levels(written: str, level: str | None) -> None:
    """A degree of any of the languages has its level."""
    assert level_of(written) == level


@pytest.mark.parametrize(
    ("body", "study"),
    [
        (
            "** Erasmus Polytechnic College\nMaster of Arts - MA, Dance · (2010 - 2012)",
            ("Master of Arts - MA, Dance", "Erasmus Polytechnic College"),
        ),
        (
            "Ph.D. Botany\nLakeside University. Thesis: Mosses, 2012",
            ("Ph.D. Botany", "Lakeside University"),
        ),
        (
            "2012⇥Geprüfter Technischer Betriebswirt (IHK)\nIHK Akademie Ulm",
            ("Geprüfter Technischer Betriebswirt (IHK)", "IHK Akademie Ulm"),
        ),
        (
            "2012\nScuola di specializzazione in Musica antica\nUniversità di Pavia",
            ("Scuola di specializzazione in Musica antica", "Università di Pavia"),
        ),
    ],
)
def test_tells_school_and_degree_apart(page: Any, body: str, study: tuple[str, str]) -> None:
    """Words that name both schools and degrees are told apart by the words around them."""
    found = parse(page(f"{FRONT}# Education\n{body}\nPage 2 of 2"), TODAY).education
    assert [
        (s.degree and s.degree.value, s.institution and s.institution.value) for s in found
    ] == [study]


def test_certificates_among_the_schools_are_certificates(page: Any) -> None:
    """Under "Education and Credentials" a certificate without a school is no study."""
    body = "BA History, University of Leeds, 2010\nCertified Bridge Inspector, 2014"
    found = parse(page(f"{FRONT}# Education and Credentials\n{body}"), TODAY)
    assert len(found.education) == 1
    assert [c.value for c in found.certifications] == ["Certified Bridge Inspector"]
