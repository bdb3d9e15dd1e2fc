"""A parsed résumé becomes, or joins, one profile, and its record learns of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared import outbox
from shared.documents.port import Delete, Replace
from shared.errors import Rejected, Unavailable
from shared.events.envelope import Event
from shared.models.candidate import CandidateProfile
from shared.models.intake import PARSE_ID, IntakeRecord
from tests.flows.stores import CHAIN, RESUME, RIVAL, TENANT, House
from tests.flows.stores import house as house

SECOND = RESUME.replace("Python, C++, Node.js", "Rust, Kubernetes")


def parsed(house: House, *texts: str, tenant: str = TENANT) -> list[Event]:
    """Drop files ``1.txt``, … a minute apart and have them parsed; returns their events."""
    for number, text in enumerate(texts or (RESUME,), 1):
        house.drop(f"{number}.txt", text, tenant=tenant)
        house.clock.advance(minutes=1)
    house.work("intake_extract")
    house.work("intake_parse")
    return house.waiting("intake_finalize")


def profiles(house: House, tenant: str = TENANT) -> list[CandidateProfile]:
    found = house.kinds("profile", container="candidates", tenant=tenant)
    return [CandidateProfile.of(body) for body in found]


def reason_of(record: IntakeRecord) -> str | None:
    return record.reason.code if record.reason else None


def test_a_file_becomes_a_profile_and_is_linked(house: House) -> None:
    """The profile names its file, the completed record its profile, and the end is told once."""
    (event,) = parsed(house)
    assert house.handle("intake_finalize", event) == "done"
    assert house.record("1.txt").state == "finalizing"
    assert house.work("candidates/intake_finalize") == ["done"]
    (profile,) = profiles(house)
    record = house.record("1.txt")
    assert (record.state, record.candidate_id) == ("completed", profile.candidate_id)
    assert [source.intake_id for source in profile.sources] == [record.intake_id]
    assert profile.emails == ("maya.okafor@example.com",)
    (told,) = house.waiting("intake/intake_notify")
    assert told.data["candidate_id"] == profile.candidate_id


def test_a_repeated_message_changes_nothing(house: House) -> None:
    """Another delivery, before or after the file arrived, does not touch the profile."""
    (event,) = parsed(house)
    house.handle("intake_finalize", event)
    before = profiles(house)
    house.clock.advance(hours=1)
    assert house.handle("intake_finalize", event) == "repeated"
    assert house.work("candidates/intake_finalize") == ["done"]
    with pytest.raises(Rejected):
        house.handle("intake_finalize", event)
    assert profiles(house) == before
    assert house.waiting("candidates/intake_finalize") == []


def test_a_nudge_and_the_original_leave_one_profile(house: House) -> None:
    """Two messages of one file merge it with itself: only the time of change moves."""
    (event,) = parsed(house)
    house.handle("intake_finalize", event)
    (before,) = profiles(house)
    house.clock.advance(hours=1)
    nudge = event.model_copy(update={"id": "nudge"})
    assert house.handle("intake_finalize", nudge) == "done"
    (after,) = profiles(house)
    assert after == before.model_copy(update={"updated_at": after.updated_at})
    assert sorted(house.work("candidates/intake_finalize")) == ["done", "rejected"]
    assert len(house.waiting("intake/intake_notify")) == 1


@pytest.mark.parametrize("swapped", [False, True])
def test_two_files_of_one_person_meet(house: House, swapped: bool) -> None:
    """Whichever of two files is read first, one profile has both, and both records name it."""
    events = parsed(house, RESUME, SECOND)
    for event in reversed(events) if swapped else events:
        assert house.handle("intake_finalize", event) == "done"
    house.work("candidates/intake_finalize")
    (profile,) = profiles(house)
    assert [source.filename for source in profile.sources] == ["1.txt", "2.txt"]
    skills = {skill.name.value for skill in profile.resume.skills}
    assert {"Python", "C++", "Rust", "Kubernetes"} <= skills
    records = house.records().values()
    assert {record.candidate_id for record in records} == {profile.candidate_id}


def test_two_files_of_one_person_at_once_make_one_profile(house: House) -> None:
    """Two writers at the same moment both take effect: the second reads again and merges."""
    events = parsed(house, RESUME, SECOND)
    together = threading.Barrier(2)

    def write(event: Event) -> str:
        together.wait(10)
        return house.handle("intake_finalize", event)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(write, events)) == ["done", "done"]
    (profile,) = profiles(house)
    assert {source.filename for source in profile.sources} == {"1.txt", "2.txt"}
    created = [event.data["created"] for event in house.waiting("candidates/intake_finalize")]
    assert sorted(created) == [False, True]


def test_the_same_message_at_once_is_one_source(house: House) -> None:
    """Two deliveries of one message at the same moment write the profile once."""
    (event,) = parsed(house)
    together = threading.Barrier(2)

    def write(_: int) -> str:
        together.wait(10)
        return house.handle("intake_finalize", event)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(write, range(2))) == ["done", "repeated"]
    assert len(house.waiting("candidates/intake_finalize")) == 1


def test_one_person_in_two_tenants_is_two(house: House) -> None:
    """The same résumé in two tenants makes two profiles that know nothing of each other."""
    events = parsed(house) + parsed(house, tenant=RIVAL)
    for event in events:
        house.handle("intake_finalize", event)
    (ours,), (theirs,) = profiles(house), profiles(house, RIVAL)
    assert ours.candidate_id != theirs.candidate_id
    assert len(ours.sources) == len(theirs.sources) == 1


def test_a_crash_between_profile_and_record_is_made_good(house: House) -> None:
    """A saved profile whose event was not sent is told by the relay, and the file arrives."""
    (event,) = parsed(house)

    class Away:
        def publish(self, _messages: object) -> None:
            raise Unavailable("away")

    bus, house.bus = house.bus, Away()
    assert house.handle("intake_finalize", event) == "done"
    house.bus = bus
    assert len(profiles(house)) == 1
    assert house.work("candidates/intake_finalize") == []
    assert house.record("1.txt").state == "finalizing"
    house.clock.advance(hours=1)
    assert outbox.relay(house, now=house.clock()) == 1
    assert house.work("candidates/intake_finalize") == ["done"]
    assert house.record("1.txt").state == "completed"


def test_a_late_saved_event_of_an_older_attempt_is_finished(house: House) -> None:
    """The record of a later attempt is not completed by an earlier one's event."""
    (event,) = parsed(house)
    house.handle("intake_finalize", event)
    (saved,) = house.waiting("candidates/intake_finalize")
    late = saved.model_copy(update={"data": saved.data | {"attempt": 2}})
    assert house.handle("candidates/intake_finalize", late) == "rejected"
    assert house.record("1.txt").state == "finalizing"


