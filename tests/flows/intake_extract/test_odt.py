"""What the OpenDocument reader keeps, drops and marks."""

from __future__ import annotations

import pytest

from functions.intake_extract.rules import (
    Damaged,
    Encrypted,
    ExtractLimits,
    TooLarge,
    extract,
)
from shared.models.text import ExtractedText
from tools.sample_formats import ODT, odt_of
from tools.sample_layouts import zip_of

PAD = "<text:p>Enough text to be a document.</text:p>"


def paragraph(inner: str, style: str = "") -> str:
    named = f' text:style-name="{style}"' if style else ""
    return f"<text:p{named}>{inner}</text:p>"


def read(
    *body: str, automatic: str = "", styles: str = "", limits: ExtractLimits | None = None
) -> ExtractedText:
    return extract(odt_of("".join(body), automatic=automatic, styles=styles), ODT, limits)


def texts(text: ExtractedText) -> list[str]:
    return [line.text for line in text.lines]


def test_white_space_is_what_the_elements_say() -> None:
    """Blanks, tabs and line breaks are elements; white space in the file counts as one blank."""
    text = read(
        PAD,
        paragraph('Engineer<text:tab/>2019<text:s text:c="2"/>-\n   2021<text:line-break/>Paris'),
        paragraph('far<text:s text:c="9"/>apart'),
    )
    assert texts(text)[1:] == ["Engineer\t2019 - 2021", "Paris", "far\tapart"]


def test_headings_and_looks() -> None:
    """Headings are marked; size and weight come from styles and what they inherit."""
    text = read(
        PAD,
        '<text:h text:outline-level="2">Work history</text:h>',
        paragraph("Inherited", "Child"),
        paragraph('mostly plain <text:span text:style-name="Strong">bold</text:span>'),
        paragraph("Shown as a heading", "Title1"),
        styles='<office:styles><style:default-style style:family="paragraph">'
        '<style:text-properties fo:font-size="11pt"/></style:default-style>'
        '<style:style style:name="Base" style:family="paragraph">'
        '<style:text-properties fo:font-size="20pt" fo:font-weight="bold"/></style:style>'
        '<style:style style:name="Title1" style:family="paragraph"'
        ' style:default-outline-level="1"/></office:styles>',
        automatic='<style:style style:name="Child" style:family="paragraph"'
        ' style:parent-style-name="Base"><style:paragraph-properties fo:margin-left="1in"/>'
        '<style:text-properties fo:font-size="50%"/></style:style>'
        '<style:style style:name="Strong" style:family="text">'
        '<style:text-properties fo:font-weight="700"/></style:style>',
    )
    _, heading, child, plain, title = text.lines
    assert heading.heading
    assert title.heading
    assert (child.size, child.bold, child.x0) == (10.0, True, 72.0)
    assert (plain.size, plain.bold, plain.heading) == (11.0, False, False)


def test_what_is_not_to_be_read() -> None:
    """Tracked deletions, hidden text and sections, and comments are left out."""
    text = read(
        "<text:tracked-changes><text:changed-region><text:deletion>"
        "<text:p>Deleted for good</text:p></text:deletion></text:changed-region>"
        "</text:tracked-changes>",
        PAD,
        paragraph('shown<text:span text:style-name="Gone"> hidden</text:span>'),
        paragraph("kept<office:annotation><text:p>A comment</text:p></office:annotation>"),
        '<text:section text:display="none"><text:p>Unseen</text:p></text:section>',
        "<text:section><text:p>In a section</text:p></text:section>",
        automatic='<style:style style:name="Gone" style:family="text">'
        '<style:text-properties text:display="none"/></style:style>',
    )
    assert texts(text)[1:] == ["shown", "kept", "In a section"]


def test_lists_have_their_marks() -> None:
    """Bullets and numbers stand before their items, also in lists of lists."""
    item = "<text:list-item><text:p>{}</text:p>{}</text:list-item>"
    inner = f"<text:list>{item.format('inner', '')}</text:list>"
    text = read(
        PAD,
        f'<text:list text:style-name="L">{item.format("one", inner)}{item.format("two", "")}'
        "</text:list>",
        automatic='<text:list-style style:name="L">'
        '<text:list-level-style-number text:level="1" style:num-format="1"/>'
        '<text:list-level-style-bullet text:level="2"/></text:list-style>',
    )
    assert texts(text)[1:] == ["1. one", "• inner", "2. two"]


def test_tables() -> None:
    """A row of short cells is one line; a date stands on the first line of its entry."""
    cell = "<table:table-cell>{}</table:table-cell>"
    row = "<table:table-row>{}</table:table-row>"
    text = read(
        PAD,
        "<table:table><table:table-header-rows>"
        + row.format(cell.format(paragraph("Spanish")) + cell.format(paragraph("native")))
        + "</table:table-header-rows>"
        + row.format(
            cell.format(paragraph("2019 - 2021"))
            + cell.format(paragraph("Engineer") + paragraph("Acme"))
        )
        + "</table:table>",
    )
    assert texts(text)[1:] == ["Spanish\tnative", "2019 - 2021\tEngineer", "Acme"]


def test_boxes_notes_and_margins() -> None:
    """Headers come first, text boxes behind their paragraph, notes and footers at the end."""
    note = (
        "<text:note><text:note-citation>1</text:note-citation><text:note-body>"
        "<text:p>A note</text:p></text:note-body></text:note>"
    )
    text = read(
        paragraph(f"Body{note}<draw:frame><draw:text-box>{PAD}</draw:text-box></draw:frame>"),
        paragraph("After"),
        styles="<office:master-styles><style:master-page>"
        "<style:header><text:p>Ana Vega</text:p></style:header>"
        "<style:header-left><text:p>Ana Vega</text:p></style:header-left>"
        "<style:footer><text:p>Page of</text:p></style:footer>"
        "</style:master-page></office:master-styles>",
    )
    assert texts(text) == [
        "Ana Vega",
        "Body",
        "Enough text to be a document.",
        "After",
        "A note",
        "Page of",
    ]
    assert len({line.block for line in text.lines}) == 6


def test_links_know_their_line() -> None:
    """A link carries its address, its words and the line they stand on."""
    text = read(PAD, paragraph('see <text:a xlink:href="https://x.org/a">my page</text:a>'))
    (link,) = text.links
    assert (link.url, link.text, link.line) == ("https://x.org/a", "my page", 1)


def test_what_is_no_sound_document() -> None:
    """Passwords, missing parts, bombs, entities and depth end in their own errors."""
    with pytest.raises(Encrypted):
        extract(zip_of({"META-INF/manifest.xml": "<m:encryption-data/>", "content.xml": "x"}), ODT)
    with pytest.raises(Damaged):
        extract(zip_of({"mimetype": ODT}), ODT)
    with pytest.raises(Damaged):
        extract(b"PK\x03\x04 nothing", ODT)
    with pytest.raises(Damaged):
        extract(zip_of({"content.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), ODT)
    deep = "<text:section>" * 5_000 + PAD + "</text:section>" * 5_000
    with pytest.raises(Damaged, match="deep"):
        read(deep)
    with pytest.raises(TooLarge):
        read(PAD, "<text:p>" + "a" * 5_000_000 + "</text:p>",
             limits=ExtractLimits(max_unpacked_bytes=1_000_000))  # fmt: skip


def test_characters_beyond_the_limit_are_left_out() -> None:
    """A document longer than anyone's is cut with a warning."""
    text = read(*[PAD] * 100, limits=ExtractLimits(max_chars=100))
    assert text.warnings == ("text beyond 100 characters was left out",)
