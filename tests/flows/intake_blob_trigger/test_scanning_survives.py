"""A wait for the scanner outlives lost messages, and processes that die anywhere."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.intake_blob_trigger import service
from shared.documents.port import Replace
from shared.errors import Unavailable
from shared.intake_stages import read_record
from shared.models.intake import IntakeRecord
from shared.outbox import RELAY_AFTER, relay
from shared.scanning.port import Verdict
from tests.flows.scanners import CLEAN, MALWARE, PENDING, TOO_MUCH, Scripted
from tests.flows.stores import RESUME, TENANT, House
from tests.flows.stores import house as house
from tests.kernel.crashing import DIED
from tests.kernel.embedded import Embedded, as_stores

ROOT = Path(__file__).resolve().parents[3]
QUEUE = "intake_blob_trigger"


@pytest.fixture
def scanner(house: House) -> Scripted:
    """The scanner of the house, which does not answer."""
    house.scanner = made = Scripted(Unavailable("away"))
    return made


def test_a_file_whose_message_was_lost_is_nudged(house: House, scanner: Scripted) -> None:
    """Only when its message is long due; the nudge and the message then count once."""
    house.drop("cv.txt")
    house.clock.advance(minutes=1)
    (late,) = house.waiting(QUEUE)
    house.clock.advance(minutes=58)
    assert service.nudge_stalled(house, now=house.clock()) == 0
    house.clock.advance(minutes=2)
    assert service.nudge_stalled(house, now=house.clock()) == 1
    assert house.work(QUEUE) == ["done"]
    record = house.record("cv.txt")
    assert record.unscanned is not None
    assert (record.unscanned.asked, record.nudges) == (2, 0)
    assert house.handle(QUEUE, late) == "rejected"
    scanner.says = CLEAN
    house.clock.advance(minutes=2)
    assert house.work(QUEUE) == ["done"]
    assert house.record("cv.txt").state == "extracting"


def test_a_file_that_is_asked_about_in_time_is_not_nudged(house: House, scanner: Scripted) -> None:
    """A day's wait with all its messages needs no nudge."""
    house.drop("cv.txt")
    touched = 0
    for _ in range(23 * 6):
        house.clock.advance(minutes=10)
        house.work(QUEUE)
        touched += service.nudge_stalled(house, now=house.clock())
    assert touched == 0
    assert house.record("cv.txt").state == "scanning"


def test_a_file_whose_nudges_are_lost_too_fails_and_is_not_lost(
    house: House, scanner: Scripted
) -> None:
    """After three nudges it ends as stalled, unread; a message that comes after all takes it on."""
    house.drop("cv.txt")
    taken = []
    for _ in range(4):
        house.clock.advance(minutes=61)
        taken += house.waiting(QUEUE)
        service.nudge_stalled(house, now=house.clock())
    record = house.record("cv.txt")
    assert record.reason is not None
    assert (record.state, record.reason.code) == ("failed", "stalled")
    assert [house.handle(QUEUE, event) for event in taken] == ["done", *["rejected"] * 3]
    record = house.record("cv.txt")
    assert (record.state, record.reason) == ("scanning", None)
    scanner.says = CLEAN
    house.clock.advance(minutes=2)
    assert house.work(QUEUE) == ["done"]
    assert house.record("cv.txt").state == "extracting"


@pytest.mark.parametrize("point", ["before commit", "after commit", "after publish", "never"])
@pytest.mark.parametrize("at", ["drop", "message"])
def test_a_process_that_dies_loses_no_wait_and_doubles_none(
    tmp_path: Path, at: str, point: str
) -> None:
    """Killed anywhere while it puts a file off, the house comes to the same: one wait, one
    message that is due when it was to be."""
    finished = subprocess.run(
        [sys.executable, "-m", "tests.flows.intake_blob_trigger.dying", str(tmp_path), at, point],
        cwd=ROOT,
        check=False,
        timeout=60,
    )
    assert finished.returncode == (0 if point == "never" else DIED)
    house = House(tmp_path, reopened=True)
    house.scanner = Scripted(Unavailable("away"))
    house.clock.advance(minutes=1 if at == "message" else 0)
    house.clock.moment += RELAY_AFTER + timedelta(seconds=1)
    relay(house, now=house.clock())
    house.tell(f"{TENANT}/cv.txt")  # the host tells again of a drop that it did not see handled
    house.clock.advance(minutes=1)  # the lock of a message that was being handled ends
    house.work(QUEUE)
    record = house.record("cv.txt")
    assert record.state == "scanning"
    assert record.unscanned is not None
    assert house.kinds("outbox") == []
    house.scanner = Scripted(CLEAN)
    house.clock.advance(minutes=30)
    assert house.work(QUEUE) == ["done"]
    assert house.record("cv.txt").state == "extracting"
    assert len(house.waiting("intake_extract")) == 1
    house.close()


