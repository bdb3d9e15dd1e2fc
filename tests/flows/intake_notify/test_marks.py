"""Read marks: each reader's own, of one notification or of all up to a moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from functions.intake_notify.rules.marks import MARK_SECONDS
from functions.intake_notify.service import reading
from functions.intake_notify.service.reading import Reader
from shared.documents.port import Create
from shared.errors import Missing
from shared.models.notification import CONTAINER, RECRUITERS, Notification, audience_of
from tests.flows.accounts.inhabitants import at_once
from tests.flows.stores import RIVAL, START, TENANT, House
from tests.flows.stores import house as house

RITA, RON = Reader(TENANT, "rita", RECRUITERS), Reader(TENANT, "ron", RECRUITERS)
LENA = Reader(TENANT, "lena", audience_of("lena"))


def tell(house: House, number: int, audience: str = RECRUITERS, tenant: str = TENANT) -> str:
    """A notification made that many minutes after the start; returns its id."""
    note = Notification(
        id=f"n-{number}",
        tenant_id=tenant,
        audience=audience,
        title="Hello",
        text="…",
        level="info",
        created_at=START + timedelta(minutes=number, microseconds=number % 2),
    )
    body = note.stored() | {"ttl": MARK_SECONDS}
    house.documents.commit(CONTAINER, (tenant, audience), [Create(body)])
    return note.id


def unread(house: House, reader: Reader) -> list[str]:
    """What a reader has not read, page by page."""
    found: list[str] = []
    continuation = None
    while True:
        page, continuation = reading.listed(
            house, reader, unread_only=True, limit=2, continuation=continuation
        )
        assert len(page) <= 2
        found += [notification.id for notification, _ in page]
        if continuation is None:
            assert len(found) == reading.count_unread(house, reader)
            return found


def test_a_mark_is_its_readers_alone(house: House) -> None:
    """What one recruiter has read, the other has not; both still see it listed."""
    first, second = tell(house, 1), tell(house, 2)
    assert reading.mark(house, RITA, first, now=START).id == first
    reading.mark(house, RITA, first, now=START + timedelta(hours=1))
    assert (unread(house, RITA), unread(house, RON)) == ([second], [second, first])
    page, _ = reading.listed(house, RITA, limit=10, continuation=None)
    assert [(each.id, read) for each, read in page] == [(second, False), (first, True)]
    assert len(house.kinds("read_mark", container=CONTAINER)) == 1


def test_all_up_to_a_moment(house: House) -> None:
    """What came later is unread; an earlier moment takes nothing back, a later one is now."""
    ids = [tell(house, number) for number in range(6)]
    reading.mark_all(house, RON, START + timedelta(minutes=3, microseconds=1), now=house.clock())
    assert unread(house, RON) == ids[:0:-1]  # now is the start: of the six, one is that old
    house.clock.advance(hours=1)
    reading.mark_all(house, RON, START + timedelta(minutes=3, microseconds=1), now=house.clock())
    assert unread(house, RON) == [ids[5], ids[4]]
    reading.mark(house, RON, ids[5], now=house.clock())
    assert unread(house, RON) == [ids[4]]
    reading.mark_all(house, RON, START, now=house.clock())
    assert unread(house, RON) == [ids[4]]
    reading.mark_all(house, RON, house.clock() + timedelta(days=9), now=house.clock())
    assert unread(house, RON) == []
    late = tell(house, 61)
    assert unread(house, RON) == [late]
    assert len(unread(house, RITA)) == 7


def test_one_page_of_read_ones_does_not_end_the_unread(house: House) -> None:
    """Many that were read one by one are looked past."""
    ids = [tell(house, number) for number in range(9)]
    for each in ids[2:]:
        reading.mark(house, RITA, each, now=START)
    assert unread(house, RITA) == [ids[1], ids[0]]


def test_own_and_the_recruiters_are_apart(house: House) -> None:
    """Reading one's own list marks nothing of the other."""
    tell(house, 1)
    tell(house, 2, audience_of("rita"))
    own = Reader(TENANT, "rita", audience_of("rita"))
    reading.mark_all(house, own, house.clock() + timedelta(hours=1), now=START + timedelta(hours=1))
    assert (unread(house, own), unread(house, RITA)) == ([], ["n-1"])
    assert reading.reader_of(house, TENANT, "rita", "n-2", reads_all=True) == own
    assert reading.reader_of(house, TENANT, "rita", "n-1", reads_all=True) == RITA
    assert reading.reader_of(house, TENANT, "rita", "n-1", reads_all=False) == own


def test_nobody_marks_what_is_not_theirs(house: House) -> None:
    """Neither another audience's, nor another tenant's, nor what is no notification."""
    tell(house, 1)
    tell(house, 2, tenant=RIVAL)
    reading.mark(house, RITA, "n-1", now=START)
    own = Reader(TENANT, "rita", audience_of("rita"))
    for reader, wanted in ((LENA, "n-1"), (RITA, "n-2"), (own, "read:n-1")):
        with pytest.raises(Missing):
            reading.mark(house, reader, wanted, now=START)


def test_marks_at_the_same_moment_are_one(house: House) -> None:
    tell(house, 1)

    def read(_: int) -> None:
        reading.mark(house, RITA, "n-1", now=START)
        reading.mark_all(house, RITA, START + timedelta(hours=1), now=START + timedelta(hours=2))

    assert at_once(6, read) == [None] * 6
    assert unread(house, RITA) == []


def test_marks_go_when_their_notifications_have(house: House) -> None:
    tell(house, 1)
    reading.mark(house, RITA, "n-1", now=START)
    reading.mark_all(house, RITA, START, now=START)
    house.clock.advance(seconds=MARK_SECONDS + 60)
    house.documents.purge_expired()
    assert house.documents.query(CONTAINER, (TENANT, RITA.own), limit=10).items == ()
