"""Pages made of marked-up text, the samples of these tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.models.text import ExtractedText, PageLink, TextLine

Page = Callable[..., ExtractedText]


def build(
    text: str, links: tuple[str, ...] = (), language: str = "en", styled: bool = True
) -> ExtractedText:
    """Return a page: "! " begins a name line, "# " a heading, "** " bold; "⇥" is a wide gap."""
    lines: list[TextLine] = []
    y = 40.0
    for raw in text.strip("\n").split("\n"):
        line, size, bold = raw, 10.0, False
        for mark, points in (("! ", 22.0), ("# ", 13.0), ("** ", 10.0)):
            if line.startswith(mark):
                line, size, bold = line[len(mark) :], points, True
        if not line.strip():
            y += 10
            continue
        x = 60.0 if line.startswith("•") else 50.0
        lines.append(
            TextLine(
                text=line.replace("⇥", "\t").strip(" "),
                page=1,
                x0=x if styled else 0,
                y0=y if styled else 0,
                x1=x + 5 * len(line) if styled else 0,
                y1=y + size if styled else 0,
                size=size if styled else 0,
                bold=bold and styled,
            )
        )
        y += 1.25 * size
    return ExtractedText(
        media_type="text/plain",
        page_count=1,
        lines=tuple(lines),
        links=tuple(PageLink(url=url, page=1) for url in links),
        language=language,
    )


@pytest.fixture
def page() -> Page:
    """Build a page of marked-up text."""
    return build
