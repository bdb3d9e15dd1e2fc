"""Text out of a Word document: a walk over the XML of its parts, in reading order.

Kept: headers and footers, tables, text boxes (once), insertions, content
controls, links, list marks. Dropped: deletions, hidden text, field codes.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from functions.intake_extract.rules.container import Container, parse_xml
from functions.intake_extract.rules.errors import Damaged
from functions.intake_extract.rules.limits import ExtractLimits
from functions.intake_extract.rules.rows import Block, text_of
from functions.intake_extract.rules.word.docx_styles import STRICT, Numbering, Styles, W
from functions.intake_extract.rules.word.docx_walk import R, Walk
from shared.models.text import ExtractedText

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_RELATED = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_STRICT_PREFIX = b"http://purl.oclc.org/ooxml/"


def extract_docx(data: bytes, limits: ExtractLimits) -> ExtractedText:
    """Return the text of a Word document, its language still undecided.

    Everything is on page 1; ``x0`` is the paragraph's indent. Raises
    :class:`Damaged` when it is no Word document, :class:`TooLarge` when its
    parts unpack to more than ``limits.max_unpacked_bytes``.
    """
    container = Container(data, limits.max_unpacked_bytes)
    try:
        blocks = _Document(container).blocks()
    except RecursionError as error:
        raise Damaged("The document is nested too deeply to be read.") from error
    return text_of(MEDIA_TYPE, blocks, limits)


class _Document:
    """The parts of one Word document."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._main = self._main_part()
        self._styles = Styles(self._near("styles"))
        self._numbering = Numbering(self._near("numbering"))

    def _main_part(self) -> str:
        for _, kind, target, _ in self._relations(""):
            if kind == "officeDocument":
                return target
        if "word/document.xml" in self._container.names():
            return "word/document.xml"
        raise Damaged("The document is damaged: it has no main part.")

    def _relations(self, part: str) -> Iterator[tuple[str, str, str, bool]]:
        """Yield id, kind, target and whether it is external, for each relationship of a part."""
        folder, name = posixpath.split(part)
        root = self._container.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        for relation in root.iter(_RELATED) if root is not None else ():
            target = relation.get("Target", "")
            external = relation.get("TargetMode") == "External"
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = relation.get("Type", "").rsplit("/", 1)[-1]
            yield relation.get("Id", ""), kind, target, external

    def _xml(self, part: str) -> Element | None:
        data = self._container.read(part)
        if data is None:
            return None
        if _STRICT_PREFIX in data:
            strict = STRICT.strip("{}").encode()
            data = data.replace(strict, W.strip("{}").encode())
            data = data.replace(
                _STRICT_PREFIX + b"officeDocument/relationships", R.strip("{}").encode()
            )
        return parse_xml(data, part)

    def _near(self, kind: str) -> Element | None:
        for _, found, target, external in self._relations(self._main):
            if found == kind and not external:
                return self._xml(target)
        return None

    def blocks(self) -> list[Block]:
        """Return headers, body, notes and footers as blocks of lines."""
        root = self._xml(self._main)
        body = None if root is None else root.find(W + "body")
        if body is None:
            raise Damaged("The document is damaged: it has no body.")
        before: list[Block] = []
        after: list[Block] = []
        seen: set[str] = set()
        for _, kind, target, external in self._relations(self._main):
            if external or kind not in ("header", "footer", "footnotes", "endnotes"):
                continue
            part = self._xml(target)
            if part is None:
                continue
            for block in self._part(part, target):
                text = "\n".join(row.text for row in block)
                if text not in seen:
                    seen.add(text)
                    (before if kind == "header" else after).append(block)
        return [*before, *self._part(body, self._main), *after]

    def _part(self, element: Element, part: str) -> list[Block]:
        links = {
            identity: target
            for identity, kind, target, external in self._relations(part)
            if external and kind == "hyperlink"
        }
        return Walk(self._styles, self._numbering, links).read(element)
