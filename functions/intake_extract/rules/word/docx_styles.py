"""Styles and numbering of a Word document, as far as text needs them.

Names of elements and attributes follow ECMA-376 part 1 (WordprocessingML).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# The ISO 29500 "strict" flavour has namespaces of its own.
STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_DEFAULT_SIZE = 10.0
_DEEPEST_STYLE = 12


@dataclass(frozen=True, slots=True)
class Face:
    """How a run looks; None where nothing is said."""

    size: float | None = None
    """Points."""
    bold: bool | None = None
    hidden: bool | None = None

    def under(self, other: Face) -> Face:
        """Return this face with what ``other`` says laid over it."""
        return Face(
            self.size if other.size is None else other.size,
            self.bold if other.bold is None else other.bold,
            self.hidden if other.hidden is None else other.hidden,
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """What a paragraph style says; None where nothing is said."""

    face: Face = field(default_factory=Face)
    outline: int | None = None
    """Outline level from 0; 9 is body text."""
    number: tuple[str, int] | None = None
    """Numbering id and level."""
    indent: float | None = None
    """Left indent in points."""


def attribute(element: Element | None, name: str = "val") -> str | None:
    """Return an attribute of the WordprocessingML namespace."""
    return None if element is None else element.get(W + name)


def number(text: str | None) -> float | None:
    """Return a decimal attribute as a number, None when it is none."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _toggle(element: Element | None) -> bool | None:
    if element is None:
        return None
    return attribute(element) not in ("0", "false", "off", "none")


def face_of(properties: Element | None) -> Face:
    """Read run properties (``w:rPr``)."""
    if properties is None:
        return Face()
    half_points = number(attribute(properties.find(W + "sz")))
    size = half_points / 2 if half_points is not None and 0 < half_points < 2000 else None
    return Face(size, _toggle(properties.find(W + "b")), _toggle(properties.find(W + "vanish")))


def shape_of(properties: Element | None, face: Face | None = None) -> Shape:
    """Read paragraph properties (``w:pPr``)."""
    if properties is None:
        return Shape(face or Face())
    outline = number(attribute(properties.find(W + "outlineLvl")))
    numbering = properties.find(W + "numPr")
    numbered = None
    if numbering is not None:
        identity = attribute(numbering.find(W + "numId"))
        level = number(attribute(numbering.find(W + "ilvl"))) or 0.0
        if identity is not None:
            numbered = (identity, int(level))
    return Shape(
        face or Face(),
        None if outline is None else int(outline),
        numbered,
        indent_of(properties),
    )


def indent_of(properties: Element | None) -> float | None:
    """Return the left indent of paragraph properties in points."""
    indent = None if properties is None else properties.find(W + "ind")
    if indent is None:
        return None
    twips = number(attribute(indent, "left") or attribute(indent, "start"))
    return None if twips is None else twips / 20


class Styles:
    """The styles of a document with what they inherit."""

    def __init__(self, root: Element | None) -> None:
        self._paragraph: dict[str, Shape] = {}
        self._parents: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._default = ""
        self.base = Face(size=_DEFAULT_SIZE)
        if root is None:
            return
        defaults = root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr")
        self.base = self.base.under(face_of(defaults))
        for style in root.iter(W + "style"):
            self._add(style)

    def _add(self, style: Element) -> None:
        identity = style.get(W + "styleId")
        if identity is None:
            return
        self._names[identity] = (attribute(style.find(W + "name")) or "").lower()
        self._paragraph[identity] = shape_of(style.find(W + "pPr"), face_of(style.find(W + "rPr")))
        parent = attribute(style.find(W + "basedOn"))
        if parent is not None:
            self._parents[identity] = parent
        if style.get(W + "type") == "paragraph" and style.get(W + "default") in ("1", "true"):
            self._default = identity

    def _line(self, identity: str | None) -> Iterator[str]:
        """Yield a style and what it is based on, nearest first."""
        for _ in range(_DEEPEST_STYLE):
            if not identity or identity not in self._paragraph:
                return
            yield identity
            identity = self._parents.get(identity)

    def face(self, identity: str | None) -> Face:
        """Return what a style and its ancestors say about runs."""
        face = Face()
        for ancestor in reversed(list(self._line(identity))):
            face = face.under(self._paragraph[ancestor].face)
        return face

    def shape(self, identity: str | None) -> Shape:
        """Return what a paragraph style (the default one when None) and its ancestors say."""
        line = list(self._line(identity or self._default))
        shapes = [self._paragraph[ancestor] for ancestor in line]
        outline = next((shape.outline for shape in shapes if shape.outline is not None), None)
        if outline is None and any(self._names[name].startswith("heading ") for name in line):
            outline = 0
        return Shape(
            self.base.under(self.face(identity or self._default)),
            outline,
            next((shape.number for shape in shapes if shape.number is not None), None),
            next((shape.indent for shape in shapes if shape.indent is not None), None),
        )


class Numbering:
    """List marks: ``•`` for bullets, counted numbers for numbered lists."""

    def __init__(self, root: Element | None) -> None:
        self._levels: dict[tuple[str, int], tuple[str, float | None]] = {}
        self._counts: dict[tuple[str, int], int] = {}
        if root is None:
            return
        abstract = {
            kind.get(W + "abstractNumId"): list(kind.iter(W + "lvl"))
            for kind in root.iter(W + "abstractNum")
        }
        for listing in root.iter(W + "num"):
            identity = listing.get(W + "numId")
            kind = attribute(listing.find(W + "abstractNumId"))
            for level in [*abstract.get(kind, []), *listing.iter(W + "lvl")]:
                depth = number(level.get(W + "ilvl"))
                if identity is not None and depth is not None:
                    style = attribute(level.find(W + "numFmt")) or "decimal"
                    indent = indent_of(level.find(W + "pPr"))
                    self._levels[(identity, int(depth))] = (style, indent)

    def mark(self, identity: str, level: int) -> str:
        """Return the list mark of the next paragraph of a list with a blank behind, or ''."""
        found = self._levels.get((identity, level))
        if found is None or found[0] == "none":
            return ""
        if found[0] == "bullet":
            return "• "
        for deeper in [key for key in self._counts if key[0] == identity and key[1] > level]:
            del self._counts[deeper]
        count = self._counts[(identity, level)] = self._counts.get((identity, level), 0) + 1
        return f"{count}. "

    def indent(self, identity: str, level: int) -> float | None:
        """Return the left indent of a list level in points."""
        return self._levels.get((identity, level), ("", None))[1]
