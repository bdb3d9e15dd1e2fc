"""Lays back beside a restored journey what a backup missed because it moved to the archive, or
came back from it, between two pages.

The archive is outside of the document store, and holds what was done in the journey until then.
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic import ValidationError

from functions.nightly_backup.rules.lines import Json
from shared.documents.port import MAX_OPERATIONS
from shared.journey_records import BLOBS, KINDS, archived
from shared.models.journey import CONTAINER, Journey
from shared.stores import Stores


def lay_back(stores: Stores, body: Json, *, before: Callable[[], None]) -> int:
    """Lay what the archives of a journey hold beside it where it is not there; returns how many
    documents. ``before`` is called ahead of each write.

    Nothing is written over: what lies there is as late as the backup, or later. A journey that is
    not there, or that names an archive itself, needs nothing. Raises ``Missing``, ``ValueError``
    or ``OSError`` for an archive that is gone or cannot be read.
    """
    partition = (str(body["tenant_id"]), str(body["user_id"]))
    stored = stores.documents.get(CONTAINER, partition, str(body["id"]))
    if stored is None:
        return 0
    try:
        journey = Journey.of(stored.body)
    except ValidationError:  # of a form that nobody reads any more
        return 0
    if journey.archive is not None:
        return 0
    prefix = f"{journey.tenant_id}/{journey.user_id}/{journey.journey_id}/"
    newest_first = sorted(
        stores.blobs.list(BLOBS, prefix), key=lambda info: info.modified_at, reverse=True
    )
    laid = 0
    for info in newest_first:
        told = journey.model_copy(update={"archive": info.name})
        bodies = [each for kind in KINDS for each in archived(stores, told, kind)]
        for start in range(0, len(bodies), MAX_OPERATIONS):
            before()
            laid += stores.documents.load(
                CONTAINER, bodies[start : start + MAX_OPERATIONS], overwrite=False
            )
    return laid
