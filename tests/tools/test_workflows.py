"""Workflows and the dev container name what is in the repository, and store no secret."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.staging.packages import CLOUD

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PYTHON = "3.11"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CONTAINER = json.loads((ROOT / ".devcontainer/devcontainer.json").read_bytes())
POST_CREATE = (ROOT / ".devcontainer/post-create.sh").read_text(encoding="utf-8")


def workflow(name: str) -> Any:
    """A workflow as GitHub reads it; YAML takes the key ``on`` for true."""
    found = yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text(encoding="utf-8"))
    found["on"] = found.pop(True)
    return found


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every step of every job."""
    for path in WORKFLOWS:
        for job in workflow(path.stem)["jobs"].values():
            for step in job.get("steps", ()):
                yield path.stem, step


def commands() -> Iterator[str]:
    """Whatever a shell runs, in the workflows and in the dev container."""
    yield from (step["run"] for _, step in steps() if "run" in step)
    yield POST_CREATE


def test_an_action_is_named_by_its_full_version() -> None:
    """Three numbers each: no tag that grows, no branch."""
    used = [step["uses"] for _, step in steps() if "uses" in step]
    assert len(used) >= 8
    for each in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+", each), each


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_knows_no_secret_and_may_little(path: Path) -> None:
    """It reads the repository and no secret; only the deployment may ask for an identity."""
    assert "secrets." not in path.read_text(encoding="utf-8")
    found = workflow(path.stem)
    assert found["permissions"] == {"contents": "read"}
    for name, job in found["jobs"].items():
        more = job.get("permissions", {"contents": "read"})
        expected = {"contents": "read"} | ({"id-token": "write"} if name == "deploy" else {})
        assert more == expected
        assert "uses" in job or job["timeout-minutes"] <= 120


def test_whatever_is_run_is_there() -> None:
    """Paths and make targets of the commands exist."""
    named = 0
    for command in commands():
        for path in re.findall(r"(?<![\w/])((?:tools|\.ci|tests)/[\w./]+)", command):
            assert (ROOT / path).is_file(), path
            named += 1
        for target in re.findall(r"\bmake (\.venv/[\w.]+)", command):
            rule = target.replace(".venv", "$(VENV)")
            assert re.search(rf"^{re.escape(rule)}:", MAKEFILE, re.MULTILINE), target
            named += 1
    assert named >= 4
    assert (ROOT / ".ci/run").stat().st_mode & 0o100
    assert (ROOT / CONTAINER["postCreateCommand"]).stat().st_mode & 0o100


def test_one_python_everywhere() -> None:
    """Tests, deployment, dev container and packages have the version that the project names."""
    versions = [
        step["with"]["python-version"]
        for _, step in steps()
        if step.get("uses", "").startswith("actions/setup-python@")
    ]
    assert versions == [PYTHON] * len(WORKFLOWS)
    assert CONTAINER["image"].split(":")[1].startswith(f"{PYTHON}-")
    assert CLOUD.python == PYTHON
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["requires-python"] == f">={PYTHON}"


def test_programs_are_those_that_the_tests_meet() -> None:
    """What .ci/run would install is installed where it may not."""
    by_hand = (ROOT / ".ci/run").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\b(?:clamav-daemon|tesseract-ocr[\w-]*)", by_hand))
    assert len(wanted) >= 6
    test = " ".join(step.get("run", "") for name, step in steps() if name == "test")
    for program in wanted:
        assert program in test
        assert program in POST_CREATE


def test_a_deployment_is_protected() -> None:
    """It waits for the tests, names its environment, goes one at a time, enters by federated
    identity, and makes the apps before it touches Azure."""
    found = workflow("deploy")
    job = found["jobs"]["deploy"]
    tested = found["jobs"][job["needs"]]
    assert tested["uses"] == "./.github/workflows/test.yml"
    # a push that is not deployed is tested once, by the other workflow
    assert "vars.DEPLOY_ON_PUSH == 'true'" in tested["if"]
    assert "github.event_name == 'workflow_dispatch'" in tested["if"]
    assert "always()" not in job.get("if", "")
    assert "workflow_call" in workflow("test")["on"]
    choice = found["on"]["workflow_dispatch"]["inputs"]["environment"]
    assert choice["options"] == ["dev", "staging", "production"]
    assert job["environment"] == "${{ inputs.environment || 'dev' }}"
    assert job["concurrency"] == {
        "group": "deploy-${{ inputs.environment || 'dev' }}",
        "cancel-in-progress": False,
    }
    run = [step["run"] for step in job["steps"] if "run" in step]
    order = [
        "make .venv/.encoder",
        "--with-packages",
        "azd auth login",
        "azd provision",
        "azd deploy",
    ]
    places = [next(at for at, each in enumerate(run) if what in each) for what in order]
    assert places == sorted(places)
    assert "--federated-credential-provider github" in run[places[2]]
    page = (ROOT / "docs/workflows.md").read_text(encoding="utf-8")
    # rights are given to a run's identity, which is no person
    assert job["env"].pop("AZURE_PRINCIPAL_TYPE") == "ServicePrincipal"
    for name, value in job["env"].items():
        assert value == f"${{{{ vars.{name} }}}}"
        assert f"`{name}`" in page


