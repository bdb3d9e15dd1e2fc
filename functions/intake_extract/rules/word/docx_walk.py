"""The walk over one part of a Word document: paragraphs, tables, text boxes, runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from functions.intake_extract.rules.characters import spaced
from functions.intake_extract.rules.rows import Block, Row, table_row
from functions.intake_extract.rules.word.docx_styles import (
    Face,
    Numbering,
    Styles,
    W,
    attribute,
    face_of,
    indent_of,
    shape_of,
)

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_FIELD_LINK = re.compile(r'HYPERLINK\s+"([^"]+)"')
_BODY_TEXT_LEVEL = 9
# Containers of paragraphs or runs that add nothing of their own.
_TRANSPARENT = {
    W + name
    for name in (
        "sdt",
        "sdtContent",
        "ins",
        "moveTo",
        "smartTag",
        "customXml",
        "fldSimple",
        "ruby",
        "rubyBase",
        "dir",
        "bdo",
    )
}
_DROPPED = {W + name for name in ("del", "moveFrom", "sdtPr", "pPr", "rPr", "rt", "instrText")}


class Walk:
    """Walks one part and collects its lines."""

    def __init__(self, styles: Styles, numbering: Numbering, links: dict[str, str]) -> None:
        self._styles = styles
        self._numbering = numbering
        self._links = links

    def read(self, element: Element) -> list[Block]:
        """Return the blocks of a container of paragraphs and tables."""
        blocks: list[Block] = [[]]
        self._container(element, blocks)
        return [block for block in blocks if block]

    def _container(self, element: Element, blocks: list[Block]) -> None:
        for child in element:
            if child.tag == W + "p":
                self._paragraph(child, blocks)
            elif child.tag == W + "tbl":
                blocks.extend(self._table(child))
                blocks.append([])
            elif child.tag == _MC + "AlternateContent":
                for choice in _chosen(child):
                    self._container(choice, blocks)
            elif child.tag not in _DROPPED:
                # Content controls, insertions, notes and what later versions add.
                self._container(child, blocks)

    def _table(self, table: Element) -> list[Block]:
        blocks: list[Block] = [[]]
        for row in _within(table, W + "tr"):
            cells = [self.read(cell) for cell in _within(row, W + "tc")]
            table_row(cells, blocks)
        return [block for block in blocks if block]

    def _paragraph(self, paragraph: Element, blocks: list[Block]) -> None:
        properties = paragraph.find(W + "pPr")
        style = None if properties is None else attribute(properties.find(W + "pStyle"))
        shape = self._styles.shape(style)
        own = shape_of(properties)
        outline = shape.outline if own.outline is None else own.outline
        heading = outline is not None and outline < _BODY_TEXT_LEVEL
        listed = own.number or shape.number
        indent = indent_of(properties)
        if indent is None and listed is not None:
            indent = self._numbering.indent(*listed)
        if indent is None:
            indent = shape.indent or 0.0
        mark = "" if listed is None or heading else self._numbering.mark(*listed)
        runs = _Runs(self._styles, self._links, shape.face)
        runs.walk(paragraph)
        for number, row in enumerate(runs.rows):
            text = spaced(row.text)
            if text:
                row.text = (mark if number == 0 else "") + text
                row.heading, row.indent = heading, max(0.0, indent)
                blocks[-1].append(row)
            if number in runs.breaks:
                blocks.append([])
        if blocks[-1] and not runs.boxes and not any(row.text for row in runs.rows):
            blocks.append([])  # an empty paragraph sets what follows apart
        for box in runs.boxes:
            blocks.extend(self.read(box))
            blocks.append([])


class _Runs:
    """Collects the runs of one paragraph into rows; text boxes are set aside."""

    def __init__(self, styles: Styles, links: dict[str, str], face: Face) -> None:
        self._styles = styles
        self._links = links
        self._face = face
        self._field: list[str] = []
        self._code = False
        self._field_url: str | None = None
        self.rows: list[Row] = [Row()]
        self.breaks: set[int] = set()
        """Rows after which the layout breaks."""
        self.boxes: list[Element] = []

    def walk(self, element: Element, url: str | None = None) -> None:
        """Read all runs below an element; ``url`` is the link around them."""
        for child in element:
            if child.tag == W + "r":
                self._run(child, url or self._field_url)
            elif child.tag == W + "hyperlink":
                target = self._links.get(child.get(R + "id", ""))
                self.walk(child, target or url)
            elif child.tag == W + "fldSimple":
                found = _FIELD_LINK.search(child.get(W + "instr", ""))
                self.walk(child, found.group(1) if found else url)
            elif child.tag in _TRANSPARENT:
                self.walk(child, url)
            elif child.tag == _MC + "AlternateContent":
                for choice in _chosen(child):
                    self.walk(choice, url)
            elif child.tag == _MATH_TEXT:
                self._write(child.text or "", self._face, url)
            elif child.tag not in _DROPPED:
                self.walk(child, url)

    def _run(self, run: Element, url: str | None) -> None:
        properties = run.find(W + "rPr")
        face = self._face
        if properties is not None:
            style = attribute(properties.find(W + "rStyle"))
            face = face.under(self._styles.face(style)).under(face_of(properties))
        self._contents(run, face, url)

    def _contents(self, run: Element, face: Face, url: str | None) -> None:
        for child in run:
            tag = child.tag
            if tag == W + "t":
                self._write(child.text or "", face, url)
            elif tag in (W + "tab", W + "ptab"):
                self._write("\t", face, url)
            elif tag in (W + "br", W + "cr"):
                self.rows.append(Row())
                if attribute(child, "type") in ("column", "page"):
                    self.breaks.add(len(self.rows) - 2)
            elif tag == W + "noBreakHyphen":
                self._write("-", face, url)
            elif tag == W + "sym":
                self._write(_symbol(child), face, url)
            elif tag == W + "fldChar":
                self._field_char(attribute(child, "fldCharType"))
            elif tag == W + "instrText":
                self._field.append(child.text or "")
            elif tag == _MC + "AlternateContent":
                for choice in _chosen(child):
                    self._contents(choice, face, url)
            elif tag in (W + "drawing", W + "pict", W + "object"):
                self.boxes.extend(_outermost(child, W + "txbxContent"))
            elif tag in _TRANSPARENT:
                self.walk(child, url)

    def _field_char(self, kind: str | None) -> None:
        if kind == "begin":
            self._field, self._code = [], True
        elif kind == "separate":
            found = _FIELD_LINK.search("".join(self._field))
            self._field_url, self._code = (found.group(1) if found else None), False
        elif kind == "end":
            self._field_url, self._code = None, False

    def _write(self, text: str, face: Face, url: str | None) -> None:
        if face.hidden or self._code or not text:
            return
        self.rows[-1].write(text, face.size or 0.0, bold=bool(face.bold), url=url)


def _chosen(alternatives: Element) -> list[Element]:
    """Return the preferred form of content that is stored in several, so that it counts once."""
    choices = alternatives.findall(_MC + "Choice")
    for choice in choices:
        if any(text.text for text in choice.iter(W + "t")):
            return [choice]
    fallback = alternatives.find(_MC + "Fallback")
    return [fallback] if fallback is not None else choices[:1]


def _within(element: Element, tag: str) -> Iterator[Element]:
    """Yield rows of a table or cells of a row, also those inside content controls."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in _TRANSPARENT:
            yield from _within(child, tag)


def _outermost(element: Element, tag: str) -> Iterator[Element]:
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag == _MC + "AlternateContent":
            for choice in _chosen(child):
                yield from _outermost(choice, tag)
        else:
            yield from _outermost(child, tag)


def _symbol(element: Element) -> str:
    try:
        return chr(int(attribute(element, "char") or "20", 16))
    except (ValueError, OverflowError):
        return " "