def test_a_saved_event_that_failed_for_good_is_redriven(house: House) -> None:
    """A file that failed for want of deliveries is completed by its redriven dead letter."""
    (event,) = parsed(house)
    house.handle("intake_finalize", event)
    real = house.documents

    class Refusing:
        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def commit(self, _container: str, _partition: object, operations: list[object]) -> object:
            if any("completed" in repr(each) for each in operations):
                raise ZeroDivisionError
            return real.commit(_container, _partition, operations)

    house.documents = Refusing()
    assert set(house.work("candidates/intake_finalize")) == {"ZeroDivisionError"}
    house.documents = real
    assert reason_of(house.record("1.txt")) == "exhausted"
    (letter,) = house.bus.dead_letters("candidates/intake_finalize")
    house.bus.redrive("candidates/intake_finalize", [letter.sequence_number])
    assert house.work("candidates/intake_finalize") == ["done"]
    record = house.record("1.txt")
    assert (record.state, record.reason) == ("completed", None)
    assert len(profiles(house)[0].sources) == 1


def test_a_parse_that_is_gone_is_said(house: House) -> None:
    """Without its parse a file fails with that reason, told once, and no profile is made."""
    (event,) = parsed(house)
    record = house.record("1.txt")
    house.documents.commit("intake", record.partition, [Delete(PARSE_ID)])
    assert house.handle("intake_finalize", event) == "done"
    record = house.record("1.txt")
    assert (record.state, reason_of(record)) == ("failed", "parse_gone")
    assert len(house.waiting("intake/intake_notify")) == 1
    assert profiles(house) == []


def test_an_event_of_another_tenant_makes_no_profile(house: House) -> None:
    """An event that names another tenant finds no record there."""
    (event,) = parsed(house)
    with pytest.raises(Rejected):
        house.handle("intake_finalize", event.model_copy(update={"tenantid": RIVAL}))
    assert profiles(house) == profiles(house, RIVAL) == []


def test_a_retried_file_is_one_source_still(house: House) -> None:
    """Another attempt at a file that a profile has already is the same source."""
    (event,) = parsed(house)
    house.handle("intake_finalize", event)
    house.waiting("candidates/intake_finalize")
    house.give_up("intake_finalize", event, "Away: x")
    record = house.record("1.txt")
    again = record.again(house.clock()).model_copy(update={"state": "finalizing"})
    stored = house.documents.get("intake", record.partition, record.intake_id)
    house.documents.commit("intake", record.partition, [Replace(again.stored(), stored.etag)])
    second = event.model_copy(update={"id": "again", "data": event.data | {"attempt": 2}})
    assert house.handle("intake_finalize", second) == "done"
    assert house.work("candidates/intake_finalize") == ["done"]
    (profile,) = profiles(house)
    assert house.record("1.txt").state == "completed"
    assert len(profile.sources) == 1


def test_every_message_delivered_thrice_in_any_order_ends_the_same(house: House) -> None:
    """A chain in which each message comes three times leaves one profile and one ending each."""
    house.drop("1.txt")
    house.clock.advance(minutes=1)
    house.drop("2.txt", SECOND)
    for entity in CHAIN:
        for event in reversed(house.waiting(entity) * 3):
            try:
                house.handle(entity, event)
            except Rejected:
                continue
    (profile,) = profiles(house)
    assert [source.filename for source in profile.sources] == ["1.txt", "2.txt"]
    assert {record.state for record in house.records().values()} == {"completed"}
    assert len(house.waiting("intake/intake_notify")) == 2
    for record in house.records().values():
        assert len(record.steps) == 5
        assert record.updated_at - record.created_at < timedelta(minutes=5)
