"""The same on the adapter of the cloud: a backup of Cosmos DB's, restored there and on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from functions.nightly_backup.service import parts
from shared import topology
from shared.documents.cosmos import CosmosDocuments
from tests.contracts.documents_fixtures import CosmosPeer, create_containers, running_peer
from tests.flows.nightly_backup.keeping import back_up, contents, fill, new_home, restore
from tests.flows.stores import House
from tests.flows.stores import house as house


@pytest.fixture(scope="module")
def peer() -> Iterator[CosmosPeer]:
    """The peer that speaks Cosmos DB's protocol."""
    with running_peer() as made:
        yield made


def _database(peer: CosmosPeer, name: str) -> CosmosDocuments:
    """A database with every container of the house."""
    create_containers(peer.connection_string, name, topology=topology.load())
    return CosmosDocuments.from_connection_string(peer.connection_string, name, topology.load())


def test_a_backup_of_cosmos_db_is_restored_anywhere(
    house: House, peer: CosmosPeer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On physical ranges that split, page by page; into another database, over what is there, and
    into SQLite it is the original."""
    monkeypatch.setattr(parts, "PART_DOCUMENTS", 50)
    monkeypatch.setattr(parts, "_FIRST_PAGE", 20)
    monkeypatch.setattr(parts, "_MOST_A_PAGE", 30)
    fill(house, 120)
    cloud: Any = SimpleNamespace(documents=_database(peer, "one"), blobs=house.blobs, bus=house.bus)
    for name in topology.load().containers:
        bodies = [item.body for item in house.documents.scan(name).items]
        cloud.documents.load(name, bodies, overwrite=True)
    peer.control("split", {"database": "one", "container": "game", "tenant": "acme"})
    before = contents(cloud, but=("backups", "tombstones"))
    assert len(before["game"]) == 120

    assert back_up(house, "b-1", stores=cloud).state == "done"

    cloud.documents.close()
    cloud.documents = _database(peer, "two")
    job = restore(house, "b-1", stores=cloud)
    assert (job.state, job.counts["game"].restored) == ("done", 120)
    assert contents(cloud, but=("backups", "tombstones")) == before
    again = restore(house, "b-1", stores=cloud, mode="keep")
    assert (again.counts["game"].restored, again.counts["game"].kept) == (0, 120)
    cloud.documents.close()
    with new_home(house, tmp_path / "anew") as anew:
        restore(anew, "b-1")
        assert contents(anew, but=("backups", "tombstones")) == before
