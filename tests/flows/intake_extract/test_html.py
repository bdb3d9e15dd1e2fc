"""What the reader of web pages keeps, drops and marks."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from functions.intake_extract.rules import ExtractionError, ExtractLimits, extract
from shared.models.text import ExtractedText
from tools.sample_formats import HTML

PAD = "<p>Enough text to be a document.</p>"


def read(body: str, head: str = "", limits: ExtractLimits | None = None) -> ExtractedText:
    page = f"<!DOCTYPE html><html><head>{head}</head><body>{PAD}{body}</body></html>"
    return extract(page.encode(), HTML, limits)


def texts(text: ExtractedText) -> list[str]:
    return [line.text for line in text.lines[1:]]


def test_lines_and_looks() -> None:
    """Blocks begin lines, inline elements do not; headings, weight and size are kept."""
    text = read(
        "<h2>Work &amp; study</h2><p>One\n  line<br>another <b>bold</b></p>"
        "<div><div>inner</div>rest</div><p style='font-size:20pt;font-weight:bold'>Big</p>"
    )
    assert texts(text) == ["Work & study", "One line", "another bold", "inner", "rest", "Big"]
    heading, line, *_, big = text.lines[1:]
    assert (heading.heading, heading.bold, heading.size) == (True, True, 18.0)
    assert (line.heading, line.bold, line.size) == (False, False, 12.0)
    assert (big.heading, big.bold, big.size) == (False, True, 20.0)


def test_end_tags_may_be_missing() -> None:
    """Paragraphs, items, cells and rows end where HTML says, with or without their end tags."""
    text = read(
        "<p>a<p>b<ul><li>c<li>d<ul><li>e</ul><li>f</ul><table><tr><td>g<td>h<tr><td>i</table>"
    )
    assert texts(text) == ["a", "b", "• c", "• d", "• e", "• f", "g\th", "i"]


def test_lists_have_their_marks() -> None:
    """Items have bullets or numbers, unless the page says that they have none."""
    text = read(
        "<ol start=3><li>c<li>d</ol><ul style='list-style:none'><li>bare</ul>"
        "<dl><dt>Term<dd>Meaning</dl>"
    )
    assert texts(text) == ["3. c", "4. d", "bare", "Term", "Meaning"]
    assert text.lines[1].x0 == 20.0


def test_rows_side_by_side() -> None:
    """Cells, boxes in a row and what floats to the right are parted by a tab."""
    text = read(
        "<table><tr><td>2019 - 2021<td><p>Engineer<p>Acme</table>"
        "<div class=row><span>Title</span><span>2020</span></div>"
        "<div>Title<span style='float:right'>2021</span></div>",
        head="<style>/* a */ .row { display: flex; justify-content: space-between }</style>",
    )
    assert texts(text) == ["2019 - 2021\tEngineer", "Acme", "Title\t2020", "Title\t2021"]


def test_what_is_not_to_be_read() -> None:
    """Scripts, sheets, templates and whatever is hidden are left out."""
    text = read(
        "<script>var a = '<p>no</p>';</script><style>p{}</style><noscript>no</noscript>"
        "<template><p>no</p></template><p hidden>no</p><p style='display: none'>no</p>"
        "<p class='a gone b'>no</p><!-- no --><select><option>no</select><svg><text>no</text></svg>"
        "<script type='application/ld+json'>{\"no\": 1}</script><p>yes</p>",
        head="<title>no</title><style>.gone{display:none} @media print{p{display:none}}</style>",
    )
    assert texts(text) == ["yes"]


def test_links() -> None:
    """Web and mail addresses become links on their words; places on the page do not."""
    text = read(
        '<p>see <a href=" https://x.org/a\n">my <b>page</b></a> <a href="#top">up</a>'
        '<a href="mailto:a@x.org">mail</a></p>'
    )
    assert [(link.url, link.text, link.line) for link in text.links] == [
        ("https://x.org/a", "my page", 1),
        ("mailto:a@x.org", "mail", 1),
    ]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ('<meta charset="windows-1251"><p>Опыт работы инженера в Москве'.encode("cp1251"), "Опыт"),
        (
            '<meta charset="iso-8859-1"><p>“Müller” und Söhne, Heidelberg'.encode("cp1252"),
            "“Müller”",
        ),
        (
            "<meta http-equiv=Content-Type content='text/html; charset=Shift_JIS'>"
            "<p>職務経歴書を作成しました。よろしくお願いします。".encode("shift_jis"),
            "職務経歴書",
        ),
        ("<html><p>Élodie à Paris, ingénieure".encode("utf-16"), "Élodie"),
        ("\ufeff<html><p>Élodie à Paris, ingénieure".encode(), "Élodie"),
        ('<meta charset="utf-8"><p>Élodie à Paris, ingénieure'.encode("cp1252"), "Élodie"),
        ('<meta charset="no-such"><p>Élodie à Paris, ingénieure'.encode(), "Élodie"),
    ],
)
def test_encodings(data: bytes, word: str) -> None:
    """The mark counts first, then what the page says of itself, then what it looks like."""
    assert word in extract(data, HTML).text


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 100_000,
        "<b><i>" * 50_000 + "x" + "</i></b>" * 50_000,
        "</p>" * 200_000,
        "<table><tr><td>" * 20_000,
        "<!--" * 100_000,
        "<a href='" * 50_000,
        "<a " + "x=1 " * 200_000 + ">",
        "<" * 300_000,
        "&" * 300_000 + "&#99999999999999;" * 1000,
        "<script>" * 50_000,
        "<style>@media{" + "a{" * 50_000 + "</style>",
        "<svg>" * 50_000 + "text",
        "<p style='font-size:99999999999999pt'>x</p>" * 1_000,
        "<ol start=99999999999999999><li>x</ol>",
    ],
    ids=range(14),
)
def test_hostile_pages_end_soon(body: str) -> None:
    """Depth, floods of tags and unclosed markup end in text or an error, in little time."""
    began = time.monotonic()
    with suppress(ExtractionError):
        read(body)
    assert time.monotonic() - began < 5


def test_characters_beyond_the_limit_are_left_out() -> None:
    """A page longer than anyone's is cut with a warning."""
    text = read("<p>more and more" * 1000, limits=ExtractLimits(max_chars=100))
    assert text.warnings == ("text beyond 100 characters was left out",)
