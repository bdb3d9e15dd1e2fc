"""Another attempt at a file, and files whose message never came."""

from __future__ import annotations

from datetime import datetime

import pytest

from functions.intake_blob_trigger import service
from functions.intake_upload.service import standing as upload
from shared.documents.port import Patch
from shared.errors import Unavailable
from shared.events.envelope import Event
from shared.models.intake import IntakeFile, IntakeRecord, Stage
from tests.flows.stores import RESUME, START, TENANT, House
from tests.flows.stores import house as house

STAGES: list[Stage] = ["received", "scanning", "extracting", "parsing", "finalizing"]
QUEUES = {
    "received": "intake_blob_trigger",
    "scanning": "intake_blob_trigger",
    "extracting": "intake_extract",
    "parsing": "intake_parse",
    "finalizing": "intake_finalize",
}


def retried(house: House, filename: str, *, tenant: str = TENANT) -> Event:
    """Ask for another attempt at a file; returns the event of it."""
    record = house.record(filename, tenant=tenant)
    upload.retry(
        house,
        tenant,
        record.intake_id,
        roles=frozenset({"operator"}),
        idempotency=None,
        now=house.clock(),
    )
    (event,) = house.waiting("intake_blob_trigger")
    return event


def failed(house: House, filename: str = "cv.txt") -> str:
    """Drop a file and have it fail at its first attempt; returns its blob's name."""
    name = house.drop(filename, "no person in here\n")
    house.work_all()
    assert house.record(filename).state == "failed"
    house.waiting("intake/intake_notify")
    return name


def reason_of(record: IntakeRecord) -> str | None:
    return record.reason.code if record.reason else None


def test_another_attempt_is_checked_and_goes_on(house: House) -> None:
    """A retried file is scanned again and its event carries the new attempt."""
    failed(house)
    event = retried(house, "cv.txt")
    assert house.handle("intake_blob_trigger", event) == "done"
    assert house.handle("intake_blob_trigger", event) == "repeated"
    record = house.record("cv.txt")
    assert (record.state, record.attempt) == ("extracting", 2)
    assert [event.data["attempt"] for event in house.waiting("intake_extract")] == [2]


def test_another_attempt_at_a_changed_file_says_so(house: House) -> None:
    """What was overwritten is not what was asked for: the attempt fails and tells of it."""
    name = failed(house)
    house.put(name, RESUME)
    assert house.handle("intake_blob_trigger", retried(house, "cv.txt")) == "done"
    assert reason_of(house.record("cv.txt")) == "changed"
    assert house.waiting("intake_extract") == []
    assert len(house.waiting("intake/intake_notify")) == 1


def test_another_attempt_at_a_file_that_is_gone_says_so(house: House) -> None:
    """A retry of a removed original fails with that reason."""
    name = failed(house)
    house.blobs.delete("resumes", name)
    house.handle("intake_blob_trigger", retried(house, "cv.txt"))
    record = house.record("cv.txt")
    assert (record.state, record.attempt, reason_of(record)) == ("failed", 2, "original_gone")


def test_a_superseded_attempt_has_no_effect(house: House) -> None:
    """A retry that comes after a later one is finished and changes nothing."""
    failed(house)
    first = retried(house, "cv.txt")
    house.handle("intake_blob_trigger", first)
    house.work_all()
    second = retried(house, "cv.txt")
    before = house.record("cv.txt")
    late = first.model_copy(update={"id": "late"})
    assert house.handle("intake_blob_trigger", late) == "rejected"
    assert house.record("cv.txt") == before
    assert house.handle("intake_blob_trigger", second) == "done"
    assert house.record("cv.txt").attempt == 3


def test_a_duplicate_tried_again_takes_over_lost_bytes(house: House) -> None:
    """A copy can be read when the first file's bytes are lost, and is a copy again while not."""
    first = house.drop("first.txt")
    house.drop("copy.txt")
    house.handle("intake_blob_trigger", retried(house, "copy.txt"))
    assert house.record("copy.txt").state == "duplicate"
    house.put(first, "Somebody Else\nelse@example.com\n")
    house.work("intake_extract")
    assert reason_of(house.record("first.txt")) == "changed"
    house.handle("intake_blob_trigger", retried(house, "copy.txt"))
    copy = house.record("copy.txt")
    assert (copy.state, copy.duplicate_of, copy.attempt) == ("extracting", None, 3)


