"""What the PDF reader does with characters, lines, pages and links."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from reportlab.pdfgen.canvas import Canvas

from functions.intake_extract.rules import (
    Damaged,
    Encrypted,
    ExtractLimits,
    NoText,
    Scripted,
    extract,
)
from shared.models.text import ExtractedText
from tools import sample_hostile

PDF = "application/pdf"


def read(draw: Callable[[Canvas], None], limits: ExtractLimits | None = None) -> ExtractedText:
    """Draw on a US letter page (origin at the bottom left) and read it."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792), invariant=1)
    draw(canvas)
    canvas.save()
    return extract(out.getvalue(), PDF, limits)


def texts(text: ExtractedText) -> list[str]:
    return [line.text for line in text.lines]


def test_lines_know_their_place_size_and_weight() -> None:
    """Boxes are in points from the page's top left corner; size and weight are the font's."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(72, 700, "Greta Lindqvist")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(72, 680, "Structural engineer")

    name, job = read(draw).lines
    assert (name.size, name.bold, job.size, job.bold) == (20, True, 10, False)
    assert name.x0 == pytest.approx(72, abs=1)
    assert name.y0 < 92 < name.y1
    assert name.y1 <= job.y0 + 5


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_pages_read_as_they_are_seen(turn: int) -> None:
    """A page with a rotation of its own reads as a viewer shows it."""
    from pypdf import PdfReader, PdfWriter, Transformation

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(600, 600))
    canvas.drawString(60, 500, "First line of the page")
    canvas.drawString(60, 480, "Second line of the page")
    canvas.save()
    writer = PdfWriter(clone_from=PdfReader(out))
    page = writer.pages[0]
    page.add_transformation(Transformation().translate(-300, -300).rotate(turn).translate(300, 300))
    page.rotate(turn)
    turned = io.BytesIO()
    writer.write(turned)
    lines = extract(turned.getvalue(), PDF).lines
    assert [line.text for line in lines] == ["First line of the page", "Second line of the page"]
    assert lines[0].x0 == pytest.approx(60, abs=2)
    assert lines[0].y1 == pytest.approx(102, abs=4)


def test_rotated_text_comes_last() -> None:
    """Text along the margin does not cut into the lines that it passes."""

    def draw(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.rotate(90)
        canvas.drawString(300, -30, "Curriculum vitae")
        canvas.restoreState()
        for row in range(10):
            canvas.drawString(72, 700 - 15 * row, f"Row number {row} of the text")

    assert texts(read(draw)) == [
        *(f"Row number {row} of the text" for row in range(10)),
        "Curriculum vitae",
    ]


def test_letter_spaced_headings_are_joined() -> None:
    """Spacing between letters does not break words, spaces between words do."""

    def draw(canvas: Canvas) -> None:
        for y, space in ((700, 2.0), (670, 4.0), (640, 8.0)):
            canvas.drawString(72, y, "WORK EXPERIENCE", charSpace=space)
        canvas.drawString(72, 600, "E D U C A T I O N   P A T H")

    assert texts(read(draw)) == ["WORK EXPERIENCE"] * 3 + ["EDUCATION PATH"]


def test_words_without_space_characters_are_parted() -> None:
    """Words set apart by position alone, as TeX does, are words."""

    def draw(canvas: Canvas) -> None:
        x = 72.0
        for word in ("Senior", "fine", "engineer,", "Aix"):
            canvas.drawString(x, 700, word)
            x += canvas.stringWidth(word) + 3.3

    assert texts(read(draw)) == ["Senior fine engineer, Aix"]


def test_text_drawn_twice_counts_once() -> None:
    """Boldness by drawing twice does not double the text."""

    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "Zofia Kowalczyk, engineer")
        canvas.drawString(72.3, 700, "Zofia Kowalczyk, engineer")

    assert texts(read(draw)) == ["Zofia Kowalczyk, engineer"]


def test_text_outside_the_page_is_left_out() -> None:
    """What no reader can see is not read."""

    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "What everybody can see here")
        canvas.drawString(72, 2000, "hidden keywords above the page")
        canvas.drawString(-900, 700, "hidden keywords beside the page")

    assert texts(read(draw)) == ["What everybody can see here"]


def test_a_table_of_dates_stays_in_rows() -> None:
    """A column of years beside a list is no column to be read on its own."""

    def draw(canvas: Canvas) -> None:
        for row in range(8):
            canvas.drawString(72, 700 - 14 * row, f"{2010 + row}")
            canvas.drawString(140, 700 - 14 * row, f"Award number {row} of the academy")

    assert texts(read(draw)) == [
        f"{2010 + row}\tAward number {row} of the academy" for row in range(8)
    ]


def test_columns_do_not_depend_on_the_order_of_drawing() -> None:
    """Two columns drawn row by row, as some programs do, still read column by column."""
    left = [f"Left column, sentence {n}, which is long" for n in range(12)]
    right = [f"Right side, item {n}" for n in range(12)]

    def draw(canvas: Canvas) -> None:
        for row in range(12):
            canvas.drawString(72, 700 - 14 * row, left[row])
            canvas.drawString(400, 693 - 15 * row, right[row])

    assert texts(read(draw)) == [*left, *right]


def test_running_heads_do_not_cut_into_the_text() -> None:
    """Page numbers and repeated headers stand once, behind the text."""

    def draw(canvas: Canvas) -> None:
        for page in range(1, 4):
            canvas.drawString(250, 30, f"Page {page} of 3")
            if page > 1:
                canvas.drawString(72, 770, "Greta Lindqvist, curriculum vitae")
            for row in range(5):
                canvas.drawString(72, 650 - 14 * row, f"Page {page} has row {row}")
            canvas.showPage()

    rows = [f"Page {page} has row {row}" for page in range(1, 4) for row in range(5)]
    assert texts(read(draw)) == [*rows, "Page 1 of 3", "Greta Lindqvist, curriculum vitae"]


def test_a_name_on_top_of_the_second_column_comes_first() -> None:
    """The name is read first although it stands over the column that is read second."""

    def draw(canvas: Canvas) -> None:
        for row in range(20):
            canvas.drawString(50, 600 - 14 * row, f"Skill number {row}")
        canvas.setFont("Helvetica", 24)
        canvas.drawString(220, 740, "Greta Lindqvist")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(220, 722, "Structural engineer")
        for row in range(30):
            canvas.drawString(220, 667 - 13 * row, f"Sentence {row} of the long story of her work")

    lines = texts(read(draw))
    assert lines[:3] == ["Greta Lindqvist", "Structural engineer", "Skill number 0"]
    assert lines[22:24] == [f"Sentence {n} of the long story of her work" for n in (0, 1)]


def test_a_page_of_countless_pieces_comes_as_it_was_drawn() -> None:
    """A page cut into more pieces than a layout has is read in the order of its stream."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 4)
        for number in range(3000):
            x, y = 5 + 18 * (number // 100), 780 - 7 * (number % 100)
            canvas.drawString(x, y, f"w{number}")

    assert read(draw).text.split() == [f"w{number}" for number in range(3000)]


def pages(count: int) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        for page in range(1, count + 1):
            canvas.drawString(72, 700, f"This is what page {page} has to say")
            canvas.showPage()

    return draw


def test_pages_beyond_the_limit_are_left_out() -> None:
    """A long file is read up to the limit, and the warning says what is missing."""
    text = read(pages(9), ExtractLimits(max_pages=6))
    assert text.page_count == 9
    assert len(text.lines) == 6
    assert text.warnings == ("pages 7-9 beyond the page limit were left out",)


def test_characters_beyond_the_limit_are_left_out() -> None:
    """Reading stops once there is more text than anyone writes about themselves."""
    text = read(pages(9), ExtractLimits(max_chars=100))
    assert len(text.text) < 200
    assert text.warnings == ("text beyond 100 characters was left out",)


def test_pages_without_text_are_named() -> None:
    """A page without text among others is reported as a likely scan."""

    def draw(canvas: Canvas) -> None:
        pages(1)(canvas)
        canvas.rect(100, 100, 300, 300)
        canvas.showPage()

    assert read(draw).warnings == ("page 2 has no text: scanned?",)


def test_a_scan_is_no_text() -> None:
    """A file without any text is refused with the likely cause."""
    with pytest.raises(NoText, match="scan"):
        read(lambda canvas: canvas.rect(100, 100, 300, 300))


def test_mail_and_web_links() -> None:
    """Addresses of link annotations come with their words; links inside the file do not."""

    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "Portfolio and mail of Greta Lindqvist")
        canvas.linkURL("https://greta.example/work", (72, 697, 115, 710))
        before, words = (canvas.stringWidth(t) for t in ("Portfolio and ", "mail"))
        mail = (72 + before, 697, 72 + before + words, 710)
        canvas.linkURL("mailto:greta@example.com", mail)
        canvas.bookmarkPage("top")
        canvas.linkAbsolute("", "top", (180, 697, 200, 710))

    assert [(link.url, link.text, link.line) for link in read(draw).links] == [
        ("https://greta.example/work", "Portfolio", 0),
        ("mailto:greta@example.com", "mail", 0),
    ]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", Damaged),
        (b"%PDF-1.7", Damaged),
        (b"not a PDF at all", Damaged),
        (sample_hostile.pdf_of([b"<</Type/Catalog>>"]), Damaged),
        (sample_hostile.encrypted_pdf(), Encrypted),
        (
            sample_hostile.pdf_of(
                [
                    b"<</Type/Catalog/Pages 2 0 R/Names<</JavaScript<</Names[(a)4 0 R]>>>>>>",
                    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>",
                    b"<</S/JavaScript/JS(app.alert\\(1\\))>>",
                ]
            ),
            Scripted,
        ),
    ],
)
def test_unreadable_files_say_why(data: bytes, error: type[Exception]) -> None:
    """Each way of being unreadable has its own error."""
    with pytest.raises(error):
        extract(data, PDF)


def test_an_empty_password_is_none() -> None:
    """A PDF that merely restricts printing is read."""
    text = extract(sample_hostile.encrypted_pdf(7, password=""), PDF)
    assert texts(text) == ["Confidential résumé number 7 behind a password"]
