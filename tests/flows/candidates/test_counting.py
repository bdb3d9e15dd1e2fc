"""Counts of what came in: each file and each profile once, in its month."""

from __future__ import annotations

from functions.candidates.rules.counting import MonthCounts, by_part, error_rate
from functions.candidates.service import counting, hearing
from shared.events.envelope import Event
from tests.flows.candidates.recruiting import WordEncoder, written
from tests.flows.stores import PSEUDONYMS, RESUME, RIVAL, TENANT, House
from tests.flows.stores import house as house


def counted(house: House) -> list[Event]:
    """Deliver every file that has ended, twice each."""
    events = house.waiting("intake/candidates")
    for event in [*events, *events]:
        counting.count_file(house, event, now=house.clock())
    return events


def months(house: House, tenant: str = TENANT) -> list[MonthCounts]:
    return counting.months(house, tenant, first="0000-00", last="9999-99")


def test_files_are_counted_by_channel_state_and_month(house: House) -> None:
    house.drop("good.txt")
    house.drop("copy.txt")
    house.drop("bad.txt", "nobody in here at all\n")
    house.work_all()
    counted(house)
    house.clock.advance(days=31)
    house.drop("later.txt", RESUME + "\nlater\n")
    house.work_all()
    counted(house)
    first, second = months(house)
    assert (first.month, second.month) == ("2026-03", "2026-04")
    assert first.files == {"drop_completed": 1, "drop_duplicate": 1, "drop_failed": 1}
    assert second.files == {"drop_completed": 1}
    states = by_part([first, second], 1)
    assert states == {"completed": 2, "duplicate": 1, "failed": 1}
    assert by_part([first, second], 0) == {"drop": 4}
    assert error_rate(states) == round(1 / 3, 4)
    assert first.completed == 1
    assert months(house, RIVAL) == []


def test_an_attempt_that_was_overtaken_is_not_counted(house: House) -> None:
    """A file that failed and was retried before its first end was heard counts once."""
    house.drop("bad.txt", "nobody in here at all\n")
    house.work_all()
    (first,) = house.waiting("intake/candidates")
    record = house.record("bad.txt")
    again = record.again(house.clock())
    from shared.documents.port import Replace

    stored = house.documents.get("intake", record.partition, record.intake_id)
    assert stored is not None
    house.documents.commit("intake", record.partition, [Replace(again.stored(), stored.etag)])
    assert counting.count_file(house, first, now=house.clock()) == "rejected"
    assert months(house) == []


def test_new_profiles_are_counted_once(house: House) -> None:
    written(house, name="Maya", emails=["m@x.org"])
    written(house, name="Zoe", emails=["z@x.org"])
    written(house, emails=["m@x.org"], headline="Engineer")
    events = house.waiting("candidates/candidates")
    for event in [*events, *events]:
        hearing.hear(house, PSEUDONYMS, WordEncoder(), event, now=house.clock())
    (month,) = months(house)
    assert month.profiles_created == 2


def test_no_files_have_no_error_rate() -> None:
    assert error_rate({}) is None
    assert error_rate({"quarantined": 3}) is None
