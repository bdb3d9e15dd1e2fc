"""The host killed with signal 9 while it erases somebody: the erasure goes on to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from local.state import HostState
from shared.documents.port import Create, Equals
from tests.running_host import RunningHost
from tools.sample_layouts import as_text
from tools.sample_resumes import make_resume

DOCUMENTS = 6000
KILLS = 4
CONSENTS = [{"kind": kind, "version": "1", "granted": True} for kind in ("terms", "privacy")]
MARK = "Wilhelmina Featherstonehaugh"


def test_four_kills_erase_all_the_same(tmp_path: Path) -> None:
    """A person with six thousand documents and a résumé is gone from every store after four
    kills, and the report counts each of them once."""
    host = RunningHost(tmp_path)
    host.make_tenant("demo")
    resume = make_resume(4242)
    with host:
        person = _register(host, resume.email)
        token, user_id = person["access_token"], person["user"]["user_id"]
        host.drop(f"{MARK}.txt", as_text(resume).encode())
        candidate_id = host.intake_of(f"{MARK}.txt")["candidate_id"]
        _plant(host, user_id)
        admin = host.token("admin", user="an-admin")
        path = f"v1/users/{user_id}?candidate=true"
        asked = host.call("DELETE", path, token=admin)
        assert asked.status_code == 202
        erasure_id = asked.json()["erasure_id"]
        for kill in range(KILLS):
            host.wait_for(lambda: _progress(host) > kill * 1000, "the erasure to go on")  # noqa: B023
            host.kill()
            host.start()
        host.wait_for(lambda: _erasure(host, erasure_id)["state"] == "settling", "the first sweep")
        report = _erasure(host, erasure_id)
        again = host.call("DELETE", path, token=admin)
        assert (again.status_code, again.json()["erasure_id"]) == (202, erasure_id)
        assert host.call("GET", "v1/users/me", token=token).status_code == 404
        assert host.call("GET", f"v1/candidates/{candidate_id}").status_code == 404
        link = requests.get(asked.json()["report_url"], timeout=10).json()
        _stop_and_tidy(host)
        assert link["stores"] == report["stores"]
        assert report["stores"]["accounts"]["removed"] >= DOCUMENTS
        assert all(c["removed"] == c["found"] for c in report["stores"].values()), report
        assert report["stores"]["blobs/resumes"]["removed"] == 1
        assert list(host.stored("accounts", Equals("user_id", user_id))) == []
        marked = [
            path.name
            for path in tmp_path.rglob("*")
            if path.is_file() and any(m in path.read_bytes() for m in (MARK.encode(), b"planted-"))
        ]
        assert marked == []


def _register(host: RunningHost, email: str) -> Any:
    body = {
        "tenant": "demo", "email": email, "password": "four words nobody guesses",
        "display_name": MARK, "birth_year": 2001, "consents": CONSENTS,
    }  # fmt: skip
    answer = host.call("POST", "v1/users", token="", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def _plant(host: RunningHost, user_id: str) -> None:
    partition = ("demo", user_id)
    for start in range(0, DOCUMENTS, 100):
        bodies = [
            {
                "id": str(uuid4()), "tenant_id": "demo", "user_id": user_id, "kind": "consent",
                "text": f"planted-{number}",
            }
            for number in range(start, start + 100)
        ]  # fmt: skip
        host.documents.commit("accounts", partition, [Create(body) for body in bodies])


def _progress(host: RunningHost) -> int:
    """How many of the planted documents are gone."""
    left = sum(1 for _ in host.stored("accounts", Equals("kind", "consent")))
    return DOCUMENTS - left


def _erasure(host: RunningHost, erasure_id: str) -> Any:
    return host.get(f"v1/erasures/{erasure_id}", token=host.token("admin", user="an-admin"))


def _stop_and_tidy(host: RunningHost) -> None:
    """Stop the host once it has forgotten the dropped file, and do what it does every minute."""
    memory = HostState(host.home / "host.db")
    name = f"demo/{MARK}.txt"
    host.wait_for(
        lambda: name not in memory.handled("intake_blob_trigger", "resumes"), "a look at the folder"
    )
    memory.close()
    assert host.stop() == 0
    host.documents.purge_expired()
    host.bus.checkpoint()
