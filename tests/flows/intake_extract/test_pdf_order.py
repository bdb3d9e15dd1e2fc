"""What the column reader makes of marks, margins, tables and columns."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]  # no stubs

from functions.intake_extract.rules import extract

PLAIN, BOLD = "Helvetica", "Helvetica-Bold"


class Sheet:
    """A US letter page on which rows are measured from the top, as lines of text are."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas

    def write(self, x: float, y: float, text: str, size: float = 10, font: str = PLAIN) -> None:
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, 792 - y, text)

    def disc(self, x: float, y: float, radius: float = 1.5) -> None:
        """Draw a disc level with the letters of the row ``y``."""
        self.canvas.circle(x, 792 - y + 3.5, radius, stroke=0, fill=1)


def texts(draw: Callable[[Sheet], None]) -> list[str]:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792), invariant=1)
    draw(Sheet(canvas))
    canvas.save()
    return [line.text for line in extract(out.getvalue(), "application/pdf").lines]


def test_discs_drawn_before_lines_are_list_marks() -> None:
    """A disc painted as a shape before an item reads as the mark that it is."""

    def draw(sheet: Sheet) -> None:
        sheet.write(72, 100, "Baker, Mill Lane Bakery", font=BOLD)
        for row, item in enumerate(("Baked for a village", "with four mills", "Taught two pupils")):
            sheet.write(90, 115 + 12 * row, item)
        sheet.disc(82, 115)
        sheet.disc(82, 139)

    assert texts(draw) == [
        "Baker, Mill Lane Bakery",
        "• Baked for a village",
        "with four mills",
        "• Taught two pupils",
    ]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_marks_are_found_on_turned_pages(turn: int) -> None:
    """Shapes are placed as the reader sees them, as letters are."""

    def draw(sheet: Sheet) -> None:
        canvas = sheet.canvas
        canvas.setPageSize((600, 600))
        canvas.setPageRotation(turn)
        canvas.translate(*{0: (0, 0), 90: (600, 0), 180: (600, 600), 270: (0, 600)}[turn])
        canvas.rotate(turn)
        for row in range(3):
            canvas.drawString(90, 400 - 14 * row, f"Item {row} of the list")
            canvas.circle(80, 403.5 - 14 * row, 1.5, stroke=0, fill=1)

    assert texts(draw) == [f"• Item {row} of the list" for row in range(3)]


def test_other_shapes_are_no_list_marks() -> None:
    """Dots of a scale, icons, the dots of a timeline and a single dot say nothing."""

    def draw(sheet: Sheet) -> None:
        for row, language in enumerate(("Danish", "Finnish", "Icelandic")):
            sheet.write(90, 100 + 14 * row, language)
            for dot in range(4):
                sheet.disc(50 + 8 * dot, 100 + 14 * row, 2)  # a scale
            sheet.write(90, 200 + 14 * row, f"{language} teacher", font=BOLD)
            sheet.disc(80, 200 + 14 * row)  # a timeline
            sheet.write(90, 300 + 14 * row, f"{language} pupil")
            sheet.disc(80, 300 + 14 * row, 4)  # an icon
        sheet.write(90, 400, "One more line")
        sheet.disc(80, 400)

    assert not any("•" in text for text in texts(draw))


def test_a_drawing_of_countless_shapes_is_no_list() -> None:
    """A page with more small shapes than any list has marks is read without them."""

    def draw(sheet: Sheet) -> None:
        sheet.write(90, 100, "A line of words beside a drawing")
        for dot in range(1000):
            sheet.disc(20 + 4 * (dot % 20), 100 + 12 * (dot // 20))

    assert texts(draw) == ["A line of words beside a drawing"]


def test_columns_go_on_over_pages_when_later_lines_are_longer() -> None:
    """The sidebar of page two goes on with that of page one, also with longer lines."""

    def draw(sheet: Sheet) -> None:
        for page, width in ((1, 1), (2, 3)):
            for row in range(10):
                sheet.write(50, 100 + 13 * row, f"Page {page}, sentence {row} of a long story")
                sheet.write(400, 104 + 15 * row, f"Page {page}, item {row}" + ", more" * width)
            sheet.canvas.showPage()

    lines = texts(draw)
    assert lines[:20] == [
        f"Page {page}, sentence {row} of a long story" for page in (1, 2) for row in range(10)
    ]
    assert [line.partition(", more")[0] for line in lines[20:]] == [
        f"Page {page}, item {row}" for page in (1, 2) for row in range(10)
    ]
