"""Where a page of a query ends, as text that a caller brings back.

A page ends at a document, not at a place in the store's answer: the continuation
holds that document's sort values, so documents that come and go meanwhile neither
repeat nor hide others. ``shape`` names the query that it belongs to.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from shared.documents.checks import check_value
from shared.documents.port import Filter, Order, Partition
from shared.errors import Invalid


def shape_of(container: str, scope: Partition, where: Sequence[Filter], order: Order | None) -> str:
    """A digest of a query, its limit aside."""
    text = repr((container, scope, tuple(where), order))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def write_continuation(shape: str, last: Sequence[Any]) -> str:
    """The sort values of a page's last document: any text or number, then text alone."""
    text = json.dumps([shape, *last], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode()


def read_continuation(text: str, shape: str, length: int) -> list[Any]:
    """Return the ``length`` sort values; raises ``Invalid`` for anything but our own text."""
    try:
        token = json.loads(base64.b64decode(text.encode(), altchars=b"-_", validate=True))
        check_value(token)
    except (ValueError, RecursionError, Invalid) as error:
        raise Invalid("the continuation is not one of ours") from error
    if not isinstance(token, list) or len(token) != length + 1 or token[0] != shape:
        raise Invalid("the continuation belongs to another query")
    first, *rest = token[1:]
    if isinstance(first, bool) or not isinstance(first, str | int | float):
        raise Invalid("the continuation is not one of ours")
    if not all(isinstance(value, str) for value in rest):
        raise Invalid("the continuation is not one of ours")
    return [first, *rest]
