"""A step that wakes up late, or a timer at the wrong moment, spoils no backup and no restore."""

from __future__ import annotations

from typing import Any

from functions.nightly_backup.service import backing_up, parts
from shared.documents.port import Create
from tests.flows.nightly_backup.keeping import fill, manifest_of, means_of
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
