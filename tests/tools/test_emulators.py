"""The emulators' settings, stores and compose file are of the topology that the house has."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from shared import runtime, topology
from shared.documents.port import Create, Equals, Order
from shared.settings import Settings
from tests.contracts.blobs_fixtures import connection_string
from tests.contracts.documents_fixtures import KEY
from tests.peers.loopback import ROOT, free_port, running
from tests.peers.node import running_azurite
from tools.make_emulator_config import PATH, config, written

DECLARED = topology.load()
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
LOCAL = json.loads((ROOT / "local.settings.json").read_bytes())["Values"]
NAME = re.compile(r"[A-Za-z0-9]$|[A-Za-z0-9][\w./-]*[A-Za-z0-9]$")


def seconds(text: str) -> int:
    """A duration of minutes or seconds."""
    found = re.fullmatch(r"PT(\d+)([HMS])", text)
    assert found is not None, text
    return int(found[1]) * {"H": 3600, "M": 60, "S": 1}[found[2]]


def entities() -> Any:
    """The namespace of the emulator's configuration."""
    (namespace,) = config(DECLARED)["UserConfig"]["Namespaces"]
    return namespace


def test_the_file_is_of_this_topology() -> None:
    """emulators/service-bus.json is what tools/make_emulator_config.py writes."""
    assert PATH.read_text(encoding="utf-8") == written()


def test_every_queue_topic_and_subscription_is_there() -> None:
    """With its sessions, and a rule for each event that a subscription hears."""
    found = entities()
    assert {each["Name"] for each in found["Queues"]} == set(DECLARED.queues)
    topics = {each["Name"]: each for each in found["Topics"]}
    assert set(topics) == set(DECLARED.topics)
    for name, topic in DECLARED.topics.items():
        listeners = {each["Name"]: each for each in topics[name]["Subscriptions"]}
        assert set(listeners) == set(topic.subscriptions)
        for listener, about in topic.subscriptions.items():
            assert listeners[listener]["Properties"]["RequiresSession"] == about.sessions
            labels = [
                rule["Properties"]["CorrelationFilter"]["Label"]
                for rule in listeners[listener]["Rules"]
            ]
            assert labels == list(about.events)


def test_nothing_is_more_than_the_emulator_takes() -> None:
    """Fifty entities, ten deliveries, five minutes of duplicates and locks, an hour of life."""
    found = entities()
    assert len(found["Queues"]) + len(found["Topics"]) <= 50
    receivers = [*found["Queues"]]
    for topic in found["Topics"]:
        assert 1 <= len(topic["Subscriptions"]) <= 50
        receivers += topic["Subscriptions"]
    for each in receivers:
        properties = each["Properties"]
        assert NAME.match(each["Name"])
        assert 1 <= properties["MaxDeliveryCount"] <= 10
        assert 60 <= seconds(properties["LockDuration"]) <= 300
        assert seconds(properties["DefaultMessageTimeToLive"]) <= 3600
        assert all(NAME.match(rule["Name"]) for rule in each.get("Rules", ()))
    for each in (*found["Queues"], *found["Topics"]):
        window = each["Properties"]["DuplicateDetectionHistoryTimeWindow"]
        assert 5 <= seconds(window) <= 300


@pytest.mark.parametrize("service", COMPOSE)
def test_an_image_is_pinned(service: str) -> None:
    """No tag moves: each names a version."""
    name, _, tag = COMPOSE[service]["image"].rpartition(":")
    assert name.startswith("mcr.microsoft.com/")
    assert re.search(r"\d", tag)
    assert not re.search("latest|preview", tag)


def test_nothing_is_open_to_the_network() -> None:
    """Every port is of the loopback alone, and what is mounted is there."""
    for service in COMPOSE.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (ROOT / source).is_file(), source
        for needed in service.get("depends_on", ()):
            assert "healthcheck" in COMPOSE[needed]


