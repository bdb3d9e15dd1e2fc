"""A step that wakes up late, or a timer at the wrong moment, spoils no backup and no restore."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import azure.functions as func
import pytest

from functions.nightly_backup import function_app
from functions.nightly_backup.rules.documents import Mode
from functions.nightly_backup.service import backing_up, catalogue, parts, restoring
from shared.documents.port import Create, Upsert
from tests.flows.nightly_backup.keeping import (
    back_up,
    fill,
    handle,
    manifest_of,
    means_of,
    new_home,
    work,
)
from tests.flows.stores import House
from tests.flows.stores import house as house
from tests.kernel.embedded import Failing


def _stores(house: House, **other: Any) -> Any:
    held = {"documents": house.documents, "blobs": house.blobs, "bus": house.bus} | other
    return type("Stores", (), held)()


def _check_files(house: House, backup_id: str) -> None:
    for each in manifest_of(house, backup_id).containers.values():
        for part in each.parts:
            with parts.fetched(house, backup_id, part):
                pass


def test_a_last_step_that_wakes_up_late_leaves_the_manifest_alone(house: House) -> None:
    """Two do the last step; the one that does not count wakes up after the other's files alone
    were kept, and the manifest still names files that are there."""
    fill(house, 30)
    means = means_of(house)
    backing_up.begin(means, "b-1")
    slept: list[str] = []

    def put(real: Any, container: str, name: str, data: Any, **more: Any) -> Any:
        if name == "b-1/manifest.json" and not slept:
            slept.append(name)
            note = {"schema_version": 1, "id": "n", "tenant_id": "acme", "audience": "user:x"}
            house.documents.commit("notifications", ("acme", "user:x"), [Create(note)])
            house.clock.advance(minutes=16)
            assert backing_up.nudge(means) == 1
            backing_up.carry_out(means, "b-1")
            _check_files(house, "b-1")
        return real(container, name, data, **more)

    slow = means_of(house, stores=_stores(house, blobs=Failing(house.blobs, "put", put)))
    while events := house.waiting("nightly_backup"):
        for event in events:
            backing_up.advance(slow, event)
    assert slept
    job = backing_up.read(means, "b-1")
    assert (job.state, job.containers) == ("done", manifest_of(house, "b-1").containers)
    _check_files(house, "b-1")


@pytest.fixture
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_DOCUMENTS", 40)
    monkeypatch.setattr(parts, "_FIRST_PAGE", 20)
    monkeypatch.setattr(parts, "_MOST_A_PAGE", 20)


@pytest.mark.usefixtures("_small_parts")
def test_a_backup_that_is_being_restored_is_not_pruned(house: House) -> None:
    """One whose time is over goes after the restore, and not under it."""
    fill(house, 100)
    for _ in range(9):
        last = back_up(house)
        house.clock.advance(days=1)
    oldest_first = sorted(catalogue.manifests(house), key=lambda each: each.finished_at)
    means = means_of(house)
    restoring.begin(means, "r-1", oldest_first[1], only_tenant=None, mode="overwrite")
    for _ in range(4):
        for event in house.waiting("nightly_backup"):
            handle(house, event)
    house.clock.advance(days=1)
    late = house.waiting("nightly_backup")
    assert late
    back_up(house)
    assert last.id != oldest_first[1].backup_id
    assert manifest_of(house, oldest_first[1].backup_id)
    for event in late:
        handle(house, event)
    work(house)
    done = restoring.read(means, "r-1")
    assert done.state == "done", done.failure
    house.clock.advance(days=1)
    back_up(house)
    assert oldest_first[1].backup_id not in {each.backup_id for each in catalogue.manifests(house)}


@pytest.mark.parametrize("mode", ["empty", "overwrite"])
def test_a_step_of_a_restore_that_is_over_writes_nothing_over(
    house: House, tmp_path: Path, mode: Mode
) -> None:
    """It fell asleep over a part; another did that part and all others, and the house works."""
    fill(house, 30)
    back_up(house)
    body = {
        "schema_version": 1, "id": "entry-0", "tenant_id": "acme", "user_id": "user-0", "text": "x",
    }  # fmt: skip
    with new_home(house, tmp_path / "anew") as anew:
        slept: list[str] = []
        means = means_of(anew)
        manifest = catalogue.chosen(anew, catalogue.LATEST)
        restoring.begin(means, "r-1", manifest, only_tenant=None, mode=mode)

        def opened(real: Any, container: str, name: str) -> Any:
            if "/game/" in name and not slept:
                slept.append(name)
                restoring.carry_out(means, "r-1")
                assert restoring.read(means, "r-1").state == "done"
                anew.documents.commit("game", ("acme", "user-0"), [Upsert(body)])
            return real(container, name)

        slow = means_of(anew, stores=_stores(anew, blobs=Failing(anew.blobs, "open", opened)))
        while events := anew.waiting("nightly_backup"):
            for event in events:
                restoring.advance(slow, event)
        assert slept
        stored = anew.documents.get("game", ("acme", "user-0"), "entry-0")
        assert stored is not None
        assert stored.body == body


def test_what_came_into_an_empty_target_since_is_not_written_over(
    house: House, tmp_path: Path
) -> None:
    """However late a step is: what stands there is the restore's own, or newer."""
    fill(house, 30)
    back_up(house)
    body = {
        "schema_version": 1, "id": "entry-0", "tenant_id": "acme", "user_id": "user-0", "text": "x",
    }  # fmt: skip
    with new_home(house, tmp_path / "anew") as anew:

        def load(real: Any, container: str, bodies: Any, **more: Any) -> Any:
            if container == "game":
                anew.documents.commit("game", ("acme", "user-0"), [Upsert(body)])
            return real(container, bodies, **more)

        means = means_of(
            anew, stores=_stores(anew, documents=Failing(anew.documents, "load", load))
        )
        manifest = catalogue.chosen(anew, catalogue.LATEST)
        job = restoring.begin(means, "r", manifest, only_tenant=None, mode="empty", announces=False)
        counts = restoring.carry_out(means, job.id).counts["game"]
        assert (counts.restored, counts.kept) == (29, 1)
        stored = anew.documents.get("game", ("acme", "user-0"), "entry-0")
        assert stored is not None
        assert stored.body == body


@pytest.mark.usefixtures("_small_parts")
def test_no_backup_is_begun_by_night_while_a_restore_goes_on(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of half a house would be the latest. A restore that nothing leads on stops no backup."""
    fill(house, 200)
    back_up(house, "good")
    with new_home(house, tmp_path / "anew") as anew:
        means = means_of(anew)
        monkeypatch.setattr(function_app, "means", lambda: means)
        manifest = manifest_of(anew, "good")
        restoring.begin(means, "r-1", manifest, only_tenant=None, mode="empty", announces=False)
        anew.clock.advance(hours=1)
        _night()
        assert backing_up.under_way(means) is None
        anew.clock.advance(hours=6)
        _night()
        assert backing_up.under_way(means) is not None


def _night() -> None:
    function: Any = function_app.nightly_backup
    function.build().get_user_function()(cast(func.TimerRequest, None))
