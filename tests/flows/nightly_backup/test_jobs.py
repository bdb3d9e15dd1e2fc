"""Backups and restores go on by events, wherever a message is lost, late or comes twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.nightly_backup.rules.documents import RestoreJob
from functions.nightly_backup.rules.manifest import Damaged
from functions.nightly_backup.service import backing_up, catalogue, jobs, parts, pruning, restoring
from shared.documents.port import Create
from shared.errors import Conflict, Unavailable
from shared.outbox import message_of, relay
from tests.flows.nightly_backup.keeping import (
    back_up,
    contents,
    fill,
    handle,
    manifest_of,
    means_of,
    new_home,
    restore,
    work,
)
from tests.flows.stores import House
from tests.flows.stores import house as house
from tests.kernel.embedded import Failing


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_DOCUMENTS", 40)
    monkeypatch.setattr(parts, "_FIRST_PAGE", 20)
    monkeypatch.setattr(parts, "_MOST_A_PAGE", 20)


def ids(house: House) -> list[str]:
    return sorted(each.backup_id for each in catalogue.manifests(house))


def begin_restore(house: House, **more: Any) -> RestoreJob:
    manifest = catalogue.chosen(house, catalogue.LATEST)
    options: dict[str, Any] = {"only_tenant": None, "mode": "empty"} | more
    return restoring.begin(means_of(house), "restore-1", manifest, **options)


def test_a_nightly_backup_goes_by_events_to_its_end(house: House) -> None:
    """One event a part; each tells of the next, and the manifest comes last."""
    fill(house, 150)
    before = contents(house)
    assert backing_up.begin_nightly(means_of(house)) is not None
    outcomes = work(house)
    assert set(outcomes) == {"done"}
    (backup_id,) = ids(house)
    manifest = manifest_of(house, backup_id)
    assert len(outcomes) >= sum(len(each.parts) for each in manifest.containers.values())
    assert {n: c.documents for n, c in manifest.containers.items() if n in before} == {
        name: len(held) for name, held in before.items()
    }


def test_two_timers_begin_one_backup(house: House) -> None:
    """At once or one after the other, a night has one backup."""
    fill(house, 30)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: backing_up.begin_nightly(means_of(house)), range(4)))
    assert backing_up.begin_nightly(means_of(house)) is None
    work(house)
    assert backing_up.begin_nightly(means_of(house)) is None
    assert ids(house) == ["20260301-nightly"]
    house.clock.advance(days=1)
    assert backing_up.begin_nightly(means_of(house)) is not None
    work(house)
    assert ids(house) == ["20260301-nightly", "20260302-nightly"]


def test_a_night_whose_document_store_was_lost_is_not_mixed(house: House, tmp_path: Path) -> None:
    """A backup of this night that only its files tell of is left as it is."""
    backing_up.begin_nightly(means_of(house))
    work(house)
    before = manifest_of(house, "20260301-nightly")
    with new_home(house, tmp_path / "anew") as anew:
        assert backing_up.begin_nightly(means_of(anew)) is None
        assert manifest_of(anew, "20260301-nightly") == before


def test_each_message_may_come_twice_and_late(house: House, tmp_path: Path) -> None:
    """Delivered again, at once or at the end, nothing is written twice; so in a restore."""
    fill(house, 90)
    before = contents(house, but=("backups", "tombstones"))
    backing_up.begin_nightly(means_of(house))
    seen = []
    while events := house.waiting("nightly_backup"):
        for event in events:
            assert handle(house, event) == "done"
            assert handle(house, event) == "repeated"
            seen.append(event)
    assert {handle(house, event) for event in seen} == {"repeated"}
    assert len(ids(house)) == 1
    with new_home(house, tmp_path / "anew") as anew:
        begin_restore(anew)
        while events := anew.waiting("nightly_backup"):
            for event in events:
                assert [handle(anew, event) for _ in range(2)] == ["done", "repeated"]
        assert contents(anew, but=("backups", "tombstones")) == before


def test_a_store_that_is_away_holds_a_backup_up_only(house: House) -> None:
    """A step whose files could not be written is done again, and nothing is missing."""
    fill(house, 90)
    means = means_of(house)
    backing_up.begin_nightly(means)
    tried = [0]

    def put(real: Any, *args: Any, **kwargs: Any) -> Any:
        tried[0] += 1
        if tried[0] % 3 == 0:
            raise Unavailable("not now")
        return real(*args, **kwargs)

    blobs: Any = Failing(house.blobs, "put", put)
    stores: Any = Any
    stores = type("Stores", (), {"documents": house.documents, "blobs": blobs, "bus": house.bus})()
    flaky = means_of(house, stores=stores)
    while events := house.waiting("nightly_backup"):
        for event in events:
            for _ in range(4):
                try:
                    backing_up.advance(flaky, event)
                    break
                except Unavailable:
                    continue
    restore_counts = manifest_of(house, "20260301-nightly").containers["game"].documents
    assert restore_counts == 90
    assert tried[0] > 5


def test_a_part_that_was_not_kept_as_written_ends_no_step(house: House) -> None:
    """What is read back is held against what was written: a store that loses a byte is found out
    at once, and the step is not counted."""
    fill(house, 30)

    def put(real: Any, container: str, name: str, data: Any, **more: Any) -> Any:
        content = data if isinstance(data, bytes) else data.read()
        return real(container, name, content[:-1], **more)

    stores: Any = type(
        "Stores", (), {"documents": house.documents, "bus": house.bus,
                       "blobs": Failing(house.blobs, "put", put)},
    )()  # fmt: skip
    with pytest.raises(Damaged):
        back_up(house, "b-1", stores=stores)
    assert ids(house) == []
    job, _ = jobs.read(means_of(house), backing_up.LINE, "b-1")
    assert (job.state, job.step) == ("running", 0)


def test_a_job_that_stalls_is_nudged(house: House, tmp_path: Path) -> None:
    """Whoever lost the message, or died in a command's loop: the timer leads it on."""
    fill(house, 60)
    means = means_of(house)
    backing_up.begin(means, "b-1", announces=False)
    assert house.waiting("nightly_backup") == []
    assert backing_up.nudge(means) == 0
    house.clock.advance(minutes=16)
    assert backing_up.nudge(means) == 1
    assert backing_up.nudge(means) == 0
    work(house)
    assert ids(house) == ["b-1"]
    with new_home(house, tmp_path / "anew") as anew:
        begin_restore(anew)
        anew.waiting("nightly_backup")  # lost
        anew.clock.advance(minutes=16)
        assert restoring.nudge(means_of(anew)) == 1
        work(anew)
        assert restoring.read(means_of(anew), "restore-1").state == "done"


