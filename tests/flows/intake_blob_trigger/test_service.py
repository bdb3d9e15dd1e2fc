"""A dropped file is registered once, checked, and sent on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.intake_blob_trigger import service
from functions.intake_upload.service import standing as upload
from shared.documents.port import Create
from shared.errors import Invalid, Unavailable
from shared.models.intake import content_id_of, intake_id_of
from tests.flows.stores import RESUME, START, TENANT, House
from tests.flows.stores import house as house
from tools.sample_hostile import eicar


def test_a_sound_file_goes_on_to_extraction(house: House) -> None:
    """The record holds the file's facts and steps, and one event goes to the extraction."""
    house.drop("cv.txt")
    record = house.record("cv.txt")
    assert (record.state, record.attempt, record.reason) == ("extracting", 1, None)
    assert (record.file.media_type, record.file.size) == ("text/plain", len(RESUME))
    assert [step.stage for step in record.steps] == ["received", "scanning"]
    (event,) = house.waiting("intake_extract")
    assert (event.tenantid, event.data) == (TENANT, {"intake_id": record.intake_id, "attempt": 1})


def test_the_same_drop_told_twice_is_one_record(house: House) -> None:
    """Whoever tells of a drop again, now or when the file has moved on, changes nothing."""
    name = house.drop("cv.txt")
    house.tell(name)
    assert len(house.waiting("intake_extract")) == 1
    before = house.record("cv.txt")
    house.clock.advance(days=1)
    house.tell(name)
    assert house.records() == {"cv.txt": before}
    assert house.waiting("intake_extract") == []


def test_the_same_drop_told_by_two_at_once_is_one_record(house: House) -> None:
    """Two triggers of one drop at the same moment make one record and one event."""
    name = house.put(f"{TENANT}/cv.txt", RESUME)
    at_once(lambda _: house.tell(name))
    assert house.record("cv.txt").state == "extracting"
    assert len(house.waiting("intake_extract")) == 1


def test_the_same_bytes_under_two_names_are_one_file(house: House) -> None:
    """The second name of the same bytes is a duplicate that points to the first."""
    house.drop("first.txt")
    house.drop("second.txt")
    first, second = house.record("first.txt"), house.record("second.txt")
    assert (second.state, second.duplicate_of) == ("duplicate", first.intake_id)
    assert second.reason is not None
    assert second.reason.code == "same_bytes"
    assert len(house.waiting("intake_extract")) == 1
    (told,) = house.waiting("intake/intake_notify")
    assert (told.data["state"], told.data["intake_id"]) == ("duplicate", second.intake_id)


def test_the_same_bytes_at_once_are_one_file(house: House) -> None:
    """Of copies told at the same moment exactly one is accepted, the others point to it."""
    names = [house.put(f"{TENANT}/{number}.txt", RESUME) for number in range(4)]
    at_once(lambda number: house.tell(names[number]), times=4)
    records = list(house.records().values())
    (accepted,) = [record for record in records if record.state == "extracting"]
    others = [record.duplicate_of for record in records if record is not accepted]
    assert others == [accepted.intake_id] * 3


def test_tenants_do_not_share_bytes(house: House) -> None:
    """The same bytes in two tenants are two files, for one must not learn of the other's."""
    house.drop("cv.txt")
    house.drop("cv.txt", tenant="rival")
    assert house.record("cv.txt").state == "extracting"
    assert house.record("cv.txt", tenant="rival").state == "extracting"


@pytest.mark.parametrize(("minutes", "state"), [(14, "duplicate"), (16, "extracting")])
def test_a_claim_without_a_record_is_given_up_in_time(
    house: House, minutes: int, state: str
) -> None:
    """Bytes that somebody claimed and never registered are free after a quarter of an hour."""
    lost = house.put(f"{TENANT}/lost.txt", RESUME)
    house.documents = Dying(house.documents, lost)
    with pytest.raises(Unavailable):
        house.tell(lost)
    house.documents = house.documents.real
    house.blobs.delete("resumes", lost)
    house.clock.advance(minutes=minutes)
    house.drop("cv.txt")
    assert house.record("cv.txt").state == state


