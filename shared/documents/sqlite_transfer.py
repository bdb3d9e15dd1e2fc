"""Reading a whole container of the embedded store page by page."""

from __future__ import annotations

import sqlite3

from shared.documents.continuation import read_continuation, shape_of, write_continuation
from shared.documents.port import Scanned, ScanPage
from shared.errors import Invalid


def scan(
    connection: sqlite3.Connection,
    container: str,
    *,
    now: float,
    limit: int,
    continuation: str | None,
) -> ScanPage:
    """A page of a container in the order of its partitions, which are kept whole where a page
    holds them: a page is one statement, and so of one moment."""
    if not 1 <= limit <= 1000:
        raise Invalid("limit is 1 to 1,000")
    shape = shape_of(container, ("scan",), (), None)
    after = ["", ""] if continuation is None else read_continuation(continuation, shape, 2)
    if not isinstance(after[0], str):
        raise Invalid("the continuation is not one of ours")
    rows = connection.execute(
        f'SELECT partition, id, body, expires_at FROM "{container}"'  # noqa: S608  a name from topology
        " WHERE (partition, id) > (?, ?) AND (expires_at IS NULL OR expires_at > ?)"
        " ORDER BY partition, id LIMIT ?",
        (*after, now, limit + 1),
    ).fetchall()
    if len(rows) <= limit:
        return ScanPage(tuple(Scanned(row[2], row[3]) for row in rows), None)
    end = limit
    while end > 0 and rows[end - 1][0] == rows[end][0]:
        end -= 1
    end = end or limit  # a partition that no page holds is parted
    shown = tuple(Scanned(row[2], row[3]) for row in rows[:end])
    return ScanPage(shown, write_continuation(shape, rows[end - 1][:2]))
