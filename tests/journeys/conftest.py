"""A running host that the journeys share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running_host import RunningHost


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """One host with the tenants demo and rival."""
    home: Path = tmp_path_factory.mktemp("home")
    running = RunningHost(home)
    for tenant in ("demo", "rival"):
        running.make_tenant(tenant)
    with running:
        yield running
