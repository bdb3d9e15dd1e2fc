"""The app as the official runtime sees it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.routes import pattern_of
from shared import topology
from shared.access import ACCESS
from tools.package import flows, stage

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"[a-z][a-z0-9_-]{0,127}")
INDEX = Path(__file__).with_name("index_app.py")


def _indexed(app: Path) -> dict[str, Any]:
    """What Azure's worker runtime finds in an app, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, str(INDEX), str(app)], capture_output=True, text=True, timeout=120
    )
    assert ran.stdout, ran.stderr[-4000:]
    report: dict[str, Any] = json.loads(ran.stdout)
    return report


@pytest.fixture(scope="module")
def root_app() -> dict[str, Any]:
    """The whole house, indexed."""
    return _indexed(ROOT)


def _triggers(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        function["name"]: next(
            binding for binding in function["bindings"] if binding["type"].endswith("Trigger")
        )
        for function in report["functions"]
    }


def test_the_runtime_indexes_the_root_app(root_app: dict[str, Any]) -> None:
    """Azure's own worker loads every function of the house without an error."""
    assert root_app["error"] is None
    assert len(root_app["functions"]) >= len(flows())
    for function in root_app["functions"]:
        assert NAME.fullmatch(function["name"])
        assert all("__" not in binding["name"] for binding in function["bindings"])


@pytest.mark.parametrize("flow", flows())
def test_the_runtime_indexes_a_packaged_flow(
    flow: str, root_app: dict[str, Any], tmp_path: Path
) -> None:
    """A staged flow loads by itself, and serves what it serves in the house."""
    report = _indexed(stage(flow, tmp_path))
    assert report["error"] is None
    packaged, house = _triggers(report), _triggers(root_app)
    own = packaged.keys() - {
        "openapi",
        "docs",
        "docs_asset",
        "health",
        "health_flow",
        "ready",
        "ready_flow",
    }
    assert own
    for name in packaged:
        assert packaged[name] == house[name]


def test_every_function_of_the_house_is_in_a_package(
    root_app: dict[str, Any], tmp_path: Path
) -> None:
    """No function is left behind when each flow is deployed on its own."""
    packaged: set[str] = set()
    for flow in flows():
        packaged |= _triggers(_indexed(stage(flow, tmp_path))).keys()
    assert packaged == _triggers(root_app).keys()


def test_triggers_agree_with_the_topology(root_app: dict[str, Any]) -> None:
    """Every queue, subscription and container a trigger names is in topology.json and back."""
    declared = topology.load()
    entities, storage_queues, containers = set(), set(), set()
    for trigger in _triggers(root_app).values():
        if trigger["type"] == "serviceBusTrigger":
            assert trigger["connection"] == "ServiceBus"
            entities.add(
                trigger.get("queueName") or f"{trigger['topicName']}/{trigger['subscriptionName']}"
            )
        elif trigger["type"] == "queueTrigger":
            storage_queues.add(trigger["queueName"])
        elif trigger["type"] == "blobTrigger":
            assert str(trigger.get("source", "")).lower().replace("_", "") == "eventgrid"
            containers.add(trigger["path"].partition("/")[0])
    assert entities == declared.receivers.keys()
    assert storage_queues == declared.storage_queues.keys()
    assert containers <= declared.blob_containers.keys()


def test_every_route_stands_in_the_table_of_access(root_app: dict[str, Any]) -> None:
    """Each HTTP function of the house has its row, and no row is left of a route that is gone."""
    routes = {n for n, trigger in _triggers(root_app).items() if trigger["type"] == "httpTrigger"}
    assert routes == ACCESS.keys()


def test_no_route_shadows_another(root_app: dict[str, Any]) -> None:
    """The host takes the first match in order of name: no path may fit two functions."""
    seen: list[tuple[str, set[str], str]] = []
    for name, trigger in sorted(_triggers(root_app).items()):
        if trigger["type"] != "httpTrigger":
            continue
        route, methods = trigger["route"], set(trigger["methods"])
        assert not route.startswith(("admin", "runtime"))
        for earlier, earlier_methods, earlier_route in seen:
            clash = methods & earlier_methods and _overlap(route, earlier_route)
            assert not clash, f"{name} and {earlier}: {route}"
        seen.append((name, methods, route))


def _overlap(one: str, two: str) -> bool:
    """Whether some path fits both routes."""
    a, b = one.split("/"), two.split("/")
    if any(part.startswith("{*") for part in (*a, *b)):
        return True
    return len(a) == len(b) and all(
        x == y or _fits(x, y) or _fits(y, x) for x, y in zip(a, b, strict=True)
    )


def _fits(parameter: str, segment: str) -> bool:
    """Whether a parameter takes a segment; of another parameter nobody knows what it takes."""
    return parameter.startswith("{") and (
        segment.startswith("{") or pattern_of(parameter).fullmatch(segment) is not None
    )


def test_a_typed_parameter_takes_its_type_alone() -> None:
    """What the search for shadowed routes takes for granted of typed parameters holds."""
    assert not _overlap("v1/users/{user_id:guid}", "v1/users/me")
    assert _overlap("v1/users/{user_id}", "v1/users/me")
    assert _overlap("v1/users/{user_id:guid}", "v1/users/{name}")
    assert not _overlap("v1/users/me/export", "v1/users/me")


def test_every_flow_owns_what_the_topology_says() -> None:
    """Owners in topology.json are flows of the house."""
    declared = topology.load()
    owners = {entry.owner for entry in declared.containers.values()}
    owners |= {entry.owner for entry in declared.blob_containers.values()}
    owners |= {entry.owner for entry in declared.storage_queues.values()}
    assert owners <= {*flows()}


@pytest.mark.parametrize("flow", flows())
def test_every_flow_has_its_papers(flow: str) -> None:
    """A flow has a README with its events and a requirements file, both of which the root knows."""
    folder = ROOT / "functions" / flow
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert 5 <= len(readme.splitlines()) <= 40
    pins = (folder / "requirements.txt").read_text(encoding="utf-8")
    for line in pins.splitlines():
        assert not line.strip() or line.startswith("#") or "==" in line, line
    root_pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert f"-r functions/{flow}/requirements.txt" in root_pins