class Unreliable:
    """A store of which some calls of one method fail, before or after they did their work."""

    def __init__(self, real: Any, method: str, chance: random.Random) -> None:
        self._real = real
        self._method = method
        self._chance = chance

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if name != self._method:
            return real

        def call(*args: Any, **more: Any) -> Any:
            fate = self._chance.random()
            if fate < 0.1:
                raise Unavailable("before")
            result = real(*args, **more)
            if fate < 0.2:
                raise Unavailable("after")
            return result

        return call


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_nothing_passes_unscanned_and_nothing_is_lost(
    tmp_path: Path, seed: int
) -> None:
    """Over a scanner that changes its mind, stores that fail half-way, messages that come twice
    or late, and lost ones: a file is accepted once, after it was found clean; each ends."""
    chance = random.Random(seed)
    house = House(tmp_path)
    scanner = house.scanner = Scripted()
    documents, bus = house.documents, house.bus
    real = as_stores(Embedded(documents, house.blobs, bus))
    house.documents = Unreliable(documents, "commit", chance)
    house.bus = Unreliable(bus, "publish", chance)
    names = [f"{number}.txt" for number in range(4)]
    away = Unavailable("away")
    says: list[Verdict | Exception] = [*[away] * 8, *[PENDING] * 8, CLEAN, MALWARE, TOO_MUCH]
    found_clean: set[str] = set()
    accepted: list[str] = []
    old: list[Any] = []
    for name in names:
        house.put(f"{TENANT}/{name}", RESUME + f"{name}\n")

    def noted() -> None:
        if scanner.says == CLEAN:
            found_clean.update(version.sha256 for version in scanner.asked)
        scanner.asked.clear()
        for event in house.waiting("intake_extract"):
            record, etag = read_record(real, TENANT, event.data["intake_id"])
            if record.state == "extracting":  # else it was told before
                accepted.append(record.intake_id)
                done = record.model_copy(update={"state": "completed"})
                documents.commit("intake", record.partition, [Replace(done.stored(), etag)])

    for _ in range(150):
        scanner.says = chance.choice(says)
        for event in [*house.waiting(QUEUE), *chance.sample(old, min(2, len(old)))]:
            old.append(event)
            if chance.random() < 0.8:  # the others are lost
                try_to(lambda event=event: house.handle(QUEUE, event))
        if chance.random() < 0.3:
            try_to(lambda: house.tell(f"{TENANT}/{chance.choice(names)}"))
        noted()
        house.clock.advance(minutes=chance.choice([1, 5, 20]))
        try_to(lambda: relay(house, now=house.clock()))
        try_to(lambda: service.nudge_stalled(house, now=house.clock()))
    house.documents, house.bus = documents, bus
    scanner.says = CLEAN
    for name in names:
        house.tell(f"{TENANT}/{name}")
    for _ in range(30):
        house.clock.advance(minutes=61)
        relay(house, now=house.clock())
        service.nudge_stalled(house, now=house.clock())
        house.work(QUEUE)
    noted()
    records = house.records()
    assert set(records) == set(names)
    for record in records.values():
        assert record.state in {"completed", "quarantined", "failed"}
        assert accepted.count(record.intake_id) == (record.state == "completed")
        if record.state == "completed":
            assert record.file.sha256 in found_clean
        else:
            assert code_of(record) in {"malware", "not_scanned", "stalled"}
    house.close()


def try_to(work: Any) -> None:
    try:
        work()
    except Unavailable:
        return


def code_of(record: IntakeRecord) -> str | None:
    return record.reason.code if record.reason else None
