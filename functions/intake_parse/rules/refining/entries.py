"""Where the parts of one entry stand together in a text, and when it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from functions.intake_parse.rules.refining.folded import FoldedText, Place
from functions.intake_parse.rules.refining.periods import Periods, Timing

APART = 4
"""Lines that the parts of one entry stand apart at most."""
LED = 40
"""Lines that a role stands at most below the employer at the head of several."""
_MOST_CHOICES = 24

_Choice = tuple[Place | None, Place | None]


@dataclass(frozen=True, slots=True)
class When:
    """The dates that are said of an entry."""

    start: str | None
    end: str | None
    current: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an entry's two names stand, one of them at least, and the dates beside them."""

    one: Place | None
    other: Place | None
    timing: Timing

    def is_near(self, place: Place) -> bool:
        """Say whether a place can be of the entry, by the lines between."""
        beside = [each for each in (self.one, self.other) if each is not None]
        return any(abs(place.line - each.line) <= APART for each in beside)


class Entries:
    """Finds entries by two names that were claimed together: title and company, school and
    degree."""

    def __init__(self, text: FoldedText) -> None:
        self._periods = Periods(text)
        self._heads: list[tuple[Place, Place]] = []

    def find(
        self,
        ones: Sequence[Place],
        others: Sequence[Place],
        when: When,
        *,
        rivals: Sequence[int] | None = None,
    ) -> Standing | None:
        """Return where an entry stands: of the places of its names those that stand together,
        and of these those beside which the dates are as they are said.

        ``ones`` and ``others`` are places of its names, the likeliest first. Where none of them
        stand together the second name is left out. With ``rivals``, the lines of other second
        names, the second may also head several entries. None where there is no place at all.
        """
        together = [
            (i + j, abs(a.line - b.line), a, b)
            for i, a in enumerate(ones)
            for j, b in enumerate(others)
            # one place is not two parts of an entry
            if not (a.start < b.end and b.start < a.end) and self._is_one(a.line, b.line)
        ]
        together.sort(key=lambda each: each[:2])
        choices: list[_Choice] = [(a, b) for _, _, a, b in together[:_MOST_CHOICES]]
        if rivals is not None:
            choices += self._led(ones, others, rivals)
        if not choices:
            choices = [(a, None) for a in ones] or [(None, b) for b in others]
        standings = [self._standing(*each, when) for each in choices[: 2 * _MOST_CHOICES]]
        if not standings:
            return None
        best = min(standings, key=lambda each: len(each.timing.unsupported))
        if best.one is not None and best.other is not None:
            self._heads.append((best.one, best.other))
        return best

    def _standing(self, one: Place | None, other: Place | None, when: When) -> Standing:
        lines = [each.line for each in (one, other) if each is not None]
        if one is not None and abs(lines[-1] - one.line) > APART:
            lines = [one.line]  # the head of several has no part in the dates of one
        first, last = min(lines), max(lines)
        timing = self._periods.timing(
            first, last, start=when.start, end=when.end, current=when.current
        )
        return Standing(one, other, timing)

    def _is_one(self, one: int, other: int) -> bool:
        """Whether lines can be of one entry: near, and not parted by the dates of another."""
        apart = abs(one - other)
        return apart <= 2 or (apart <= APART and not self._periods.part(one, other))

    def _led(
        self, ones: Sequence[Place], others: Sequence[Place], rivals: Sequence[int]
    ) -> list[_Choice]:
        """Further entries under a name that heads one already: below that one, and with no rival
        between, or right beneath."""
        starts = {each.start for each in others}
        taken = {one.start for one, _ in self._heads}
        found: list[_Choice] = []
        for before, head in self._heads:
            if head.start not in starts:
                continue
            for one in ones:
                below = before.line < one.line <= head.line + LED
                parted = any(head.line < line <= one.line + 2 for line in rivals)
                if below and not parted and one.start not in taken:
                    found.append((one, head))
        return found
