"""One running host for the whole matrix, and the world on it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.access.calls import Caller, Route
from tests.access.recipes import channels
from tests.access.world import World
from tests.running_host import ROOT, RunningHost

_ROUTES = """
import json
from local.triggers import HttpFunction, load
print(json.dumps([
    [function.name, *sorted(function.methods), function.route]
    for function in load() if isinstance(function, HttpFunction)
]))
"""


@pytest.fixture(scope="session")
def routes() -> dict[str, Route]:
    """Every route of the app by its function's name, as the host finds them."""
    listed = subprocess.run(
        [sys.executable, "-c", _ROUTES], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    found: list[Any] = json.loads(listed.stdout)
    return {name: Route(method, route) for name, method, route in found}


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The people and things of two tenants, on a running host."""
    home = tmp_path_factory.mktemp("home")
    with RunningHost(home, environment=channels.ENVIRONMENT) as host:
        made = World(host)
        yield made
        made.close()


@pytest.fixture(scope="session")
def call(world: World, routes: dict[str, Route]) -> Iterator[Caller]:
    """Calls the routes of that host."""
    with Caller(world.host.url, routes) as caller:
        yield caller
