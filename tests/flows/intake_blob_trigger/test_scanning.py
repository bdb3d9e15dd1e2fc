"""What the scanner says decides; while it says nothing a file waits, and is never accepted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from functions.intake_upload.rules.retrying import next_attempt
from functions.intake_upload.service import standing as upload
from shared.errors import Forbidden, Throttled, Unavailable
from shared.models.intake import IntakeRecord
from shared.models.roles import Role
from shared.outbox import RELAY_AFTER, relay
from shared.scanning.defender import RESULT_TAG, TIME_TAG, Defender
from shared.scanning.port import Verdict
from tests.flows.scanners import CLEAN, MALWARE, PENDING, TOO_MUCH, Scripted
from tests.flows.stores import RESUME, START, TENANT, House
from tests.flows.stores import house as house
from tools.sample_hostile import eicar

QUEUE = "intake_blob_trigger"
AWAY = Unavailable("nobody there")
IN_VAIN = [PENDING, AWAY, Throttled("busy", retry_after=7200)]


@pytest.fixture
def scanner(house: House) -> Scripted:
    """The scanner of the house."""
    house.scanner = made = Scripted()
    return made


def link_of(house: House, record: IntakeRecord) -> str | None:
    return upload.report(house, record.tenant_id, record.intake_id, now=house.clock())[2]


def code_of(record: IntakeRecord) -> str | None:
    return record.reason.code if record.reason else None


def retry(house: House, filename: str, role: Role = "recruiter") -> None:
    """Ask for another attempt at a file."""
    record = house.record(filename)
    upload.retry(
        house,
        TENANT,
        record.intake_id,
        roles=frozenset({role}),
        idempotency=None,
        now=house.clock(),
    )


def test_a_clean_file_goes_on(house: House, scanner: Scripted) -> None:
    """The scanner is asked once, about the very version that was checked."""
    name = house.drop("cv.txt")
    record = house.record("cv.txt")
    assert (record.state, record.unscanned) == ("extracting", None)
    (asked,) = scanner.asked
    info = house.blobs.info("resumes", name)
    assert (asked.name, asked.etag, asked.sha256) == (name, info.etag, record.file.sha256)
    assert link_of(house, record) is not None
    house.tell(name)
    assert len(scanner.asked) == 1


def test_malware_is_quarantined_by_its_name(house: House, scanner: Scripted) -> None:
    """An infected file ends as quarantined, is told of, linked to never, and tried again only
    for an admin."""
    scanner.says = MALWARE
    house.drop("cv.txt")
    record = house.record("cv.txt")
    assert (record.state, code_of(record)) == ("quarantined", "malware")
    assert record.reason is not None
    assert "Test.Malware" in record.reason.detail
    assert [step.outcome for step in record.steps] == ["done", "quarantined"]
    assert house.waiting("intake_extract") == house.waiting(QUEUE) == []
    assert [e.data["state"] for e in house.waiting("intake/intake_notify")] == ["quarantined"]
    assert link_of(house, record) is None
    with pytest.raises(Forbidden):
        next_attempt(record, frozenset({"recruiter"}), now=START)


def test_copies_of_malware_are_malware(house: House, scanner: Scripted) -> None:
    """A copy is scanned in its own right: no duplicate of what nobody reads."""
    scanner.says = MALWARE
    for name in ("first.txt", "copy.txt"):
        house.drop(name)
    assert {code_of(record) for record in house.records().values()} == {"malware"}


def test_a_false_alarm_tried_again_is_read(house: House, scanner: Scripted) -> None:
    """When the signature is gone an admin's retry takes the file on, and its copy is a copy."""
    scanner.says = MALWARE
    house.drop("cv.txt")
    scanner.says = CLEAN
    retry(house, "cv.txt", "admin")
    assert link_of(house, house.record("cv.txt")) is None
    assert house.work(QUEUE) == ["done"]
    assert house.record("cv.txt").state == "extracting"
    house.drop("copy.txt")
    assert house.record("copy.txt").state == "duplicate"