def test_a_stray_file_does_not_move_into_a_new_tenant(house: House) -> None:
    """A file of a folder that became a tenant's is to be dropped again, and is read then."""
    name = house.drop("cv.txt", tenant="early")
    house.add_tenant("early")
    house.handle("intake_blob_trigger", retried(house, "cv.txt", tenant="platform"))
    stray = house.record("cv.txt", tenant="platform")
    assert stray.reason is not None
    assert stray.reason.code == "unknown_tenant"
    assert "Drop the file again" in stray.reason.detail
    house.tell(name)
    assert house.record("cv.txt", tenant="early").state == "extracting"


def test_rescan_that_keeps_failing_ends_and_is_redriven(house: House) -> None:
    """A retry whose message becomes a dead letter is failed; redriven, it goes on."""
    failed(house)
    record = house.record("cv.txt")
    upload.retry(
        house,
        TENANT,
        record.intake_id,
        roles=frozenset({"recruiter"}),
        idempotency=None,
        now=house.clock(),
    )
    blobs, house.blobs = house.blobs, None
    assert set(house.work("intake_blob_trigger")) == {"AttributeError"}
    assert reason_of(house.record("cv.txt")) == "exhausted"
    house.blobs = blobs
    redrive(house, "intake_blob_trigger")
    assert house.work("intake_blob_trigger") == ["done"]
    assert house.record("cv.txt").state == "extracting"


def redrive(house: House, entity: str) -> None:
    letters = house.bus.dead_letters(entity)
    assert house.bus.redrive(entity, [each.sequence_number for each in letters]) == 1


def waiting_record(
    house: House, stage: Stage, *, at: datetime = START, intake_id: str = "i-1", **more: object
) -> IntakeRecord:
    """A record that waits in a stage since a moment."""
    file = IntakeFile(name=f"{TENANT}/{intake_id}.txt", size=1, sha256="0" * 64)
    record = IntakeRecord(
        id=intake_id,
        tenant_id=TENANT,
        intake_id=intake_id,
        state=stage,
        file=file,
        created_at=at,
        updated_at=at,
    )
    return house.store(record.model_copy(update=more))


@pytest.mark.parametrize("stage", STAGES)
def test_a_stalled_file_is_nudged_three_times_and_then_fails(house: House, stage: Stage) -> None:
    """Each half hour its event is sent again; after three times the file ends as stalled."""
    waiting_record(house, stage, attempt=4)
    ids = set()
    # the message of one that waits for its scan may be half an hour away
    minutes = 61 if stage == "scanning" else 31
    for nudge in (1, 2, 3):
        house.clock.advance(minutes=minutes)
        assert service.nudge_stalled(house, now=house.clock()) == 1
        (event,) = house.waiting(QUEUES[stage])
        assert event.data.items() >= {"intake_id": "i-1", "attempt": 4}.items()
        ids.add(event.id)
        record = house.record("i-1.txt")
        assert (record.state, record.nudges) == (stage, nudge)
        assert service.nudge_stalled(house, now=house.clock()) == 0
    assert len(ids) == 3
    house.clock.advance(minutes=minutes)
    assert service.nudge_stalled(house, now=house.clock()) == 1
    record = house.record("i-1.txt")
    assert (record.state, reason_of(record)) == ("failed", "stalled")
    assert house.waiting(QUEUES[stage]) == []
    assert [event.data["state"] for event in house.waiting("intake/intake_notify")] == ["failed"]
    house.clock.advance(days=1)
    assert service.nudge_stalled(house, now=house.clock()) == 0