def test_hooks_of_a_deployment_are_signed_in() -> None:
    """The hooks call Azure's command line, so the run signs in there too before they come."""
    job = workflow("deploy")["jobs"]["deploy"]
    hooks = " ".join(path.read_text("utf-8") for path in (ROOT / "infra/hooks").glob("post*.sh"))
    assert re.search(r"\baz (keyvault|deployment) ", hooks)
    (signed_in,) = [
        at for at, step in enumerate(job["steps"])
        if step.get("uses", "").startswith("Azure/login@")
    ]  # fmt: skip
    assert job["steps"][signed_in]["with"] == {
        "client-id": "${{ vars.AZURE_CLIENT_ID }}",
        "tenant-id": "${{ vars.AZURE_TENANT_ID }}",
        "subscription-id": "${{ vars.AZURE_SUBSCRIPTION_ID }}",
    }
    provision = [at for at, step in enumerate(job["steps"]) if "azd provision" in str(step)]
    assert signed_in < provision[0]
    # GitHub's token ends after minutes, so the one of the vaults is fetched with it at once
    assert "--resource https://vault.azure.net" in job["steps"][signed_in + 1]["run"]


@pytest.mark.skipif(shutil.which("jq") is None, reason="install jq")
def test_a_deployment_takes_over_what_is_set(tmp_path: Path) -> None:
    """Every setting of an environment reaches its deployment, whatever it holds; nothing else
    does. What the parameters file reads has one of the prefixes that are taken."""
    steps = workflow("deploy")["jobs"]["deploy"]["steps"]
    (step,) = [each for each in steps if "SETTINGS" in each.get("env", {})]
    settings = {
        "WAYMARK_PRIVATE_NETWORK": "true",
        "WAYMARK_MAIL_FROM": "Way 'mark' <a@example.org>",
        "WAYMARK_MAIL_INBOXES": '{\n "a": "b"\n}',
        "OTEL_METRIC_EXPORT_INTERVAL": "1000",
        "PATH": "/nowhere",
        "AZURE_LOCATION": "x",
    }
    subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        env={
            "PATH": os.environ["PATH"],
            "SETTINGS": json.dumps(settings),
            "GITHUB_ENV": str(tmp_path / "env"),
        },
        check=True,
    )
    lines = (tmp_path / "env").read_text(encoding="utf-8")
    taken = dict(re.findall(r"^(\w+)<<(?P<end>\w+)\n", lines, re.MULTILINE))
    assert taken.keys() == {name for name in settings if name.startswith(("WAYMARK_", "OTEL_"))}
    for name, end in taken.items():
        assert f"{name}<<{end}\n{settings[name]}\n{end}\n" in lines
    read = re.findall(
        r"\$\{(\w+)", (ROOT / "infra/main.parameters.json").read_text(encoding="utf-8")
    )
    known = {*workflow("deploy")["jobs"]["deploy"]["env"], "AZURE_PRINCIPAL_ID"}
    assert all(name in known or name.startswith(("WAYMARK_", "OTEL_")) for name in read)


def test_what_is_kept_between_runs_is_keyed_by_the_pins() -> None:
    """A cache is of one Python and of what the requirements say."""
    kept = [step["with"] for _, step in steps() if step.get("uses", "").startswith("actions/cache")]
    assert len(kept) == len(WORKFLOWS)
    for each in kept:
        assert f"py{PYTHON}" in each["key"]
        assert "hashFiles('**/requirements*.txt'" in each["key"]
        assert ".venv" not in each["path"]
