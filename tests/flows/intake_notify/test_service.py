"""Recruiters are told once how each file ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from functions.intake_notify.rules.notifications import NOTIFICATION_SECONDS, notification_of
from functions.intake_notify.service import reading, telling
from functions.intake_notify.service.reading import Reader
from shared.documents.port import Delete
from shared.events.envelope import Event
from shared.events.intake import IntakeEnded
from shared.models.notification import RECRUITERS, Notification
from tests.flows.stores import RIVAL, START, TENANT, House
from tests.flows.stores import house as house


def ended(house: House, filename: str, text: str) -> Event:
    """Drop a file and lead it to its end; returns the event of that."""
    house.drop(filename, text)
    house.work_all()
    (event,) = house.waiting("intake/intake_notify")
    return event


def listed(house: House, tenant: str = TENANT) -> list[Notification]:
    reader = Reader(tenant, "rita", RECRUITERS)
    notes, _ = reading.listed(house, reader, limit=50, continuation=None)
    return [note for note, _ in notes]


def test_a_completed_file_is_told_once(house: House) -> None:
    """One notification, however often the event comes, that leads to file and profile."""
    event = ended(house, "cv.txt", "Maya Okafor\nmaya@example.com\n")
    assert telling.notify(house, event, now=START) == "done"
    assert telling.notify(house, event, now=START + timedelta(days=1)) == "repeated"
    (note,) = listed(house)
    record = house.record("cv.txt")
    assert (note.title, note.level) == ("Profile ready", "info")
    assert note.text == "cv.txt is now a searchable profile."
    assert (note.intake_id, note.candidate_id) == (record.intake_id, record.candidate_id)
    assert note.created_at == START


def test_a_failed_file_says_why(house: House) -> None:
    """The reason that a recruiter reads is the record's."""
    telling.notify(house, ended(house, "list.txt", "milk and eggs\n" * 3), now=START)
    (note,) = listed(house)
    assert note.level == "warning"
    reason = house.record("list.txt").reason
    assert reason is not None
    assert note.text == f"list.txt: {reason.detail}"


@pytest.mark.parametrize(
    ("state", "level"),
    [
        ("completed", "info"),
        ("duplicate", "info"),
        ("unpacked", "info"),
        ("failed", "warning"),
        ("quarantined", "warning"),
    ],
)
def test_every_ending_has_words(house: House, state: str, level: str) -> None:
    """Each terminal state has a title of its own and says how bad it is."""
    house.drop("cv.txt")
    record = house.record("cv.txt")
    told = IntakeEnded.model_validate(
        {"intake_id": record.intake_id, "attempt": 1, "state": state, "reason": None}
    )
    note = notification_of("event", told, record, now=START)
    assert (note.level, note.tenant_id) == (level, TENANT)
    assert note.text.startswith("cv.txt")
    assert "None" not in note.text


def test_a_file_whose_record_is_gone_is_finished(house: House) -> None:
    """An ending of an erased file tells nobody."""
    event = ended(house, "cv.txt", "Maya Okafor\nmaya@example.com\n")
    record = house.record("cv.txt")
    house.documents.commit("intake", record.partition, [Delete(record.id)])
    assert telling.notify(house, event, now=START) == "rejected"
    assert listed(house) == []


def test_another_tenant_is_told_nothing(house: House) -> None:
    """An event that names another tenant finds no file there; lists are a tenant's own."""
    event = ended(house, "cv.txt", "Maya Okafor\nmaya@example.com\n")
    assert telling.notify(house, event.model_copy(update={"tenantid": RIVAL}), now=START) == (
        "rejected"
    )
    telling.notify(house, event, now=START)
    assert listed(house, RIVAL) == []
    assert len(listed(house)) == 1


def test_each_attempt_that_ends_is_told(house: House) -> None:
    """Two endings of one file are two notifications, the newest listed first."""
    first = ended(house, "cv.txt", "Maya Okafor\nmaya@example.com\n")
    second = first.model_copy(update={"id": "later"})
    telling.notify(house, first, now=START)
    telling.notify(house, second, now=START + timedelta(hours=1))
    assert [note.created_at for note in listed(house)] == [START + timedelta(hours=1), START]


def test_pages_hold_every_notification_once(house: House) -> None:
    """Page by page the list gives all, newest first."""
    event = ended(house, "cv.txt", "Maya Okafor\nmaya@example.com\n")
    for number in range(5):
        told = event.model_copy(update={"id": f"e-{number}"})
        telling.notify(house, told, now=START + timedelta(minutes=number))
    seen: list[Notification] = []
    continuation = None
    while True:
        notes, continuation = reading.listed(
            house, Reader(TENANT, "rita", RECRUITERS), limit=2, continuation=continuation
        )
        assert len(notes) <= 2
        seen += [note for note, _ in notes]
        if continuation is None:
            break
    assert [note.created_at.minute for note in seen] == [4, 3, 2, 1, 0]


def test_notifications_do_not_stay_for_ever(house: House) -> None:
    """After ninety days a notification is gone, and not before."""
    telling.notify(house, ended(house, "cv.txt", "Maya Okafor\nmaya@example.com\n"), now=START)
    house.clock.advance(seconds=NOTIFICATION_SECONDS - 60)
    assert len(listed(house)) == 1
    house.clock.advance(seconds=120)
    assert listed(house) == []
