"""Characters joined into segments: stretches of one line without a wide gap.

A segment never reaches over the gutter between two columns, so it is the
atom of the column reader.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from functions.intake_extract.rules.pages.glyphs import Glyph

# All gaps are in em (multiples of the font size).
_WORD_GAP = 0.17
_SEGMENT_GAP = 1.2
_STRANGER_GAP = 0.6
"""Between neighbours on the line that do not follow each other in the content stream."""
_MARK_GAP = 4.0
"""Between a list mark and its line."""
_MARGIN_GAP = 0.45
_COMMON_EDGE = 3
_MOST_SEGMENTS = 2000
_ASCENT, _DESCENT = 0.78, 0.22

_BULLET = re.compile(r"[•◦▪▫●○■□‣⁃∙·➢➤►▸▶❖✓✔➔→*–—-]|o|\(?\d{1,2}[.)]|[a-z][.)]")

_SCHEME = re.compile(r"\bhttps?:/{1,2}$")
_ONE_SLASH = re.compile(r"\b(https?):/(?!/)")


@dataclass(slots=True, frozen=True)
class Word:
    """A word and its horizontal extent in points."""

    text: str
    x0: float
    x1: float


@dataclass(slots=True, frozen=True, eq=False)
class Segment:
    """A stretch of one line; points from the page's top left corner."""

    words: tuple[Word, ...]
    base: float
    size: float
    bold: bool
    order: int
    """Content-stream index of the first character."""
    tracking: float = 0.0
    """Extra space between letters, in points."""
    text: str = field(init=False)
    """The words parted by one space."""
    x0: float = field(init=False)
    x1: float = field(init=False)
    top: float = field(init=False)
    """Top edge of the line box."""
    bottom: float = field(init=False)
    middle: float = field(init=False)
    """Half way between baseline and cap height."""

    def __post_init__(self) -> None:
        """Measure once what the column reader asks for time and again."""
        for name, value in (
            ("text", " ".join([word.text for word in self.words])),
            ("x0", self.words[0].x0),
            ("x1", self.words[-1].x1),
            ("top", self.base - _ASCENT * self.size),
            ("bottom", self.base + _DESCENT * self.size),
            ("middle", self.base - 0.35 * self.size),
        ):
            object.__setattr__(self, name, value)

    @property
    def begins_with_bullet(self) -> bool:
        """Whether its first word is a list mark."""
        return _BULLET.fullmatch(self.words[0].text) is not None

    @property
    def is_bullet(self) -> bool:
        """Whether it is nothing but a list mark."""
        return len(self.text) <= 4 and _BULLET.fullmatch(self.text) is not None


def same_row(a: Segment, b: Segment) -> bool:
    """Whether two segments stand on one row."""
    smaller = min(a.size, b.size)
    return abs(a.base - b.base) <= 0.3 * smaller or abs(a.middle - b.middle) <= 0.2 * smaller


def beside(label: Segment, line: Segment) -> bool:
    """Whether a label stands level with a line, also when it is set smaller or a little lower."""
    return abs(label.middle - line.middle) <= 0.45 * max(label.size, line.size)


def dominant(values: Sequence[tuple[float, int]]) -> float:
    """Return the value with the greatest weight, rounded to a tenth of a point."""
    weights: dict[float, int] = {}
    for value, weight in values:
        value = round(value, 1)
        weights[value] = weights.get(value, 0) + weight
    return max(weights, key=weights.__getitem__) if weights else 0.0


def _tracking(run: Sequence[Glyph]) -> float:
    """Return the letter spacing in points: the usual gap, when most gaps are that wide."""
    if len(run) < 4:
        return 0.0
    gaps = [b.x0 - a.x1 for a, b in pairwise(run)]
    usual = median(gaps)
    size = run[0].size
    if usual < 0.04 * size or usual > _SEGMENT_GAP * size:
        return 0.0
    tolerance = max(0.06 * size, 0.25 * usual)
    alike = sum(abs(gap - usual) <= tolerance for gap in gaps)
    return float(usual) if alike >= 0.6 * len(gaps) else 0.0


def _follows(run: Sequence[Glyph], glyph: Glyph) -> bool:
    """Whether the pen goes on from a run to the next character without a wide gap."""
    last = run[-1]
    size = max(last.size, glyph.size)
    gap = glyph.x0 - last.x1
    reach = _SEGMENT_GAP * size
    if gap > reach:
        reach += 2.5 * _tracking(run[-12:])
    if abs(glyph.base - last.base) <= 0.25 * min(last.size, glyph.size):
        return -0.5 * size <= gap <= reach
    # A superscript or subscript stands close to its word and is smaller.
    smaller = min(last.size, glyph.size) < 0.85 * size
    return (
        smaller and abs(glyph.base - last.base) <= 0.5 * size and -0.3 * size <= gap <= 0.3 * size
    )


