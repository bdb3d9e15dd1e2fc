"""However much there is, a page and a step stay small; nothing is written beside a restore."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from functions.nightly_backup.service import backing_up, catalogue, jobs, restoring
from shared.documents.port import Json, Upsert
from shared.documents.sqlite_transfer import PAGE_BYTES
from shared.erasure_log import entries, logged
from shared.errors import Conflict
from tests.flows.nightly_backup.keeping import (
    back_up,
    contents,
    fill,
    means_of,
    new_home,
    restore,
    stores_of,
    work,
)
from tests.flows.stores import House
from tests.flows.stores import house as house
from tests.kernel.embedded import Failing


def test_a_page_of_a_scan_ends_at_four_megabytes(house: House) -> None:
    """Whatever the limit, and also where a partition is parted by that; a single document may be
    longer, and every one comes once."""
    sizes = {"small": 100, "large": 700_000}
    for name, size in sizes.items():
        for number in range(12):
            body = {"id": f"{name}-{number:02}", "tenant_id": "acme", "user_id": "a" + name,
                    "text": "x" * size}  # fmt: skip
            house.documents.load("game", [body], overwrite=True)
    seen: list[str] = []
    continuation, pages = None, 0
    while True:
        page = house.documents.scan("game", limit=1000, continuation=continuation)
        held = sum(len(each.text) for each in page.items)
        assert held <= PAGE_BYTES
        seen += [each.body["id"] for each in page.items]
        pages, continuation = pages + 1, page.continuation
        if continuation is None:
            break
    assert sorted(seen) == sorted(f"{name}-{n:02}" for name in sizes for n in range(12))
    assert pages == 3


def test_a_step_of_a_restore_asks_the_store_a_bounded_number_of_times(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tombstones are read by the page and not one by one for each document; they are set so many a
    step, and all of them are, in the store and in the log."""
    monkeypatch.setattr(restoring, "ERASURES_A_STEP", 40)
    count = 500
    house.documents.load("intake", [
        {"id": f"i{n}", "tenant_id": "acme", "intake_id": f"i{n}", "kind": "note"}
        for n in range(count)
    ], overwrite=True)  # fmt: skip
    stones: list[Json] = [
        {"schema_version": 1, "id": "tombstone", "kind": "tombstone", "tenant_id": "acme",
         "tombstone_id": f"t{n}", "subject_kind": "intake", "requested_at": "2026-01-01T00:00:00Z"}
        for n in range(count)
    ]  # fmt: skip
    house.documents.load("tombstones", stones, overwrite=True)
    before = contents(house)
    back_up(house)
    with new_home(house, tmp_path / "anew") as anew:
        calls = [0]

        def counted(real: Any, *args: Any, **more: Any) -> Any:
            calls[0] += 1
            return real(*args, **more)

        documents: Any = anew.documents
        for method in ("get", "commit", "query"):
            documents = Failing(documents, method, counted)
        means = means_of(anew, stores=stores_of(anew, documents=documents))
        manifest = catalogue.chosen(anew, "latest")
        restoring.begin(means, "r", manifest, only_tenant=None, mode="empty")
        most = 0
        while events := anew.waiting("nightly_backup"):
            for event in events:
                calls[0] = 0
                restoring.advance(means, event)
                most = max(most, calls[0])
        done = restoring.read(means_of(anew), "r")
        assert done.state == "done"
        assert (done.counts["tombstones"].restored, done.counts["intake"].restored) == (500, 500)
        assert most < 40 * 2 + 20
        assert contents(anew)["intake"] == before["intake"]
        assert len(list(logged(anew))) == entries(anew) == count


def test_no_backup_is_begun_beside_a_restore(house: House, tmp_path: Path) -> None:
    """Whoever asks for one is told to wait; after the restore it is made."""
    fill(house, 20)
    back_up(house)
    with new_home(house, tmp_path / "anew") as anew:
        means = means_of(anew)
        manifest = catalogue.chosen(anew, "latest")
        restoring.begin(means, "r", manifest, only_tenant=None, mode="empty")
        with pytest.raises(Conflict, match="a restore is under way"):
            backing_up.begin(means, "b-2")
        assert backing_up.begin_nightly(means) is None
        work(anew)
        anew.clock.advance(seconds=1)
        assert back_up(anew, "b-2").state == "done"


@pytest.mark.parametrize("is_over", [False, True])
def test_a_backup_that_a_restore_overtakes_never_counts(house: House, *, is_over: bool) -> None:
    """It would be of two houses: it ends as failed at its next step, though the restore may have
    ended by then, and the latest is the one before."""
    fill(house, 20)
    back_up(house, "good")
    house.clock.advance(minutes=1)
    means = means_of(house)
    backing_up.begin(means, "b-2", announces=False)
    house.clock.advance(minutes=1)
    manifest = catalogue.chosen(house, "latest")
    restoring.begin(means, "r", manifest, only_tenant=None, mode="keep", announces=False)
    if is_over:
        restoring.carry_out(means, "r")
    job = backing_up.carry_out(means, "b-2")
    assert (job.state, job.failure) == ("failed", "a restore began meanwhile")
    assert catalogue.chosen(house, "latest").backup_id == "good"


def test_a_late_write_over_what_is_newer_is_told(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker that falls asleep within one write of ``overwrite`` is found out when it wakes: an
    error line names the part."""
    fill(house, 20)
    job = back_up(house)
    means = means_of(house)
    manifest = catalogue.chosen(house, "latest")
    restoring.begin(means, "r", manifest, only_tenant=None, mode="overwrite")
    body = {"id": "entry-0", "tenant_id": "acme", "user_id": "user-0", "text": "newer"}
    slept: list[str] = []

    def load(real: Any, container: str, bodies: Any, **more: Any) -> Any:
        if container == "game" and not slept:
            slept.append(container)
            restoring.carry_out(means, "r")
            house.documents.commit("game", ("acme", "user-0"), [Upsert(body)])
        return real(container, bodies, **more)

    documents = Failing(house.documents, "load", load)
    slow = means_of(house, stores=stores_of(house, documents=documents))
    with caplog.at_level(logging.ERROR, logger="waymark"):
        while events := house.waiting("nightly_backup"):
            for event in events:
                restoring.advance(slow, event)
    assert slept
    told = [each.message for each in caplog.records if each.levelno >= logging.ERROR]
    assert told == ["restore.wrote_late"]
    assert jobs.read(means, restoring.LINE, "r")[0].backup_id == job.id
    assert restore(house, mode="keep").state == "done"