def test_what_the_check_refuses_is_not_scanned(house: House, scanner: Scripted) -> None:
    """Neither dangerous nor useless files, nor copies, take the scanner's time."""
    house.drop("bad.txt", eicar())
    house.drop("empty.txt", b"")
    house.drop("cv.txt")
    house.drop("copy.txt")
    assert [asked.name for asked in scanner.asked] == [f"{TENANT}/cv.txt"]


@pytest.mark.parametrize("says", IN_VAIN, ids=lambda each: type(each).__name__)
def test_a_file_without_verdict_waits_for_it(
    house: House, scanner: Scripted, says: Verdict | Exception
) -> None:
    """It stays in scanning, says so, cannot be fetched, and goes on when the verdict is there."""
    scanner.says = says
    name = house.drop("cv.txt")
    record = house.record("cv.txt")
    assert (record.state, record.reason) == ("scanning", None)
    assert record.file.media_type == "text/plain"
    assert record.unscanned is not None
    assert (record.unscanned.asked, record.unscanned.since) == (1, START)
    assert [step.stage for step in record.steps] == ["received"]
    assert link_of(house, record) is None
    house.tell(name)
    assert len(scanner.asked) == 1
    assert house.waiting("intake_extract") == house.waiting("intake/intake_notify") == []

    house.clock.advance(seconds=59)
    assert house.work(QUEUE) == []
    house.clock.advance(seconds=1)
    assert house.work(QUEUE) == ["done"]
    assert house.record("cv.txt").state == "scanning"
    scanner.says = CLEAN
    house.clock.advance(seconds=119)
    assert house.work(QUEUE) == []
    house.clock.advance(seconds=1)
    assert house.work(QUEUE) == ["done"]
    record = house.record("cv.txt")
    assert (record.state, record.unscanned, record.attempt) == ("extracting", None, 1)
    assert [step.stage for step in record.steps] == ["received", "scanning"]
    assert link_of(house, record) is not None
    house.work_all()
    assert house.record("cv.txt").state == "completed"


def test_malware_is_found_after_a_wait(house: House, scanner: Scripted) -> None:
    """A late verdict counts as much as an early one."""
    scanner.says = AWAY
    house.drop("cv.txt")
    scanner.says = MALWARE
    house.clock.advance(minutes=1)
    house.work(QUEUE)
    record = house.record("cv.txt")
    assert (record.state, code_of(record), record.unscanned) == ("quarantined", "malware", None)
    assert link_of(house, record) is None
    assert house.waiting("intake_extract") == []


def wait_a_day(house: House) -> int:
    """Let a day and two minutes pass, minute by minute; returns how many messages were handled."""
    handled = 0
    for _ in range(24 * 60 + 2):
        house.clock.advance(minutes=1)
        handled += len(house.work(QUEUE))
    return handled


def test_after_a_day_a_file_has_failed_and_may_be_tried_again(
    house: House, scanner: Scripted
) -> None:
    """A scanner that never answers ends the file as failed, and so does the next attempt; it is
    accepted only when the scanner says so."""
    scanner.says = AWAY
    house.drop("cv.txt")
    for attempt in (1, 2):
        assert wait_a_day(house) == 51 + attempt
        record = house.record("cv.txt")
        assert (record.state, code_of(record), record.attempt) == ("failed", "not_scanned", attempt)
        assert record.reason is not None
        assert record.reason.stage == "scanning"
        assert link_of(house, record) is None
        retry(house, "cv.txt")
        assert link_of(house, house.record("cv.txt")) is None
    assert house.waiting("intake_extract") == []
    assert len(house.waiting("intake/intake_notify")) == 2
    scanner.says = CLEAN
    assert house.work(QUEUE) == ["done"]
    record = house.record("cv.txt")
    assert (record.state, record.attempt, record.unscanned) == ("extracting", 3, None)
    assert link_of(house, record) is not None


