"""Commands that back up and restore, killed with signal 9: done again, nothing is missing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from shared import topology
from shared.blobs.files import FileBlobs
from shared.documents.port import Json
from shared.documents.sqlite import SqliteDocuments
from tests.flows.nightly_backup.keeping import contents
from tests.running_host import ROOT

LEARNERS, ENTRIES = 500, 110
WITHIN = ("now at accounts", "now at journeys", "now at game", "now at game", "now at game")


def test_killed_in_the_middle_a_backup_and_a_restore_are_whole(tmp_path: Path) -> None:
    """Both are killed several times between and within their parts, and go on; what is restored is
    the original, document by document."""
    home, anew = tmp_path / "home", tmp_path / "anew"
    before = _fill(home)
    for number in range(3):
        _killed(["backup", "--home", str(home)], within="documents", seconds=0.05 * number)
    told = _run(["backup", "--home", str(home)])
    assert "going on with it" in told
    assert re.search(r"Backup \S+: [\d,]+ documents", told)
    held = _run(["backup", "--list", "--home", str(home)]).splitlines()
    assert len(held) == 2

    anew.mkdir()
    shutil.copy(home / "pseudonym.key", anew)
    shutil.copytree(home / "blobs/backups", anew / "blobs/backups")
    refused = subprocess.run(
        _command(["restore", "--home", str(anew)]), cwd=ROOT, capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert "log of erasures" in refused.stderr
    shutil.copytree(home / "blobs/erasure-log", anew / "blobs/erasure-log")
    for number, within in enumerate(WITHIN):
        _killed(["restore", "--home", str(anew)], within=within, seconds=0.2 * number)
    assert "Going on to restore" in _run(["restore", "--home", str(anew)])
    with _Opened(anew) as stores:
        assert contents(stores, but=("backups", "tombstones", "audit")) == before

    refused = subprocess.run(
        _command(["restore", "--home", str(anew)]), cwd=ROOT, capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert "is not empty" in refused.stderr
    tested = _run(["backup", "--test", "--home", str(anew)])
    assert re.search(r"[\d,]+ documents restored and compared, all the same", tested)


class _Opened:
    """The stores of a home."""

    def __init__(self, home: Path) -> None:
        self._documents = SqliteDocuments(home / "documents.db", topology.load(), time.time)
        self._blobs = FileBlobs(home / "blobs", link_base="http://x", link_key=b"k" * 32)

    def __enter__(self) -> Any:
        return SimpleNamespace(documents=self._documents, blobs=self._blobs)

    def __exit__(self, *_: object) -> None:
        self._documents.close()


def _fill(home: Path) -> Any:
    with _Opened(home) as stores:
        for learner in range(LEARNERS):
            own = {"schema_version": 1, "tenant_id": f"tenant-{learner % 3}",
                   "user_id": f"user-{learner}"}  # fmt: skip
            for name, count in (("game", ENTRIES), ("journeys", ENTRIES // 2), ("accounts", 1)):
                bodies: list[Json] = [
                    {**own, "id": f"{name}-{number}", "kind": "entry", "sequence": number}
                    for number in range(count)
                ]
                stores.documents.load(name, bodies, overwrite=True)
        return contents(stores, but=("backups", "tombstones", "audit"))


def _command(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "local", *arguments]


def _run(arguments: list[str]) -> str:
    ran = subprocess.run(_command(arguments), cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return ran.stdout


def _killed(arguments: list[str], *, within: str, seconds: float) -> None:
    """Run a command, and kill it some time after it has printed a line with some words, or where
    a former one had printed that: after its first line."""
    process = subprocess.Popen(
        _command(arguments), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    if "Going on" not in lines[0] and "going on" not in lines[0]:
        while within not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended before it could be killed"
    time.sleep(seconds)
    process.kill()
    process.wait()
    rest = process.stdout.read()
    process.stdout.close()
    assert "Backup 2" not in rest
    assert "container" not in rest, "it ended before it could be killed"
