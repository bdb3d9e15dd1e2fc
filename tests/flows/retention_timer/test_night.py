"""What a night removes, what it leaves, and what it tells."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.intake_upload.service import standing
from functions.retention_timer.rules.documents import NightReport
from functions.retention_timer.service import files, night
from shared.bus.port import Message
from shared.documents.port import Create, Equals, Replace, Upsert
from shared.errors import Conflict, Unavailable
from shared.models.intake import IntakeRecord, Reason
from tests.flows.journeying import Journeyer
from tests.flows.stores import PSEUDONYMS, TENANT, House
from tests.flows.stores import house as house

KEPT = timedelta(days=180)


def keep(house: House, **more: Any) -> NightReport:
    """One night."""
    given: dict[str, Any] = {"unmatched_kept": KEPT, "clock": house.clock} | more
    return night.keep_house(house, PSEUDONYMS, **given)


def failed(house: House, name: str, *, code: str = "unreadable") -> IntakeRecord:
    """A file of which nothing could be read."""
    house.drop(name, f"nothing in {name}")
    record = house.records()[name]
    stored = house.documents.get("intake", record.partition, record.intake_id)
    house.waiting("intake_extract")
    over = record.model_copy(
        update={
            "state": "failed",
            "reason": Reason(code=code, detail="It holds no text.", stage="extracting"),
            "updated_at": house.clock(),
        }
    )
    house.documents.commit("intake", record.partition, [Replace(over.stored(), stored.etag)])
    return over


def age(house: House, container: str, name: str) -> None:
    """Have a file be as old as the house's clock says that it is."""
    moment = house.clock().timestamp()
    os.utime(house.blobs.path(container, name), (moment, moment))


def test_a_file_that_became_no_profile_is_erased_when_its_time_is_over(house: House) -> None:
    """Record, original and text go, of that file alone, and a restore would not bring it back."""
    old = failed(house, "old.txt")
    house.blobs.put("extracts", f"{TENANT}/{old.intake_id}/1.json", b"{}")
    house.clock.advance(days=100)
    young = failed(house, "young.txt")
    house.clock.advance(days=80, seconds=1)
    report = keep(house)
    assert report.files_erased == 1
    house.work("accounts")
    assert list(house.records()) == ["young.txt"]
    assert [each.name for each in house.blobs.list("resumes")] == [young.file.name]
    assert list(house.blobs.list("extracts")) == []
    tombstone = PSEUDONYMS.of(TENANT, "intake", old.intake_id)
    assert house.documents.get("tombstones", (TENANT, tombstone), "tombstone") is not None


def test_a_file_that_became_a_profile_stays(house: House) -> None:
    """What leads to a profile goes with the profile, and not before."""
    house.drop("maya.txt")
    house.work_all()
    house.clock.advance(days=3000)
    assert keep(house).files_erased == 0
    assert [each.state for each in house.records().values()] == ["completed"]


def test_many_files_are_erased_in_few_erasures(house: House) -> None:
    """Files of one tenant share erasures; those of another tenant have their own."""
    for n in range(7):
        failed(house, f"{n}.txt")
    house.clock.advance(days=181)
    assert keep(house).files_erased == 7
    erasures = house.documents.query("tombstones", (), where=[Equals("kind", "erasure")]).items
    assert [len(each.body["subjects"]["intake"]) for each in erasures] == [7]
    house.work("accounts")
    assert house.records() == {}
    assert keep(house).files_erased == 0


def test_texts_of_ended_files_are_removed_after_a_month(house: House) -> None:
    """The text of a file that is under way, or may go on, stays however old it is."""
    ended, going, gave_up = (
        failed(house, "ended.txt"),
        _received(house, "going.txt"),
        failed(house, "gave-up.txt", code="exhausted"),
    )
    names = [f"{TENANT}/{each.intake_id}/1.json" for each in (ended, going, gave_up)]
    for name in names:
        house.blobs.put("extracts", name, b"{}")
        age(house, "extracts", name)
    house.clock.advance(days=30)
    assert keep(house).extracts_removed == 0
    house.clock.advance(seconds=1)
    assert keep(house).extracts_removed == 1
    assert sorted(each.name for each in house.blobs.list("extracts")) == sorted(names[1:])


def _received(house: House, name: str) -> IntakeRecord:
    """A file that is under way."""
    house.drop(name, f"words of {name}")
    return house.records()[name]