def test_what_the_scanner_cannot_look_at_fails_at_once(house: House, scanner: Scripted) -> None:
    """There is nothing to wait for: the file is failed, told why, and never linked to."""
    scanner.says = TOO_MUCH
    house.drop("cv.txt")
    record = house.record("cv.txt")
    assert (record.state, code_of(record)) == ("failed", "not_scanned")
    assert record.reason is not None
    assert record.reason.detail.endswith("Too large.")
    assert link_of(house, record) is None
    assert house.waiting(QUEUE) == house.waiting("intake_extract") == []


def test_a_waiting_file_holds_its_bytes(house: House, scanner: Scripted) -> None:
    """A copy that comes meanwhile is a duplicate of it, and cannot be fetched either."""
    scanner.says = AWAY
    house.drop("first.txt")
    house.clock.advance(hours=1)
    house.drop("copy.txt")
    first, copy = house.record("first.txt"), house.record("copy.txt")
    assert (copy.state, copy.duplicate_of) == ("duplicate", first.intake_id)
    assert link_of(house, copy) is None
    scanner.says = CLEAN
    house.work(QUEUE)
    assert house.record("first.txt").state == "extracting"
    assert link_of(house, copy) is not None


def test_bytes_that_were_never_scanned_are_free(house: House, scanner: Scripted) -> None:
    """A copy of a file that nobody scanned is scanned itself; the first is then its duplicate."""
    scanner.says = TOO_MUCH
    house.drop("first.txt")
    scanner.says = CLEAN
    house.drop("copy.txt")
    copy = house.record("copy.txt")
    assert copy.state == "extracting"
    retry(house, "first.txt")
    house.work(QUEUE)
    first = house.record("first.txt")
    assert (first.state, first.duplicate_of) == ("duplicate", copy.intake_id)
    assert link_of(house, first) is not None


def test_messages_that_come_twice_or_late_change_nothing(house: House, scanner: Scripted) -> None:
    """Of each question one message counts, whatever comes again after it."""
    scanner.says = AWAY
    house.drop("cv.txt")
    house.clock.advance(minutes=1)
    (first,) = house.waiting(QUEUE)
    assert house.handle(QUEUE, first) == "done"
    before = house.record("cv.txt")
    assert house.handle(QUEUE, first) == "repeated"
    assert house.handle(QUEUE, first.model_copy(update={"id": "nudged"})) == "rejected"
    assert house.record("cv.txt") == before
    assert len(scanner.asked) == 2
    house.clock.advance(minutes=2)
    (second,) = house.waiting(QUEUE)
    scanner.says = CLEAN
    assert house.handle(QUEUE, second) == "done"
    for event in (first, second):
        late = event.model_copy(update={"id": f"late {event.id}"[:64]})
        assert house.handle(QUEUE, late) == "rejected"
    assert len(house.waiting("intake_extract")) == 1


def test_a_message_of_an_earlier_attempt_does_not_count(house: House, scanner: Scripted) -> None:
    """The wait of a new attempt is not shortened by the old one's message."""
    scanner.says = AWAY
    house.drop("cv.txt")
    house.clock.advance(minutes=1)
    (old,) = house.waiting(QUEUE)
    scanner.says = TOO_MUCH
    house.handle(QUEUE, old.model_copy(update={"id": "other"}))
    scanner.says = AWAY
    retry(house, "cv.txt")
    house.work(QUEUE)
    before = house.record("cv.txt")
    assert (before.state, before.attempt) == ("scanning", 2)
    assert house.handle(QUEUE, old) == "rejected"
    assert house.record("cv.txt") == before