def test_a_command_takes_over_from_events(house: House) -> None:
    """A backup that events have led half way is finished by a loop; the events that still come
    find it moved on."""
    fill(house, 120)
    backing_up.begin_nightly(means_of(house))
    for _ in range(3):
        for event in house.waiting("nightly_backup"):
            handle(house, event)
    late = house.waiting("nightly_backup")
    assert back_up(house).id == "20260301-nightly"
    assert [handle(house, event) for event in late] == ["rejected"]
    assert ids(house) == ["20260301-nightly"]


def test_an_abandoned_backup_makes_way(house: House) -> None:
    """After six hours without a step the next backup begins, and the old one says why it failed."""
    means = means_of(house)
    backing_up.begin(means, "b-1")
    for _ in range(20):
        house.clock.advance(minutes=20)
        backing_up.nudge(means)
        house.waiting("nightly_backup")  # lost each time
    assert backing_up.begin(means, "b-2").id == "b-2"
    job, _ = jobs.read(means, backing_up.LINE, "b-1")
    assert (job.state, job.failure) == ("failed", "nothing led it on")


def test_one_restore_is_under_way_at_a_time(house: House, tmp_path: Path) -> None:
    """Asked for again it is the same one; another is refused until it is over."""
    fill(house, 20)
    back_up(house)
    with new_home(house, tmp_path / "anew") as anew:
        first = begin_restore(anew)
        assert begin_restore(anew) == first
        with pytest.raises(Conflict, match="under way"):
            begin_restore(anew, mode="keep")
        with pytest.raises(Conflict, match="under way"):
            begin_restore(anew, only_tenant="acme")
        work(anew)
        assert restore(anew, mode="keep").state == "done"


def test_two_who_do_the_same_step_do_not_spoil_it(house: House) -> None:
    """A second worker writes the same step's part at the same moment, of documents that have
    changed meanwhile: the manifest leads to the one that counted, and the other one goes."""
    fill(house, 30)
    means = means_of(house)
    backing_up.begin_nightly(means)
    spoiled = [False]

    def commit(real: Any, container: str, partition: Any, operations: Any) -> Any:
        if container == "backups" and not spoiled[0]:
            spoiled[0] = True
            body = {"id": "n", "tenant_id": "acme", "user_id": "user-0"}
            house.documents.commit("game", ("acme", "user-0"), [Create(body)])
            work(house)  # the other worker does this step and all that follow
        return real(container, partition, operations)

    stores: Any = type(
        "Stores", (), {"documents": Failing(house.documents, "commit", commit), "bus": house.bus,
                       "blobs": house.blobs},
    )()  # fmt: skip
    (event,) = house.waiting("nightly_backup")
    house.bus.publish([_again(event)])
    assert backing_up.advance(means_of(house, stores=stores), event) in {"repeated", "rejected"}
    manifest = manifest_of(house, "20260301-nightly")
    for each in manifest.containers.values():
        for part in each.parts:
            with parts.fetched(house, manifest.backup_id, part):
                pass
    pruning.prune(means)
    named = {p.name for each in manifest.containers.values() for p in each.parts}
    held = {info.name.partition("/")[2] for info in house.blobs.list("backups")}
    assert held == named | {"manifest.json"}


