"""An accepted file is opened once, and only as it was checked."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from functions.intake_extract import service
from functions.intake_extract.rules import BY_CODE, Crashed, ExtractionError, TimedOut
from shared.errors import Unavailable
from shared.events.envelope import Event
from shared.models.intake import IntakeRecord, extract_name
from shared.models.text import ExtractedText
from tests.flows.stores import RESUME, RIVAL, TENANT, House, Lines
from tests.flows.stores import house as house


def accepted(house: House, filename: str = "cv.txt") -> Event:
    """Drop a file; returns the event that has it extracted."""
    house.drop(filename)
    (event,) = house.waiting("intake_extract")
    return event


def text_of(house: House, record: IntakeRecord, attempt: int = 1) -> ExtractedText:
    name = extract_name(record.tenant_id, record.intake_id, attempt)
    with house.blobs.open("extracts", name) as blob:
        return ExtractedText.model_validate_json(blob.read())


def reason_of(record: IntakeRecord) -> str | None:
    return record.reason.code if record.reason else None


def test_the_text_is_stored_and_the_file_goes_on(house: House) -> None:
    """The text lies in the extracts, its facts in the record, and parsing hears of it."""
    assert house.handle("intake_extract", accepted(house)) == "done"
    record = house.record("cv.txt")
    assert (record.state, record.language, record.pages, record.warnings) == (
        "parsing",
        "en",
        1,
        ("w",),
    )
    assert text_of(house, record).lines[0].text == "Maya Okafor"
    (event,) = house.waiting("intake_parse")
    assert event.data == {"intake_id": record.intake_id, "attempt": 1}


def test_a_repeated_message_opens_nothing(house: House) -> None:
    """A delivery after the work is done neither opens the file nor sends again."""
    event = accepted(house)
    house.handle("intake_extract", event)
    assert house.handle("intake_extract", event) == "repeated"
    assert len(house.lines.opened) == 1
    assert len(house.waiting("intake_parse")) == 1


def test_two_deliveries_at_once_have_one_effect(house: House) -> None:
    """Deliveries of one message on two threads take one step and send one event."""
    event = accepted(house)
    together = threading.Barrier(2)

    class Waiting(Lines):
        def extract(self, data: bytes, media_type: str) -> ExtractedText:
            with suppress(threading.BrokenBarrierError):
                together.wait(10)
            return super().extract(data, media_type)

    house.lines = Waiting()
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: house.handle("intake_extract", event), range(2)))
    assert sorted(outcomes) == ["done", "repeated"]
    assert [step.stage for step in house.record("cv.txt").steps].count("extracting") == 1
    assert len(house.waiting("intake_parse")) == 1


def test_two_messages_at_once_have_one_effect(house: House) -> None:
    """A nudge and the original on two threads: one takes the file on, the other is finished."""
    event = accepted(house)
    together = threading.Barrier(2)

    class Waiting(Lines):
        def extract(self, data: bytes, media_type: str) -> ExtractedText:
            with suppress(threading.BrokenBarrierError):
                together.wait(10)
            return super().extract(data, media_type)

    house.lines = Waiting()
    nudge = event.model_copy(update={"id": "nudge"})
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda e: house.handle("intake_extract", e), (event, nudge)))
    assert sorted(outcomes) == ["done", "rejected"]
    assert len(house.waiting("intake_parse")) == 1


@pytest.mark.parametrize("other", ["x" + RESUME[1:], RESUME + "more", RESUME[:-1], ""])
def test_an_overwritten_original_is_never_opened(house: House, other: str) -> None:
    """Bytes that were not checked, whatever their length, do not reach the reader."""
    event = accepted(house)
    house.put(f"{TENANT}/cv.txt", other)
    house.handle("intake_extract", event)
    assert house.lines.opened == []
    record = house.record("cv.txt")
    assert (record.state, reason_of(record)) == ("failed", "changed")
    assert house.waiting("intake_parse") == []
    assert [told.data["state"] for told in house.waiting("intake/intake_notify")] == ["failed"]


def test_a_lost_original_ends_the_file(house: House) -> None:
    """A file that is no longer there fails with that reason."""
    event = accepted(house)
    house.blobs.delete("resumes", f"{TENANT}/cv.txt")
    assert house.handle("intake_extract", event) == "done"
    assert reason_of(house.record("cv.txt")) == "original_gone"


@pytest.mark.parametrize("code", BY_CODE)
def test_every_reason_without_text_ends_the_file(house: House, code: str) -> None:
    """Whatever the reader says, the file ends with its code and words, quarantined if need be."""
    event = accepted(house)
    kind: type[ExtractionError] = BY_CODE[code]
    house.lines = Lines(kind("Said to the recruiter."))
    assert house.handle("intake_extract", event) == "done"
    record = house.record("cv.txt")
    assert record.state == ("quarantined" if code in {"encrypted", "script"} else "failed")
    assert record.reason is not None
    assert (record.reason.code, record.reason.detail) == (code, "Said to the recruiter.")
    assert record.reason.stage == "extracting"
    (told,) = house.waiting("intake/intake_notify")
    assert told.data["reason"] == "Said to the recruiter."


def test_an_event_of_another_tenant_reaches_nothing(house: House) -> None:
    """An event that names another tenant finds no record, and the file waits on."""
    event = accepted(house).model_copy(update={"tenantid": RIVAL})
    assert house.handle("intake_extract", event) == "rejected"
    assert house.lines.opened == []
    assert house.record("cv.txt").state == "extracting"
    assert house.records(tenant=RIVAL) == {}


def test_a_late_message_of_an_older_attempt_is_finished(house: House) -> None:
    """An event of an attempt that is over does not open the file."""
    event = accepted(house)
    later = event.model_copy(update={"id": "x", "data": event.data | {"attempt": 2}})
    assert house.handle("intake_extract", later) == "rejected"
    assert house.record("cv.txt").state == "extracting"


def test_a_message_that_keeps_failing_ends_its_file_and_is_redriven(house: House) -> None:
    """After the last delivery the file has failed; the redriven dead letter takes it on."""
    house.drop("cv.txt")
    house.lines = Lines(ZeroDivisionError())
    outcomes = house.work("intake_extract")
    assert outcomes == ["ZeroDivisionError"] * 10
    record = house.record("cv.txt")
    assert (record.state, reason_of(record)) == ("failed", "exhausted")
    assert record.reason is not None
    assert "ZeroDivisionError" in record.reason.detail
    house.lines = Lines()
    (letter,) = house.bus.dead_letters("intake_extract")
    assert house.bus.redrive("intake_extract", [letter.sequence_number]) == 1
    assert house.work("intake_extract") == ["done"]
    record = house.record("cv.txt")
    assert (record.state, record.reason) == ("parsing", None)
    house.work_all()
    assert house.record("cv.txt").state == "completed"


def test_a_killed_reader_is_not_tried_ten_times(house: House) -> None:
    """A file that kills its reader ends at the first delivery, with nothing in the dead letters."""
    house.drop("cv.txt")
    house.lines = Lines(TimedOut("It took too long."))
    assert house.work("intake_extract") == ["done"]
    assert len(house.lines.opened) == 1
    assert house.bus.dead_letters("intake_extract") == ()


def test_a_store_that_is_away_postpones(house: House) -> None:
    """When the text cannot be stored the message comes again later, and the file is done then."""
    house.drop("cv.txt")
    blobs = house.blobs

    class Away:
        def __getattr__(self, name: str) -> object:
            return getattr(blobs, name)

        def put(self, *_: object, **__: object) -> None:
            raise Unavailable("away")

    house.blobs = Away()
    assert house.work("intake_extract") == []
    assert house.record("cv.txt").state == "extracting"
    house.blobs = blobs
    house.clock.advance(minutes=6)
    assert house.work("intake_extract") == ["done"]


def test_each_attempt_has_a_text_of_its_own(house: House) -> None:
    """The text of a later attempt does not overwrite what an earlier one left."""
    house.handle("intake_extract", accepted(house))
    record = house.record("cv.txt")
    names = {extract_name(TENANT, record.intake_id, attempt) for attempt in (1, 2)}
    assert len(names) == 2
    assert [info.name for info in house.blobs.list("extracts")] == [
        extract_name(TENANT, record.intake_id, 1)
    ]


def test_the_step_says_how_long_it_took(house: House) -> None:
    """The time in the reader is in the step, and failing takes time too."""
    event = accepted(house)

    class Slow(Lines):
        def extract(self, data: bytes, media_type: str) -> ExtractedText:
            house.clock.advance(seconds=2.5)
            raise Crashed("It crashed.")

    service.extract(house, Slow(), event, clock=house.clock)
    step = house.record("cv.txt").steps[-1]
    assert (step.stage, step.outcome, step.duration_ms) == ("extracting", "failed", 2500)
