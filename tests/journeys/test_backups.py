"""An operator backs a running house up, loses something, and restores it, over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

from shared.documents.port import Create, Delete
from tests.running_host import RunningHost


def test_an_operator_backs_up_and_restores(tmp_path: Path) -> None:
    """A backup is begun, listed and read; a document that is lost comes back; what is not allowed
    says why; the timers of the night run; an admin fetches the night's snapshot."""
    host = RunningHost(tmp_path)
    host.make_tenant("demo")
    note = {"id": "n", "tenant_id": "demo", "audience": "user:x", "created_at": "2026-03-01"}
    profile = {
        "id": "profile", "kind": "profile", "tenant_id": "demo", "user_id": "maya",
        "lifetime_xp": 345, "created_at": "2026-03-01T00:00:00+00:00",
        "updated_at": "2026-03-01T00:00:00+00:00",
    }  # fmt: skip
    host.documents.commit("notifications", ("demo", "user:x"), [Create(note)])
    host.documents.commit("game", ("demo", "maya"), [Create(profile)])
    with host:
        operator = host.token("operator", tenant="platform", user="op")

        def call(method: str, path: str, **more: Any) -> Any:
            return host.call(method, path, token=operator, **more)

        begun = call("POST", "v1/backups")
        assert begun.status_code == 202, begun.text
        path = f"v1/backups/{begun.json()['backup_id']}"
        host.wait_for(lambda: call("GET", path).json()["state"] == "done", "the backup")
        detail = call("GET", path).json()
        assert detail["containers"]["notifications"]["documents"] >= 1
        assert detail["self_test"] is None
        listed = call("GET", "v1/backups").json()["items"]
        assert [each["backup_id"] for each in listed] == [begun.json()["backup_id"]]

        host.documents.commit("notifications", ("demo", "user:x"), [Delete("n")])
        refused = call("POST", "v1/restores", json={"tenant": "demo"})
        assert (refused.status_code, "not empty" in refused.json()["detail"]) == (409, True)
        missing = call("POST", "v1/restores", json={"at": "2020-01-01T00:00:00Z"})
        assert missing.status_code == 404
        both = {"backup_id": "x", "at": "2020-01-01T00:00:00Z"}
        assert call("POST", "v1/restores", json=both).status_code == 400
        asked = {"tenant": "demo", "into_existing": "keep"}
        restoring = call("POST", "v1/restores", json=asked, headers={"Idempotency-Key": "k"})
        assert restoring.status_code == 202, restoring.text
        again = call("POST", "v1/restores", json=asked, headers={"Idempotency-Key": "k"})
        assert again.json()["restore_id"] == restoring.json()["restore_id"]
        read = f"v1/restores/{restoring.json()['restore_id']}"
        host.wait_for(lambda: call("GET", read).json()["state"] == "done", "the restore")
        counts = call("GET", read).json()["containers"]["notifications"]
        assert (counts["restored"], counts["erased"]) == (1, 0)
        stored = host.documents.get("notifications", ("demo", "user:x"), "n")
        assert stored is not None
        assert stored.body["ttl"] > 0
        replay = f"v1/erasures/replays/{call('GET', read).json()['replay_id']}"
        host.wait_for(lambda: call("GET", replay).json()["state"] == "ended", "the replay")

        _fire(host, "backup_self_test")
        host.wait_for(lambda: (call("GET", path).json()["self_test"] or {}).get("state") == "done",
                      "the test")  # fmt: skip
        _fire(host, "profile_snapshots_make")
        admin = host.token("admin", tenant="demo", user="ad")

        def snapshots() -> Any:
            return host.call("GET", "v1/profile-snapshots", token=admin).json()["items"]

        host.wait_for(lambda: snapshots() != [], "the snapshot")
        content = requests.get(snapshots()[0]["url"], timeout=10).content
        assert content[:4] == content[-4:] == b"PAR1"


def _fire(host: RunningHost, name: str) -> None:
    answer = requests.post(f"{host.url}/admin/functions/{name}", json={}, timeout=10)
    assert answer.status_code == 202, answer.text
