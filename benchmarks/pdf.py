"""Pages of reports a second, beside a bare reportlab document of the same size.

    python -m benchmarks.pdf [REPORTS]

The bare document has as many pages, words and drawn bars as the report, in the same embedded font,
on one canvas, without layout: what reportlab itself takes to write such a file. Both are made
REPORTS times (default 150) after a first one, which loads the fonts.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from io import BytesIO

from pypdf import PdfReader
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from functions.journey_summary.drawing.fonts import BASE
from functions.journey_summary.drawing.pages import drawn
from tools.sample_report import NAMES, sample_facts, sample_report

BARS = 31
"""Bars and cells with a colour that the sample's pages have."""


def bare(pages: list[str]) -> bytes:
    """The words of pages, line by line, and some bars."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, pageCompression=1)
    for text in pages:
        canvas.setFont(BASE.font_name(semibold=False), 9)
        for row, line in enumerate(text.splitlines()):
            canvas.drawString(50, 800 - 11 * (row % 70), line)
        for bar in range(BARS // len(pages)):
            canvas.rect(50 + 10 * bar, 50, 8, 30, stroke=0, fill=1)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def timed(make: Callable[[], object], count: int) -> float:
    """Seconds at the median."""
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        make()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def main(count: int) -> None:
    """Measure and print."""
    report = sample_report()
    began = time.perf_counter()
    made = drawn(report)
    first = time.perf_counter() - began
    pages = [page.extract_text() for page in PdfReader(BytesIO(made.content)).pages]
    ours = timed(lambda: drawn(report), count)
    same = timed(lambda: bare(pages), count)
    facts = timed(lambda: sample_report(), count)
    print(f"{made.count} pages, {len(made.content):,} bytes; bare: {len(bare(pages)):,} bytes")
    print(f"first report, fonts loaded: {1000 * first:.0f} ms")
    print(f"report: {1000 * ours:.1f} ms, {made.count / ours:.0f} pages a second")
    print(f"bare:   {1000 * same:.1f} ms, {made.count / same:.0f} pages a second")
    print(f"ratio {ours / same:.2f}; finding what to say: {1000 * facts:.1f} ms")
    for name, career in NAMES:
        other = sample_report(sample_facts(name=name, career=career))
        drawn(other)
        taken = timed(lambda other=other: drawn(other), max(5, count // 10))  # type: ignore[misc]
        size = len(drawn(other).content)
        print(f"  {name}: {1000 * taken:.1f} ms, {size:,} bytes")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 150)
