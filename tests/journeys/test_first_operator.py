"""How the first operator of a house comes in, and through them a tenant and its admin."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local.host import settings_of
from tests.running_host import ROOT, RunningHost

PASSWORD = "four words nobody guesses"
CONSENTS = [{"kind": kind, "version": "2026-09", "granted": True} for kind in ("terms", "privacy")]


def invite(home: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tool as an operator does, with the settings of the house that lives at ``home``."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WAYMARK_")}
    if home is not None:
        settings = settings_of(home, 0, {})
        environment |= {
            "WAYMARK_STORES": "embedded",
            "WAYMARK_HOME": str(home),
            "WAYMARK_TOKEN_KEY": settings.token_key.get_secret_value(),
            "WAYMARK_PSEUDONYM_KEY": settings.pseudonym_key.get_secret_value(),
        }
    return subprocess.run(
        [sys.executable, "-m", "tools.invite_operator", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture
def new_host(tmp_path: Path) -> Iterator[RunningHost]:
    """A host on a new home, without any tenant."""
    with RunningHost(tmp_path) as running:
        yield running


def accept(host: RunningHost, token: str, name: str) -> Any:
    body = {
        "token": token, "password": PASSWORD, "display_name": name, "consents": CONSENTS,
    }  # fmt: skip
    answer = host.call("POST", "v1/invitations/accept", token="", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_from_an_empty_house_to_a_working_admin(new_host: RunningHost) -> None:
    """The tool invites an operator beside the running host; the operator makes a tenant and
    invites its admin; the admin accepts, and works there and nowhere else."""
    printed = invite(new_host.home, "ada@example.org")
    assert printed.returncode == 0, printed.stderr
    token = printed.stdout.strip().splitlines()[-1]
    ada = accept(new_host, token, "Ada L.")
    assert (ada["user"]["tenant"], ada["user"]["roles"]) == ("platform", ["operator"])
    operator = ada["access_token"]

    school = {"code": "north-school", "name": "North School", "time_zone": "Europe/Berlin"}
    made = new_host.call("POST", "v1/tenants", token=operator, json=school)
    assert made.status_code == 201, made.text
    guest = {"email": "head@example.org", "roles": ["admin"]}
    path = "v1/tenants/north-school/invitations"
    key = {"Idempotency-Key": str(uuid4())}
    invited = [
        new_host.call("POST", path, token=operator, json=guest, headers=key) for _ in range(2)
    ]
    assert [answer.status_code for answer in invited] == [201, 201]
    assert invited[0].json() == invited[1].json()

    head = accept(new_host, invited[0].json()["token"], "The Head")
    admin = head["access_token"]
    assert (head["user"]["tenant"], head["user"]["roles"]) == ("north-school", ["admin"])
    assert head["user"]["address_proven"]
    (person,) = new_host.all_of("v1/users", token=admin)
    assert person["display_name"] == "The Head"
    (invitation,) = new_host.all_of("v1/invitations", token=admin)
    assert (invitation["state"], "token" in invitation) == ("accepted", False)
    assert new_host.call("GET", "v1/tenants/north-school", token=admin).status_code == 200
    assert new_host.call("GET", "v1/tenants/platform", token=admin).status_code == 404
    assert new_host.call("GET", "v1/tenants", token=admin).status_code == 403
    assert new_host.call("POST", "v1/tenants", token=admin, json=school).status_code == 403
    credentials = {"tenant": "north-school", "email": "head@example.org", "password": PASSWORD}
    assert new_host.call("POST", "v1/token", token="", json=credentials).status_code == 200


def test_the_tool_invites_more_than_once(tmp_path: Path) -> None:
    """Before the host ever ran, and again for another address, each with a token of its own."""
    tokens = {invite(tmp_path, f"{name}@example.org").stdout.split()[-1] for name in ("ada", "bo")}
    assert len(tokens) == 2
    with RunningHost(tmp_path) as host:
        for number, token in enumerate(sorted(tokens)):
            assert accept(host, token, f"Operator {number}")["user"]["roles"] == ["operator"]
        taken = invite(tmp_path, "ADA@example.org")
    assert (taken.returncode, taken.stdout) == (2, "")
    assert "account with this address" in taken.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["no address"], "e-mail address"), ([], "usage"), (["a@b.org", "--what"], "usage")],
)
def test_the_tool_says_what_is_wrong(tmp_path: Path, arguments: list[str], told: str) -> None:
    """No address, or an odd command line, ends with status 2 and a line that says why."""
    finished = invite(tmp_path, *arguments)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert told in finished.stderr
    assert "Traceback" not in finished.stderr


def test_the_tool_needs_settings() -> None:
    """Where the environment has no settings it names all that is missing."""
    finished = invite(None, "ada@example.org")
    assert finished.returncode == 2
    assert "WAYMARK_TOKEN_KEY" in finished.stderr
    assert "WAYMARK_PSEUDONYM_KEY" in finished.stderr
    assert "Traceback" not in finished.stderr
