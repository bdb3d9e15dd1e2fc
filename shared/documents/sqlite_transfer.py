"""Reading a whole container of the embedded store page by page, and loading one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from uuid import uuid4

from shared.documents.continuation import read_continuation, shape_of, write_continuation
from shared.documents.port import Json, Partition, Scanned, ScanPage
from shared.errors import Invalid
from shared.topology import Container

PAGE_BYTES = 4 * 1024 * 1024
"""What a page holds at the most, unless a single document is longer."""


def scan(
    connection: sqlite3.Connection,
    container: str,
    *,
    now: float,
    limit: int,
    continuation: str | None,
) -> ScanPage:
    """A page of a container in the order of its partitions, which are kept whole where a page
    holds them: a page is one statement, and so of one moment. It ends at ``limit`` documents or
    :data:`PAGE_BYTES` characters."""
    if not 1 <= limit <= 1000:
        raise Invalid("limit is 1 to 1,000")
    shape = shape_of(container, ("scan",), (), None)
    after = ["", ""] if continuation is None else read_continuation(continuation, shape, 2)
    if not isinstance(after[0], str):
        raise Invalid("the continuation is not one of ours")
    rows: list[tuple[str, str, str, float | None]] = []
    held, is_last = 0, True
    cursor = connection.execute(
        f'SELECT partition, id, body, expires_at FROM "{container}"'  # noqa: S608  a name from topology
        " WHERE (partition, id) > (?, ?) AND (expires_at IS NULL OR expires_at > ?)"
        " ORDER BY partition, id LIMIT ?",
        (*after, now, limit + 1),
    )
    for row in cursor:
        rows.append(row)
        held += len(row[2])
        if len(rows) > limit or (held > PAGE_BYTES and len(rows) > 1):
            is_last = False
            break
    cursor.close()
    if is_last:
        return ScanPage(tuple(Scanned(row[2], row[3]) for row in rows), None)
    end = most = len(rows) - 1
    while end > 0 and rows[end - 1][0] == rows[end][0]:
        end -= 1
    end = end or most  # a partition that no page holds is parted
    shown = tuple(Scanned(row[2], row[3]) for row in rows[:end])
    return ScanPage(shown, write_continuation(shape, rows[end - 1][:2]))


def load(
    connection: sqlite3.Connection,
    container: str,
    declared: Container,
    groups: Sequence[tuple[Partition, Sequence[tuple[Json, str]]]],
    *,
    now: float,
    overwrite: bool,
) -> int:
    """Write documents of a container that has no rows beside them, in one statement; returns how
    many. One that is there and has expired is written over in any case."""
    mark = uuid4().hex
    rows = [
        (
            partition[0],
            place,
            body["id"],
            text,
            f"{mark}{number:x}",
            expires_at(declared, body, now),
        )
        for partition, group in groups
        for place in [json.dumps(partition)]
        for number, (body, text) in enumerate(group)
    ]
    where, values = ("", ()) if overwrite else (" WHERE expires_at <= ?", (now,))
    before = connection.total_changes
    connection.executemany(
        f'INSERT INTO "{container}" (tenant, partition, id, body, etag, expires_at)'  # noqa: S608  a name from topology
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (partition, id) DO UPDATE SET body = excluded.body,"
        f" etag = excluded.etag, expires_at = excluded.expires_at{where}",
        [(*row, *values) for row in rows],
    )
    return connection.total_changes - before


def expires_at(declared: Container, body: Json, now: float) -> float | None:
    """When a document that is written at a moment expires; None for never."""
    ttl = body.get("ttl", declared.default_ttl_seconds)
    return None if declared.default_ttl_seconds is None or ttl in {None, -1} else now + ttl
