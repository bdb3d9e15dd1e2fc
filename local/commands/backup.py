"""Back every document up into blobs/backups, list what backups there are, or test the latest.

A backup that was cut off goes on where it was. A host may be serving the home meanwhile, and
backs it up every night by itself. Older ones go: of each of the last 7 days, 4 weeks and 12
months one is kept.
"""

from __future__ import annotations

import argparse
import sys
from uuid import uuid4

from functions.nightly_backup.routes import means
from functions.nightly_backup.rules.documents import BackupJob
from functions.nightly_backup.service import backing_up, catalogue, self_testing
from functions.nightly_backup.service.means import Means

MAKES_HOME = False
_COLUMNS = "{:<28} {:<20} {:>12} {:>10} {}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take ``--list`` and ``--test``."""
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--list", action="store_true", help="list the backups there are")
    action.add_argument(
        "--test", action="store_true", help="restore the latest into a scratch store and compare"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; 0 when it was done, 1 when it failed."""
    found = means()
    if arguments.list:
        _list(found)
        return 0
    return _test(found) if arguments.test else _back_up(found)


def _back_up(found: Means) -> int:
    present = backing_up.under_way(found)
    if present is not None:
        print(f"Backup {present.id} is under way: going on with it.", flush=True)
    backup_id = backing_up.new_id(found.clock(), uuid4().hex)
    job = backing_up.begin(found, backup_id, announces=False)
    job = backing_up.carry_out(found, job.id, shown=_show)
    if job.state != "done":
        print(f"waymark: backup {job.id} failed: {job.failure}", file=sys.stderr)
        return 1
    manifest = catalogue.read(found.stores, job.id)
    seconds = (manifest.finished_at - manifest.started_at).total_seconds()
    print(
        f"Backup {job.id}: {manifest.documents:,} documents, {manifest.raw_bytes:,} bytes in"
        f" {manifest.compressed_bytes:,}, {seconds:.1f} s"
    )
    return 0


def _show(job: BackupJob) -> None:
    if job.state == "running":
        documents = sum(each.documents for each in job.containers.values())
        print(f"  {documents:>12,} documents, now at {job.containers_left[0]}", flush=True)


def _list(found: Means) -> None:
    print(_COLUMNS.format("backup", "finished (UTC)", "documents", "MB", "test"))
    for each in sorted(catalogue.manifests(found.stores), key=lambda each: each.finished_at):
        test = self_testing.result_of(found, each.backup_id)
        print(
            _COLUMNS.format(
                each.backup_id,
                each.finished_at.strftime("%Y-%m-%d %H:%M:%S"),
                f"{each.documents:,}",
                f"{each.compressed_bytes / 2**20:.1f}",
                "" if test is None else test.failure or test.state,
            )
        )


def _test(found: Means) -> int:
    test = self_testing.begin(found, announces=False)
    if test is None:
        print("waymark: there is no backup", file=sys.stderr)
        return 1
    test = self_testing.carry_out(found, test.id)
    if test.state != "done":
        print(f"waymark: backup {test.id} does not hold: {test.failure}", file=sys.stderr)
        return 1
    print(f"Backup {test.id}: {test.documents:,} documents restored and compared, all the same")
    return 0
