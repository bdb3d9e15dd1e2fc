"""Where all learners of a tenant stand in the game, each night, as a Parquet file for analysts.

Profiles are read twice, once for who stands before whom and once for the rows, and written in
groups: memory does not grow with the tenant. pyarrow is loaded at first use.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from functions.nightly_backup.rules.profile_rows import COLUMNS, Ranks, row_of
from functions.nightly_backup.service.means import Means
from shared import telemetry
from shared.blobs.port import BlobInfo
from shared.documents.port import Equals
from shared.errors import Exists
from shared.models import account, game, tenant
from shared.models.game import GameProfile
from shared.stores import Stores

if TYPE_CHECKING:
    import pyarrow as pa

BLOBS = "profile-snapshots"
KEPT_FOR = timedelta(days=90)
MEDIA_TYPE = "application/vnd.apache.parquet"
ROWS_A_GROUP = 10_000
_PAGE = 1000
_READERS = 8


def make_all(means: Means) -> int:
    """Write this night's snapshot of each tenant that has learners and none yet; returns how many.

    A tenant that fails is logged and left for the next run. Snapshots older than
    :data:`KEPT_FOR` are removed.
    """
    made = 0
    today = means.clock().date()
    for tenant_id in _tenants(means.stores):
        try:
            made += make(means, tenant_id, today)
            _remove_old(means.stores, tenant_id, today)
        except Exception as error:
            telemetry.failure("profile_snapshot.not_made", error, tenant=tenant_id)
    if made:
        telemetry.log("profile_snapshots.made", tenants=made)
    return made


def make(means: Means, tenant_id: str, day: date) -> bool:
    """Write a tenant's snapshot of a day; returns whether there was anything to write, and nobody
    had done it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = f"{tenant_id}/{day.isoformat()}.parquet"
    if means.stores.blobs.info(BLOBS, name) is not None:
        return False
    counts = Counter(each.lifetime_xp for each in _profiles(means.stores, tenant_id))
    if not counts:
        return False
    ranks, now = Ranks(counts), means.clock()
    schema = _schema()
    with tempfile.TemporaryFile() as file, ThreadPoolExecutor(_READERS) as readers:
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for group in _groups(means, readers, tenant_id, ranks, now):
                writer.write_table(pa.Table.from_pylist(group, schema=schema))
        file.seek(0)
        with suppress(Exists):
            means.stores.blobs.put(BLOBS, name, file, content_type=MEDIA_TYPE, if_absent=True)
            return True
    return False


def listed(stores: Stores, tenant_id: str) -> list[BlobInfo]:
    """A tenant's snapshots, the newest first."""
    found = stores.blobs.list(BLOBS, f"{tenant_id}/")
    return sorted(found, key=lambda info: info.name, reverse=True)


def day_of(info: BlobInfo) -> date:
    """The day of a snapshot."""
    return date.fromisoformat(info.name.rpartition("/")[2].removesuffix(".parquet"))


def _groups(
    means: Means, readers: ThreadPoolExecutor, tenant_id: str, ranks: Ranks, now: datetime
) -> Iterator[list[dict[str, Any]]]:
    """The rows of a tenant, so many at a time."""

    def row(profile: GameProfile) -> dict[str, Any]:
        place = (tenant_id, profile.user_id)
        person = means.stores.documents.get(account.CONTAINER, place, account.ACCOUNT_ID)
        known = person.body if person is not None else {}
        return row_of(
            profile,
            learner=means.pseudonyms.of(tenant_id, "user", profile.user_id),
            zone=str(known.get("time_zone") or profile.time_zone),
            track=known.get("track_key"),
            rank=ranks.of(profile.lifetime_xp),
            now=now,
        )

    waiting: list[GameProfile] = []
    for profile in _profiles(means.stores, tenant_id):
        waiting.append(profile)
        if len(waiting) == ROWS_A_GROUP:
            yield list(readers.map(row, waiting))
            waiting = []
    if waiting:
        yield list(readers.map(row, waiting))


def _schema() -> pa.Schema:
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "list<string>": pa.list_(pa.string()),
    }
    return pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])


def _profiles(stores: Stores, tenant_id: str) -> Iterator[GameProfile]:
    for body in _all(stores, game.CONTAINER, (tenant_id,), "profile"):
        yield GameProfile.of(body)


def _tenants(stores: Stores) -> list[str]:
    return [str(body["tenant_id"]) for body in _all(stores, tenant.CONTAINER, (), "tenant")]


def _all(
    stores: Stores, container: str, scope: tuple[str, ...], kind: str
) -> Iterator[dict[str, Any]]:
    continuation = None
    while True:
        page = stores.documents.query(
            container,
            scope,
            where=[Equals("kind", kind)],
            limit=_PAGE,
            continuation=continuation,
        )
        yield from (item.body for item in page.items)
        continuation = page.continuation
        if continuation is None:
            return


def _remove_old(stores: Stores, tenant_id: str, today: date) -> None:
    for info in listed(stores, tenant_id):
        if day_of(info) < today - KEPT_FOR:
            stores.blobs.delete(BLOBS, info.name)
