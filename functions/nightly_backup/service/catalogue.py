"""Which backups there are. The blobs say so, not the document store: that may be lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError

from functions.nightly_backup.rules.manifest import (
    MANIFEST,
    Damaged,
    Manifest,
    manifest_name,
    newest,
)
from functions.nightly_backup.service.means import BLOBS
from shared import telemetry
from shared.errors import Invalid, Missing
from shared.stores import Stores

LATEST = "latest"


def manifests(stores: Stores) -> Iterator[Manifest]:
    """The manifests of all backups, by id. One that cannot be read is logged and passed by."""
    ids = [
        info.name.removesuffix(f"/{MANIFEST}")
        for info in stores.blobs.list(BLOBS)
        if info.name.endswith(f"/{MANIFEST}")
    ]
    for backup_id in ids:
        try:
            yield read(stores, backup_id)
        except (Missing, Damaged) as error:
            telemetry.failure("backup.not_read", error, backup=backup_id)


def read(stores: Stores, backup_id: str) -> Manifest:
    """The manifest of a backup. Raises ``Missing``, and :class:`Damaged` for one that is none."""
    try:
        with stores.blobs.open(BLOBS, manifest_name(backup_id)) as blob:
            manifest = Manifest.model_validate_json(blob.read())
    except (Missing, Invalid):
        raise Missing(f"there is no backup {backup_id}") from None
    except ValidationError:
        raise Damaged(f"the manifest of backup {backup_id} cannot be read") from None
    if manifest.backup_id != backup_id:
        raise Damaged(f"the manifest of backup {backup_id} is another's")
    return manifest


def chosen(stores: Stores, backup_id: str, *, at: datetime | None = None) -> Manifest:
    """The backup of an id; for ``latest`` the one that was finished last, and not after ``at``.

    Raises ``Missing`` where there is none, and :class:`Damaged`.
    """
    if backup_id != LATEST:
        return read(stores, backup_id)
    found = newest(manifests(stores), at=at)
    if found is None:
        when = "" if at is None else f" that was finished by {at.isoformat()}"
        raise Missing(f"there is no backup{when}")
    return found
