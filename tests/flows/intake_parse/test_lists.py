"""Skills, languages, certifications, projects and achievements."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from functions.intake_parse.rules import parse

TODAY = date(2024, 1, 1)
FRONT = "! Ada Byron\nada@mail.org\n"


@pytest.mark.parametrize(
    ("body", "skills"),
    [
        ("Python, Go and SQL.", ["Python", "Go", "SQL"]),
        ("• Python\n• Spring Boot\n• Teamwork", ["Python", "Spring Boot", "Teamwork"]),
        ("Languages: Python, C++\nTools: Git, Docker", ["Python", "C++", "Git", "Docker"]),
        ("DevOps⇥AWS, Docker\nBackend⇥Django, Koa", ["AWS", "Docker", "Django", "Koa"]),
        ("Java⇥Python⇥SQL\nKafka⇥React⇥AWS", ["Java", "Python", "SQL", "Kafka", "React", "AWS"]),
        ("SQL | Power BI | Excel", ["SQL", "Power BI", "Excel"]),
        ("Python (expert), AWS (EC2, S3)", ["Python", "AWS", "EC2", "S3"]),
        ("Photoshop ●●●●○\nInDesign ●●●○○", ["Photoshop", "InDesign"]),
        ("Proficient in Python, Advanced in SQL", ["Python", "SQL"]),
        ("** Web\nAdvanced\nHTML, CSS, PHP", ["HTML", "CSS", "PHP"]),
        ("React, TypeScript, Tailwind CSS, distributed\nsystems, Kafka", None),
        ("Buona conoscenza di AutoCAD, Excel", ["AutoCAD", "Excel"]),
        ("Oracle Retail, Python troubleshooting", ["Oracle Retail", "Python troubleshooting"]),
        ("Python Java SQL", ["Python", "Java", "SQL"]),
        ("Brazing (TIG), Excel", ["Brazing (TIG)", "Excel"]),
        ("Web⇥HTML, CSS⇥Data⇥SQL, Excel", ["HTML", "CSS", "SQL", "Excel"]),
    ],
)
def test_reads_lists_of_skills(page: Any, body: str, skills: list[str] | None) -> None:
    """Commas, bullets, tables, categories, levels and wrapped lines give the same items."""
    found = parse(page(f"{FRONT}# Skills\n{body}\n# Interests\nChess"), TODAY).skills
    values = [s.name.value for s in found]
    if skills is None:
        assert "distributed systems" in values
    else:
        assert values == skills


def test_skills_are_tied_to_the_taxonomy(page: Any) -> None:
    """Synonyms, spellings and slips of a long name lead to one key, others to none."""
    found = parse(
        page(f"{FRONT}# Skills\nK8s, ReactJS, Postgres, Kuberntes, Basket weaving"), TODAY
    )
    keys = {s.name.value: s.key for s in found.skills}
    assert keys["K8s"] == "kubernetes"
    assert keys["ReactJS"] == "react"
    assert keys["Postgres"] == "postgresql"
    assert keys["Basket weaving"] is None
    assert "Kuberntes" not in keys


def test_without_a_skill_section_only_traces_are_kept(page: Any) -> None:
    """Skills told in sentences have a low confidence, and common words are no skills."""
    body = (
        "# Experience\n** Clerk, Acme Inc⇥2019 - 2020\n• Wrote PostgreSQL reports and sales plans"
    )
    found = parse(page(FRONT + body), TODAY).skills
    assert [s.key for s in found] == ["postgresql"]
    assert found[0].name.confidence < 0.5


@pytest.mark.parametrize(
    ("body", "spoken"),
    [
        ("# Languages\nEnglish⇥Native\nSpanish⇥Fluent", [("en", "Native"), ("es", "Fluent")]),
        (
            "# Languages\nEnglish\nNative Speaker\nSpanish\nBasic",
            [("en", "Native Speaker"), ("es", "Basic")],
        ),
        (
            "# Sprachen\nDeutsch (Muttersprache), Englisch (C1)",
            [("de", "Muttersprache"), ("en", "C1")],
        ),
        (
            "# Langues\nFrançais : langue maternelle\nAnglais : courant",
            [("fr", "langue maternelle"), ("en", "courant")],
        ),
        (
            "# Lingue\nLingua madre⇥Italiano\nInglese⇥B2⇥B2⇥B1",
            [("it", "Lingua madre"), ("en", "B2")],
        ),
        ("# Idiomas\nEspañol: nativo | Inglés: B2", [("es", "nativo"), ("en", "B2")]),
        ("# Skills\nLanguages: English, French\nSQL, Git", [("en", None), ("fr", None)]),
        (
            "# Personal skills\nMother tongue(s)⇥Greek\nOther language(s)⇥SPEAKING⇥WRITING\n"
            "English⇥C2⇥C1",
            [("el", "Mother tongue"), ("en", "C2")],
        ),
        ("# Skills\nSQL, Git\nFluent in Spanish", [("es", "Fluent")]),
        ("# Languages\nSindarin (B2)\nTwi (native)", [(None, "B2"), ("ak", "native")]),
    ],
)
def test_reads_languages_with_levels(page: Any, body: str, spoken: list[tuple[str, Any]]) -> None:
    """Languages come with their code and level, from sections, tables, labels and sentences."""
    found = parse(page(FRONT + body), TODAY).languages
    read = [(x.code, x.level.casefold() if x.level else None) for x in found]
    assert read == [(code, level.casefold() if level else None) for code, level in spoken]


def test_programming_languages_are_not_spoken(page: Any) -> None:
    """ "Languages: Python, C++" in a skill section names no spoken language."""
    assert parse(page(f"{FRONT}# Skills\nLanguages: Python, C++, R"), TODAY).languages == ()


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("• PMP – Project Management Institute, 2021\n• ServSafe (2022)", ["PMP", "ServSafe"]),
        ("CSM⇥Mar 2018\nScrum Alliance", ["CSM"]),
        ("AWS Certified Developer\nAmazon Web Services\n2019", ["AWS Certified Developer"]),
        (
            "2022⇥AWS Certified Security – Specialty, Amazon Web Services (AWS)",
            ["AWS Certified Security – Specialty"],
        ),
        ("Certifications: AWS Certified Cloud Practitioner", ["AWS Certified Cloud Practitioner"]),
        (
            "Crane Operator (2020); First Aid (2021); CDL B (2022)",
            ["Crane Operator", "First Aid", "CDL B"],
        ),
        ("Certificate⇥Issuer⇥Year\nSlinger Card⇥Harbour Board⇥2020", ["Slinger Card"]),
        ("Rigging Card, 2019, Slinger Card, 2020", ["Rigging Card", "Slinger Card"]),
        (
            "Rope Access Level 1, 2019\nBoard of Divers Advanced Card,\n2021",
            ["Rope Access Level 1", "Board of Divers Advanced Card"],
        ),
    ],
)
def test_reads_certifications(page: Any, body: str, names: list[str]) -> None:
    """A certificate is its name, without issuer, date and number."""
    found = parse(page(f"{FRONT}# Certifications\n{body}"), TODAY).certifications
    assert [c.value for c in found] == names


def test_reads_projects_and_achievements(page: Any) -> None:
    """Projects have a name, words and a link; achievements are their lines."""
    body = (
        "# Projects\n** Gitlytics | Python, Flask⇥2020 – 2021\n• Built it, see https://gitlytics.dev\n"
        "# Awards\n• First prize, code competition\n• Dean's list"
    )
    found = parse(page(FRONT + body), TODAY)
    (project,) = found.projects
    assert project.name.value == "Gitlytics"
    assert project.url is not None
    assert project.url.value == "https://gitlytics.dev"
    assert project.description is not None
    assert [a.value for a in found.achievements] == ["First prize, code competition", "Dean's list"]
