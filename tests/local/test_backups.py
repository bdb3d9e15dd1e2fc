"""What operators type to back up and restore, and what they are told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.running_host import ROOT


def run(*arguments: str) -> tuple[int, str]:
    """Run a command; returns its status and what it printed."""
    ran = subprocess.run(
        [sys.executable, "-m", "local", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return ran.returncode, ran.stdout + ran.stderr


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    """No home, no backup, two choices at once, a moment that is none: status 1 or 2 and a line
    that says so."""
    home = str(tmp_path)
    assert "there is no home" in run("backup", "--home", str(tmp_path / "nowhere"))[1]
    for arguments, status, told in (
        (["restore"], 2, "there is no backup"),
        (["restore", "b-1"], 2, "there is no backup b-1"),
        (
            ["restore", "--at", "2026-03-01"],
            2,
            "no backup that was finished by 2026-03-01T00:00:00",
        ),
        (["restore", "b-1", "--at", "2026-03-01"], 2, "not both"),
        (["restore", "--at", "yesterday"], 2, "invalid"),
        (["restore", "--tenant", ""], 2, "needs a tenant's code"),
        (["backup", "--test"], 1, "there is no backup"),
    ):
        found = run(*arguments, "--home", home)
        assert (found[0], told in found[1]) == (status, True), (arguments, found)
    status, told = run("backup", "--list", "--home", home)
    assert (status, len(told.splitlines())) == (0, 1)


def test_a_backup_is_made_listed_and_tested(tmp_path: Path) -> None:
    """On a home where no host ever ran as well."""
    home = str(tmp_path)
    assert run("backup", "--home", home)[0] == 0
    assert run("backup", "--test", "--home", home)[0] == 0
    listed = run("backup", "--list", "--home", home)[1].splitlines()
    assert len(listed) == 2
    assert listed[1].endswith("done")
    status, told = run("restore", "--tenant", "Nobody", "--home", home)
    assert (status, "has nothing of tenant Nobody" in told) == (2, True)
    log = tmp_path / "blobs/erasure-log/log.json"
    log.rename(tmp_path / "log.json")
    status, told = run("restore", "--home", home)
    assert (status, "say that you restore without that log" in told) == (2, True)
    assert run("restore", "--without-erasure-log", "--home", home)[0] == 0
