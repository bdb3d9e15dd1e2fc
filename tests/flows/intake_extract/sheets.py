"""Pages drawn for the tests of the column reader, and the lines that it makes of them."""

from __future__ import annotations

import io
from collections.abc import Callable

from reportlab.pdfgen.canvas import Canvas

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
