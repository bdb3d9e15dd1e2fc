"""Styles and lists of an OpenDocument text, as far as text needs them (OpenDocument 1.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from functions.intake_extract.rules.word.docx_styles import Face

_OASIS = "{urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, STYLE, TEXT, TABLE, DRAW = (
    f"{_OASIS}{name}:1.0}}" for name in ("office", "style", "text", "table", "drawing")
)
FO = f"{_OASIS}xsl-fo-compatible:1.0}}"
XLINK = "{http://www.w3.org/1999/xlink}"
_DEEPEST_STYLE = 12
_USUAL_SIZE = 12.0
_UNITS = {"pt": 1.0, "in": 72.0, "cm": 72 / 2.54, "mm": 72 / 25.4, "pc": 12.0, "px": 0.75}
_DEEPEST_LEVEL = 10


def points(length: str | None) -> float | None:
    """Return a length as points, None when it is none."""
    if not length:
        return None
    text = length.strip()
    factor = _UNITS.get(text[-2:].lower())
    try:
        value = float(text[:-2]) if factor is not None else None
    except ValueError:
        return None
    if value is None or factor is None or not -10_000 < value < 10_000:
        return None
    return value * factor


@dataclass(frozen=True, slots=True)
class _Said:
    """What one style says; None where nothing."""

    face: Face
    scale: float | None
    """Of the size of the style it is based on."""
    indent: float | None
    outline: int | None
    listed: str | None
    """The list style that it brings along."""
    hidden: bool


class Styles:
    """The styles of a document with what they inherit."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], _Said] = {}
        self._parents: dict[tuple[str, str], str] = {}
        self._base: dict[str, Face] = {}
        self._lists: dict[str, dict[int, Element]] = {}

    def add(self, root: Element) -> None:
        """Read the styles of ``content.xml`` or ``styles.xml``."""
        for kind in ("styles", "automatic-styles"):
            for group in root.iter(OFFICE + kind):
                for style in group:
                    self._add(style)

    def _add(self, style: Element) -> None:
        family, name = style.get(STYLE + "family", ""), style.get(STYLE + "name", "")
        if style.tag == STYLE + "default-style":
            self._base[family] = _said(style).face
        elif style.tag == STYLE + "style":
            self._said[(family, name)] = _said(style)
            self._parents[(family, name)] = style.get(STYLE + "parent-style-name", "")
        elif style.tag == TEXT + "list-style":
            levels: dict[int, Element] = {}
            for level in style:
                number = level.get(TEXT + "level", "")
                if number.isdigit() and len(number) < 3:
                    levels[int(number)] = level
            self._lists[name] = levels

    def _line(self, family: str, name: str | None) -> Iterator[_Said]:
        """Yield a style and what it is based on, nearest first."""
        for _ in range(_DEEPEST_STYLE):
            said = self._said.get((family, name or ""))
            if said is None:
                return
            yield said
            name = self._parents.get((family, name or ""))

    def face(self, family: str, name: str | None, around: Face | None = None) -> Face:
        """Return the look that a style gives, laid over the look around it."""
        face = around or Face(size=_USUAL_SIZE).under(self._base.get(family, Face()))
        for said in reversed(list(self._line(family, name))):
            if said.scale is not None:
                face = face.under(Face(size=min((face.size or _USUAL_SIZE) * said.scale, 400.0)))
            face = face.under(said.face)
        return face

    def indent(self, name: str | None) -> float | None:
        """Return the left indent of a paragraph style in points."""
        line = self._line("paragraph", name)
        return next((said.indent for said in line if said.indent is not None), None)

    def heading(self, name: str | None) -> bool:
        """Whether a paragraph style is that of headings."""
        line = self._line("paragraph", name)
        return next((said.outline > 0 for said in line if said.outline is not None), False)

    def hidden(self, family: str, name: str | None) -> bool:
        """Whether a style hides what bears it."""
        return any(said.hidden for said in self._line(family, name))

    def list_of(self, name: str | None) -> str | None:
        """Return the list style that a paragraph style brings along."""
        line = self._line("paragraph", name)
        return next((said.listed for said in line if said.listed), None)

    def mark(self, name: str | None, level: int, count: int) -> str:
        """Return the list mark of an item with a blank behind it, or ''."""
        found = self._lists.get(name or "", {}).get(min(level, _DEEPEST_LEVEL))
        if found is None:
            return "• "
        if found.tag == TEXT + "list-level-style-number":
            numbered = found.get(STYLE + "num-format", "")
            return f"{count}. " if numbered else ""
        return "• "

    def list_indent(self, name: str | None, level: int) -> float | None:
        """Return the left indent of a level of a list in points."""
        found = self._lists.get(name or "", {}).get(min(level, _DEEPEST_LEVEL))
        if found is None:
            return None
        aligned = found.find(f".//{STYLE}list-level-label-alignment")
        if aligned is not None:
            return points(aligned.get(FO + "margin-left"))
        properties = found.find(STYLE + "list-level-properties")
        return None if properties is None else points(properties.get(TEXT + "space-before"))


def _said(style: Element) -> _Said:
    face, scale, indent, hidden = Face(), None, None, False
    properties = style.find(STYLE + "text-properties")
    if properties is not None:
        size = properties.get(FO + "font-size", "")
        if size.endswith("%"):
            scale = _percent(size)
        weight = properties.get(FO + "font-weight")
        display = properties.get(TEXT + "display")
        length = points(size)
        face = Face(
            size=round(length, 1) if length is not None and 0 < length < 1_000 else None,
            bold=None if weight is None else _heavy(weight),
            hidden=None if display is None else display == "none",
        )
    paragraph = style.find(STYLE + "paragraph-properties")
    if paragraph is not None:
        indent = points(paragraph.get(FO + "margin-left"))
    section = style.find(STYLE + "section-properties")
    if section is not None:
        hidden = section.get(TEXT + "display") == "none"
    level = style.get(STYLE + "default-outline-level")
    outline = None if level is None else (int(level) if level.isdigit() and len(level) < 3 else 0)
    return _Said(face, scale, indent, outline, style.get(STYLE + "list-style-name"), hidden)


def _heavy(weight: str) -> bool:
    return weight == "bold" or (weight.isdigit() and len(weight) < 5 and int(weight) >= 600)


def _percent(text: str) -> float | None:
    try:
        return min(max(float(text[:-1]) / 100, 0.05), 20.0)
    except ValueError:
        return None
