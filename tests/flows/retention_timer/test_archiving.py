"""What was done in old journeys goes to the archive, and is read from there as before."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from functions.journey_summary.service import gathering
from functions.journey_tracking.service import journeys
from functions.retention_timer.service import archiving
from shared.documents.port import Equals, Replace
from shared.errors import Conflict, Invalid, Missing, Unavailable
from shared.journey_records import (
    BLOBS,
    all_attempts,
    attempts_page,
    bring_back,
    lessons_of,
)
from shared.models.journey import CONTAINER, Attempt, Journey, Lesson
from shared.models.learning import SUBJECTS
from tests.flows.journey_summary.parents import Reporting, person
from tests.flows.journeying import Journeyer, offer, uuid_of
from tests.flows.stores import House
from tests.flows.stores import house as house

YEAR = timedelta(days=365)


@pytest.fixture
def lena(house: House) -> Journeyer:
    """A learner who has completed a journey of 36 answers."""
    lena = Journeyer(house)
    lena.whole(right=2, wrong=1)
    return lena


def night(house: House, **more: Any) -> tuple[int, bool]:
    """Archive what is a year old."""
    given: dict[str, Any] = {"is_over": lambda: False} | more
    return archiving.archive_old(house, untouched_since=house.clock() - YEAR, **given)


def beside(lena: Journeyer) -> list[str]:
    """The kinds of what lies beside the journey."""
    return [
        item.body["kind"]
        for kind in ("lesson", "attempt")
        for item in lena.house.documents.query(
            CONTAINER, lena.partition, where=[Equals("kind", kind)], limit=1000
        ).items
    ]


def seen(lena: Journeyer) -> tuple[list[Lesson], list[Attempt]]:
    """What a reader sees of the journey."""
    journey = lena.journey()
    return lessons_of(lena.house, journey), list(all_attempts(lena.house, journey))


def test_a_journey_is_archived_a_year_after_its_end(lena: Journeyer) -> None:
    """Not a day sooner; then nothing lies beside it, and readers see what they saw."""
    before = seen(lena)
    assert (len(before[0]), len(before[1])) == (12, 36)
    lena.house.clock.advance(days=364)
    assert night(lena.house) == (0, True)
    lena.house.clock.advance(days=1, seconds=1)
    assert night(lena.house) == (1, True)
    assert beside(lena) == []
    assert seen(lena) == before
    info = lena.house.blobs.info(BLOBS, lena.journey().archive)
    assert (info.tier, info.content_type) == ("cool", "application/gzip")
    assert night(lena.house) == (0, True)


def test_the_archive_is_json_lines(lena: Journeyer) -> None:
    """Anybody can read the archive with gunzip: one document a line, as it was stored."""
    documents = {
        item.body["id"]: item.body
        for kind in ("lesson", "attempt")
        for item in lena.house.documents.query(
            CONTAINER, lena.partition, where=[Equals("kind", kind)], limit=1000
        ).items
    }
    lena.house.clock.advance(days=366)
    night(lena.house)
    with lena.house.blobs.open(BLOBS, lena.journey().archive) as blob:
        lines = gzip.decompress(blob.read()).splitlines()
    assert {body["id"]: body for body in map(json.loads, lines)} == documents


def test_a_journey_that_nobody_goes_on_with_is_archived_and_comes_back(house: House) -> None:
    """A journey under way in which nothing was done for a year is archived; the next answer brings
    all of it back first, and tries are counted on."""
    lena = Journeyer(house)
    lena.start()
    lena.lesson(right=45, wrong=5)
    house.clock.advance(days=300)
    lena.send(offer("q46", correct=False, attempt="later", number=1))
    house.clock.advance(days=364)
    assert night(house) == (0, True)
    house.clock.advance(days=2)
    before = seen(lena)
    assert night(house) == (1, True)
    assert (beside(lena), seen(lena)) == ([], before)
    again = lena.send(offer("q46", attempt="much later"))
    assert again["numbers"] == [3]
    assert lena.journey().archive is None
    assert len(beside(lena)) == 1 + 52
    assert seen(lena)[1][:51] == before[1]
    house.clock.advance(days=366)
    assert night(house) == (1, True)
    assert len(seen(lena)[1]) == 52


def test_a_container_is_completed_after_the_archive(house: House) -> None:
    """Who comes back after years completes what was begun."""
    lena = Journeyer(house)
    lena.start()
    for subject in SUBJECTS:
        lena.lesson(subject)
    house.clock.advance(days=800)
    assert night(house) == (1, True)
    assert lena.complete_container() == dict.fromkeys(SUBJECTS, 100.0)


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("after", [False, True])
def test_a_death_while_it_comes_back_loses_nothing(house: House, at: int, *, after: bool) -> None:
    """A journey that was brought back in part is still read whole, and comes back at the next
    answer."""
    lena = Journeyer(house)
    lena.start()
    lena.lesson(right=50)
    house.clock.advance(days=400)
    assert night(house) == (1, True)
    before, whole = seen(lena), house.documents
    house.documents = Dying(whole, at, after=after, names=("commit",))
    with pytest.raises(Unavailable):
        lena.send(offer("another"))
    house.documents = whole
    if lena.journey().archive is not None:
        assert seen(lena) == before
        assert night(house) == (0, True)
    lena.send(offer("another"))
    assert len(seen(lena)[1]) == 51


def test_two_runs_at_once_lose_nothing(lena: Journeyer) -> None:
    """A run that read its page before another one archived the journey finds nothing to do, and
    spoils nothing."""
    house, before = lena.house, seen(lena)
    house.clock.advance(days=366)

    class Interrupted:
        """Documents of a run that another overtakes after a call."""

        def __init__(self, at: int) -> None:
            self.left = at

        def __getattr__(self, name: str) -> Any:
            method = getattr(whole, name)

            def call(*arguments: Any, **named: Any) -> Any:
                found = method(*arguments, **named)
                self.left -= 1
                if self.left == 0:
                    house.documents = whole
                    night(house)
                    house.documents = self
                return found

            return call

    whole = house.documents
    for at in range(1, 9):
        house.documents = Interrupted(at)
        night(house)
        house.documents = whole
        assert seen(lena) == before, at
        night(house)
        assert seen(lena) == before, at
        # lay everything beside it again for the next round
        journey, etag = journeys.read_journey(house, lena.partition, lena.session)
        journey, etag = bring_back(house, journey, etag, now=house.clock())
        house.clock.advance(days=366)


def test_runs_in_threads_lose_nothing(house: House) -> None:
    """Two runs side by side archive every journey once, and no answer is lost."""
    learners = [Journeyer(house, f"learner {n}") for n in range(12)]
    for each in learners:
        each.whole(right=1)
    before = [seen(each) for each in learners]
    house.clock.advance(days=366)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(night, house) for _ in range(2)]
        for run in runs:
            run.result()
    night(house)
    assert [seen(each) for each in learners] == before
    assert [beside(each) for each in learners] == [[]] * len(learners)


def test_attempts_of_the_archive_are_paged_and_filtered(lena: Journeyer) -> None:
    """Pages and filters give what they gave before; a continuation of before holds."""
    journey = lena.journey()

    def pages(journey: Journey, **wanted: Any) -> list[list[str]]:
        found: list[list[str]] = []
        continuation = None
        while True:
            page, continuation = attempts_page(
                lena.house, journey, limit=7, continuation=continuation, **wanted
            )
            found.append([each.attempt_id for each in page])
            if continuation is None:
                return found

    asked: list[dict[str, Any]] = [
        {},
        {"subject": "ELA"},
        {"container": "DISCOVER", "subject": "Math"},
        {"skill_id": "science.skill"},
        {"skill_id": "of nobody"},
    ]
    before = [pages(journey, **each) for each in asked]
    old = attempts_page(lena.house, journey, limit=7)[1]
    lena.house.clock.advance(days=366)
    night(lena.house)
    assert [pages(lena.journey(), **each) for each in asked] == before
    # also the first page of who read the journey before it was archived
    for each, found in zip(asked, before, strict=True):
        page, _ = attempts_page(lena.house, journey, limit=7, **each)
        assert [attempt.attempt_id for attempt in page] == found[0]
    # a page that was asked for before goes on after it
    page, _ = attempts_page(lena.house, lena.journey(), limit=7, continuation=old)
    assert [attempt.attempt_id for attempt in page] == before[0][1]
    with pytest.raises(Invalid, match="give back what the page before said"):
        attempts_page(lena.house, lena.journey(), limit=7, continuation="after:x")


class Dying:
    """A store that dies at one of its calls, before or after it was done."""

    def __init__(self, store: Any, at: int, *, after: bool, names: tuple[str, ...]) -> None:
        self._store, self._at, self._after, self._names = store, at, after, names
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name not in self._names:
            return method

        def dies(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls != self._at:
                return method(*arguments, **named)
            if self._after:
                method(*arguments, **named)
            raise Unavailable("died")

        return dies


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("store", "at"), [("blobs", 1), ("blobs", 2), *(("documents", n) for n in range(1, 4))]
)
def test_a_death_at_any_step_loses_nothing(
    lena: Journeyer, store: str, at: int, *, after: bool
) -> None:
    """Whatever a night got done before it died, readers see all, and the next night ends it."""
    house, before = lena.house, seen(lena)
    house.clock.advance(days=366)
    whole = getattr(house, store)
    names = ("put", "set_tier") if store == "blobs" else ("commit",)
    setattr(house, store, Dying(whole, at, after=after, names=names))
    night(house)
    setattr(house, store, whole)
    assert seen(lena) == before
    night(house)
    assert seen(lena) == before
    assert beside(lena) == []
    assert lena.journey().archive is not None
    assert lena.journey().archive_due is None


def test_what_was_written_after_a_death_is_archived_too(lena: Journeyer) -> None:
    """What changed beside a journey whose archive was begun goes into it the next night."""
    house, before = lena.house, seen(lena)
    house.clock.advance(days=366)
    whole = house.documents
    house.documents = Dying(whole, 2, after=False, names=("commit",))
    night(house)
    house.documents = whole
    assert lena.journey().archive is not None
    assert lena.journey().archive_due is not None
    (found, *_) = house.documents.query(
        CONTAINER, lena.partition, where=[Equals("kind", "lesson")]
    ).items
    house.documents.commit(
        CONTAINER, lena.partition, [Replace(found.body | {"hints_used": 9}, found.etag)]
    )
    night(house)
    lessons, attempts = seen(lena)
    assert attempts == before[1]
    assert [each.hints_used for each in lessons].count(9) == 1


def test_time_that_runs_out_leaves_the_rest(house: House) -> None:
    """When the night is over the rest is left to the next one, and told as unfinished."""
    learners = [Journeyer(house, f"learner {n}") for n in range(3)]
    for each in learners:
        each.whole(right=1)
    house.clock.advance(days=366)
    calls = iter([False, False, True])
    assert night(house, is_over=lambda: next(calls)) == (2, False)
    assert night(house) == (1, True)
    assert [beside(each) for each in learners] == [[], [], []]


def test_a_report_can_be_made_of_an_archived_journey(house: House) -> None:
    """What the report of a journey is made of is the same after it was archived."""
    person(house, "lena", "learner", name="Lena")
    summary = Reporting(house).made()
    before = gathering.gather(house, summary)
    assert before.days
    house.clock.advance(days=366)
    assert night(house) == (1, True)
    after = gathering.gather(house, summary)
    assert (after.lessons, after.days, after.skills) == (before.lessons, before.days, before.skills)


def test_an_archive_that_is_gone_is_missing(lena: Journeyer) -> None:
    """A journey whose archive somebody removed says so, and not that nothing was done."""
    lena.house.clock.advance(days=366)
    night(lena.house)
    lena.house.blobs.delete(BLOBS, lena.journey().archive)
    with pytest.raises(Missing, match="archive of this journey"):
        seen(lena)


def test_an_answer_after_the_archive_is_refused_as_before(lena: Journeyer) -> None:
    """A completed journey takes no answers, whether or not it is archived."""
    lena.house.clock.advance(days=366)
    night(lena.house)
    with pytest.raises(Conflict):
        lena.send(offer("another"))


def test_another_journey_with_the_same_attempt_ids(lena: Journeyer) -> None:
    """Attempt ids of an archived journey may be used again in another one."""
    lena.house.clock.advance(days=366)
    night(lena.house)
    other = Journeyer(lena.house, session=uuid_of("another"))
    other.whole(right=2, wrong=1)
    assert len(seen(other)[1]) == 36
    assert len(seen(lena)[1]) == 36