@pytest.mark.parametrize("lost", ["original_gone", "changed"])
def test_a_file_that_is_lost_while_it_waits_says_so(
    house: House, scanner: Scripted, lost: str
) -> None:
    """What is gone or other by the time of its scan is not scanned, and frees its bytes."""
    scanner.says = AWAY
    name = house.drop("cv.txt")
    if lost == "changed":
        house.put(name, "Somebody Else\nelse@example.com\n")
    else:
        house.blobs.delete("resumes", name)
    scanner.says = CLEAN
    house.clock.advance(minutes=1)
    house.work(QUEUE)
    record = house.record("cv.txt")
    assert (record.state, code_of(record)) == ("failed", lost)
    assert house.waiting("intake_extract") == []
    house.drop("copy.txt")
    assert house.record("copy.txt").state == "extracting"


def test_a_file_whose_record_is_erased_while_it_waits_stays_erased(
    house: House, scanner: Scripted
) -> None:
    """A scan that is due for nobody is finished without effect."""
    from shared.documents.port import Delete

    scanner.says = AWAY
    house.drop("cv.txt")
    record = house.record("cv.txt")
    house.documents.commit("intake", record.partition, [Delete(record.id)])
    house.clock.advance(minutes=1)
    assert house.work(QUEUE) == ["rejected"]
    assert house.records() == {}


def test_a_file_waits_without_a_scanner_no_longer(house: House, scanner: Scripted) -> None:
    """When the house is set to the check alone, waiting files go on at their next message."""
    scanner.says = AWAY
    house.drop("cv.txt")
    house.scanner = None
    house.clock.advance(minutes=1)
    house.work(QUEUE)
    assert house.record("cv.txt").state == "extracting"


def test_a_scan_that_is_told_while_the_bus_is_away_keeps_its_time(
    house: House, scanner: Scripted
) -> None:
    """The event waits in the outbox, is relayed, and comes when it is due, not before."""
    scanner.says = AWAY

    class Away:
        def publish(self, _messages: object) -> None:
            raise Unavailable("away")

    bus, house.bus = house.bus, Away()
    house.drop("cv.txt")
    house.bus = bus
    house.clock.moment += RELAY_AFTER + timedelta(seconds=1)
    assert relay(house, now=house.clock()) == 1
    assert house.kinds("outbox") == []
    assert house.work(QUEUE) == []
    house.clock.advance(seconds=44)
    assert house.work(QUEUE) == ["done"]


def test_a_defect_while_scanning_ends_and_is_redriven(house: House, scanner: Scripted) -> None:
    """A scanner's adapter that breaks never lets a file pass; its dead letter takes it on."""
    scanner.says = AWAY
    house.drop("cv.txt")
    house.clock.advance(minutes=1)
    scanner.says = ValueError("a defect")
    assert set(house.work(QUEUE)) == {"ValueError"}
    record = house.record("cv.txt")
    assert (record.state, code_of(record)) == ("failed", "exhausted")
    assert record.reason is not None
    assert record.reason.stage == "scanning"
    assert link_of(house, record) is None
    scanner.says = CLEAN
    (letter,) = house.bus.dead_letters(QUEUE)
    house.bus.redrive(QUEUE, [letter.sequence_number])
    assert house.work(QUEUE) == ["done"]
    assert house.record("cv.txt").state == "extracting"


def test_defenders_tags_decide(house: House) -> None:
    """A file waits until Defender has tagged this very version of it, and is then what they say."""
    house.scanner = Defender(house.blobs)

    def tagged(name: str, result: str) -> None:
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        house.blobs.set_tags("resumes", name, {RESULT_TAG: result, TIME_TAG: moment})

    good, bad = house.drop("good.txt"), house.drop("bad.txt", RESUME + "bad\n")
    assert {record.state for record in house.records().values()} == {"scanning"}
    tagged(good, "No threats found")
    tagged(bad, "Malicious")
    house.clock.advance(minutes=1)
    house.work(QUEUE)
    assert house.record("good.txt").state == "extracting"
    assert code_of(house.record("bad.txt")) == "malware"
    tagged(house.put(f"{TENANT}/swapped.txt", RESUME + "harmless\n"), "No threats found")
    house.drop("swapped.txt", RESUME + "swapped for another\n")
    assert house.record("swapped.txt").state == "scanning"
