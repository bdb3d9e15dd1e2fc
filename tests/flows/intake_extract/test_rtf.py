"""What the Rich Text reader keeps, drops and marks."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from functions.intake_extract.rules import Damaged, ExtractionError, ExtractLimits, extract
from shared.models.text import ExtractedText
from tools.sample_formats import RTF

FONTS = (
    r"{\fonttbl{\f0\fnil\fcharset0 Arial;}{\f1\fnil\fcharset204 Arial;}"
    r"{\f2\fnil\fcharset128 MS Mincho;}{\f3\fnil\fcharset2 Symbol;}{\f4\fnil\fcharset238 Arial;}}"
)
STYLES = r"{\stylesheet{\s0 Normal;}{\s1 heading 1;}{\s2\outlinelevel1 Mine;}{\s3 Other;}}"
PAD = r"\pard Enough text to be a document.\par "


def read(body: str, limits: ExtractLimits | None = None) -> ExtractedText:
    data = r"{\rtf1\ansi\ansicpg1252\deff0" + FONTS + STYLES + PAD + body + "}"
    return extract(data.encode("latin-1"), RTF, limits)


def texts(text: ExtractedText) -> list[str]:
    return [line.text for line in text.lines[1:]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (r"L\'f3pez \endash  M\'fcller", "López – Müller"),
        (r"{\f1 \'ce\'ef\'fb\'f2}", "Опыт"),
        (r"{\f2 \'90\'45\'96\'b1}", "職務"),
        (r"{\f2 \'90E\'96\'b1}", "職務"),
        (r"{\f4 Wroc\'b3aw}", "Wrocław"),
        (r"\u1054?\u1087\'3f\u1099?\u1090?", "Опыт"),
        (r"\uc0\u1054\u1087\u1099\u1090", "Опыт"),
        (r"\uc2\u322 ab\u243 cd!", "łó!"),
        (r"\u-10179?\u-8704? smile", "😀 smile"),
        (r"one\~two a\_b soft\-hyphen \{x\} \\y", "one two a-b softhyphen {x} \\y"),
        (r"{\ldblquote}quoted{\rdblquote}\emdash", "“quoted”—"),
        (r"caf\u233\'e9 and {\u228\'e4}", "café and ä"),
    ],
)
def test_characters(body: str, expected: str) -> None:
    """Code pages of fonts, Unicode with its stand-ins, and named characters become letters."""
    assert texts(read(body + r"\par")) == [expected]


def test_the_files_own_code_page() -> None:
    """Where no font says otherwise, the file's code page holds, also for plain bytes."""
    head = rb"{\rtf1\ansi\ansicpg1251 "
    word = "Образование и опыт работы".encode("cp1251")
    assert extract(head + word + rb"\par}", RTF).lines[0].text == "Образование и опыт работы"


def test_lines_and_looks() -> None:
    """Paragraphs, line ends and tabs; headings by style, size, weight and indent."""
    text = read(
        r"\pard\s1\b\fs32 Work\par\pard\plain\fs20\li720 Engineer\tab 2019\line Acme\par"
        r"\pard\s2 Mine\par\pard\s3 Not\par {\b Bold} but mostly plain\par"
    )
    assert texts(text) == ["Work", "Engineer\t2019", "Acme", "Mine", "Not", "Bold but mostly plain"]
    work, job, _, mine, other, mixed = text.lines[1:]
    assert (work.heading, work.bold, work.size) == (True, True, 16.0)
    assert (job.heading, job.bold, job.size, job.x0) == (False, False, 10.0, 36.0)
    assert mine.heading
    assert not other.heading
    assert not mixed.bold


def test_what_is_not_to_be_read() -> None:
    """Hidden and deleted text, pictures, objects, comments, unknown groups are left out."""
    text = read(
        r"shown{\v  hidden}{\deleted  gone}{\pict\pngblip 89504e47}{\*\unknown what}"
        r"{\object\objemb{\*\objdata 0105}{\result result}}{\*\annotation a comment}"
        r"{\info{\author Somebody}}{\bin5 {}{}{}\'41\par"
    )
    assert texts(text) == ["shownA"]


def test_links() -> None:
    """A field with an address becomes a link on its words; its code is no text."""
    text = read(
        r'see {\field{\*\fldinst {HYPERLINK "https://x.org/a"}}{\fldrslt {\ul my page}}} now\par'
        r"{\field{\*\fldinst PAGE}{\fldrslt 7}}\par"
    )
    assert texts(text) == ["see my page now", "7"]
    (link,) = text.links
    assert (link.url, link.text, link.line) == ("https://x.org/a", "my page", 1)


def test_tables() -> None:
    """Cells of a row are joined by tabs; a date stands on the first line of its entry."""
    text = read(
        r"\trowd\cellx1\cellx2\pard\intbl Spanish\cell native\cell\row"
        r"\trowd\pard\intbl 2019 - 2021\cell Engineer\par Acme\cell\row\pard After\par"
    )
    assert texts(text) == ["Spanish\tnative", "2019 - 2021\tEngineer", "Acme", "After"]


def test_lists_boxes_notes_and_margins() -> None:
    """List marks stay; headers come first, boxes behind their paragraph, notes and footers last."""
    text = read(
        r"{\header\pard Ana Vega\par}{\footer\pard Page\par}"
        r"{\listtext\f3 \'b7\tab}built bridges\par "
        r"Body{\footnote A note}{\shp{\*\shpinst{\sp{\sn a}{\sv 1}}{\shptxt Boxed\par}}"
        r"{\shprslt Boxed}}\par After\par"
    )
    assert [line.text for line in text.lines] == [
        "Ana Vega",
        "Enough text to be a document.",
        "• built bridges",
        "Body",
        "Boxed",
        "After",
        "A note",
        "Page",
    ]


def test_an_empty_paragraph_sets_apart() -> None:
    """What follows an empty paragraph or a page break is a block of its own."""
    text = read(r"one\par\par two\page three\par")
    assert [line.block for line in text.lines[1:]] == [0, 1, 2]


@pytest.mark.parametrize(
    "body",
    [
        "{" * 200_000,
        "}" * 200_000,
        r"{\field{\*\fldinst " * 20_000,
        r"\cell" * 100_000 + r"\row" * 100_000,
        r"{\header a}" * 30_000,
        r"{\shptxt a}" * 30_000,
        r"\u55357" * 100_000,
        r"\bin99999999999 " + "a" * 1000,
        r"{\stylesheet{\s99999999999 heading 1;}}" * 1_000,
        r"\fs999999999\li999999999\f-9\uc99999\u99999999999 x",
    ],
    ids=range(10),
)
def test_hostile_files_end_soon(body: str) -> None:
    """Depth, floods of groups and absurd numbers end in text or an error, in little time."""
    began = time.monotonic()
    with suppress(ExtractionError):
        read(body)
    assert time.monotonic() - began < 5


def test_what_is_no_rich_text() -> None:
    """A file that does not begin as such is damaged."""
    with pytest.raises(Damaged):
        extract(b"{\\notrtf}", RTF)


def test_characters_beyond_the_limit_are_left_out() -> None:
    """A document longer than anyone's is cut with a warning."""
    text = read(r"more and more\par" * 1000, ExtractLimits(max_chars=100))
    assert text.warnings == ("text beyond 100 characters was left out",)
