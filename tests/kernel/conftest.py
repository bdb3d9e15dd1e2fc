"""Fixtures of the kernel's tests: stores on a new folder for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.embedded import Clock, Embedded


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Embedded]:
    """The embedded stores on a new folder."""
    embedded = Embedded.at(tmp_path)
    yield embedded
    embedded.close()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still at the moment of the tests' events."""
    return Clock()


@pytest.fixture
def clocked(tmp_path: Path, clock: Clock) -> Iterator[Embedded]:
    """The embedded stores on a new folder and on that clock."""
    embedded = Embedded.at(tmp_path / "clocked", clock)
    yield embedded
    embedded.close()
