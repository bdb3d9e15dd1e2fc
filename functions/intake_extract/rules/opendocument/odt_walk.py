"""The walk over one part of an OpenDocument text: paragraphs, lists, tables, frames."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from functions.intake_extract.rules.characters import spaced
from functions.intake_extract.rules.opendocument.odt_styles import (
    DRAW,
    OFFICE,
    TABLE,
    TEXT,
    XLINK,
    Styles,
)
from functions.intake_extract.rules.rows import Block, Row, table_row
from functions.intake_extract.rules.word.docx_styles import Face

_DROPPED = {
    TEXT + "tracked-changes",
    TEXT + "note-citation",
    TEXT + "ruby-text",
    TEXT + "hidden-text",
    TEXT + "sequence-decls",
    TEXT + "variable-decls",
    TEXT + "user-field-decls",
    TEXT + "script",
    TEXT + "index-title-template",
    TEXT + "bibliography-configuration",
    OFFICE + "annotation",
    OFFICE + "forms",
    OFFICE + "event-listeners",
    OFFICE + "binary-data",
    DRAW + "image-map",
    DRAW + "glue-point",
}
_SHAPES = {
    DRAW + name
    for name in (
        "frame",
        "g",
        "custom-shape",
        "rect",
        "ellipse",
        "circle",
        "line",
        "polygon",
        "polyline",
        "path",
        "connector",
        "caption",
        "a",
    )
}
_PARAGRAPHS = {TEXT + "p", TEXT + "h"}
_SOURCES = {TEXT + name for name in ("table-of-content-source", "illustration-index-source",
            "alphabetical-index-source", "bibliography-source", "user-index-source",
            "object-index-source", "table-index-source")}  # fmt: skip
_MOST_BLANKS = 100
_BLANKS = re.compile(r"[ \t\r\n]+")


@dataclass(slots=True)
class _List:
    """The list that paragraphs are in."""

    style: str | None
    level: int
    mark: str = ""
    """Of the next paragraph."""


class Walk:
    """Walks one part and collects its lines."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._notes: list[Element] = []

    def read(self, element: Element) -> list[Block]:
        """Return the blocks of a container of paragraphs and tables, notes at its end."""
        blocks = self._blocks(element)
        for note in self._notes:
            blocks.extend(self._blocks(note))
        self._notes = []
        return blocks

    def _blocks(self, element: Element) -> list[Block]:
        blocks: list[Block] = [[]]
        self._container(element, blocks, None)
        return [block for block in blocks if block]

    def _container(self, element: Element, blocks: list[Block], listed: _List | None) -> None:
        for child in element:
            tag = child.tag
            if tag in _PARAGRAPHS:
                self._paragraph(child, blocks, listed)
            elif tag == TEXT + "list":
                self._list(child, blocks, listed)
            elif tag == TABLE + "table":
                blocks.append([])
                self._table(child, blocks)
                blocks.append([])
            elif tag == TEXT + "section":
                if not self._hides(child):
                    blocks.append([])
                    self._container(child, blocks, None)
                    blocks.append([])
            elif tag in _SHAPES:
                self._boxes([child], blocks)
            elif tag not in _DROPPED and tag not in _SOURCES:
                # Index bodies, numbered paragraphs, and what later versions add.
                self._container(child, blocks, listed)

    def _hides(self, section: Element) -> bool:
        return section.get(TEXT + "display") == "none" or self._styles.hidden(
            "section", section.get(TEXT + "style-name")
        )

    def _list(self, element: Element, blocks: list[Block], around: _List | None) -> None:
        style = element.get(TEXT + "style-name") or (around.style if around else None)
        level = around.level + 1 if around else 1
        count = 0
        for item in element:
            if item.tag == TEXT + "list-header":
                self._container(item, blocks, _List(style, level))
            elif item.tag == TEXT + "list-item":
                start = item.get(TEXT + "start-value", "")
                count = int(start) if start.isdigit() and len(start) < 7 else count + 1
                first = next(iter(item), None)
                if style is None and first is not None:
                    style = self._styles.list_of(first.get(TEXT + "style-name"))
                mark = self._styles.mark(style, level, count)
                self._container(item, blocks, _List(style, level, mark))

    def _table(self, table: Element, blocks: list[Block]) -> None:
        for row in _rows(table):
            cells = [self._blocks(cell) for cell in row if cell.tag == TABLE + "table-cell"]
            table_row(cells, blocks)

    def _boxes(self, shapes: list[Element], blocks: list[Block]) -> None:
        for shape in shapes:
            for content in _contents(shape):
                blocks.append([])
                self._container(content, blocks, None)
                blocks.append([])

    def _paragraph(self, element: Element, blocks: list[Block], listed: _List | None) -> None:
        style = element.get(TEXT + "style-name")
        face = self._styles.face("paragraph", style)
        runs = _Runs(self._styles)
        runs.walk(element, face, None)
        heading = element.tag == TEXT + "h" or self._styles.heading(style)
        indent = self._styles.indent(style)
        if indent is None and listed is not None:
            indent = self._styles.list_indent(listed.style, listed.level)
        for row in runs.rows:
            text = spaced(row.text)
            if not text:
                continue
            if listed is not None and listed.mark:
                text, listed.mark = (text if heading else listed.mark + text), ""
            row.text, row.heading, row.indent = text, heading, max(0.0, indent or 0.0)
            blocks[-1].append(row)
        if blocks[-1] and not runs.shapes and not any(row.text.strip() for row in runs.rows):
            blocks.append([])  # an empty paragraph sets what follows apart
        self._boxes(runs.shapes, blocks)
        self._notes.extend(runs.notes)