def test_files_that_nobody_tells_of_are_removed(house: House) -> None:
    """A file without its document goes after a week; others stay."""
    lena = Journeyer(house)
    lena.whole(right=1)
    item = {"schema_version": 1, "id": "i", "kind": "item", "tenant_id": TENANT, "user_id": "lena"}
    house.documents.commit(
        "portfolio", (TENANT, "lena"), [Create(item | {"files": [{"file_id": "f"}]})]
    )
    kept = f"{TENANT}/lena/i/f/shown.png"
    orphans = [
        ("portfolio-files", f"{TENANT}/lena/i/g/taken-off.png"),
        ("portfolio-files", f"{TENANT}/lena/gone/f/a.png"),
        ("journey-summaries", f"{TENANT}/lena/gone/summary.pdf"),
        ("session-archives", f"{TENANT}/lena/{lena.session}/d.jsonl.gz"),
    ]
    others = [("portfolio-files", "nobody/lena/gone/f/a.png"), ("portfolio-files", kept)]
    for container, name in (*orphans, *others):
        house.blobs.put(container, name, b"x")
        age(house, container, name)
    young = ("portfolio-files", f"{TENANT}/lena/gone/f/young.png")
    house.clock.advance(days=28)
    house.blobs.put(*young, b"x")
    age(house, *young)
    report = keep(house)
    assert report.orphans_removed == {
        "portfolio-files": 2, "journey-summaries": 1, "session-archives": 1,
    }  # fmt: skip
    left = {(c, each.name) for c, _ in (*orphans, young) for each in house.blobs.list(c)}
    assert left == {*others, young}


@pytest.mark.parametrize("state", ["running", "failed"])
def test_nothing_is_taken_for_gone_that_a_restore_has_not_brought_back(
    house: House, state: str
) -> None:
    """While a restore is under way, and until one that broke off was done again, no file is an
    orphan, no text is removed and no journey archived; after 30 days nobody expects it any more."""
    lena = Journeyer(house)
    lena.whole(right=1)
    house.clock.advance(days=400)
    held = [
        ("portfolio-files", f"{TENANT}/lena/gone/f/a.png"),
        ("session-archives", f"{TENANT}/lena/{lena.session}/d.jsonl.gz"),
        ("extracts", f"{TENANT}/gone/1.json"),
    ]
    for container, name in held:
        house.blobs.put(container, name, b"x")
        age(house, container, name)
    house.clock.advance(days=31)
    restored(house, state)
    report = keep(house)
    assert (report.orphans_removed, report.extracts_removed, report.archived) == ({}, 0, 0)
    assert set(report.unfinished) == {"extracts", "archive", "orphans"}
    assert all(house.blobs.info(*each) for each in held)
    house.clock.advance(days=20 if state == "failed" else 31)
    if state == "failed":
        restored(house, "done")
    report = keep(house)
    assert report.orphans_removed == {"portfolio-files": 1, "session-archives": 1}
    assert (report.extracts_removed, report.archived, report.unfinished) == (1, 1, ())


def test_a_restore_that_begins_in_the_middle_of_a_look_stops_it(house: House) -> None:
    """What it is to bring back may be what the next file belongs to; the next look goes on."""
    names = [f"{TENANT}/lena/gone/f/{n}.png" for n in range(3)]
    for name in names:
        house.blobs.put("portfolio-files", name, b"x")
        age(house, "portfolio-files", name)
    house.clock.advance(days=8)
    asked = iter([False, False, True])

    def look(**more: Any) -> tuple[dict[str, int], bool]:
        given: dict[str, Any] = {
            "before": house.clock() - timedelta(days=7), "now": house.clock(),
            "is_over": lambda: False,
        }  # fmt: skip
        return files.remove_orphans(house, **given, **more)

    assert look(must_wait=lambda: next(asked)) == ({"portfolio-files": 1}, False)
    assert [info.name for info in house.blobs.list("portfolio-files")] == names[1:]
    assert look() == ({"portfolio-files": 2}, True)


def restored(house: House, state: str) -> None:
    """What the flow that restores keeps of a restore: it stands in a state since now."""
    now = house.clock().isoformat()
    own = {"schema_version": 1, "tenant_id": "platform", "job": "restores"}
    bodies = [
        own | {"id": "current", "kind": "current", "job_id": "r-1"},
        own | {"id": "r-1", "kind": "restore", "state": state, "started_at": now, "moved_at": now},
    ]
    house.documents.commit("backups", ("platform", "restores"), [Upsert(each) for each in bodies])


