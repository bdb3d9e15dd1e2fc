"""What a scanner for insecure infrastructure says of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ACCEPTED = json.loads(
    Path(__file__).with_name("checkov_accepted.json").read_text(encoding="utf-8")
)  # fmt: skip
# The Makefile installs it beside the interpreter that runs the tests.
CHECKOV = Path(
    os.environ.get("WAYMARK_TEST_CHECKOV", Path(sys.prefix) / "checkov" / "bin" / "checkov")
)


@pytest.mark.skipif(not CHECKOV.exists(), reason="checkov is not installed: make .venv/.checkov")
def test_what_checkov_finds_is_what_was_accepted() -> None:
    """It reads every file, and finds nothing but what was accepted, each for a reason."""
    ran = subprocess.run(
        [str(CHECKOV), "-d", "infra", "--framework", "bicep", "-o", "json", "--compact", "--quiet"],
        cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    report: dict[str, Any] = json.loads(ran.stdout)
    # it ends well on files that it cannot read
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 30
    found = {
        (each["check_id"], each["file_path"]): each["check_name"]
        for each in report["results"]["failed_checks"]
    }
    accepted = {(each["check"], each["file"]) for each in ACCEPTED}
    assert {key: name for key, name in found.items() if key not in accepted} == {}
    assert accepted - found.keys() == set(), "accepted, and not found any more"


def test_whatever_was_accepted_has_its_reason() -> None:
    """No finding is let pass without a word on why, and none twice."""
    assert all(len(each["reason"].split()) >= 8 for each in ACCEPTED)
    assert len({(each["check"], each["file"]) for each in ACCEPTED}) == len(ACCEPTED)