def _again(event: Any) -> Any:
    return message_of(event.model_copy(update={"resend": 1}))


def test_a_lost_send_is_swept_up(house: House) -> None:
    """An event that stayed in the outbox is sent by the relay, and the backup goes on."""
    fill(house, 10)

    def publish(real: Any, messages: Any) -> None:
        raise Unavailable("not now")

    stores: Any = type(
        "Stores", (), {"documents": house.documents, "blobs": house.blobs,
                       "bus": Failing(house.bus, "publish", publish)},
    )()  # fmt: skip
    backing_up.begin_nightly(means_of(house, stores=stores))
    assert work(house) == []
    house.clock.advance(seconds=30)
    relay(house, now=house.clock())
    work(house)
    assert len(ids(house)) == 1


def test_old_backups_go_and_leftovers_with_them(house: House) -> None:
    """After 40 nights seven daily ones are left, and those of weeks and months; files of a backup
    that never ended go after two days, those of one under way stay."""
    for _ in range(40):
        back_up(house)
        house.clock.advance(days=1)
    left = [each.finished_at.date().isoformat() for each in catalogue.manifests(house)]
    assert left == [
        "2026-03-22", "2026-03-29", "2026-03-31", "2026-04-03", "2026-04-04", "2026-04-05",
        "2026-04-06", "2026-04-07", "2026-04-08", "2026-04-09",
    ]  # fmt: skip
    folders = {info.name.partition("/")[0] for info in house.blobs.list("backups")}
    assert len(folders) == len(left)
    house.blobs.put("backups", "never-ended/game/00001-x.jsonl.zst", b"x")
    means = means_of(house)
    backing_up.begin(means, "under-way", announces=False)
    house.blobs.put("backups", "under-way/game/00001-x.jsonl.zst", b"x")
    pruning.prune(means)
    assert house.blobs.info("backups", "never-ended/game/00001-x.jsonl.zst")
    house.clock.moment += timedelta(days=365 * 3)  # past what the file system's clock may say
    pruning.prune(means)
    assert house.blobs.info("backups", "never-ended/game/00001-x.jsonl.zst") is None
    assert house.blobs.info("backups", "under-way/game/00001-x.jsonl.zst")


def test_a_command_and_a_host_at_once_end_one_backup(house: House) -> None:
    """Both do steps of the same backup at the same time, and are now and then each other's
    hindrance: it ends all the same, whole."""
    fill(house, 150)
    before = contents(house)
    backing_up.begin_nightly(means_of(house))
    with ThreadPoolExecutor(2) as pool:
        by_host = pool.submit(work, house)
        by_command = pool.submit(back_up, house, "another")
        by_host.result(60)
        assert by_command.result(60).id == "20260301-nightly"
    manifest = manifest_of(house, "20260301-nightly")
    assert {n: c.documents for n, c in manifest.containers.items() if n in before} == {
        name: len(held) for name, held in before.items()
    }


def test_an_abandoned_restore_makes_way_for_another(house: House, tmp_path: Path) -> None:
    """The same one goes on even after a day; for another one it is over after six hours."""
    fill(house, 20)
    back_up(house)
    with new_home(house, tmp_path / "anew") as anew:
        first = begin_restore(anew)
        anew.clock.advance(days=1)
        assert begin_restore(anew) == first
        means, manifest = means_of(anew), catalogue.chosen(anew, catalogue.LATEST)
        other = restoring.begin(means, "restore-2", manifest, only_tenant="acme", mode="empty")
        assert other.id == "restore-2"
        assert restoring.read(means, "restore-1").failure == "nothing led it on"


def test_a_log_that_cannot_be_read_ends_a_restore(house: House, tmp_path: Path) -> None:
    """Who was erased could not be told: it fails, and names the file."""
    fill(house, 20)
    back_up(house)
    house.blobs.put("erasure-log", "acme/x.json", b"no tombstone")
    with new_home(house, tmp_path / "anew") as anew:
        done = restore(anew)
        assert done.state == "failed"
        assert "acme/x.json" in str(done.failure)
        assert anew.documents.scan("game").items == ()
