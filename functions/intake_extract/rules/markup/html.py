"""Text out of a web page: a walk over its tags, in the order of the page.

Kept: headings, lists, tables, links, what is bold or large. Left out: scripts,
style sheets, hidden elements, forms' choices, drawings.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass, field

from functions.intake_extract.rules.characters import spaced
from functions.intake_extract.rules.limits import ExtractLimits
from functions.intake_extract.rules.markup.html_styles import Look, Sheet, look_of
from functions.intake_extract.rules.plain import decode
from functions.intake_extract.rules.rows import Block, Row, table_row, text_of
from shared.html_tokens import RAW, End, Start, Text, tokens
from shared.models.text import ExtractedText

MEDIA_TYPE = "text/html"
_DEEPEST = 200
"""Elements nested deeper add nothing of their own; their text is kept."""
_HEAD = 4096
_META = re.compile(rb"<meta\s[^>]{0,500}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.I)
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLANKS = re.compile(r"\s+")
_VOID_NAMES = "area base br col embed hr img input link meta param source track wbr basefont frame"
_VOID = frozenset(_VOID_NAMES.split())
_DROPPED_NAMES = (
    "script style noscript template title svg math canvas audio video object applet "
    "iframe noembed noframes select textarea datalist option map"
)
_DROPPED = frozenset(_DROPPED_NAMES.split())
_LINES_NAMES = (
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 head header html hgroup legend li main menu "
    "nav ol p pre search section summary table caption tbody td tfoot th thead tr ul"
)
_LINES = frozenset(_LINES_NAMES.split())
_APART_NAMES = "article aside footer header main nav section table h1 h2 h3 h4 h5 h6"
_APART = frozenset(_APART_NAMES.split())
_TITLES = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_CELLS = frozenset(("td", "th"))
# A start tag ends open elements of these names, unless one of the others is in between.
_ENDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "li": (frozenset(("li",)), frozenset(("ul", "ol", "menu", "dir"))),
    "dt": (frozenset(("dt", "dd")), frozenset(("dl",))),
    "dd": (frozenset(("dt", "dd")), frozenset(("dl",))),
    "td": (_CELLS, frozenset(("table", "tr"))),
    "th": (_CELLS, frozenset(("table", "tr"))),
    "tr": (frozenset(("tr",)), frozenset(("table",))),
    "tbody": (frozenset(("thead", "tbody", "tfoot", "tr")), frozenset(("table",))),
    "tfoot": (frozenset(("thead", "tbody", "tfoot", "tr")), frozenset(("table",))),
}
_ABOVE_P = (frozenset(("p",)), _LINES - {"p"})
_OWN_MARK = re.compile(r"^(?:•|\d{1,6}\.) (?=[•◦▪■●○·–*-]|\d{1,3}[.)]\s)")
"""A mark of ours before one that the page writes itself."""
_MARKS = re.compile(r"^(?:• ?)+(?=\S)")
_WIDE = 4
"""So many blanks in a row stand for a tab."""
_WEB = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)
_LONGEST_URL = 2_048
_INDENT = 20.0


def extract_html(data: bytes, limits: ExtractLimits) -> ExtractedText:
    """Return the text of a web page, its language still undecided.

    Everything is on page 1; ``x0`` is the indent of lists and quotations.
    Raises :class:`Damaged` when the page breaks its own encoding.
    """
    walk = _Walk(limits.max_chars)
    for token in tokens(page_text(data)):
        if isinstance(token, Text):
            walk.text(token.text)
        elif isinstance(token, Start):
            walk.start(token.name, token.attributes)
        else:
            walk.end(token)
        if walk.full:
            break
    return text_of(MEDIA_TYPE, walk.blocks(), limits)


_NOT_OF_PAGES = {
    "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-7", "punycode",
    "idna", "unicode-escape", "raw-unicode-escape", "undefined",
}  # fmt: skip
"""Codecs of Python that no page is in, by their names there; one of them takes the square of the
length."""


def page_text(data: bytes) -> str:
    """Return the characters of a page: by byte-order mark, by its own word, else by guess."""
    told = _META.search(data[:_HEAD])
    if told is not None and not data.startswith(_BOMS):
        name = told.group(1).decode().lower()
        if name in ("iso-8859-1", "latin1", "latin-1", "ascii", "us-ascii"):
            name = "cp1252"  # as browsers take it
        try:
            if codecs.lookup(name).name not in _NOT_OF_PAGES:
                return data.decode(name)
        except (LookupError, ValueError):
            pass  # the page is wrong about itself
    return decode(data)


def _blank(found: re.Match[str]) -> str:
    """Return what parts words: a tab that a word processor left between them, else a blank."""
    inside = found.start() > 0 and found.end() < len(found.string) and "\n" not in found[0]
    return "\t" if inside and ("\t" in found[0] or len(found[0]) >= _WIDE) else " "


class _Sink:
    """Lines that belong together: the page, or one cell of a table."""

    def __init__(self) -> None:
        self.blocks: list[Block] = [[]]
        self.row = Row()

    def line(self) -> bool:
        """End the line; whether there was one."""
        row, self.row = self.row, Row()
        row.text = _MARKS.sub("• ", _OWN_MARK.sub("", spaced(row.text)))
        if row.text:
            self.blocks[-1].append(row)
        return bool(row.text)

    def apart(self) -> None:
        """End the block."""
        self.line()
        if self.blocks[-1]:
            self.blocks.append([])


@dataclass(slots=True)
class _Open:
    """An element that is not closed yet."""

    name: str
    look: Look
    url: str | None
    indent: float
    count: int = 0
    """Of the items of a numbered list so far."""
    row: bool = False
    """Whether the elements in it stand side by side."""
    cells: list[list[Block]] = field(default_factory=list)
    outer: _Sink | None = None
    """Set for a cell: where what follows it goes."""


class _Walk:
    """Follows the tags and gathers lines."""

    def __init__(self, most: int) -> None:
        self._sheet = Sheet()
        self._sink = _Sink()
        self._stack = [_Open("", Look(), None, 0.0)]
        self._names: Counter[str] = Counter()
        self._mark = ""
        self._skipped = 0
        """Open elements beyond the deepest."""
        self._left = 2 * most + 1_000

    @property
    def full(self) -> bool:
        """Whether there is more text than will be kept."""
        return self._left < 0

    def blocks(self) -> list[Block]:
        """Return all blocks, every element being closed."""
        while len(self._stack) > 1:
            self._close()
        self._sink.line()
        return [block for block in self._sink.blocks if block]

    def text(self, text: str) -> None:
        """Take a stretch of text."""
        top = self._stack[-1]
        if top.name == "style":
            self._sheet.add(text)
        if top.look.hidden:
            return
        if top.look.kept:
            for number, line in enumerate(text.replace("\r\n", "\n").split("\n")):
                if number:
                    self._break(top)
                self._write(line.expandtabs(8), top)
            return
        self._write(_BLANKS.sub(_blank, text), top)

    def _write(self, text: str, top: _Open) -> None:
        row = self._sink.row
        if not row.text:
            if not text.strip():
                return
            row.text, self._mark = self._mark, ""
            row.indent = top.indent
            row.heading = any(self._names[name] for name in _TITLES)
        row.write(text, top.look.size, bold=top.look.bold, url=top.url)
        self._left -= len(text)

    def _break(self, top: _Open) -> None:
        """Begin a new line; an empty one sets what follows apart."""
        if not self._sink.line() and not top.look.hidden:
            self._sink.apart()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take a start tag."""
        if name == "br":
            self._break(self._stack[-1])
            return
        if name == "hr":
            self._sink.apart()
        if name in _VOID:
            return
        self._imply_ends(name)
        if len(self._stack) > _DEEPEST and name not in RAW:
            self._skipped += 1
            if name in _LINES:
                self._sink.line()
            return
        above = self._stack[-1]
        said = self._sheet.said(name, attributes)
        look = look_of(above.look, name, attributes, said)
        if name in _DROPPED and not look.hidden:
            look = Look(hidden=True)
        self._begin(name, look, said)
        opened = _Open(name, look, self._url(name, attributes) or above.url, above.indent)
        if name in ("ul", "ol", "menu", "dir", "blockquote", "dd"):
            opened.indent += _INDENT
        if name == "ol" and attributes.get("start", "").strip().isdigit():
            opened.count = int(attributes["start"].strip()[:6]) - 1
        if (name in _CELLS and above.name == "tr") or (above.row and above.name != "tr"):
            opened.outer, self._sink = self._sink, _Sink()
        flexible = said.get("display") in ("flex", "inline-flex")
        if name == "tr" or (flexible and "column" not in said.get("flex-direction", "")):
            opened.row = True
            self._sink.line()
        if name == "li" and look.marked and not look.hidden:
            self._mark = self._list_mark()
        self._stack.append(opened)
        self._names[name] += 1

    def _begin(self, name: str, look: Look, said: dict[str, str]) -> None:
        """Begin a line where an element stands on one of its own."""
        if look.hidden:
            return
        if name in _APART:
            self._sink.apart()
        elif "inline" not in said.get("display", "block" if name in _LINES else "inline"):
            self._sink.line()
        elif said.get("float") == "right" and self._sink.row.text:
            self._sink.row.text += "\t"

    def _url(self, name: str, attributes: dict[str, str]) -> str | None:
        if name != "a":
            return None
        url = "".join(attributes.get("href", "").split())
        return url if _WEB.match(url) and len(url) <= _LONGEST_URL else None

    def _list_mark(self) -> str:
        for opened in reversed(self._stack):
            if opened.name == "ol":
                opened.count += 1
                return f"{opened.count}. "
            if opened.name in ("ul", "menu", "dir"):
                break
        return "• "

    def _imply_ends(self, name: str) -> None:
        ends, bounds = _ENDS.get(name, (None, None))
        if ends is not None and bounds is not None:
            self._close_nearest(ends, bounds)
        if name in _LINES:
            self._close_nearest(*_ABOVE_P)
        if name in _CELLS and self._stack[-1].name in ("table", "tbody", "thead", "tfoot"):
            self.start("tr", {})

    def _close_nearest(self, names: frozenset[str], bounds: frozenset[str]) -> None:
        """Close the outermost of the open elements that a start tag ends."""
        if not any(self._names[name] for name in names):
            return
        for index in range(len(self._stack) - 1, 0, -1):
            name = self._stack[index].name
            if name in names:
                self._close_to(index)
                if len(names) == 1:
                    return
            elif name in bounds:
                return

    def end(self, token: End) -> None:
        """Take an end tag; one without its start tag is passed over."""
        name = token.name
        if name == "p" and not self._names["p"]:
            self._sink.line()
        if not self._names[name]:
            self._skipped = max(0, self._skipped - 1)
            return
        if self._skipped:
            self._skipped -= 1
            if name in _LINES:
                self._sink.line()
            return
        inline = name not in _LINES
        for index in range(len(self._stack) - 1, 0, -1):
            if self._stack[index].name == name:
                self._close_to(index)
                return
            if inline and self._stack[index].outer is not None:
                return  # a cell keeps inside what was opened outside

    def _close_to(self, index: int) -> None:
        while len(self._stack) > index:
            self._close()

    def _close(self) -> None:
        closed = self._stack.pop()
        self._names[closed.name] -= 1
        if closed.row:
            self._sink.line()
            table_row(closed.cells, self._sink.blocks)
        if closed.outer is not None:
            self._sink.line()
            blocks = [block for block in self._sink.blocks if block]
            self._sink = closed.outer
            self._stack[-1].cells.append(blocks)
            return
        if closed.look.hidden:
            return
        if closed.name in _APART and closed.name not in _TITLES:
            self._sink.apart()
        elif closed.name in _LINES:
            self._sink.line()
        if closed.name == "li":
            self._mark = ""
