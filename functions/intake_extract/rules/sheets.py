"""Paragraphs, cells and rows as they come up in a stream of text, and what is set aside."""

from __future__ import annotations

from functions.intake_extract.rules.characters import spaced
from functions.intake_extract.rules.rows import Block, Row, table_row

_TWIPS = 20.0
_BODY_TEXT_LEVEL = 9
_MOST_ASIDE = 1_000


class Sheet:
    """One flow of paragraphs: the body, a header, a note or a text box."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._blocks: list[Block] = [[]]
        self._cell: list[Block] = [[]]
        self._cells: list[list[Block]] = []
        self._row = Row()
        self._mark = ""
        self._in_table = self._heading = False
        self._indent = 0.0
        self._boxes: list[Block] = []

    def write(
        self, text: str, size: float, *, bold: bool, url: str | None, mark: bool = False
    ) -> None:
        """Take text of one look; ``mark`` says that it is the mark of a list."""
        if mark:
            self._mark += text
        else:
            self._row.write(text, size, bold=bold, url=url)

    def end_mark(self) -> None:
        """Write the list mark that was gathered, with a blank behind it."""
        mark, self._mark = " ".join(self._mark.split()), ""
        if mark:
            self._row.text = f"{mark} {self._row.text.lstrip()}"

    def paragraph(self, name: str, number: int | None, *, heading: bool) -> None:
        """Take a control word that ends a line, a cell or a row, or formats the paragraph."""
        if name in ("par", "line", "softline"):
            self._line(softly=name != "par")
        elif name in ("sect", "page", "column"):
            self._line(softly=True)
            self._apart()
        elif name == "pard":
            self._in_table = self._heading = False
            self._indent = 0.0
        elif name == "intbl":
            self._in_table = True
        elif name == "s":
            self._heading = self._heading or heading
        elif name == "outlinelevel":
            self._heading = number is not None and number < _BODY_TEXT_LEVEL
        elif name in ("li", "lin"):
            self._indent = min(max((number or 0) / _TWIPS, 0.0), 2_000.0)
        elif name in ("nestcell", "nestrow"):
            if name == "nestcell":
                self._row.text += "\t"
            else:
                self._line(softly=True)
        elif name == "cell":
            self._line(softly=True)
            self._cells.append([block for block in self._cell if block])
            self._cell = [[]]
        elif name == "row":
            self._end_row()

    def _line(self, *, softly: bool) -> None:
        """End the line; an empty paragraph sets what follows apart."""
        row, self._row = self._row, Row()
        row.text = spaced(row.text)
        if row.text:
            row.heading, row.indent = self._heading, self._indent
            self._target()[-1].append(row)
        elif not softly:
            self._apart()
        if self._boxes and not softly:
            self._apart()
            self._target()[-1:] = [*self._boxes, []]
            self._boxes = []

    def _target(self) -> list[Block]:
        if self._in_table:
            return self._cell
        if self._cells or any(self._cell):
            self._end_row()
        return self._blocks

    def _apart(self) -> None:
        target = self._target()
        if target[-1]:
            target.append([])

    def _end_row(self) -> None:
        rest = [block for block in self._cell if block]
        cells = [*self._cells, rest]
        self._cells, self._cell = [], [[]]
        table_row(cells, self._blocks)

    def box(self, blocks: list[Block]) -> None:
        """Keep the blocks of a text box until the paragraph ends that holds it."""
        self._boxes.extend(blocks)

    def blocks(self) -> list[Block]:
        """Return the blocks, everything being ended."""
        self._line(softly=True)
        if self._cells or any(self._cell):
            self._end_row()
        return [block for block in [*self._blocks, *self._boxes] if block]


class Sheets:
    """The flows of a file; the innermost that is open is on top."""

    def __init__(self) -> None:
        self._open = [Sheet("body")]
        self._aside: dict[str, list[Block]] = {"header": [], "note": [], "footer": []}
        self._count = 0

    @property
    def top(self) -> Sheet:
        """The flow that text goes to."""
        return self._open[-1]

    def enter(self, kind: str) -> None:
        """Open a flow of its own."""
        self._open.append(Sheet(kind))

    def leave(self) -> None:
        """Close the flow on top and set its text aside; what repeats counts once."""
        if len(self._open) == 1:
            return
        sheet = self._open.pop()
        blocks = sheet.blocks()
        self._count += len(blocks)
        if self._count > _MOST_ASIDE:
            return
        if sheet.kind == "box":
            self.top.box(blocks)
            return
        kept = self._aside[sheet.kind]
        known = {_words(block) for block in kept}
        kept.extend(block for block in blocks if _words(block) not in known)

    def end_mark(self) -> None:
        """End the list mark on top."""
        self.top.end_mark()

    def blocks(self) -> list[Block]:
        """Return headers, body, notes and footers."""
        while len(self._open) > 1:
            self.leave()
        aside = self._aside
        return [*aside["header"], *self.top.blocks(), *aside["note"], *aside["footer"]]


def _words(block: Block) -> str:
    return "\n".join(row.text for row in block)
