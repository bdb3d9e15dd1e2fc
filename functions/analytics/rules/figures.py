"""What each published number rests on, and so where it is told.

The one rule is :func:`functions.analytics.rules.suppression.few`: of the people that a number is
of, and of those whom it leads to by subtraction within its row, there are none or ten. Views and
CSV get their numbers from :func:`told` alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from functions.analytics.rules.cells import Cell, sum_of
from functions.analytics.rules.dimensions import ViewName
from functions.analytics.rules.facts import Counts
from functions.analytics.rules.funnels import STAGES
from functions.analytics.rules.metrics import METRICS, Metrics
from functions.analytics.rules.suppression import LEAST, few, joined_bins, left_out_parts
from functions.analytics.rules.traits import DECISIONS, SCORES, marks_of

Held = Mapping[str, Collection[str | int]]
"""What is held back by field: keys of an object, bins of a list that no other bin may begin
after; of a plain number anything."""


class Behind(Protocol):
    """Who stands behind the numbers of a row."""

    @property
    def people(self) -> int:
        """How many there are."""

    def of(self, *traits: str) -> int:
        """Of how many it is known that they had a part in one of these."""

    def without(self, *traits: str, of: Sequence[str] = ()) -> int:
        """Of how many it is known that they had a part in none of these, but in one of ``of``."""


@dataclass(frozen=True)
class Crowd:
    """People by what they did. Where there are too many to be known, these are a sample: of ten
    who are known there are ten at least."""

    view: ViewName
    people: int
    known: Mapping[int, int]

    def of(self, *traits: str) -> int:
        wanted = marks_of(self.view, traits)
        return sum(number for marks, number in self.known.items() if marks & wanted)

    def without(self, *traits: str, of: Sequence[str] = ()) -> int:
        if self.view == "profiler" and not of:
            of = ("sessions",)
        unwanted, wanted = marks_of(self.view, traits), marks_of(self.view, of)
        return sum(
            number
            for marks, number in self.known.items()
            if not marks & unwanted and (not of or marks & wanted)
        )


@dataclass(frozen=True)
class Cohort:
    """People of whom each is counted once in whatever they came to."""

    people: int
    counts: Counts

    def of(self, *traits: str) -> int:
        return max((self.counts.get(each, 0) for each in traits), default=0)

    def without(self, *traits: str, of: Sequence[str] = ()) -> int:  # noqa: ARG002  all were profiled
        return self.people - self.of(*traits)


def behind(view: ViewName, cell: Cell) -> Behind:
    """Who stands behind the numbers of a row.

    In ``profiler`` these are the learners of its sessions: others, who decided or went on in this
    time after a session of an earlier one, would be the number of those less the sessions.
    """
    if view == "effectiveness":
        return Cohort(cell.people, cell.counts)
    known = cell.crowd()
    if view != "profiler":
        return Crowd(view, cell.learners, known)
    profiled = marks_of(view, ("sessions",))
    of = sum(number for marks, number in known.items() if marks & profiled)
    everybody = sum(known.values())
    return Crowd(view, round(cell.learners * of / everybody) if everybody else 0, known)


class Figure(Protocol):
    """A published number, or several."""

    def told(self, value: Any, counts: Counts, people: Behind, held: Collection[str | int]) -> Any:
        """The value, or None in place of what would tell of too few."""


@dataclass(frozen=True)
class Sum:
    """Something added up: time, points. It is of those who have any."""

    trait: str

    def told(self, value: Any, counts: Counts, people: Behind, held: Collection[str | int]) -> Any:
        if not counts.get(self.trait, 0):
            return value
        return None if held or people.of(self.trait) < LEAST else value


@dataclass(frozen=True)
class Count:
    """How often something was done, ``each`` times at once. Where that is less often than there
    are people, or than a published count that it is a part of (``wholes``), the difference tells
    of people as well: of those who had a part in ``rest``, or in the whole and not in this."""

    trait: str
    wholes: tuple[str, ...] = ()
    rest: str | None = None
    each: int = 1

    def told(self, value: Any, counts: Counts, people: Behind, held: Collection[str | int]) -> Any:
        number = counts.get(self.trait, 0)
        if not number:
            return value
        if held or not is_told((self.trait,), counts, people, each=self.each):
            return None
        for whole in self.wholes:
            if number < counts.get(whole, 0):
                others = (
                    people.of(self.rest) if self.rest else people.without(self.trait, of=(whole,))
                )
                if others < LEAST:
                    return None
        return value


def is_told(traits: Sequence[str], counts: Counts, people: Behind, *, each: int = 1) -> bool:
    """Whether the number of some things that were done may be told beside that of the people."""
    number = _number(traits, counts)
    if not number:
        return True
    if people.of(*traits) < LEAST:
        return False
    return number >= each * people.people or not few(people.without(*traits))


def _number(traits: Sequence[str], counts: Counts) -> int:
    return sum(counts.get(each, 0) for each in traits)


@dataclass(frozen=True)
class Mean:
    """A mean or a median, or several, of those who have what it is taken of."""

    trait: str

    def told(self, value: Any, counts: Counts, people: Behind, held: Collection[str | int]) -> Any:
        if not counts.get(self.trait, 0) or not (held or people.of(self.trait) < LEAST):
            return value
        return dict.fromkeys(value) if isinstance(value, dict) else None


@dataclass(frozen=True)
class Rate:
    """A share: it leads to its part, to its whole, and to what is left of this. Where the whole
    falls into published parts (``among``), none of these is of few."""

    part: str
    whole: tuple[str, ...]
    rest: str | None = None
    among: tuple[str, ...] = ()

    def told(self, value: Any, counts: Counts, people: Behind, held: Collection[str | int]) -> Any:
        if value is None or held or not self._is_told(counts, people):
            return None
        return value

    def _is_told(self, counts: Counts, people: Behind) -> bool:
        number, whole = counts.get(self.part, 0), _number(self.whole, counts)
        others = people.of(self.rest) if self.rest else people.without(self.part, of=self.whole)
        return (
            is_told(self.whole, counts, people)
            and is_told((self.part,), counts, people)
            and (number == whole or others >= LEAST)
            and all(people.of(each) >= LEAST for each in self.among if counts.get(each, 0))
        )


@dataclass(frozen=True)
class Parts:
    """Numbers by name that add up to a published one."""

    prefix: str

    def told(self, value: Any, counts: Counts, people: Behind, held: Collection[str | int]) -> Any:  # noqa: ARG002
        numbers = {name: number for name, number in value.items() if number}

        def of(names: Collection[str]) -> int:
            return people.of(*(f"{self.prefix}{name}" for name in names))

        left_out = left_out_parts(numbers, of, {str(each) for each in held})
        return {name: None if name in left_out else number for name, number in value.items()}


@dataclass(frozen=True)
class Subsets:
    """Numbers by name, each of which is a part of published ones; they may overlap."""

    prefix: str
    wholes: tuple[str, ...]

    def told(self, value: Any, counts: Counts, people: Behind, held: Collection[str | int]) -> Any:
        return {
            name: Count(f"{self.prefix}{name}", self.wholes).told(
                number, counts, people, [each for each in held if each == name]
            )
            for name, number in value.items()
        }


@dataclass(frozen=True)
class Bins:
    """Numbers by size. One of few is counted with those after it, or before it at the end."""

    prefix: str

    def told(self, value: Any, counts: Counts, people: Behind, held: Collection[str | int]) -> Any:  # noqa: ARG002
        def of(begin: int, end: int) -> int:
            return people.of(*(f"{self.prefix}{bin_}" for bin_ in range(begin, end)))

        return joined_bins(value, of, {int(each) for each in held})


LESSONS = 4
"""Of a container, one in each subject: they are completed at once."""

_JOURNEYS: Mapping[str, Figure] = {
    "journeys_started": Count("started"),
    "journeys_completed": Count("completed", ("started",)),
    "completion_rate": Rate("finished", ("started",)),
    "mean_score": Mean("completed"),
    "answers": Count("answers"),
    "first_try_rate": Rate("first_correct", ("first",), "first_wrong"),
    "lessons_completed": Count("lessons", each=LESSONS),
    "minutes": Sum("ms"),
    "xp": Sum("xp"),
}
_COURSE: Mapping[str, Figure] = {**_JOURNEYS, "skills_mastered": Count("mastered")}

FIGURES: Mapping[ViewName, Mapping[str, Figure]] = {
    "careers": _COURSE,
    "companions": _COURSE,
    "journeys": {
        **_JOURNEYS,
        "containers_completed": Count("containers"),
        "mean_lesson_score": Mean("lessons"),
        "hints": Count("hints"),
    },
    "skills": {
        "answers": Count("answers"),
        "first_try_rate": Rate("first_correct", ("first",), "first_wrong"),
        "solved": Count("solved", ("answers",), "unsolved"),
        "mean_tries": Mean("solved"),
        "mastered": Count("mastered"),
        "hints": Count("hints"),
        "minutes": Sum("ms"),
    },
    "content": {
        "opened": Count("opened"),
        "completed": Count("completed"),
        "mean_score": Mean("scored"),
        "minutes": Sum("ms"),
        "narrations_played": Count("narrations"),
        "ratings": Count("ratings"),
        "mean_rating": Mean("ratings"),
    },
    "achievements": {"reached": Count("reached")},
    "profiler": {
        "sessions": Count("sessions"),
        **dict.fromkeys(
            (
                "mean_minutes",
                "median_minutes",
                "mean_aptitude",
                "mean_exposure",
                "mean_confidence",
                "mean_alignment",
                "mean_module_seconds",
            ),
            Mean("sessions"),
        ),
        **{f"{score}_tenths": Bins(f"{score}_") for score in SCORES},
        "work_styles": Parts("style_"),
        "levels": Parts("level_"),
        "levels_supported": Count("level_supported", ("sessions",), "level_unsupported"),
        "flagged": Count("flagged", ("sessions",), "unflagged"),
        "flags": Subsets("flag_", ("flagged", "sessions")),
        **{decision: Count(decision, ("sessions",)) for decision in DECISIONS},
        "acceptance_rate": Rate("accepted", DECISIONS, among=DECISIONS),
        "override_rate": Rate("overridden", DECISIONS, among=DECISIONS),
        "resets": Count("resets"),
        "syncs": Count("syncs"),
        "foundations_entered": Count("foundations", ("sessions",)),
    },
    "effectiveness": {
        name: figure
        for stage in STAGES
        for name, figure in (
            (stage, Count(stage)),
            (f"{stage}_rate", Rate(stage, ("profiled",))),
            (f"{stage}_median_days", Mean(stage)),
            (f"{stage}_mean_days", Mean(stage)),
        )
    },
    "intake": {},
}
"""Each published number of a view; those of files are of nobody."""

_OF_SESSIONS = (*(f"{score}_tenths" for score in SCORES), "work_styles", "levels")
"""What add up to the sessions, and would tell their number."""


def told(view: ViewName, cell: Cell, held: Held | None = None) -> Metrics:
    """The numbers of a row, with None in place of what would tell of too few, or is held back.

    Of ``profiler`` the learners are among them: those of its sessions.
    """
    figures = FIGURES[view]
    if not figures:
        return METRICS[view](cell.counts)
    people, held = behind(view, cell), held or {}
    numbers = METRICS[view](cell.counts)
    found = {
        name: figures[name].told(value, cell.counts, people, held.get(name, ()))
        for name, value in numbers.items()
    }
    if view == "profiler":
        is_held = few(people.people) or "learners" in held
        found["learners"] = None if is_held else people.people
        if found["sessions"] is None:
            found |= {name: _nothing_of(numbers[name]) for name in _OF_SESSIONS}
    return found


def _nothing_of(value: Any) -> Any:
    return dict.fromkeys(value) if isinstance(value, dict) else [None] * len(value)


def held_back(view: ViewName, rows: Sequence[tuple[Cell, Metrics]]) -> Held:
    """What the total of rows may not tell: it less what the rows tell is of those rows that do
    not, so it is told where these together would tell it. ``rows`` are cells and what is told of
    them."""
    found: dict[str, set[str | int]] = {}
    if not FIGURES[view]:
        return found
    silent: dict[str, dict[str, list[int]]] = {}
    for at, (cell, metrics) in enumerate(rows):
        numbers = {"learners": cell.learners, **METRICS[view](cell.counts)}
        for name, value in metrics.items():
            if isinstance(value, list):
                closed = any(numbers[name])
                ends = {bin_ for bin_, number in enumerate(value[:-1]) if closed and number is None}
                found.setdefault(name, set()).update(ends)
            elif isinstance(value, dict):
                for key, number in value.items():
                    if number is None and numbers[name][key]:
                        silent.setdefault(name, {}).setdefault(key, []).append(at)
            elif value is None and numbers[name] is not None:
                silent.setdefault(name, {}).setdefault("", []).append(at)
    together: dict[tuple[int, ...], Metrics] = {}
    for name, keys in silent.items():
        for key, places in keys.items():
            those = tuple(places)
            if those not in together:
                together[those] = told(view, sum_of(rows[at][0] for at in those))
            value = together[those][name]
            if (value.get(key) if isinstance(value, dict) else value) is None:
                found.setdefault(name, set()).add(key)
    return found