class _Runs:
    """Collects the text of one paragraph into rows; shapes and notes are set aside."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self.rows = [Row()]
        self.shapes: list[Element] = []
        self.notes: list[Element] = []

    def walk(self, element: Element, face: Face, url: str | None) -> None:
        """Read the text inside of an element; ``url`` is the link around it."""
        self._write(element.text, face, url)
        for child in element:
            self._child(child, face, url)
            self._write(child.tail, face, url)

    def _child(self, child: Element, face: Face, url: str | None) -> None:
        tag = child.tag
        if tag == TEXT + "s":
            count = child.get(TEXT + "c", "1")
            blanks = int(count) if count.isdigit() and len(count) < 6 else 1
            self._write("\u00a0" * min(blanks, _MOST_BLANKS), face, url)
        elif tag == TEXT + "tab":
            self._write("\t", face, url, kept=True)
        elif tag == TEXT + "line-break":
            self.rows.append(Row())
        elif tag == TEXT + "note":
            self.notes.extend(child.findall(TEXT + "note-body"))
        elif tag in _SHAPES:
            self.shapes.append(child)
        elif tag == TEXT + "a":
            self.walk(child, self._styles.face("text", child.get(TEXT + "style-name"), face),
                      child.get(XLINK + "href") or url)  # fmt: skip
        elif tag == TEXT + "span":
            inner = self._styles.face("text", child.get(TEXT + "style-name"), face)
            self.walk(child, inner, url)
        elif tag not in _DROPPED:
            # Fields, bookmarks, references, rubies: their text counts.
            self.walk(child, face, url)

    def _write(self, text: str | None, face: Face, url: str | None, *, kept: bool = False) -> None:
        if not text or face.hidden:
            return
        if not kept:
            # Runs of white space in the file count as one blank.
            text = _collapsed(text, self.rows[-1].text)
        self.rows[-1].write(text, face.size or 0.0, bold=bool(face.bold), url=url)


def _collapsed(text: str, before: str) -> str:
    words = _BLANKS.sub(" ", text)
    return words[1:] if words.startswith(" ") and before.endswith(" ") else words


def _rows(table: Element) -> Iterator[Element]:
    """Yield the rows of a table, also those in groups."""
    for child in table:
        if child.tag == TABLE + "table-row":
            yield child
        elif child.tag in (
            TABLE + "table-header-rows",
            TABLE + "table-rows",
            TABLE + "table-row-group",
        ):
            yield from _rows(child)


def _contents(shape: Element) -> Iterator[Element]:
    """Yield what holds the paragraphs of a shape: its text boxes, or the shape itself."""
    if any(child.tag in _PARAGRAPHS or child.tag == TEXT + "list" for child in shape):
        yield shape
        return
    for child in shape:
        if child.tag == DRAW + "text-box":
            yield child
        elif child.tag in _SHAPES:
            yield from _contents(child)
