"""Text out of a PDF: PDFium reads the characters, the column reader puts them in order."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

import pypdfium2  # type: ignore[import-untyped]  # ships no type information
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # ships no type information

from functions.intake_extract.rules.errors import Damaged, Encrypted, Scripted
from functions.intake_extract.rules.limits import ExtractLimits
from functions.intake_extract.rules.ocr.recogniser import Recogniser
from functions.intake_extract.rules.ocr.scans import Scans, is_scan
from functions.intake_extract.rules.pages.flow import Page, in_reading_order, numbered
from functions.intake_extract.rules.pages.glyphs import Frame, Glyph, frame_of, read_glyphs
from functions.intake_extract.rules.pages.segments import Segment, Word, read_segments
from functions.intake_extract.rules.pages.shapes import read_shapes, with_shapes
from shared.models.text import ExtractedText, PageLink

MEDIA_TYPE = "application/pdf"
_LINKS_PER_PAGE = 200
_Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def extract_pdf(data: bytes, limits: ExtractLimits, recogniser: Recogniser) -> ExtractedText:
    """Return the text of a PDF in reading order, its language still undecided.

    Scanned pages are read by the recogniser. Pages and characters beyond
    ``limits`` are left out with a warning. Raises :class:`Encrypted` when a
    password is needed, :class:`Scripted` when the document runs a script,
    :class:`Damaged` when PDFium cannot open the file or finds no page in it,
    :class:`OcrMissing` when all of its pages are scans and none can be read.
    """
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Encrypted(
                "The PDF is protected by a password. Please send it without."
            ) from error
        raise Damaged("The PDF is damaged: it cannot be opened.") from error
    try:
        return _read(document, limits, recogniser)
    finally:
        document.close()


def _read(document: Any, limits: ExtractLimits, recogniser: Recogniser) -> ExtractedText:
    count = len(document)
    if count < 1:
        raise Damaged("The PDF has no pages.")
    # Where the structure is encrypted or packed in an odd way, only a parser finds these.
    if pdfium.FPDFDoc_GetJavaScriptActionCount(document.raw) > 0:
        raise Scripted("The PDF contains a script. Please send it without.")
    warnings: list[str] = []
    pages: list[Page] = []
    links: list[tuple[int, str, str, _Box]] = []
    scans = Scans(recogniser, limits)
    budget = limits.max_chars
    read = min(count, limits.max_pages)
    for number in range(1, read + 1):
        try:
            page, found, characters = _read_page(document, number, budget, scans)
        except pypdfium2.PdfiumError:
            warnings.append(f"page {number} is damaged and was left out")
            continue
        pages.append(page)
        links.extend((number, url, text, box) for url, text, box in found)
        budget -= characters
        if budget < 0:
            warnings.append(f"text beyond {limits.max_chars} characters was left out")
            break
    if count > read:
        warnings.append(f"pages {read + 1}-{count} beyond the page limit were left out")
    if not pages:
        raise Damaged("None of the PDF's pages can be read.")
    warnings.extend(scans.warnings(any(page.segments for page in pages)))
    lines, boxes = numbered(in_reading_order(pages))
    return ExtractedText(
        media_type=MEDIA_TYPE,
        page_count=count,
        lines=tuple(lines),
        links=tuple(_tied(links, boxes)),
        warnings=tuple(warnings),
    )


def _read_page(
    document: Any, number: int, budget: int, scans: Scans
) -> tuple[Page, list[tuple[str, str, Any]], int]:
    page = document[number - 1]
    text_page = page.get_textpage()
    try:
        frame = frame_of(page)
        glyphs = read_glyphs(text_page, frame, budget)
        shapes = read_shapes(page, frame)
        links = [(url, _words_under(box, glyphs), box) for url, box in _links(page, frame)]
        characters = text_page.count_chars()
        scanned = None
        if is_scan(page, len(glyphs) if characters <= budget else characters):
            scanned = scans.read(page, number)
    finally:
        text_page.close()
        page.close()
    if scanned is not None:
        return scanned, links, sum(len(segment.text) for segment in scanned.segments)
    upright = [glyph for glyph in glyphs if glyph.upright]
    turned = [glyph for glyph in glyphs if not glyph.upright]
    read = Page(
        number=number,
        height=frame.height,
        segments=with_shapes(read_segments(upright), shapes),
        turned=_turned_segments(turned),
    )
    return read, links, characters


def _turned_segments(glyphs: Sequence[Glyph]) -> list[Segment]:
    """Join rotated characters as the content stream has them, one segment for each stretch."""
    stretches: list[list[Glyph]] = []
    for glyph in glyphs:
        last = stretches[-1][-1] if stretches else None
        reach = 2.5 * glyph.size
        if (
            last is not None
            and abs(glyph.x0 - last.x0) <= reach
            and abs(glyph.base - last.base) <= reach
            and glyph.order - last.order <= 3
        ):
            stretches[-1].append(glyph)
        else:
            stretches.append([glyph])
    segments = []
    for stretch in stretches:
        text = "".join(
            (" " if glyph.spaced or glyph.guessed else "") + glyph.text for glyph in stretch
        ).strip()
        box = Word(text, min(g.x0 for g in stretch), max(g.x1 for g in stretch))
        segments.append(
            Segment(
                words=(box,),
                base=max(g.base for g in stretch),
                size=stretch[0].size,
                bold=stretch[0].bold,
                order=stretch[0].order,
            )
        )
    return segments


def _links(page: Any, frame: Frame) -> Iterator[tuple[str, _Box]]:
    """Yield the web and mail addresses of a page's link annotations, with their boxes."""
    position, link = ctypes.c_int(0), pdfium.FPDF_LINK()
    for _ in range(_LINKS_PER_PAGE):
        if not pdfium.FPDFLink_Enumerate(page.raw, position, link):
            return
        action = pdfium.FPDFLink_GetAction(link)
        if not action or pdfium.FPDFAction_GetType(action) != pdfium.PDFACTION_URI:
            continue
        length = pdfium.FPDFAction_GetURIPath(page.pdf.raw, action, None, 0)
        if not 1 < length <= 2048:
            continue
        buffer = ctypes.create_string_buffer(length)
        pdfium.FPDFAction_GetURIPath(page.pdf.raw, action, buffer, length)
        url = buffer.value.decode("utf-8", "replace").strip()
        box = pdfium.FS_RECTF()
        if url and pdfium.FPDFLink_GetAnnotRect(link, box):
            ax, ay = frame.place(box.left, box.bottom)
            bx, by = frame.place(box.right, box.top)
            yield url, (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))


def _words_under(box: _Box, glyphs: Sequence[Glyph]) -> str:
    left, top, right, bottom = box
    text = ""
    for glyph in glyphs:
        x, y = (glyph.x0 + glyph.x1) / 2, glyph.base - 0.3 * glyph.size
        if left <= x <= right and top <= y <= bottom:
            text += (" " if glyph.spaced or glyph.guessed else "") + glyph.text
    return text.strip()


def _tied(
    links: Sequence[tuple[int, str, str, _Box]], boxes: Sequence[tuple[int, Any]]
) -> Iterator[PageLink]:
    """Find for each link the line that it lies on."""
    worded = {(page, url) for page, url, text, _ in links if text}
    for page, url, text, (left, top, right, bottom) in links:
        if not text and (page, url) in worded:
            continue  # an icon beside the words, with a link of its own
        middle = (top + bottom) / 2
        on = next(
            (
                index
                for index, (number, parts) in enumerate(boxes)
                if number == page
                and any(
                    part.top <= middle <= part.bottom and part.x0 < right and left < part.x1
                    for part in parts
                )
            ),
            None,
        )
        yield PageLink(url=url, page=page, text=text, line=on)