@pytest.mark.parametrize(("minutes", "touched"), [(29, 0), (31, 1)])
def test_only_files_that_wait_long_are_nudged(house: House, minutes: int, touched: int) -> None:
    """A file is left alone for half an hour."""
    waiting_record(house, "parsing")
    house.clock.advance(minutes=minutes)
    assert service.nudge_stalled(house, now=house.clock()) == touched


@pytest.mark.parametrize("state", ["completed", "failed", "quarantined", "duplicate"])
def test_ended_files_are_not_nudged(house: House, state: str) -> None:
    """What has ended waits for nothing, however long ago."""
    waiting_record(house, "parsing", state=state)
    house.clock.advance(days=400)
    assert service.nudge_stalled(house, now=house.clock()) == 0


def test_every_waiting_file_is_nudged_beyond_one_page(house: House) -> None:
    """A sweep goes on to the next page of files."""
    for number in range(230):
        waiting_record(house, "parsing", intake_id=f"i-{number}")
    house.clock.advance(hours=1)
    assert service.nudge_stalled(house, now=house.clock()) == 230
    assert len(house.waiting("intake_parse")) == 230


def test_a_record_that_cannot_be_read_does_not_hold_up_the_others(house: House) -> None:
    """One broken record is passed over; the sweep goes on."""
    broken = waiting_record(house, "extracting", intake_id="broken").stored()
    house.documents.commit(
        "intake", (TENANT, "broken"), [Patch("broken", set={"file": {"name": broken["id"]}})]
    )
    waiting_record(house, "extracting")
    waiting_record(house, "parsing", intake_id="i-2")
    house.clock.advance(hours=1)
    assert service.nudge_stalled(house, now=house.clock()) == 2


def test_a_file_that_moves_on_meanwhile_is_not_nudged(house: House) -> None:
    """Whoever wrote between the sweep's reading and its writing is not overwritten."""
    name = house.drop("cv.txt")
    house.clock.advance(hours=1)
    real = house.documents

    class Interfered:
        def __getattr__(self, attribute: str) -> object:
            return getattr(real, attribute)

        def query(self, *args: object, **options: object) -> object:
            page = real.query(*args, **options)
            house.documents = real
            house.work("intake_extract")
            return page

    house.documents = Interfered()
    service.nudge_stalled(house, now=house.clock())
    record = house.record(name.rpartition("/")[2])
    assert (record.state, record.nudges) == ("parsing", 0)
    assert house.waiting("intake_extract") == []


def test_a_late_message_after_a_nudge_has_no_second_effect(house: House) -> None:
    """Of the nudged and the original message the first to come is handled, the other finished."""
    house.drop("cv.txt")
    (late,) = house.waiting("intake_extract")
    house.clock.advance(minutes=31)
    service.nudge_stalled(house, now=house.clock())
    assert house.work("intake_extract") == ["done"]
    before = house.record("cv.txt")
    assert house.handle("intake_extract", late) == "rejected"
    assert house.record("cv.txt") == before
    assert len(house.waiting("intake_parse")) == 1
    assert len(house.lines.opened) == 1


def test_a_message_that_comes_after_all_takes_a_stalled_file_on(house: House) -> None:
    """A queue that was slower than all nudges loses nothing: the file goes on when it comes."""
    house.drop("cv.txt")
    (late,) = house.waiting("intake_extract")
    for _ in range(4):
        house.clock.advance(minutes=31)
        service.nudge_stalled(house, now=house.clock())
    assert reason_of(house.record("cv.txt")) == "stalled"
    assert house.handle("intake_extract", late) == "done"
    assert set(house.work("intake_extract")) == {"rejected"}
    house.work_all()
    assert house.record("cv.txt").state == "completed"


def test_a_nudge_that_was_not_sent_is_relayed(house: House) -> None:
    """A bus that is away at the nudge does not use it up: the event waits in the outbox."""
    waiting_record(house, "parsing")
    house.clock.advance(hours=1)

    class Away:
        def publish(self, _messages: object) -> None:
            raise Unavailable("away")

    bus, house.bus = house.bus, Away()
    assert service.nudge_stalled(house, now=house.clock()) == 1
    house.bus = bus
    assert len(house.kinds("outbox")) == 1