def test_who_died_after_claiming_finds_the_claim_as_theirs(house: House) -> None:
    """A trigger that is told again after a crash between claim and record goes on."""
    name = house.put(f"{TENANT}/cv.txt", RESUME)
    house.documents = Dying(house.documents, name)
    with pytest.raises(Unavailable):
        house.tell(name)
    house.documents = house.documents.real
    assert house.records() == {}
    house.tell(name)
    assert house.record("cv.txt").state == "extracting"


@pytest.mark.parametrize("lost", ["gone", "changed"])
def test_bytes_of_a_lost_original_are_read_from_the_next_file(house: House, lost: str) -> None:
    """A file that lost its original holds its bytes no longer: a copy is read in its place."""
    name = house.drop("first.txt")
    if lost == "gone":
        house.blobs.delete("resumes", name)
    else:
        house.put(name, "Somebody Else\nelse@example.com\n")
    house.work("intake_extract")
    assert house.record("first.txt").state == "failed"
    house.drop("second.txt")
    assert house.record("second.txt").state == "extracting"


def test_a_lost_original_dropped_again_is_tried_again(house: House) -> None:
    """The same bytes back at the same place begin the next attempt of the failed record."""
    name = house.drop("cv.txt")
    house.blobs.delete("resumes", name)
    house.work("intake_extract")
    house.drop("cv.txt")
    record = house.record("cv.txt")
    assert (record.state, record.attempt, record.reason) == ("extracting", 2, None)
    house.tell(name)
    assert [event.data["attempt"] for event in house.waiting("intake_extract")] == [2]


def test_a_file_gone_before_it_was_registered_leaves_nothing(house: House) -> None:
    """There is no record of a file that nobody could read."""
    house.tell(f"{TENANT}/never.txt")
    assert house.records() == {}
    assert house.kinds("claim") == []


@pytest.mark.parametrize(
    "name",
    ["nobody/cv.txt", "cv.txt", "platform/cv.txt", "ACME/cv.txt", "acme \u200b/cv.txt", "-/cv.txt"],
)
def test_a_file_in_nobodys_folder_is_the_operators(house: House, name: str) -> None:
    """What lies in no tenant's folder ends as failed where operators see it."""
    house.tell(house.put(name, RESUME))
    assert house.records() == {}
    record = house.record("cv.txt", tenant="platform")
    assert record.state == "failed"
    assert record.reason is not None
    assert record.reason.code == "unknown_tenant"
    assert house.waiting("intake_extract") == []


@pytest.mark.parametrize(
    "filename",
    ["履歴書 — Müller (1).txt", "x" * 251 + ".txt", "a/b/c/deep.txt", "no extension", "'; --.txt"],
)
def test_odd_names_are_kept_as_they_are(house: House, filename: str) -> None:
    """A name of any script, length or depth is registered, and dropping the file is enough."""
    house.drop(filename)
    (record,) = house.records().values()
    assert (record.state, record.file.name) == ("extracting", f"{TENANT}/{filename}")
    assert house.work("intake_extract") == ["done"]


@pytest.mark.parametrize("name", [f"{TENANT}/{'x' * 1000}.txt", f"{TENANT}/dot./cv.txt"])
def test_a_name_that_cannot_be_opened_is_said(house: House, name: str) -> None:
    """A file that a store holds under a name of no use to us ends as failed, with that reason."""
    house.tell(name)
    (record,) = house.records().values()
    assert (record.state, record.file.name) == ("failed", name)
    assert record.reason is not None
    assert record.reason.code == "unusable_name"
    assert "Rename it" in record.reason.detail
    with pytest.raises(Invalid):
        house.blobs.info("resumes", name)
    service.record_poison(house, "resumes", name, clock=house.clock)
    assert len(house.records()) == 1


