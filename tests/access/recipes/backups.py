"""Recipes of backups, restores and the snapshots for analysts."""

from __future__ import annotations

from tests.access.recipes.registry import LIST, OF_NO_TENANT, Request, recipe
from tests.access.world import Kind, Person, World


@recipe(OF_NO_TENANT, status=202)
def backups_start(world: World, caller: Person, kind: Kind) -> Request:
    world.no_backup_under_way()
    return Request(marks=('"kind":"backup"',), shows=("backup_id",))


@recipe(OF_NO_TENANT)
def backups_list(world: World, caller: Person, kind: Kind) -> Request:
    backup_id = world.backup()
    return Request(query={"limit": "100"}, marks=(backup_id,), shows=(backup_id,))


@recipe(OF_NO_TENANT)
def backups_read(world: World, caller: Person, kind: Kind) -> Request:
    backup_id = world.backup()
    return Request(path={"backup_id": backup_id}, marks=(backup_id,), shows=("raw_bytes",))


@recipe(OF_NO_TENANT, status=202)
def restores_start(world: World, caller: Person, kind: Kind) -> Request:
    world.host.make_tenant("lone")
    backup_id = world.backup()
    world.no_backup_under_way()
    body = {"backup_id": backup_id, "tenant": "lone", "into_existing": "keep"}
    return Request(body=body, marks=('"kind":"restore"',), shows=(backup_id,))


@recipe(OF_NO_TENANT)
def restores_read(world: World, caller: Person, kind: Kind) -> Request:
    restore_id = world.restore()
    return Request(path={"restore_id": restore_id}, marks=(restore_id,), shows=(restore_id,))


@recipe(LIST)
def profile_snapshots_list(world: World, caller: Person, kind: Kind) -> Request:
    kinds: tuple[Kind, ...] = ("ours", "foreign")
    days = dict(zip(kinds, ("2026-01-02", "2026-01-03"), strict=True))
    for each, day in days.items():
        name = f"{world.place(caller, each)}/{day}.parquet"
        world.host.blobs.put("profile-snapshots", name, b"of the tests")
    return Request(lists=days)
