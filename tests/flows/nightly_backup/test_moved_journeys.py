"""A journey that moves to the archive, or back, while a backup reads it loses nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.nightly_backup.rules.moved_journeys import may_have_moved
from functions.nightly_backup.service import parts
from functions.retention_timer.service import archiving
from shared.documents.port import Equals
from shared.journey_records import BLOBS, all_attempts, lessons_of
from shared.models.journey import CONTAINER
from tests.flows.journeying import Journeyer, offer
from tests.flows.nightly_backup.keeping import back_up, new_home, restore, stores_of
from tests.flows.stores import House
from tests.flows.stores import house as house
from tests.kernel.embedded import Failing

YEAR = timedelta(days=365)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that part a partition, as always on Cosmos DB."""
    monkeypatch.setattr(parts, "_FIRST_PAGE", 1)
    monkeypatch.setattr(parts, "_MOST_A_PAGE", 1)
    monkeypatch.setattr(parts, "PART_DOCUMENTS", 10)


def night(house: House) -> tuple[int, bool]:
    since = house.clock() - YEAR
    return archiving.archive_old(house, untouched_since=since, is_over=lambda: False)


def seen(lena: Journeyer) -> tuple[list[str], list[str]]:
    """The lessons and attempts that a reader sees."""
    journey = lena.journey()
    lessons = [each.id for each in lessons_of(lena.house, journey)]
    return lessons, [each.id for each in all_attempts(lena.house, journey)]


def backed_up(house: House, *, behind: int, meanwhile: Any) -> str:
    """Make a backup in which something happens behind so many documents of ``journeys``."""
    read = [0]

    def scan(real: Any, container: str, **more: Any) -> Any:
        page = real(container, **more)
        if container == CONTAINER:
            read[0] += len(page.items)
            if read[0] == behind:
                meanwhile()
                read[0] += 10_000
        return page

    stores = stores_of(house, documents=Failing(house.documents, "scan", scan))
    job = back_up(house, stores=stores)
    assert read[0] > 10_000
    return job.id


@pytest.mark.parametrize("user", ["lena", "otto", "maya"])
@pytest.mark.parametrize("behind", [1, 5, 12, 30])
def test_archived_between_two_pages(house: House, tmp_path: Path, behind: int, user: str) -> None:
    """Whichever of its documents were read before, a restored journey has all lessons and attempts,
    and so it has after the next archive."""
    lena = Journeyer(house, user)
    lena.whole(right=2, wrong=1)
    before = seen(lena)
    assert (len(before[0]), len(before[1])) == (12, 36)
    house.clock.advance(days=366)
    backup_id = backed_up(house, behind=behind, meanwhile=lambda: night(house))
    assert lena.journey().archive is not None
    with new_home(house, tmp_path / "anew") as anew:
        assert restore(anew, backup_id).state == "done"
        lena.house = anew
        assert seen(lena) == before
        anew.clock.advance(days=1)
        night(anew)
        assert seen(lena) == before


def test_brought_back_between_two_pages(house: House, tmp_path: Path) -> None:
    """A learner goes on with an archived journey while it is read: what was in the archive is there
    after a restore, though the place where it then lay had been read."""
    other = Journeyer(house, session="b1111111-1111-4111-8111-111111111111")
    other.start()
    lena = Journeyer(house, session="c1111111-1111-4111-8111-111111111111")
    lena.start()
    lena.lesson(right=9)
    before = seen(lena)
    house.clock.advance(days=400)
    assert night(house) == (2, True)

    # attempts come before journeys of such ids, and the other journey before this one
    backup_id = backed_up(house, behind=1, meanwhile=lambda: lena.send(offer("another")))
    assert lena.journey().archive is None
    with new_home(house, tmp_path / "anew") as anew:
        assert restore(anew, backup_id).state == "done"
        lena.house = anew
        lessons, attempts = seen(lena)
        assert (lessons, attempts[:9]) == before


def test_what_lies_beside_a_journey_is_not_written_over(house: House) -> None:
    """Into a house that stands: an archived journey stays archived, nothing is laid beside it."""
    lena = Journeyer(house)
    lena.whole(right=1)
    house.clock.advance(days=366)
    backup_id = backed_up(house, behind=3, meanwhile=lambda: night(house))
    before = seen(lena)
    where = [Equals("kind", "attempt")]
    left = house.documents.query(CONTAINER, lena.partition, where=where).items
    assert left == ()
    assert restore(house, backup_id, mode="keep").state == "done"
    assert seen(lena) == before
    assert lena.journey().archive is not None


def test_an_archive_that_cannot_be_read_ends_the_restore(house: House, tmp_path: Path) -> None:
    """It is named by the journey's line, and is not passed by."""
    # a journey whose document is read before its attempts
    lena = next(
        each
        for each in (Journeyer(house, f"learner {n}") for n in range(99))
        if each.session < "attempt:"
    )
    lena.whole(right=1)
    house.clock.advance(days=366)
    backup_id = backed_up(house, behind=1, meanwhile=lambda: night(house))
    archive = lena.journey().archive
    assert archive is not None
    house.blobs.put(BLOBS, archive, b"no gzip")
    with new_home(house, tmp_path / "anew") as anew:
        done = restore(anew, backup_id)
    assert (done.state, "its archive cannot be read" in str(done.failure)) == ("failed", True)


def test_only_journeys_that_may_have_moved_are_looked_at(house: House) -> None:
    """Old ones and those in which something was done since the backup began, as long as they name
    no archive; anything else costs nothing."""
    began = house.clock()
    ended = began + timedelta(hours=2)

    def moved(**more: Any) -> bool:
        old = (began - timedelta(days=366)).isoformat()
        body = {"kind": "journey", "answers": 3, "archive": None, "archive_due": old} | more
        return may_have_moved(body, began=began, ended=ended)

    assert moved()
    assert moved(archive_due=(began + timedelta(minutes=5)).isoformat())
    assert not moved(archive_due=(began - timedelta(days=100)).isoformat())
    assert not moved(archive="acme/x")
    assert not moved(answers=0)
    assert not moved(kind="attempt")
    for unreadable in (None, 3, "soon", "2026-03-01T12:00:00"):
        assert not moved(archive_due=unreadable)
