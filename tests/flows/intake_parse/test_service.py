"""A text becomes résumé data beside the file's record, once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date

import pytest

from functions.candidates.rules.filters import Search, wanted_terms
from functions.intake_parse import service
from functions.intake_parse.rules import parse
from shared.events.envelope import Event
from shared.models.intake import PARSE_ID, IntakeRecord, ParseDocument, extract_name
from shared.models.resume import Resume
from shared.models.text import ExtractedText
from tests.flows.stores import RESUME, TENANT, House
from tests.flows.stores import house as house


def extracted(house: House, text: str = RESUME) -> Event:
    """Drop a file and have its text taken out; returns the event that has it parsed."""
    house.drop("cv.txt", text)
    house.work("intake_extract")
    (event,) = house.waiting("intake_parse")
    return event


def parse_of(house: House) -> ParseDocument | None:
    record = house.record("cv.txt")
    stored = house.documents.get("intake", record.partition, PARSE_ID)
    return ParseDocument.of(stored.body) if stored else None


def reason_of(record: IntakeRecord) -> str | None:
    return record.reason.code if record.reason else None


def test_what_was_read_is_stored_and_the_file_goes_on(house: House) -> None:
    """The résumé lies beside the record, and the profile writer hears of it."""
    assert house.handle("intake_parse", extracted(house)) == "done"
    parsed = parse_of(house)
    assert parsed is not None
    assert parsed.attempt == 1
    assert [email.value for email in parsed.resume.personal.emails] == ["maya.okafor@example.com"]
    record = house.record("cv.txt")
    assert record.state == "finalizing"
    (event,) = house.waiting("intake_finalize")
    assert event.data == {"intake_id": record.intake_id, "attempt": 1}


def test_a_repeated_message_has_no_second_effect(house: House) -> None:
    """Another delivery neither parses nor sends again."""
    event = extracted(house)
    house.handle("intake_parse", event)
    assert house.handle("intake_parse", event) == "repeated"
    assert len(house.waiting("intake_finalize")) == 1


def test_two_deliveries_at_once_have_one_effect(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deliveries of one message on two threads store one parse and send one event."""
    event = extracted(house)
    together = threading.Barrier(2)

    def waiting(text: ExtractedText, *, today: date) -> Resume:
        with suppress(threading.BrokenBarrierError):
            together.wait(10)
            together.abort()  # only the first attempts wait for each other
        return parse(text, today=today)

    monkeypatch.setattr(service, "parse", waiting)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: house.handle("intake_parse", event), range(2)))
    assert sorted(outcomes) == ["done", "repeated"]
    assert [step.stage for step in house.record("cv.txt").steps].count("parsing") == 1
    assert len(house.waiting("intake_finalize")) == 1


def test_a_text_that_is_gone_ends_the_file(house: House) -> None:
    """Without its text a file fails with that reason, and a retry takes it out anew."""
    event = extracted(house)
    record = house.record("cv.txt")
    house.blobs.delete("extracts", extract_name(TENANT, record.intake_id, 1))
    assert house.handle("intake_parse", event) == "done"
    record = house.record("cv.txt")
    assert (record.state, reason_of(record)) == ("failed", "text_gone")
    assert parse_of(house) is None
    assert house.waiting("intake_finalize") == []


@pytest.mark.parametrize(
    "text", ["milk, eggs, bread\nbutter and two onions\n", "1 2 3 4 5 6 7 8 9 10 11 12 13 14\n"]
)
def test_a_text_without_a_person_ends_the_file(house: House, text: str) -> None:
    """A text in which nobody is found fails, says so, and leaves no parse."""
    assert house.handle("intake_parse", extracted(house, text)) == "done"
    record = house.record("cv.txt")
    assert (record.state, reason_of(record)) == ("failed", "nobody_found")
    assert parse_of(house) is None
    assert len(house.waiting("intake/intake_notify")) == 1


def test_a_text_that_is_no_text_is_a_dead_letter(house: House) -> None:
    """A damaged text in the store is our defect: the message keeps failing, the file says so."""
    house.drop("cv.txt")
    house.work("intake_extract")
    record = house.record("cv.txt")
    house.blobs.put("extracts", extract_name(TENANT, record.intake_id, 1), b"{")
    assert set(house.work("intake_parse")) == {"ValidationError"}
    record = house.record("cv.txt")
    assert (record.state, reason_of(record)) == ("failed", "exhausted")
    assert len(house.bus.dead_letters("intake_parse")) == 1


@pytest.mark.parametrize(
    "search",
    [
        Search(text="borealis"),
        Search(text="MAYA.OKAFOR@EXAMPLE.COM"),
        Search(text="c++ node.js python"),
        Search(text="söftware Engineer"),
    ],
)
def test_the_terms_hold_what_searches_ask(house: House, search: Search) -> None:
    """Words and addresses are among the terms of a text."""
    house.handle("intake_parse", extracted(house))
    parsed = parse_of(house)
    assert parsed is not None
    assert set(wanted_terms(search)) <= set(parsed.terms)
