"""Text out of an OpenDocument text: a walk over the XML of its parts, in reading order.

Kept: headers and footers, tables, text boxes, notes, sections, links, list marks.
Left out: deletions that are tracked, hidden text, comments, forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from functions.intake_extract.rules.container import Container
from functions.intake_extract.rules.errors import Damaged, Encrypted
from functions.intake_extract.rules.limits import ExtractLimits
from functions.intake_extract.rules.opendocument.odt_styles import OFFICE, STYLE, Styles
from functions.intake_extract.rules.opendocument.odt_walk import Walk
from functions.intake_extract.rules.rows import Block, text_of
from shared.models.text import ExtractedText

MEDIA_TYPE = "application/vnd.oasis.opendocument.text"
_MANIFEST = "META-INF/manifest.xml"


def extract_odt(data: bytes, limits: ExtractLimits) -> ExtractedText:
    """Return the text of an OpenDocument text, its language still undecided.

    Everything is on page 1; ``x0`` is the paragraph's indent. Raises
    :class:`Encrypted` when a password is needed, :class:`Damaged` when it is
    no such document, :class:`TooLarge` when its parts unpack to more than
    ``limits.max_unpacked_bytes``.
    """
    container = Container(data, limits.max_unpacked_bytes)
    if b"encryption-data" in (container.read(_MANIFEST) or b""):
        raise Encrypted("The document is protected by a password. Please send it without.")
    content = container.xml("content.xml")
    body = None if content is None else content.find(f"{OFFICE}body/{OFFICE}text")
    if content is None or body is None:
        raise Damaged("The document is damaged: it has no text part.")
    sheet = container.xml("styles.xml")
    styles = Styles()
    if sheet is not None:
        styles.add(sheet)
    styles.add(content)
    try:
        before = _once(_margins(sheet, styles, ("header", "header-first", "header-left")))
        main = Walk(styles).read(body)
        after = _once(_margins(sheet, styles, ("footer", "footer-first", "footer-left")))
    except RecursionError as error:
        raise Damaged("The document is nested too deeply to be read.") from error
    return text_of(MEDIA_TYPE, [*before, *main, *after], limits)


def _margins(sheet: Element | None, styles: Styles, names: tuple[str, ...]) -> Iterator[Block]:
    """Yield what stands at the heads or feet of pages."""
    if sheet is None:
        return
    for page in sheet.iter(STYLE + "master-page"):
        for name in names:
            for margin in page.findall(STYLE + name):
                if margin.get(STYLE + "display") != "false":
                    yield from Walk(styles).read(margin)


def _once(blocks: Iterator[Block]) -> list[Block]:
    """Return blocks without those that repeat an earlier one."""
    return list({"\n".join(row.text for row in block): block for block in blocks}.values())