def _runs(glyphs: Sequence[Glyph]) -> list[list[Glyph]]:
    """Cut the content stream where the pen jumps."""
    runs: list[list[Glyph]] = []
    run: list[Glyph] = []
    for glyph in glyphs:
        if run:
            last = run[-1]
            # Most characters stand right behind the last one: no need to look closer.
            touches = glyph.base == last.base and abs(glyph.x0 - last.x1) <= 0.4 * glyph.size
            if touches or _follows(run, glyph):
                run.append(glyph)
                continue
        run = [glyph]
        runs.append(run)
    return runs


def _close(left: list[Glyph], right: list[Glyph]) -> bool:
    """Whether two runs drawn at different times are one stretch of one line."""
    last, first = left[-1], right[0]
    size = max(last.size, first.size)
    gap = first.x0 - last.x1
    if abs(first.base - last.base) > 0.2 * min(last.size, first.size):
        return False
    if gap < -0.5 * size:
        return False
    consecutive = first.order - last.order <= 3
    tracking = min(_tracking(left[-12:]), _tracking(right[:12]))
    if len(left) <= 3 and _mark(left) and not last.text.isalnum():
        return gap <= _MARK_GAP * size
    return gap <= (_SEGMENT_GAP if consecutive else _STRANGER_GAP) * size + 2.5 * tracking


def _mark(run: Sequence[Glyph]) -> bool:
    return _BULLET.fullmatch("".join(glyph.text for glyph in run)) is not None


def _merged(runs: list[list[Glyph]]) -> list[list[Glyph]]:
    """Join runs that touch on a line although the stream drew them apart."""
    rows: list[list[list[Glyph]]] = []
    for run in sorted(runs, key=lambda run: run[0].base):
        base, size = run[0].base, run[0].size
        if rows and abs(rows[-1][-1][0].base - base) <= 0.2 * min(rows[-1][-1][0].size, size):
            rows[-1].append(run)
        else:
            rows.append([run])
    merged: list[list[Glyph]] = []
    for row in rows:
        row.sort(key=lambda run: run[0].x0)
        current = list(row[0])
        for run in row[1:]:
            if _close(current, run):
                current.extend(run)
            else:
                merged.append(current)
                current = list(run)
        merged.append(current)
    return merged


def _typed_apart(words: Sequence[str]) -> bool:
    """Whether a heading was letter-spaced by typing a blank after each letter."""
    single = [word for word in words if len(word) == 1 and word.isalpha()]
    if len(single) < 4 or len(single) < 0.8 * len(words):
        return False
    return all(word.isupper() for word in single) or all(word.islower() for word in single[1:])


def _spelled(run: Sequence[Glyph]) -> tuple[tuple[Word, ...], float]:
    """Return the words of a run, and the letter spacing in points."""
    tracking = _tracking(run)
    threshold = tracking + max(_WORD_GAP * run[0].size, 0.35 * tracking)
    words: list[Word] = []
    first = last = run[0]
    letters = [first.text]
    for glyph in run[1:]:
        gap = glyph.x0 - last.x1
        # A letter that hangs out to the right hides part of the gap behind it.
        hidden = glyph.guessed and tracking == 0 and gap > 0.02 * glyph.size
        if glyph.spaced or gap > threshold or hidden:
            words.append(Word("".join(letters), first.x0, last.x1))
            first, letters = glyph, [glyph.text]
        else:
            letters.append(glyph.text)
        last = glyph
    words.append(Word("".join(letters), first.x0, last.x1))
    if any(":" in word.text for word in words):
        words = _with_slashes(words)
    if not _typed_apart([word.text for word in words]):
        return tuple(words), tracking
    gaps = [b.x0 - a.x1 for a, b in pairwise(words)]
    usual = median(gaps)
    whole = [words[0]]
    for word, gap in zip(words[1:], gaps, strict=True):
        if gap > 1.6 * usual:
            whole.append(word)
        else:
            whole[-1] = Word(whole[-1].text + word.text, whole[-1].x0, word.x1)
    return tuple(whole), max(tracking, usual)