def test_a_dangerous_file_is_quarantined_without_a_claim(house: House) -> None:
    """A quarantined file says why, goes nowhere, and its copies are quarantined too."""
    house.drop("bad.txt", eicar())
    house.drop("copy.txt", eicar())
    states = {record.state for record in house.records().values()}
    assert states == {"quarantined"}
    assert house.waiting("intake_extract") == []
    assert [event.data["state"] for event in house.waiting("intake/intake_notify")] == [
        "quarantined",
        "quarantined",
    ]


def test_a_file_that_could_not_be_registered_is_recorded(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A poison message leaves a failed record and an error in the log, once, and a retry takes
    the file on."""
    name = house.put(f"{TENANT}/cv.txt", RESUME)
    for _ in range(2):
        service.record_poison(house, "resumes", name, clock=house.clock)
    record = house.record("cv.txt")
    (line,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert (line.message, vars(line)["waymark"]) == (
        "file.exhausted", {"tenant": TENANT, "intake": record.intake_id},
    )  # fmt: skip
    assert (record.state, record.attempt) == ("failed", 1)
    assert record.reason is not None
    assert record.reason.code == "exhausted"
    assert len(house.waiting("intake/intake_notify")) == 1
    assert upload.report(house, TENANT, record.intake_id, now=house.clock())[2] is None


def test_poison_does_not_touch_what_was_registered_after_all(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A poison message that comes late leaves the record and its file alone, and alarms nobody."""
    name = house.drop("cv.txt")
    service.record_poison(house, "resumes", name, clock=house.clock)
    assert house.record("cv.txt").state == "extracting"
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


def test_poison_of_a_file_that_is_gone_leaves_nothing(house: House) -> None:
    """There is nothing to record of a file that is not there."""
    service.record_poison(house, "resumes", f"{TENANT}/never.txt", clock=house.clock)
    assert house.records() == {}


def test_a_store_that_is_away_has_the_host_try_again(house: House) -> None:
    """A blob store without an answer goes up, so that the drop is told again."""
    name = house.put(f"{TENANT}/cv.txt", RESUME)

    class Away:
        def open(self, *_: object) -> None:
            raise Unavailable("away")

    blobs, house.blobs = house.blobs, Away()
    with pytest.raises(Unavailable):
        house.tell(name)
    house.blobs = blobs
    house.tell(name)
    assert house.record("cv.txt").state == "extracting"


def test_ids_are_of_tenant_place_and_bytes(house: House) -> None:
    """Another tenant, place or content is another intake; a claim is of tenant and content."""
    ids = {intake_id_of(t, n, s) for t in ("a", "b") for n in ("x", "y") for s in ("1", "2")}
    assert len(ids) == 8
    assert len({content_id_of(t, s) for t in ("a", "b") for s in ("1", "2")} | ids) == 12


def test_an_overwritten_file_is_a_file_of_its_own(house: House) -> None:
    """Other bytes under the same name have their own record beside the first one's."""
    house.drop("cv.txt")
    house.clock.advance(minutes=1)
    house.drop("cv.txt", RESUME + "Later line\n")
    moments = sorted(body["created_at"] for body in house.kinds("record"))
    assert len(moments) == 2
    assert moments[0].startswith(START.strftime("%Y-%m-%dT%H:%M"))


def at_once(work: Callable[[int], Any], *, times: int = 2) -> None:
    """Do it on several threads that start together."""
    together = threading.Barrier(times)

    def one(number: int) -> None:
        together.wait(10)
        work(number)

    with ThreadPoolExecutor(times) as pool:
        list(pool.map(one, range(times)))


class Dying:
    """Documents whose process dies before the record of one file is written."""

    def __init__(self, real: Any, name: str) -> None:
        self.real = real
        self.name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self.real, attribute)

    def commit(self, container: str, partition: tuple[str, ...], operations: list[Any]) -> Any:
        bodies = [each.body for each in operations if isinstance(each, Create)]
        if any(body.get("file", {}).get("name") == self.name for body in bodies):
            raise Unavailable("the process died")
        return self.real.commit(container, partition, operations)
