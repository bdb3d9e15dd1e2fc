"""Readiness by HTTP: a host says which flow is ready and what is down, and when it is back."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest
import requests

import function_app
from shared import runtime, topology
from shared.http import readiness
from shared.readiness.checking import KEPT_SECONDS
from shared.settings import Settings
from tests.contracts.blobs_fixtures import connection_string
from tests.contracts.documents_fixtures import KEY, create_containers
from tests.kernel.tokens import KEY as TOKEN_KEY
from tests.kernel.tokens import PSEUDONYM_KEY
from tests.peers.clamd import RunningClamd
from tests.peers.language_model import MODEL, language_model
from tests.peers.loopback import ROOT, free_port, running
from tests.peers.node import running_azurite
from tests.peers.service_bus_process import Peer
from tests.peers.smtp import mail_server
from tests.running_host import RunningHost
from tools.package import flows

AGAIN = 30.0


def ask(host: RunningHost, path: str = "ready") -> tuple[int, Any]:
    answer = host.call("GET", path, token="")
    return answer.status_code, answer.json()


def states(body: Any) -> dict[str, str]:
    return {each["name"]: each["state"] for each in body["components"]}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """A host without anything beside it."""
    with RunningHost(tmp_path_factory.mktemp("home")) as made:
        yield made


def test_a_house_without_anything_beside_it_is_ready(host: RunningHost) -> None:
    """Its stores are up, what is not configured is not missed, and each flow is told."""
    status, body = ask(host)
    assert (status, body["status"]) == (200, "ready")
    assert [each["flow"] for each in body["flows"]] == flows()
    assert all(each["ready"] and not each["degraded"] for each in body["flows"])
    found = states(body)
    assert [found[name] for name in ("documents", "blobs", "bus")] == ["up"] * 3
    assert {found[n] for n in ("scanner", "mail_server", "language_model", "record_store")} == {
        "not_configured"
    }


def test_a_flow_is_told_by_itself(host: RunningHost) -> None:
    """With what it uses alone; a flow that is not served here is not found."""
    status, body = ask(host, "ready/leaderboard_timer")
    assert status == 200
    assert states(body).keys() == {"documents", "identity_provider"}
    assert ask(host, "health/leaderboard_timer") == (
        200, {"status": "ok", "flow": "leaderboard_timer", "version": "0.1.0"},
    )  # fmt: skip
    for path in ("ready/nowhere", "health/nowhere", "ready/..%2Fhealth"):
        assert ask(host, path)[0] == 404


def test_stores_that_go_are_told_and_come_back(host: RunningHost) -> None:
    """The file of messages is moved away under the running host: flows that only tell go on."""
    assert ask(host)[0] == 200
    path = host.home / "bus.db"
    path.rename(host.home / "elsewhere.db")
    try:
        host.wait_for(lambda: ask(host)[0] == 503, "the bus to be missed", AGAIN)
        answer = host.call("GET", "ready", token="")
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        body = answer.json()
        assert (body["title"], body["status"], body["detail"]) == ("Not ready", 503, "down: bus")
        assert states(body)["bus"] == "down"
        ready = {each["flow"]: each for each in body["flows"]}
        assert not ready["intake_parse"]["ready"]
        assert ready["coaching"] == {
            "flow": "coaching", "ready": True, "down": [], "degraded": ["bus"],
        }  # fmt: skip
        assert ask(host, "ready/coaching")[0] == 200
        assert ask(host, "ready/leaderboard_timer")[0] == 200
        assert ask(host, "ready/intake_parse")[0] == 503
        assert ask(host, "health/intake_parse")[0] == 200
        assert str(host.home) not in answer.text
    finally:
        (host.home / "elsewhere.db").rename(path)
    host.wait_for(lambda: ask(host)[0] == 200, "the bus to be back", AGAIN)


def test_peers_come_and_go(tmp_path: Path) -> None:
    """Without clamd files wait, so its flow is not ready; without the mail server or the language
    model flows go on, degraded. Each is told when it is down and when it is up again."""
    home, beside = tmp_path / "home", tmp_path / "clamd"
    home.mkdir()
    beside.mkdir()
    clamd = RunningClamd(beside)
    with mail_server(tmp_path) as mail, language_model() as model:
        environment = {
            "WAYMARK_SCANNER": "clamd",
            "WAYMARK_CLAMD": clamd.urls["tcp"],
            **mail.environment(),
            "WAYMARK_OPENAI_KEY": "another's key",
            "WAYMARK_OPENAI_MODEL": MODEL,
            "WAYMARK_OPENAI_BASE_URL": model.base_url,
        }
        with RunningHost(home, environment=environment) as host:
            try:
                status, body = ask(host)
                assert (status, body["detail"]) == (503, "down: scanner")
                assert states(body)["mail_server"] == "up"
                assert states(body)["language_model"] == "degraded"  # the key is not its own
                assert ask(host, "ready/coaching")[1]["flows"][0]["degraded"] == ["language_model"]
                assert ask(host, "ready/intake_extract")[0] == 200
                clamd.start()
                host.wait_for(lambda: ask(host)[0] == 200, "clamd", AGAIN)
                mail.replies["NOOP"] = ["421 not now"] * 1000
                host.wait_for(
                    lambda: states(ask(host)[1])["mail_server"] == "degraded", "the mails", AGAIN
                )
                status, body = ask(host, "ready/intake_notify")
                assert (status, body["flows"][0]["degraded"]) == (200, ["mail_server"])
                mail.replies["NOOP"] = []
                host.wait_for(
                    lambda: states(ask(host)[1])["mail_server"] == "up", "the mails again", AGAIN
                )
                clamd.stop()
                host.wait_for(lambda: ask(host)[0] == 503, "clamd to be missed", AGAIN)
            finally:
                clamd.stop()
            log = (home / "host.log").read_text(encoding="utf-8")
            assert '"readiness.missed"' in log
            assert "request.broke" not in log


def test_nobody_hammers_stores_through_it(host: RunningHost) -> None:
    """A hundred calls within the time that an answer is kept are one look."""
    taken = {
        each["milliseconds"]
        for _ in range(100)
        for each in requests.get(f"{host.url}/api/ready/leaderboard_timer", timeout=5).json()[
            "components"
        ]
        if each["name"] == "documents"
    }
    assert len(taken) <= 3


def test_azures_stores_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cosmos DB that goes and comes back, a Service Bus and blobs: named by component alone, within
    three seconds."""
    assert function_app.app is not None  # it says which flows are served
    declared, port, peer = topology.load(), free_port(), Peer(tmp_path, topology.load())
    documents = f"AccountEndpoint=http://127.0.0.1:{port}/;AccountKey={KEY};"
    serve = [sys.executable, str(ROOT / "tests/peers/cosmos.py"), str(port)]
    with running_azurite() as azurite:
        account = connection_string(azurite)
        settings = Settings.read(
            {
                "WAYMARK_STORES": "azure",
                "WAYMARK_TOKEN_KEY": TOKEN_KEY,
                "WAYMARK_PSEUDONYM_KEY": PSEUDONYM_KEY,
                "WAYMARK_COSMOS_CONNECTION": documents,
                "ServiceBus": peer.connection_string,
                "Blobs": account,
            }
        )
        made = runtime.Runtime(settings)
        monkeypatch.setattr(runtime, "_runtime", made)
        app = func.FunctionApp()
        app.register_functions(readiness.blueprint)
        built = {each.get_function_name(): each for each in app.get_functions()}
        route = built["ready"].get_user_function()

        def look() -> tuple[int, Any]:
            began = time.monotonic()
            request = func.HttpRequest(method="GET", url="http://x/api/ready", body=b"")
            answer: func.HttpResponse = route(req=request)
            assert time.monotonic() - began < 3
            for secret in (str(port), str(azurite), KEY, "127.0.0.1"):
                assert secret not in answer.get_body().decode()
            return answer.status_code, json.loads(answer.get_body())

        def until(status: int, **wanted: str) -> None:
            deadline = time.monotonic() + AGAIN
            while True:
                found, body = look()
                if found == status and wanted.items() <= states(body).items():
                    return
                assert time.monotonic() < deadline, body
                time.sleep(KEPT_SECONDS / 5)

        until(503, documents="down", blobs="down", bus="up")
        make_blob_containers(account)
        for _ in range(2):
            with running(serve, port):
                create_containers(documents, "waymark", topology=declared)
                until(200, documents="up", blobs="up", bus="up")
            until(503, documents="down", blobs="up", bus="up")
        peer.close()
        until(503, documents="down", bus="down")


def make_blob_containers(account: str) -> None:
    """As the infrastructure does."""
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string(account) as service:
        for name in topology.load().blob_containers:
            service.create_container(name)