def test_azurite_is_that_of_the_tests() -> None:
    """The compose file and the tests run one version."""
    pinned = json.loads((ROOT / "tests/peers/package.json").read_bytes())["dependencies"]
    assert COMPOSE["azurite"]["image"].endswith(f":{pinned['azurite']}")


def test_the_settings_lead_to_the_emulators() -> None:
    """local.settings.json is whole, and names the ports of the compose file."""
    settings = Settings.read(LOCAL)
    assert settings.stores == "azure"
    published = {port.split(":")[1] for each in COMPOSE.values() for port in each.get("ports", ())}
    named = re.findall(r"(?:127\.0\.0\.1|localhost):(\d+)", " ".join(LOCAL.values()))
    assert named
    assert set(named) <= published
    assert "5672" in published  # which the emulator's connection string means


@pytest.fixture(scope="module")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A Cosmos peer and Azurite without anything in them, and a file of settings that names
    them."""
    port = free_port()
    with (
        running([sys.executable, str(ROOT / "tests/peers/cosmos.py"), str(port)], port),
        running_azurite() as blob_port,
    ):
        values = LOCAL | {
            "WAYMARK_COSMOS_CONNECTION": f"AccountEndpoint=http://127.0.0.1:{port}/;AccountKey={KEY};",
            "Blobs": connection_string(blob_port),
        }
        path = tmp_path_factory.mktemp("settings") / "local.settings.json"
        path.write_text(json.dumps({"Values": values}))
        yield path, values


def made(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tools/make_emulator_stores.py", "--settings", str(path), "--without-bus",
         *options], cwd=ROOT, capture_output=True, text=True, timeout=180,
    )  # fmt: skip


def test_the_stores_are_made_and_serve(emulators: tuple[Path, dict[str, str]]) -> None:
    """Twice over: each container takes and sorts documents, each blob container a blob, and the
    tenant is there."""
    path, values = emulators
    for _ in range(2):
        ran = made(path)
        assert ran.returncode == 0, ran.stderr[-3000:]
        assert f"{len(DECLARED.containers)} containers" in ran.stdout
    stores = runtime.Runtime(Settings.read(values))
    assert stores.documents.get("tenants", ("demo",), "tenant") is not None
    for name, container in DECLARED.containers.items():
        partition = ("demo", *(uuid4().hex for _ in container.partition_key[1:]))
        key = dict(zip(container.partition_key, partition, strict=True))
        body: dict[str, Any] = {"id": "one", "kind": "test", **key}
        stores.documents.commit(name, partition, [Create(body)])
        for path_sorted in container.ordered_by:
            stores.documents.query(
                name, partition, where=[Equals("kind", "test")], order=Order(path_sorted)
            )
        assert stores.documents.get(name, partition, "one") is not None
    for name in DECLARED.blob_containers:
        stores.blobs.put(name, "demo/one.txt", b"one")
        assert stores.blobs.link(name, "demo/one.txt", expires_at=_soon())


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=5)


def test_another_machine_is_left_alone(tmp_path: Path) -> None:
    """Settings that name the cloud end with status 2, and nothing is asked there."""
    path = tmp_path / "settings.json"
    path.write_text(
        json.dumps(
            {
                "Values": LOCAL
                | {"WAYMARK_COSMOS_CONNECTION": "AccountEndpoint=https://a.example;AccountKey=x;"}
            }
        )
    )
    ran = made(path)
    assert ran.returncode == 2
    assert "another is named" in ran.stderr


def test_emulators_that_are_away_are_told(tmp_path: Path) -> None:
    """Status 2 after the wait, with a line that says so."""
    gone = f"http://127.0.0.1:{free_port()}"
    path = tmp_path / "settings.json"
    connection = {"WAYMARK_COSMOS_CONNECTION": f"AccountEndpoint={gone};AccountKey={KEY};"}
    path.write_text(json.dumps({"Values": LOCAL | connection}))
    ran = made(path, "--wait", "0")
    assert ran.returncode == 2
    assert "do not answer" in ran.stderr
