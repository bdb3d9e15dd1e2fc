"""Where a scan of a Cosmos DB container is, and when what it gives expires.

A scan goes through one feed range after the other; a page asks one of them, not all. The
ranges that are left travel in the continuation, as they were when the scan began: one that has
split since is read as what it has become.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.documents.continuation import read_continuation, shape_of, write_continuation
from shared.documents.port import STORE_FIELDS, Json, Scanned
from shared.errors import Invalid
from shared.topology import Container


@dataclass(frozen=True)
class Place:
    """The feed ranges that are left, the first of them under way, and the last document that
    was read of it (None: none yet)."""

    ranges: list[dict[str, Any]]
    after: list[Any] | None

    def written(self, container: str) -> str | None:
        """The continuation of this place; None where nothing is left."""
        if not self.ranges:
            return None
        text = json.dumps(self.ranges, separators=(",", ":"))
        return write_continuation(_shape(container), [text, *(self.after or [])])


def read_place(container: str, continuation: str, depth: int) -> Place:
    """The place of a continuation; ``depth`` is how many values a document is sorted by.

    Raises ``Invalid``.
    """
    for length in (1, 1 + depth):
        try:
            text, *after = read_continuation(continuation, _shape(container), length)
            ranges = json.loads(text)
        except (Invalid, ValueError, TypeError):
            continue
        if isinstance(ranges, list) and ranges and all(isinstance(each, dict) for each in ranges):
            return Place(ranges, after or None)
    raise Invalid("the continuation is not one of ours")


def scanned(declared: Container, item: Json) -> Scanned:
    """A document as a scan gives it."""
    body = {name: value for name, value in item.items() if name not in STORE_FIELDS}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    ttl = body.get("ttl", declared.default_ttl_seconds)
    if declared.default_ttl_seconds is None or ttl is None or ttl == -1:
        return Scanned(text, None)
    return Scanned(text, float(item["_ts"] + ttl))


def next_place(place: Place, last: Sequence[Any] | None) -> Place:
    """The place after a page: behind its last document, or at the beginning of the next range
    where the page was the range's last."""
    return Place(place.ranges[1:], None) if last is None else Place(place.ranges, list(last))


def _shape(container: str) -> str:
    return shape_of(container, ("scan",), (), None)
