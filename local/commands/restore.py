"""Restore a backup from blobs/backups into the documents of this home.

Stop the host first. The target must be empty unless --into-existing says what happens to
documents that are there; none is ever removed. Who was erased since stays erased. A restore that
was cut off goes on where it was when it is asked for again. Needs the pseudonym.key that the
backup was made with.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from uuid import uuid4

from functions.nightly_backup.routes import means
from functions.nightly_backup.rules.documents import RestoreJob
from functions.nightly_backup.service import catalogue, restoring

MAKES_HOME = False
_COLUMNS = "  {:<20} {:>11} {:>9} {:>9} {:>9} {:>9}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take which backup, and what of it."""
    parser.add_argument(
        "backup_id", nargs="?", default=catalogue.LATEST, help="its id; the latest without one"
    )
    parser.add_argument(
        "--at",
        type=_moment,
        metavar="MOMENT",
        help="the last backup that had ended by then, as 2026-03-01T12:00:00+01:00; UTC if unsaid",
    )
    parser.add_argument("--tenant", metavar="CODE", help="this tenant's documents alone")
    parser.add_argument(
        "--into-existing",
        choices=("keep", "overwrite"),
        help="what happens to documents that are there already",
    )
    parser.add_argument(
        "--without-erasure-log",
        action="store_true",
        help="restore though the log of erasures that the backup knew is lost: who was erased"
        " since the backup comes back",
    )


def run(arguments: argparse.Namespace) -> int:
    """Restore; 0 when it was done, 1 when it failed, 2 for a wrong call."""
    if arguments.at is not None and arguments.backup_id != catalogue.LATEST:
        print("waymark: give a backup's id or --at, not both", file=sys.stderr)
        return 2
    if arguments.tenant == "":
        print("waymark: --tenant needs a tenant's code", file=sys.stderr)
        return 2
    found = means()
    present = restoring.under_way(found)
    wanted = arguments.backup_id
    if present is not None and wanted == catalogue.LATEST and arguments.at is None:
        wanted = present.backup_id
    manifest = catalogue.chosen(found.stores, wanted, at=arguments.at)
    job = restoring.begin(
        found,
        str(uuid4()),
        manifest,
        only_tenant=arguments.tenant,
        mode=arguments.into_existing or "empty",
        without_erasure_log=arguments.without_erasure_log,
        announces=False,
    )
    word = "Restoring" if present is None else "Going on to restore"
    print(
        f"{word} backup {job.backup_id} of {manifest.finished_at:%Y-%m-%d %H:%M:%S} UTC,"
        f" {manifest.documents:,} documents",
        flush=True,
    )
    job = restoring.carry_out(found, job.id, shown=_show)
    _tell(job)
    if job.state != "done":
        print(f"waymark: restore {job.id} failed: {job.failure}", file=sys.stderr)
        return 1
    return 0


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _show(job: RestoreJob) -> None:
    if job.state == "running":
        restored = sum(each.restored for each in job.counts.values())
        at = job.containers_left[0] if job.containers_left else "what waits for the rest"
        print(f"  {restored:>12,} documents, now at {at}", flush=True)


def _tell(job: RestoreJob) -> None:
    print(_COLUMNS.format("container", "restored", "kept", "expired", "erased", "unsent"))
    for name, each in sorted(job.counts.items()):
        print(
            _COLUMNS.format(
                name,
                f"{each.restored:,}",
                f"{each.kept:,}",
                f"{each.expired:,}",
                f"{each.erased:,}",
                f"{each.unsent:,}",
            )
        )
    for name, number in job.unknown.items():
        print(f"  {name}: {number:,} documents were left, for this version has no such container")
    if job.replay_id is not None:
        print(
            f"Replay {job.replay_id} looks for what was erased once the host runs: files of"
            " erased people go too"
        )
