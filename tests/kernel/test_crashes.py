"""A process may die at any line: the next delivery and the relay bring it to the same end."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from shared.messaging import handle_once
from shared.outbox import RELAY_AFTER, relay
from tests.kernel.crashing import DIED
from tests.kernel.embedded import (
    CONTAINER,
    NOW,
    PARTITION,
    Embedded,
    as_stores,
    creating,
    event,
)

ROOT = Path(__file__).resolve().parents[2]


def crash(home: Path, point: str) -> int:
    finished = subprocess.run(
        [sys.executable, "-m", "tests.kernel.crashing", str(home), point],
        cwd=ROOT,
        check=False,
        timeout=60,
    )
    return finished.returncode


@pytest.mark.parametrize(
    ("point", "outcome", "left"),
    [
        ("before commit", "done", 0),
        ("after commit", "repeated", 1),
        ("after publish", "repeated", 1),
        ("before delete", "repeated", 1),
    ],
)
def test_a_process_that_dies_loses_and_doubles_nothing(
    tmp_path: Path, point: str, outcome: str, left: int
) -> None:
    """Wherever the process dies, one effect and one event come of it in the end."""
    assert crash(tmp_path, point) == DIED
    house = Embedded.at(tmp_path)

    again = handle_once(
        as_stores(house),
        event(),
        handler="probe",
        container=CONTAINER,
        partition=PARTITION,
        decide=creating(),
        now=NOW,
    )
    assert again == outcome
    assert len(house.kinds("outbox")) == left
    assert relay(as_stores(house), now=NOW + RELAY_AFTER + timedelta(seconds=1)) == left

    assert len(house.kinds("probe")) == len(house.kinds("receipt")) == 1
    assert house.kinds("outbox") == []
    assert len(house.waiting()) == 1
    house.close()


def test_a_process_that_lives_comes_to_the_end(tmp_path: Path) -> None:
    """Without a point to die at, the same program ends with status 0 and nothing left over."""
    assert crash(tmp_path, "never") == 0
    house = Embedded.at(tmp_path)
    assert house.kinds("outbox") == []
    assert len(house.waiting()) == 1
    house.close()
