"""What the Word reader keeps, drops and marks."""

from __future__ import annotations

import io

import pytest

from functions.intake_extract.rules import (
    Damaged,
    ExtractLimits,
    TooLarge,
    extract,
)
from functions.intake_extract.rules.container import Container, parse_xml
from shared.models.text import ExtractedText
from tools.sample_layouts import zip_of
from tools.sample_resumes import DOCX

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SPACES = (
    f'xmlns:w="{W}" xmlns:r="{R}" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)
PAD = "<w:p><w:r><w:t>Enough text to be a document.</w:t></w:r></w:p>"


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*inner: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(inner)}</w:p>"


def relation(identity: str, kind: str, target: str, mode: str = "Internal") -> str:
    return (
        f'<Relationship Id="{identity}" Type="{R}/{kind}" Target="{target}" TargetMode="{mode}"/>'
    )


def read(
    *body: str, relations: str = "", limits: ExtractLimits | None = None, **parts: str
) -> ExtractedText:
    """Read a document of these elements; further parts by their name before ``.xml``."""
    members: dict[str, str | bytes] = {
        "word/document.xml": f"<w:document {SPACES}><w:body>{''.join(body)}</w:body></w:document>",
        "word/_rels/document.xml.rels": (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f"{relations}</Relationships>"
        ),
    }
    members |= {f"word/{name}.xml": content for name, content in parts.items()}
    return extract(zip_of(members), DOCX, limits)


def texts(text: ExtractedText) -> list[str]:
    return [line.text for line in text.lines]


def test_revisions() -> None:
    """Insertions are kept, deletions and moved-away text dropped."""
    text = read(
        PAD,
        paragraph(
            run("Lead "),
            f"<w:ins>{run('senior ')}</w:ins>",
            "<w:del><w:r><w:delText>junior </w:delText></w:r></w:del>",
            f"<w:moveFrom>{run('gone ')}</w:moveFrom>",
            f"<w:moveTo>{run('engineer')}</w:moveTo>",
        ),
        f"<w:del>{paragraph(run('A paragraph deleted as a whole'))}</w:del>",
    )
    assert texts(text)[1:] == ["Lead senior engineer"]


def test_text_boxes_count_once() -> None:
    """A text box that is stored in two forms is read once, as a block of its own."""
    box = f"<w:txbxContent>{paragraph(run('greta@example.com'))}</w:txbxContent>"
    twice = (
        "<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:wsp>"
        f"{box}</wps:wsp></w:drawing></mc:Choice><mc:Fallback><w:pict>{box}</w:pict>"
        "</mc:Fallback></mc:AlternateContent></w:r>"
    )
    text = read(PAD, paragraph(run("Before the box "), twice), paragraph(run("Behind")))
    assert texts(text)[1:] == ["Before the box", "greta@example.com", "Behind"]
    assert len({line.block for line in text.lines[1:]}) == 3


def test_headers_and_footers() -> None:
    """Headers come first and footers last, the same one only once."""
    head = f"<w:hdr {SPACES}>{paragraph(run('Greta Lindqvist'))}</w:hdr>"
    foot = f"<w:ftr {SPACES}>{paragraph(run('+46 555 0101'))}</w:ftr>"
    text = read(
        PAD,
        relations=relation("a", "header", "header1.xml")
        + relation("b", "header", "header2.xml")
        + relation("c", "footer", "footer1.xml"),
        header1=head,
        header2=head,
        footer1=foot,
    )
    assert texts(text) == ["Greta Lindqvist", "Enough text to be a document.", "+46 555 0101"]


def test_content_controls_and_links() -> None:
    """Content controls are transparent; links come with their words and line."""
    control = f"<w:sdt><w:sdtPr/><w:sdtContent>{run('Filled in')}</w:sdtContent></w:sdt>"
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        '<w:r><w:instrText> HYPERLINK "https://greta.example/b" </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        f'{run("my pages")}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    text = read(
        PAD,
        f"<w:sdt><w:sdtContent>{paragraph(control)}</w:sdtContent></w:sdt>",
        paragraph(f'<w:hyperlink r:id="x">{run("Portfolio")}</w:hyperlink>', run(" and "), field),
        relations=relation("x", "hyperlink", "https://greta.example/a", "External"),
    )
    assert texts(text)[1:] == ["Filled in", "Portfolio and my pages"]
    assert [(link.url, link.text, link.line) for link in text.links] == [
        ("https://greta.example/a", "Portfolio", 2),
        ("https://greta.example/b", "my pages", 2),
    ]


def test_tabs_breaks_and_hidden_text() -> None:
    """A tab stays one, a line break makes two lines, hidden text is not seen."""
    text = read(
        PAD,
        paragraph(
            run("Engineer"),
            "<w:r><w:tab/><w:tab/></w:r>",
            run("2019 – 2021"),
            "<w:r><w:br/></w:r>",
            run("Castor Robotics"),
            "<w:r><w:rPr><w:vanish/></w:rPr><w:t>secret keywords</w:t></w:r>",
        ),
    )
    assert texts(text)[1:] == ["Engineer\t2019 – 2021", "Castor Robotics"]


STYLES = f"""<w:styles {SPACES}>
<w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="22"/></w:rPr></w:rPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:styleId="Titre1"><w:name w:val="heading 1"/>
<w:rPr><w:b/><w:sz w:val="32"/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Mine"><w:name w:val="My section"/>
<w:basedOn w:val="Titre1"/><w:rPr><w:sz w:val="28"/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Own"><w:name w:val="Own"/>
<w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>
<w:style w:type="character" w:styleId="Strong"><w:name w:val="Strong"/>
<w:rPr><w:b/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Loop"><w:name w:val="Loop"/>
<w:basedOn w:val="Loop"/></w:style>
</w:styles>"""