def _with_slashes(words: list[Word]) -> list[Word]:
    """Restore ``://`` where PDFium took two slashes kerned together for one drawn twice."""
    whole: list[Word] = []
    for word in words:
        if whole and _SCHEME.search(whole[-1].text):
            last = whole.pop()
            word = Word(last.text + word.text, last.x0, word.x1)
        whole.append(word)
    return [
        Word(_ONE_SLASH.sub(r"\1://", word.text), word.x0, word.x1) if ":/" in word.text else word
        for word in whole
    ]


def _at_margins(segments: Sequence[Segment]) -> list[Segment]:
    """Cut a segment where a wider gap ends at an edge at which other lines begin.

    The gap between a date in the margin and its entry can be narrower than the
    gaps of a justified line; the common left edge gives it away.
    """
    edges: Counter[int] = Counter()
    for segment in segments:
        edges.update({round(segment.x0) - 1, round(segment.x0), round(segment.x0) + 1})
    cut = []
    for segment in segments:
        gaps = [b.x0 - a.x1 for a, b in pairwise(segment.words)]
        if not gaps:
            cut.append(segment)
            continue
        usual = sorted(gaps)[(len(gaps) - 1) // 2] if len(gaps) > 1 else 0.0
        start = 0
        for index, gap in enumerate(gaps, start=1):
            if (
                gap > max(_MARGIN_GAP * segment.size, 1.5 * usual)
                and edges[round(segment.words[index].x0)] >= _COMMON_EDGE
                and not _BULLET.fullmatch(segment.words[index - 1].text)
            ):
                cut.append(replace(segment, words=segment.words[start:index]))
                start = index
        cut.append(replace(segment, words=segment.words[start:]))
    return cut


def _with_marks(segments: Sequence[Segment]) -> list[Segment]:
    """Join a list mark drawn on a baseline of its own with the line it marks."""
    if len(segments) > _MOST_SEGMENTS:
        return list(segments)
    marked: dict[int, Segment] = {}
    used: set[int] = set()
    for index, mark in enumerate(segments):
        if not mark.is_bullet:
            continue
        near = [
            (segment.x0 - mark.x1, other)
            for other, segment in enumerate(segments)
            if other != index
            and not segment.is_bullet
            and other not in marked
            and 0 <= segment.x0 - mark.x1 <= _MARK_GAP * segment.size
            and abs(segment.middle - mark.middle) <= 0.5 * segment.size
        ]
        if near:
            _, other = min(near)
            line = segments[other]
            marked[other] = replace(
                line, words=(*mark.words, *line.words), order=min(mark.order, line.order)
            )
            used.add(index)
    return [
        marked.get(index, segment) for index, segment in enumerate(segments) if index not in used
    ]


def read_segments(glyphs: Sequence[Glyph]) -> list[Segment]:
    """Join characters into segments, in content-stream order.

    ``glyphs`` are upright characters in content-stream order. Letter-spaced
    words come out joined, ligatures spelled out, hyphens at line ends as drawn.
    """
    segments = []
    for run in _merged(_runs(glyphs)):
        words, tracking = _spelled(run)
        size = dominant(list(Counter([glyph.size for glyph in run]).items()))
        # The baseline of the dominant size, so that superscripts do not tilt the line.
        base = next((glyph.base for glyph in run if abs(glyph.size - size) < 0.2), run[0].base)
        segments.append(
            Segment(
                words=words,
                base=base,
                size=size,
                bold=2 * sum(glyph.bold for glyph in run) > len(run),
                order=min(glyph.order for glyph in run),
                tracking=tracking,
            )
        )
    return settled(segments)


def settled(segments: Sequence[Segment]) -> list[Segment]:
    """Cut segments at common edges, join list marks with their lines; in order of the stream."""
    return sorted(
        _with_marks(_at_margins(segments)),
        key=lambda segment: (segment.order, segment.base, segment.x0),
    )


def from_words(words: Sequence[Word], *, base: float, size: float, order: int) -> list[Segment]:
    """Return the segments of one row of words, which is cut at its wide gaps.

    ``words`` is not empty; ``order`` is the place of the first segment in the page.
    """
    stretches = [[words[0]]]
    for last, word in pairwise(words):
        if word.x0 - last.x1 > _SEGMENT_GAP * size:
            stretches.append([])
        stretches[-1].append(word)
    return [
        Segment(words=tuple(stretch), base=base, size=size, bold=False, order=order + index)
        for index, stretch in enumerate(stretches)
    ]
