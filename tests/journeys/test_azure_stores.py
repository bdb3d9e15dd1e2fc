"""The same path on the Azure adapters: Cosmos DB, Service Bus and Blob Storage on loopback."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from shared import topology
from tests.contracts.blobs_fixtures import connection_string
from tests.contracts.documents_fixtures import DATABASE, create_containers, running_peer
from tests.peers.node import running_azurite
from tests.peers.service_bus_process import Peer
from tools.sample_hostile import eicar
from tools.sample_layouts import as_docx, as_pdf, as_text
from tools.sample_resumes import make_resume

ROOT = Path(__file__).resolve().parents[2]


def _make_blob_containers(connection: str) -> None:
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string(connection) as service:
        for name in topology.load().blob_containers:
            service.create_container(name)


@pytest.mark.skipif(
    importlib.util.find_spec("proton") is None and os.environ.get("CI") != "true",
    reason="pip install python-qpid-proton to run the Service Bus peer",
)
def test_files_become_profiles_on_the_azure_adapters(tmp_path: Path) -> None:
    """Files, some told twice, some messages delivered twice: one profile each, by the real SDKs."""
    files = tmp_path / "files"
    files.mkdir()
    people = [make_resume(9000 + index) for index in range(4)]
    (files / "a.pdf").write_bytes(as_pdf(people[0]))
    (files / "b.docx").write_bytes(as_docx(people[1]))
    (files / "c.txt").write_bytes(as_text(people[2]).encode())
    (files / "c-again.txt").write_bytes(as_text(people[2]).encode() + b"\nUpdated.\n")
    (files / "d.pdf").write_bytes(as_pdf(people[3]))
    (files / "d-copy.pdf").write_bytes(as_pdf(people[3]))
    (files / "virus.txt").write_bytes(eicar())
    (tmp_path / "bus").mkdir()
    bus = Peer(tmp_path / "bus", topology.load())
    try:
        with running_peer() as cosmos, running_azurite() as blob_port:
            create_containers(
                cosmos.connection_string,
                DATABASE,
                endpoint_discovery=False,
                topology=topology.load(),
            )
            blobs = connection_string(blob_port)
            _make_blob_containers(blobs)
            ran = subprocess.run(
                [sys.executable, str(Path(__file__).with_name("azure_house.py")), str(files)],
                cwd=ROOT,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": str(ROOT),
                    "WAYMARK_STORES": "azure",
                    "WAYMARK_TOKEN_KEY": "k" * 32,
                    "WAYMARK_PSEUDONYM_KEY": "p" * 32,
                    "WAYMARK_COSMOS_CONNECTION": cosmos.connection_string,
                    "WAYMARK_COSMOS_DATABASE": DATABASE,
                    "ServiceBus": bus.connection_string,
                    "Blobs": blobs,
                },
                capture_output=True,
                text=True,
                timeout=480,
            )
            assert ran.returncode == 0, ran.stderr[-4000:]
            answers = json.loads(ran.stdout)
            original = requests.get(answers["report"]["original_url"], timeout=10)
    finally:
        bus.close()
    states = Counter(item["state"] for item in answers["intake"]["items"])
    assert states == Counter(completed=5, duplicate=1, quarantined=1)
    found = {email for item in answers["candidates"]["items"] for email in item["emails"]}
    assert found == {person.email for person in people}
    assert len(answers["candidates"]["items"]) == 4
    assert sorted(item["files"] for item in answers["candidates"]["items"]) == [1, 1, 1, 2]
    assert len(answers["notifications"]["items"]) == 7
    assert len(answers["found"]["items"]) == 1
    assert original.status_code == 200
    assert original.content == (files / answers["report"]["file"]["name"][5:]).read_bytes()
    _check_person(answers["person"])


def _check_person(person: dict[str, Any]) -> None:
    """Somebody lived in the house and was erased from it, with the candidate's profile."""
    assert person["wrong"] == "the address or the password is wrong"
    assert person["export"]["state"] == "ready"
    assert person["export"]["documents"] >= 4
    profile = person["profile"]
    assert profile["plan"] == profile["chosen"] == profile["foundations"]["track_key"]
    assert profile["me"]["track_key"] == profile["chosen"]
    assert profile["me"]["profiling_complete"]
    assert "too few" in profile["items"]
    assert profile["left_out"] == 1  # done in seconds, and so flagged
    assert "an admin" in profile["again"]
    _check_played(person["played"])
    _check_led(person["led"])
    erasure = person["erasure"]
    assert (erasure["state"], person["gone"]) == ("settling", "there is no person with this id")
    removed = {name: count["removed"] for name, count in erasure["stores"].items()}
    assert all(removed[name] == count["found"] for name, count in erasure["stores"].items())
    for store in ("accounts", "credentials", "profiling", "candidates", "intake", "blobs/exports",
                  "blobs/resumes", "blobs/extracts", "notifications", "journeys", "statements",
                  "game", "recommendations"):  # fmt: skip
        assert removed[store] > 0, store
    assert person["audit"].count("erasure.request") == 1
    assert {"export.request", "intake.report"} <= set(person["audit"])


def _check_led(led: dict[str, Any]) -> None:
    """Content was stored, found and recommended by the vector queries of Cosmos DB."""
    assert led["stored"] == ["created"] * 4
    assert len(led["first"]["items"]) == 3
    assert (led["clicked"], led["next"]["finished"]) == (1, 1)
    done = led["first"]["items"][0]["content_id"]
    assert done not in [each["content_id"] for each in led["next"]["items"]]
    assert led["found"]["items"][0]["content_id"] == "l0"
    assert led["found"]["ways"] == ["words", "meaning"]
    exploration = next(each for each in led["traits"]["traits"] if each["signal"] == "exploration")
    assert exploration["observations"] == 16


def _check_played(played: dict[str, Any]) -> None:
    """Sixteen answers were paid once each by a session of Service Bus, and stated in xAPI."""
    entries = played["transactions"]["items"]
    learning = [each["amount"] for each in entries if each["category"] == "learning"]
    assert sorted(learning) == [10] * 16 + [20] * 4
    assert played["container_xp"] == 4 * (20 + 50)
    profile = played["profile"]
    assert profile["balance"] == sum(each["amount"] for each in entries)
    assert profile["xp"] == profile["balance"] + 5
    assert [each["amount"] for each in played["spent"]] == [-5]
    assert (played["hint"]["price"], played["hint"]["free_hints_remaining"]) == (5, 0)
    assert len(played["skills"]["items"]) == 8
    verbs = Counter(
        each["verb"]["id"].rpartition("/")[2] for each in played["statements"]["statements"]
    )
    assert verbs["answered"] == 16
    assert (verbs["completed"], verbs["passed"]) == (1, 4)
    assert any("level" in each["text"] for each in played["told"]["items"])