def test_styles_are_inherited() -> None:
    """Size, weight and heading level come from the style and what it is based on."""

    def styled(style: str, inner: str = "") -> str:
        return paragraph(inner or run(style), properties=f'<w:pStyle w:val="{style}"/>')

    strong = '<w:r><w:rPr><w:rStyle w:val="Strong"/></w:rPr><w:t>Strong</w:t></w:r>'
    plain = '<w:r><w:rPr><w:b w:val="0"/></w:rPr><w:t>Plain</w:t></w:r>'
    text = read(
        *(styled("Titre1"), styled("Mine"), styled("Own"), styled("Loop")),
        *(styled("Loop", strong), styled("Titre1", plain)),
        relations=relation("s", "styles", "styles.xml"),
        styles=STYLES,
    )
    assert [(line.text, line.size, line.bold, line.heading) for line in text.lines] == [
        ("Titre1", 16, True, True),
        ("Mine", 14, True, True),
        ("Own", 11, False, True),
        ("Loop", 11, False, False),
        ("Strong", 11, True, False),
        ("Plain", 16, False, True),
    ]


def test_numbered_lists_count() -> None:
    """Numbered paragraphs carry their number, and a deeper level begins anew."""
    numbering = (
        f'<w:numbering {SPACES}><w:abstractNum w:abstractNumId="0">'
        '<w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )

    def item(level: int, text: str) -> str:
        marks = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>'
        return paragraph(run(text), properties=marks)

    text = read(
        *(item(0, "First of all"), item(1, "In detail"), item(0, "Second of all")),
        item(1, "Again in detail"),
        relations=relation("n", "numbering", "numbering.xml"),
        numbering=numbering,
    )
    assert texts(text) == [
        *("1. First of all", "1. In detail", "2. Second of all", "1. Again in detail")
    ]


def test_cells_are_blocks() -> None:
    """Cells of several lines are read one after the other, each a block of its own."""
    left = paragraph(run("Skills")) + paragraph(run("Python")) + paragraph(run("SQL"))
    right = paragraph(run("Experience")) + paragraph(run("Engineer at Castor Robotics"))
    text = read(f"<w:tbl><w:tr><w:tc>{left}</w:tc><w:tc>{right}</w:tc></w:tr></w:tbl>")
    assert texts(text) == ["Skills", "Python", "SQL", "Experience", "Engineer at Castor Robotics"]
    assert [line.block for line in text.lines] == [0, 0, 0, 1, 1]


def test_an_empty_paragraph_begins_a_block() -> None:
    """An empty paragraph sets apart what follows."""
    text = read(PAD, PAD, paragraph(), PAD)
    assert [line.block for line in text.lines] == [0, 0, 1]


def test_the_strict_flavour() -> None:
    """Documents with the namespaces of ISO 29500 strict are read alike."""
    strict = f"<w:document {SPACES}><w:body>{PAD}</w:body></w:document>".replace(
        W, "http://purl.oclc.org/ooxml/wordprocessingml/main"
    )
    assert texts(extract(zip_of({"word/document.xml": strict}), DOCX)) == [
        "Enough text to be a document."
    ]


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"other.xml": "<a/>"}, Damaged),
        ({"word/document.xml": "<broken"}, Damaged),
        ({"word/document.xml": "<a/>"}, Damaged),
        ({"word/document.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}, Damaged),
        ({"word/document.xml": "<a>" * 100_000}, Damaged),
        ({"word/document.xml": b" " * 3_000_000}, TooLarge),
    ],
)
def test_broken_documents_say_why(members: dict[str, str | bytes], error: type[Exception]) -> None:
    """Broken, nested and bloated documents end in an error of their own."""
    with pytest.raises(error):
        extract(zip_of(members), DOCX, ExtractLimits(max_unpacked_bytes=2_000_000))


def test_deeply_nested_elements_are_damage() -> None:
    """Well-formed nesting beyond all reason is refused and does not crash the reader."""
    deep = "<w:sdt>" * 20_000 + "</w:sdt>" * 20_000
    with pytest.raises(Damaged, match="nested"):
        read(deep)


def test_text_beyond_the_limit_is_left_out() -> None:
    """A book is read up to the limit, with a warning."""
    text = read(*[PAD] * 50, limits=ExtractLimits(max_chars=300))
    assert len(text.text) <= 300
    assert text.warnings == ("text beyond 300 characters was left out",)


def test_bytes_are_counted_over_all_members() -> None:
    """Reading many members of moderate size ends at the limit for all together."""
    container = Container(zip_of({f"{n}": bytes(1000) for n in range(9)}), 5000)
    with pytest.raises(TooLarge):
        [container.read(name) for name in container.names()]


def test_a_document_type_is_never_read() -> None:
    """Entities cannot expand because their declaration is refused at once."""
    with pytest.raises(Damaged):
        parse_xml(b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "a.xml")
    assert parse_xml(b"<a>&lt;</a>", "a.xml").text == "<"


def test_no_zip_is_damage() -> None:
    """Bytes that are no container are refused."""
    with pytest.raises(Damaged):
        extract(io.BytesIO(b"PK\x03\x04 nothing").getvalue(), DOCX)
