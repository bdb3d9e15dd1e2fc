"""When something was, as the dates near its lines say."""

from __future__ import annotations

from dataclasses import dataclass

from functions.intake_parse.rules import dates
from functions.intake_parse.rules.lexicon import fold, words
from functions.intake_parse.rules.refining.folded import FoldedText
from shared.models.resume import PartialDate

REACH = 3
"""Lines that dates stand away from their entry at most."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The dates of an entry that the text supports, and the names of those that it does not."""

    start: PartialDate | None = None
    end: PartialDate | None = None
    current: bool = False
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Dated:
    line: int
    offset: int
    period: dates.Period


class Periods:
    """The dates of a text by their lines."""

    def __init__(self, text: FoldedText) -> None:
        self._text = text
        starts = text.source.starts
        self._found = [
            _Dated(number, starts[number - 1], period)
            for number, line in enumerate(text.lines, 1)
            for period in dates.find(fold(line.text[:1_500]))
        ]

    def timing(
        self, first: int, last: int, *, start: str | None, end: str | None, current: bool
    ) -> Timing:
        """Return which dates said of an entry on these lines its text supports.

        Start and end must be those of one period near it: a start is not taken where an end
        stands, nor from a period beyond the next one.
        """
        lasting = current or (end is not None and fold(end).strip(" .") in words("present"))
        wanted_end = None if lasting else end
        best: tuple[int, int, Timing] | None = None
        for each in self._near(first, last):
            timing, matched = self._against(each, start, wanted_end, lasting)
            away = max(first - each.line, each.line - last, 0)
            if best is None or (matched, -away) > best[:2]:
                best = (matched, -away, timing)
        begun = start is not None
        asked = [("start", begun), ("end", wanted_end is not None), ("current", lasting)]
        if best is None or best[0] == 0:
            return Timing(unsupported=tuple(name for name, is_said in asked if is_said))
        timing = best[2]
        missing = tuple(name for name, is_said in asked if is_said and not getattr(timing, name))
        return Timing(timing.start, timing.end, timing.current, missing)

    def part(self, one: int, other: int) -> bool:
        """Say whether a range stands on a line between two."""
        first, last = sorted((one, other))
        return any(each.period.ranged and first < each.line < last for each in self._found)

    def _near(self, first: int, last: int) -> list[_Dated]:
        """The dates on the lines, and the next above and below where no range is on them."""
        on = [each for each in self._found if first <= each.line <= last]
        if any(each.period.ranged for each in on):
            return on
        above = [each for each in self._found if first - REACH <= each.line < first]
        below = [each for each in self._found if last < each.line <= last + REACH]
        next_above = [each for each in above if each.line == above[-1].line]
        next_below = [each for each in below if each.line == below[0].line]
        return [*on, *next_above, *next_below]

    def _against(
        self, dated: _Dated, start: str | None, end: str | None, lasting: bool
    ) -> tuple[Timing, int]:
        """What of the dates said a period supports, and how many that are."""
        period = dated.period
        # a single date may be either
        begin = period.begin if period.ranged else period.begin or period.finish
        begun = self._date(dated, begin) if start and _is(begin, start) else None
        taken = begun is not None and not period.ranged
        finish = None if taken else period.finish
        finished = self._date(dated, finish) if end and _is(finish, end) else None
        lasts = lasting and period.current
        matched = (begun is not None) + (finished is not None) + lasts
        return Timing(begun, finished, lasts), matched

    def _date(self, dated: _Dated, moment: dates.Moment | None) -> PartialDate | None:
        if moment is None:
            return None
        return PartialDate(
            value=moment.value,
            confidence=0.85 if moment.certain else 0.65,
            span=self._text.span(dated.offset + moment.start, dated.offset + moment.end),
        )


def _is(moment: dates.Moment | None, said: str) -> bool:
    """Whether a date says all that was said of it; it may be more precise."""
    if moment is None:
        return False
    value = said.strip()
    return len(value) in {4, 7, 10} and moment.value.startswith(value)