def test_a_night_tells_what_is_stuck(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Dead letters and events that cannot be sent are in the report, and warned of in the log."""
    house.bus.publish([Message("intake_parse", "m1", b"{}", "waymark.test.v1")])
    house.bus.dead_letter(house.bus.receive("intake_parse")[0], "NotHandled", "KeyError")
    bus, house.bus = house.bus, _Away()
    house.drop("cv.txt")
    house.bus = bus
    house.clock.advance(minutes=59)
    assert keep(house).unsent == {}
    house.clock.advance(minutes=2)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        report = keep(house)
    assert {name: each.count for name, each in report.unsent.items()} == {"intake": 1}
    assert {name: each.count for name, each in report.dead_letters.items()} == {"intake_parse": 1}
    assert report.dead_letters["intake_parse"].oldest_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    said = [record.getMessage() for record in caplog.records]
    assert said.count("dead_letters.waiting") == said.count("outbox.stuck") == 1


class _Away:
    """A bus that takes nothing."""

    def publish(self, _messages: object) -> None:
        raise Unavailable("away")


def test_a_task_that_breaks_holds_up_no_other(house: House) -> None:
    """What breaks is named in the report; the rest is done."""
    lena = Journeyer(house)
    lena.whole(right=1)
    house.clock.advance(days=366)
    bus, house.bus = house.bus, None
    report = keep(house)
    house.bus = bus
    assert report.failed == ("dead_letters",)
    assert report.archived == 1


def test_the_night_ends_in_time(house: House) -> None:
    """When its time is over it leaves the rest to the next night, and says so."""
    Journeyer(house).whole(right=1)
    house.clock.advance(days=366)

    def clock() -> Iterator[datetime]:
        yield house.clock()
        while True:
            yield house.clock() + timedelta(minutes=9)

    moments = clock()
    report = keep(house, clock=lambda: next(moments))
    assert (report.archived, report.unfinished) == (0, ("archive",))
    assert keep(house).archived == 1


def test_reports_are_listed_the_last_first(house: House) -> None:
    """Each night's report is there for 400 days; a night that runs twice is two reports."""
    for _ in range(3):
        keep(house)
        house.clock.advance(days=1)
    first, continuation = night.reports(house, limit=2, continuation=None)
    rest, end = night.reports(house, limit=2, continuation=continuation)
    moments = [each.began_at for each in (*first, *rest)]
    assert moments == sorted(moments, reverse=True)
    assert (len(moments), end) == (3, None)
    house.clock.advance(days=398)
    assert len(night.reports(house, limit=9, continuation=None)[0]) == 1


def test_the_next_night_goes_on_with_orphans(house: House) -> None:
    """Where time runs out in the middle of a tenant's files the next night goes on after the last
    one; then nobody looks for four weeks."""
    names = [f"{TENANT}/lena/gone/f/{n}.png" for n in range(5)]
    for name in names:
        house.blobs.put("portfolio-files", name, b"x")
        age(house, "portfolio-files", name)
    house.clock.advance(days=8)

    def look(calls: int) -> tuple[dict[str, int], bool]:
        left = [False] * calls
        return files.remove_orphans(
            house,
            before=house.clock() - timedelta(days=7),
            is_over=lambda: not left or left.pop(),
            now=house.clock(),
        )

    assert look(2) == ({"portfolio-files": 2}, False)
    house.clock.advance(days=1)
    assert look(2) == ({"portfolio-files": 2}, False)
    assert look(99) == ({"portfolio-files": 1}, True)
    house.blobs.put("portfolio-files", names[0], b"x")
    age(house, "portfolio-files", names[0])
    house.clock.advance(days=27)
    assert look(99) == ({}, True)
    house.clock.advance(days=1)
    assert look(99) == ({"portfolio-files": 1}, True)


def test_a_file_that_is_tried_again_stays(house: House) -> None:
    """A file that somebody has tried again between the look and its mark is not erased; one that is
    marked cannot be tried again."""
    failed(house, "maya.txt")
    house.clock.advance(days=181)
    record = house.records()["maya.txt"]

    def tried_again() -> int:
        status, _ = standing.retry(
            house, TENANT, record.intake_id, roles=frozenset({"admin"}), idempotency=None,
            now=house.clock(),
        )  # fmt: skip
        return status

    query = house.documents.query

    def overtaken(container: str, *arguments: Any, **named: Any) -> Any:
        page = query(container, *arguments, **named)
        if container == "intake" and page.items:
            house.documents.query = query
            assert tried_again() == 202
        return page

    house.documents.query = overtaken
    assert keep(house).files_erased == 0
    house.documents.query = query
    house.work("accounts")
    assert house.records()["maya.txt"].attempt == 2
    other = failed(house, "other.txt")
    house.clock.advance(days=181)
    assert keep(house).files_erased == 1
    record = other
    with pytest.raises(Conflict, match="it is being erased"):
        tried_again()


def test_more_files_than_a_night_takes_are_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a night leaves is named as unfinished, and done the next."""
    for n in range(5):
        failed(house, f"{n}.txt")
    house.clock.advance(days=181)
    monkeypatch.setattr(files, "MOST_FILES_A_NIGHT", 3)
    monkeypatch.setattr(files, "_PAGE", 3)
    report = keep(house)
    assert (report.files_erased, report.unfinished) == (3, ("files",))
    house.work("accounts")
    report = keep(house)
    assert (report.files_erased, report.unfinished) == (2, ())
