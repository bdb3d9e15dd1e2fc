"""Backing up and restoring the embedded stores of the tests' house."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Any
from uuid import uuid4

from functions.nightly_backup.rules.documents import BackupJob, Mode, RestoreJob
from functions.nightly_backup.rules.lines import digest_of
from functions.nightly_backup.rules.manifest import Manifest
from functions.nightly_backup.service import backing_up, catalogue, restoring, self_testing
from functions.nightly_backup.service.means import Means
from shared import runtime, topology
from shared.documents.port import Documents
from shared.events.backup import BackupAdvanced, RestoreAdvanced
from shared.events.envelope import Event
from shared.messaging import Outcome
from shared.stores import Stores
from tests.flows.stores import PSEUDONYMS, Clock, House

Key = tuple[str, ...]


def means_of(house: House, *, stores: Any = None) -> Means:
    """What the services work with, on a house's stores."""
    return Means(stores or house, PSEUDONYMS, house.clock, "1.2.3", runtime.scratch_documents)


def back_up(house: House, backup_id: str | None = None, *, stores: Any = None) -> BackupJob:
    """Make a backup whole."""
    means = means_of(house, stores=stores)
    identity = backup_id or backing_up.new_id(house.clock(), uuid4().hex)
    job = backing_up.begin(means, identity, announces=False)
    return backing_up.carry_out(means, job.id)


def restore(
    house: House, backup_id: str = catalogue.LATEST, *, tenant: str | None = None,
    mode: Mode = "empty", stores: Any = None, without_erasure_log: bool = False,
) -> RestoreJob:  # fmt: skip
    """Restore a backup whole."""
    means = means_of(house, stores=stores)
    manifest = catalogue.chosen(means.stores, backup_id)
    job = restoring.begin(
        means,
        str(uuid4()),
        manifest,
        only_tenant=tenant,
        mode=mode,
        without_erasure_log=without_erasure_log,
        announces=False,
    )
    return restoring.carry_out(means, job.id)


def handle(house: House, event: Event) -> Outcome:
    """What the function ``backup_hear`` does, on a house's stores."""
    means = means_of(house)
    if event.type == BackupAdvanced.type:
        return backing_up.advance(means, event)
    if event.type == RestoreAdvanced.type:
        return restoring.advance(means, event)
    return self_testing.advance(means, event)


def work(house: House) -> list[Outcome]:
    """Handle what waits for the flow, until nothing does."""
    outcomes: list[Outcome] = []
    while events := house.waiting("nightly_backup"):
        outcomes += [handle(house, event) for event in events]
    return outcomes


def stores_of(house: House, **other: Any) -> Any:
    """A house's stores, some of them replaced."""
    held = {"documents": house.documents, "blobs": house.blobs, "bus": house.bus} | other
    return type("Stores", (), held)()


@contextmanager
def new_home(house: House, home: Path, *, clock: Clock | None = None) -> Iterator[House]:
    """A house whose document store and bus are lost: the blobs of the former one are all it has."""
    copytree(house.home / "blobs", home / "blobs")
    made = House(home, clock=clock or house.clock, reopened=True)
    yield made
    made.close()


def contents(
    stores: Stores | House, *, but: tuple[str, ...] = ("backups",)
) -> dict[str, dict[Key, str]]:
    """A digest of every document, apart from its ttl, by container and place."""
    return {
        name: dict(_digests(stores.documents, name))
        for name in topology.load().containers
        if name not in but
    }


def _digests(documents: Documents, name: str) -> Iterator[tuple[Key, str]]:
    keys, continuation = topology.load().containers[name].partition_key, None
    while True:
        page = documents.scan(name, continuation=continuation)
        for item in page.items:
            place = (*(str(item.body[each]) for each in keys), str(item.body["id"]))
            yield place, digest_of(item.body)
        continuation = page.continuation
        if continuation is None:
            return


def manifest_of(house: House, backup_id: str) -> Manifest:
    """The manifest of a backup."""
    return catalogue.read(house, backup_id)


def fill(house: House, count: int, *, tenants: tuple[str, ...] = ("acme", "rival")) -> None:
    """Ledgers, notifications and profiles of many learners, straight into the store."""
    for number in range(count):
        tenant, user = tenants[number % len(tenants)], f"user-{number // 10}"
        body = {
            "schema_version": 1 + number % 2, "id": f"entry-{number}", "tenant_id": tenant,
            "user_id": user, "kind": "entry", "sequence": number, "text": "Grüße " * 5,
        }  # fmt: skip
        house.documents.load("game", [body], overwrite=True)
        notice = {
            "schema_version": 1, "id": f"note-{number}", "tenant_id": tenant,
            "audience": f"user:{user}", "created_at": house.clock().isoformat(),
        }  # fmt: skip
        house.documents.load("notifications", [notice], overwrite=True)
