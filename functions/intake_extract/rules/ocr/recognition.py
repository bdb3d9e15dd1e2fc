"""Words that a recogniser saw in an image, as segments for the column reader.

The recogniser answers in hOCR 1.2: boxes in pixels from the top left corner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from html import unescape
from statistics import median
from typing import Any

from functions.intake_extract.rules.characters import readable
from functions.intake_extract.rules.ocr.recogniser import DPI, Recogniser, Unfinished
from functions.intake_extract.rules.pages.flow import Page
from functions.intake_extract.rules.pages.segments import Segment, Word, from_words, settled

_POINTS = 72.0
_LINE = re.compile(
    r"<span class='ocr_(?:line|header|caption|textfloat)'[^>]{0,200}?title=\"bbox (-?\d+) (-?\d+) "
    r"(-?\d+) (-?\d+); baseline (-?[\d.e-]+) (-?[\d.]+); x_size ([\d.]+)"
)
_WORD = re.compile(
    r"<span class='ocrx_word'[^>]{0,200}?title='bbox (\d+) (\d+) (\d+) (\d+); x_wconf (\d+)'"
    r"[^>]{0,100}>(.{0,2000}?)</span>",
    re.DOTALL,
)
_TAGS = re.compile(r"<[^>]{0,200}>")
_POOR, _POOR_NOISE = 10, 45
"""Words below the first confidence are dropped; below the second, what has no letter or digit."""
_DOUBTFUL = 80.0
"""Mean confidence; a page upright has 90 and more, one upside down 60."""
_FEW_WORDS = 10
_WITHIN_ADDRESS = 1.0
_DOMAIN = re.compile(r"@[\w-]+\.\w")
_MARKS = set("*+«»°¢©®§•·")
"""What discs and squares before lines are taken for."""
_NARROW_MARKS = {"e", "o"}
_NARROW = 0.42
_FEWEST_MARKS = 2
_SAME_SIZE = 0.13
_SKEWED = 0.003
_MOST_SKEWED = 0.2


@dataclass(slots=True, frozen=True)
class _Row:
    """One line that was recognised; pixels."""

    words: tuple[Word, ...]
    base: float
    slope: float
    size: float
    confidence: float
    """Sum over its words."""


def recognised(image: Any, number: int, recogniser: Recogniser, dpi: float = DPI) -> Page:
    """Return the text of one page as drawn in an image (``PIL.Image``, grey).

    ``dpi`` is its resolution in dots per inch. Where little can be read, it is
    read again as it stands upright. Raises what the recogniser raises.
    """
    rows = list(_rows(recogniser.read(_grey_map(image))))
    if _doubtful(rows):
        with suppress(Unfinished):  # then what was read first has to do
            upright = _turned(image, recogniser)
            again = list(_rows(recogniser.read(_grey_map(upright)))) if upright else []
            if _certainty(again) > _certainty(rows):
                image, rows = upright, again
    return Page(
        number=number,
        height=image.height * _POINTS / dpi,
        segments=_segments(rows, _POINTS / dpi),
        turned=[],
    )


def _turned(image: Any, recogniser: Recogniser) -> Any:
    turn = recogniser.turned(_grey_map(image))
    return image.rotate(-turn, expand=True, fillcolor=255) if turn else None


def _grey_map(image: Any) -> bytes:
    return b"P5 %d %d 255\n" % image.size + bytes(image.tobytes())


def _certainty(rows: Sequence[_Row]) -> float:
    return sum(row.confidence for row in rows)


def _doubtful(rows: Sequence[_Row]) -> bool:
    words = sum(len(row.words) for row in rows)
    return words < _FEW_WORDS or _certainty(rows) < _DOUBTFUL * words


def _rows(hocr: str) -> Iterator[_Row]:
    """Yield the lines of an answer; what the recogniser itself doubts is left out."""
    heads = list(_LINE.finditer(hocr))
    for index, head in enumerate(heads):
        end = heads[index + 1].start() if index + 1 < len(heads) else len(hocr)
        words, certain = [], 0.0
        for found in _WORD.finditer(hocr, head.end(), end):
            left, _, right, _, confidence, inner = found.groups()
            text = _clean(inner)
            if text and _kept(text, int(confidence)):
                words.append(Word(text, float(left), float(max(int(right), int(left) + 1))))
                certain += int(confidence)
        try:
            slope, offset, size = float(head[5]), float(head[6]), float(head[7])
        except ValueError:
            slope, offset, size = 0.0, 0.0, float(int(head[4]) - int(head[2]))
        if words and abs(slope) < _MOST_SKEWED and size > 0:
            words = _with_addresses(sorted(words, key=lambda word: word.x0), size)
            base = float(head[4]) + offset + slope * (words[0].x0 - float(head[1]))
            yield _Row(tuple(words), base, slope, size, certain)


def _with_addresses(words: list[Word], size: float) -> list[Word]:
    """Join an e-mail address that was taken for two words."""
    whole: list[Word] = []
    for word in words:
        last = whole[-1] if whole else None
        if (
            last is not None
            and (_DOMAIN.match(word.text) or last.text.endswith("@"))
            and last.text[-1].isalnum() != last.text.endswith("@")
            and word.x0 - last.x1 <= _WITHIN_ADDRESS * size
        ):
            whole[-1] = Word(last.text + word.text, last.x0, word.x1)
        else:
            whole.append(word)
    return whole


def _clean(inner: str) -> str:
    text = unescape(_TAGS.sub("", inner))
    return "".join(readable(ord(char)) for char in text).replace(" ", "")


def _kept(text: str, confidence: int) -> bool:
    return confidence >= (_POOR if any(char.isalnum() for char in text) else _POOR_NOISE)


def _segments(rows: Sequence[_Row], scale: float) -> list[Segment]:
    """Return rows as segments in points, the page set straight."""
    if not rows:
        return []
    slope = median([row.slope for row in rows for _ in row.words])
    lean = slope if abs(slope) >= _SKEWED else 0.0
    segments: list[Segment] = []
    for row in rows:
        base = (row.base - lean * row.words[0].x0) * scale
        words = [Word(word.text, word.x0 * scale, word.x1 * scale) for word in row.words]
        size = min(max(row.size * scale, 4.0), 120.0)
        segments.extend(from_words(words, base=base, size=size, order=len(segments)))
    return settled(_with_bullets(_alike(segments)))


def _with_bullets(segments: Sequence[Segment]) -> list[Segment]:
    """Write list marks as such, which the recogniser takes for other signs.

    A letter is one where it is narrower than it would be, on several lines at one edge.
    """
    edges = [
        segment.x0
        for segment in segments
        if segment.words[0].text in _NARROW_MARKS and _narrow(segment)
    ]
    marked = []
    for segment in segments:
        first, *rest = segment.words
        letter = (
            first.text in _NARROW_MARKS
            and _narrow(segment)
            and sum(abs(edge - segment.x0) <= 2 for edge in edges) >= _FEWEST_MARKS
        )
        if rest and (first.text in _MARKS or letter):
            segment = replace(segment, words=(Word("•", first.x0, first.x1), *rest))
        marked.append(segment)
    return marked


def _narrow(segment: Segment) -> bool:
    first = segment.words[0]
    return first.x1 - first.x0 <= _NARROW * segment.size


def _alike(segments: Sequence[Segment]) -> list[Segment]:
    """Give segments of about one size exactly one: the recogniser measures by the letters."""
    weights: dict[float, int] = {}
    for segment in segments:
        size = round(segment.size * 2) / 2
        weights[size] = weights.get(size, 0) + len(segment.text)
    chosen: list[float] = []
    for size in sorted(weights, key=lambda size: -weights[size]):
        if not any(abs(size - other) <= _SAME_SIZE * other for other in chosen):
            chosen.append(size)
    return [
        replace(segment, size=min(chosen, key=lambda size: abs(size - segment.size)))
        for segment in segments
    ]
