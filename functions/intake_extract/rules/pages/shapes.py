"""List marks that are drawn as shapes and not written: discs and squares before a line."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # ships no type information

from functions.intake_extract.rules.pages.glyphs import ADDRESS, INT, Frame, prototype
from functions.intake_extract.rules.pages.segments import Segment, Word

_count_objects = prototype(pdfium.FPDFPage_CountObjects, INT, ADDRESS)
_object_at = prototype(pdfium.FPDFPage_GetObject, ADDRESS, ADDRESS, INT)
_type_of = prototype(pdfium.FPDFPageObj_GetType, INT, ADDRESS)
_bounds_of = prototype(pdfium.FPDFPageObj_GetBounds, INT, ADDRESS, *[ADDRESS] * 4)

_MARK = "•"
_MOST_OBJECTS = 10_000
_MOST_SHAPES = 300
"""Beyond this the shapes are a drawing."""
_LARGEST = 12.0
_FEWEST = 2
_SQUARE = 1.4
# In em of the line that is marked.
_SMALLEST_MARK, _LARGEST_MARK = 0.12, 0.55
_MARK_GAP = 2.5
_ALONE = 1.5
_LEVEL = 0.35


@dataclass(slots=True, frozen=True)
class Shape:
    """A small square or round shape; points from the page's top left corner."""

    x0: float
    x1: float
    middle: float

    @property
    def width(self) -> float:
        """Extent from left to right."""
        return self.x1 - self.x0


def read_shapes(page: Any, frame: Frame) -> list[Shape]:
    """Return the small shapes of a ``pypdfium2.PdfPage`` that are as wide as they are high."""
    raw = ctypes.cast(page.raw, ctypes.c_void_p).value or 0
    edges = [ctypes.c_float() for _ in range(4)]
    places = [ctypes.addressof(edge) for edge in edges]
    shapes: list[Shape] = []
    for index in range(min(_count_objects(raw), _MOST_OBJECTS)):
        drawn = _object_at(raw, index)
        if not drawn or _type_of(drawn) != pdfium.FPDF_PAGEOBJ_PATH:
            continue
        if not _bounds_of(drawn, *places):
            continue
        left, bottom, right, top = [edge.value for edge in edges]
        width, height = right - left, top - bottom
        if not (0 < width <= _LARGEST and width <= _SQUARE * height <= _SQUARE * _SQUARE * width):
            continue
        (ax, ay), (bx, by) = frame.place(left, bottom), frame.place(right, top)
        shapes.append(Shape(min(ax, bx), max(ax, bx), (ay + by) / 2))
        if len(shapes) > _MOST_SHAPES:
            return []
    return shapes


def with_shapes(segments: Sequence[Segment], shapes: Sequence[Shape]) -> list[Segment]:
    """Write a list mark before each line that has one drawn before it.

    A mark is small, stands level with its line and alone on its row: the dots
    of a scale stand in a row, an icon is as high as the line, and what marks a
    bold line belongs to a timeline. At least two marks share their left edge.
    """
    found = [
        (shape, line)
        for shape in shapes
        if not any(_beside(shape, other) for other in shapes)
        and (line := _marked(shape, segments)) is not None
    ]
    marks = {
        id(line): shape
        for shape, line in found
        if sum(abs(shape.x0 - other.x0) <= 1 for other, _ in found) >= _FEWEST
    }
    return [
        _with_mark(segment, marks[id(segment)]) if id(segment) in marks else segment
        for segment in segments
    ]


def _beside(shape: Shape, other: Shape) -> bool:
    """Whether another shape stands close by on the same row."""
    return (
        other is not shape
        and abs(shape.middle - other.middle) <= 0.5 * shape.width
        and max(shape.x0 - other.x1, other.x0 - shape.x1) <= 3 * shape.width
    )


def _marked(shape: Shape, segments: Sequence[Segment]) -> Segment | None:
    """Return the line that begins behind a shape, unless another ends before it."""
    level = [
        segment
        for segment in segments
        if abs(segment.middle - shape.middle) <= _LEVEL * segment.size
        and segment.x1 > shape.x0 - _ALONE * segment.size
        and segment.x0 < shape.x1 + _MARK_GAP * segment.size
    ]
    if len(level) != 1:
        return None
    line = level[0]
    small = _SMALLEST_MARK * line.size <= shape.width <= _LARGEST_MARK * line.size
    if not small or line.bold or line.x0 < shape.x1 - 0.5 or line.begins_with_bullet:
        return None
    return line


def _with_mark(line: Segment, shape: Shape) -> Segment:
    return replace(line, words=(Word(_MARK, shape.x0, shape.x1), *line.words))
