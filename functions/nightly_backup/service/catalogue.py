"""Which backups there are. The blobs say so, not the document store: that may be lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError

from functions.nightly_backup.rules.manifest import (
    MANIFEST,
    TEST_FAILED,
    Damaged,
    Manifest,
    manifest_name,
    newest,
    verdict_name,
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
    """The backup of an id; for ``latest`` the one that was made last, and had ended by ``at``, of
    those that did not fail their test.

    Raises ``Missing`` where there is none, and :class:`Damaged`.
    """
    if backup_id != LATEST:
        return read(stores, backup_id)
    found = list(manifests(stores))
    failed = failed_tests(stores)
    latest = newest((each for each in found if each.backup_id not in failed), at=at)
    if latest is None:
        when = "" if at is None else f" that was finished by {at.isoformat()}"
        but = " that did not fail its test; name one to use it all the same" if found else ""
        raise Missing(f"there is no backup{when}{but}")
    return latest


def untested(stores: Stores) -> Manifest | None:
    """The backup that was made last, whatever came of a test of it; None where there is none."""
    return newest(manifests(stores))


def failed_tests(stores: Stores) -> set[str]:
    """The ids of the backups that failed their last test."""
    return {
        info.name.removesuffix(f"/{TEST_FAILED}")
        for info in stores.blobs.list(BLOBS)
        if info.name.endswith(f"/{TEST_FAILED}")
    }


def note_test(stores: Stores, backup_id: str, failure: str | None) -> None:
    """Write down beside a backup that it failed its test, and why; or that it did not. A restore
    must know even where the document store is lost."""
    if failure is None:
        stores.blobs.delete(BLOBS, verdict_name(backup_id))
    elif stores.blobs.info(BLOBS, manifest_name(backup_id)) is not None:
        content = json.dumps({"failure": failure}).encode()
        stores.blobs.put(BLOBS, verdict_name(backup_id), content, content_type="application/json")
