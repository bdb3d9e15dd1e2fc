"""A page, and what a language model may claim of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from functions.intake_parse.rules.refining import Refined, asked, refined
from shared.models.resume import Resume
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
