"""The scripts that azd calls, run against stand-ins of the Azure command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from shared.errors import Forbidden, Problem, Unavailable
from tools import invite_operator
from tools.package import flows, stage

ROOT = Path(__file__).resolve().parents[2]
HOOKS = ROOT / "infra" / "hooks"
# Keeps secrets as files; answers as the real one does, and fails on command.
AZ = r"""#!/bin/sh
echo "$*" >>"$STAND_IN/calls"
arguments=$*
vault= name= file=
while [ $# -gt 0 ]; do
  case $1 in
    --vault-name) vault=$2 ;;
    --name) name=$2 ;;
    --file) file=$2 ;;
  esac
  shift
done
case $arguments in
  *"secret list "*)
    if [ -e "$STAND_IN/silent" ]; then exit 1; fi
    ls "$STAND_IN/$vault" 2>/dev/null ;;
  *"secret list-deleted"*) cat "$STAND_IN/deleted" 2>/dev/null ;;
  *"secret set"*) mkdir -p "$STAND_IN/$vault"; cp "$file" "$STAND_IN/$vault/$name" ;;
  *"event-subscription show"*) [ -e "$STAND_IN/subscribed" ] ;;
  *"functionapp show"*) echo /subscriptions/s/app ;;
  *"functionapp list"*) echo /subscriptions/s/app/one; echo /subscriptions/s/app/two ;;
  *"rest --method post"*"appsettings/refresh"*) [ ! -e "$STAND_IN/stubborn" ] || exit 1 ;;
  *"rest --method post"*"/restart?"*) ;;
  *"signed-in-user show"*) echo me ;;
  *"role assignment create"*) touch "$STAND_IN/right" ;;
  *"role assignment delete"*) rm "$STAND_IN/right" ;;
  *"secret show"*) cat "$STAND_IN/$vault/$name" ;;
  *"rest --method post"*) if [ -e "$STAND_IN/key" ]; then echo true; else echo false; fi ;;
  *"deployment group create"*) touch "$STAND_IN/subscribed" ;;
  *) echo "unexpected: $arguments" >&2; exit 64 ;;
esac
exit_status=$?
case $arguments in *"event-subscription show"*) exit $exit_status ;; esac
exit 0
"""


@pytest.fixture
def cloud(tmp_path: Path) -> Path:
    """A folder with an ``az`` that keeps what it is told there."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "az").write_text(AZ, encoding="utf-8")
    (programs / "az").chmod(0o755)
    return tmp_path


def _run(
    cloud: Path, hook: str, *arguments: str, cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(HOOKS / hook), *arguments],
        cwd=cwd,
        env={
            "PATH": f"{cloud / 'bin'}:{os.environ['PATH']}",
            "STAND_IN": str(cloud),
            "AZURE_RESOURCE_GROUP": "rg",
            "AZURE_SUBSCRIPTION_ID": "ours",
            "WAYMARK_HOUSE_VAULT": "house",
            "WAYMARK_PEERS_VAULT": "peers",
            "WAYMARK_VAULT_TRIES": "2",
            "WAYMARK_VAULT_WAIT": "0",
            "WAYMARK_KEY_TRIES": "2",
            "WAYMARK_KEY_WAIT": "0",
            "WAYMARK_DROPS_TOPIC": "drops",
            "WAYMARK_DROPS_APP": "app",
            "WAYMARK_FILES_ACCOUNT": "files",
            "WAYMARK_UNDELIVERED_CONTAINER": "undelivered",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
    )


def _secrets(cloud: Path, vault: str) -> dict[str, str]:
    folder = cloud / vault
    return {path.name: path.read_text() for path in folder.iterdir()} if folder.exists() else {}


def test_the_keys_of_the_house_are_made_once(cloud: Path) -> None:
    """The first deployment makes two keys of their own; later ones leave them as they are."""
    assert _run(cloud, "postprovision.sh").returncode == 0
    made = _secrets(cloud, "house")
    assert made.keys() == {"waymark-token-key", "waymark-pseudonym-key"}
    assert len(set(made.values())) == 2
    assert all(len(value) == 64 for value in made.values())
    assert _run(cloud, "postprovision.sh").returncode == 0
    assert _secrets(cloud, "house") == made
    calls = (cloud / "calls").read_text()
    assert not any(value in calls for value in made.values())


def test_a_vault_that_does_not_answer_is_not_written_to(cloud: Path) -> None:
    """Whoever cannot see whether a key is there must not make another."""
    (cloud / "silent").touch()
    ran = _run(cloud, "postprovision.sh")
    assert ran.returncode != 0
    assert "nothing was written" in ran.stderr
    assert "secret set" not in (cloud / "calls").read_text()


def test_a_deleted_key_is_not_made_anew(cloud: Path) -> None:
    """A key that somebody deleted is to be recovered; another would lock everybody out."""
    (cloud / "deleted").write_text("waymark-pseudonym-key\n")
    ran = _run(cloud, "postprovision.sh")
    assert ran.returncode != 0
    assert "recover" in ran.stderr
    assert "waymark-pseudonym-key" not in _secrets(cloud, "house")


def test_a_secret_comes_from_the_environment_or_is_asked_for(cloud: Path) -> None:
    """What is in use and has no secret ends the hook, by name; one that was given is put there."""
    wanted = json.dumps(["waymark-smtp-password", "waymark-openai-key"])
    ran = _run(
        cloud,
        "postprovision.sh",
        WAYMARK_PEERS_SECRETS=wanted,
        WAYMARK_SMTP_PASSWORD="pass word$'\"",
    )
    assert ran.returncode == 1
    assert "waymark-openai-key" in ran.stderr
    assert "waymark-smtp-password" not in ran.stderr
    assert _secrets(cloud, "peers") == {"waymark-smtp-password": "pass word$'\""}
    assert "pass word" not in (cloud / "calls").read_text()
    (cloud / "peers" / "waymark-openai-key").write_text("by hand")
    again = _run(cloud, "postprovision.sh", WAYMARK_PEERS_SECRETS=wanted)
    assert again.returncode == 0
    assert _secrets(cloud, "peers")["waymark-openai-key"] == "by hand"


def test_apps_read_their_secrets_once_these_are_there(cloud: Path) -> None:
    """An app that is new looked before its keys were made, and the platform would look again after
    a day: each is made to, and restarted, after the last secret was put."""
    assert _run(cloud, "postprovision.sh").returncode == 0
    calls = (cloud / "calls").read_text().splitlines()
    last = max(at for at, call in enumerate(calls) if "secret set" in call)
    after = [call.split("--url ")[1].split()[0] for call in calls[last:] if "rest " in call]
    refresh = "config/configreferences/appsettings/refresh?api-version=2022-03-01"
    assert after == [
        f"/subscriptions/s/app/{app}/{step}"
        for app in ("one", "two")
        for step in (refresh, "restart?api-version=2024-04-01")
    ]


def test_an_app_that_does_not_read_anew_is_named(cloud: Path) -> None:
    """A deployment goes on, for the app takes its secrets within a day; whoever asks is told."""
    (cloud / "stubborn").touch()
    ran = _run(cloud, "postprovision.sh")
    assert ran.returncode == 0
    assert "secrets of before: one two" in ran.stderr
    assert _run(cloud, "refresh_secrets.sh").returncode == 1


@pytest.mark.parametrize(("refusals", "tries", "status"), [(2, "9", 0), (9, "3", 3)])
def test_the_first_operator_waits_for_the_right(
    cloud: Path, refusals: int, tries: str, status: int
) -> None:
    """The right to write was given a moment ago: it is tried until it holds, then taken back."""
    program = cloud / ".venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = -c ]; then echo right; exit; fi\n'
        'echo "$* $WAYMARK_STORES $WAYMARK_TOKEN_KEY" >>"$STAND_IN/invited"\n'
        f'[ -e "$STAND_IN/right" ] && [ $(wc -l <"$STAND_IN/invited") -gt {refusals} ] || exit 3\n'
    )
    program.chmod(0o755)
    (cloud / "bin" / "azd").write_text("#!/bin/sh\necho WAYMARK_COSMOS_ACCOUNT=cosmos\n")
    (cloud / "bin" / "azd").chmod(0o755)
    (cloud / "house").mkdir()
    for name in ("waymark-token-key", "waymark-pseudonym-key"):
        (cloud / "house" / name).write_text(name)
    ran = _run(
        cloud, "first_operator.sh", "ada@example.org", cwd=cloud,
        WAYMARK_RIGHT_TRIES=tries, WAYMARK_RIGHT_WAIT="0", WAYMARK_SERVICE_BUS_HOST="bus",
        WAYMARK_FILES_URI="https://files", WAYMARK_COSMOS_ENDPOINT="https://cosmos",
    )  # fmt: skip
    assert ran.returncode == status, ran.stderr
    invited = (cloud / "invited").read_text().splitlines()
    assert len(invited) == min(refusals + 1, int(tries))
    assert set(invited) == {"-m tools.invite_operator ada@example.org azure waymark-token-key"}
    assert not (cloud / "right").exists()


@pytest.mark.parametrize(("error", "status"), [(Unavailable, 3), (Forbidden, 2)])
def test_whoever_the_store_does_not_let_in_is_told_so(
    error: type[Problem],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A right that is not there, or not yet, has an exit status of its own."""

    def refused(settings: object) -> None:
        raise error("we are not let in")

    monkeypatch.setattr("tools.invite_operator.Settings.read", lambda environment: None)
    monkeypatch.setattr("tools.invite_operator.runtime.start", refused)
    monkeypatch.setattr(sys, "argv", ["invite_operator", "ada@example.org"])
    assert invite_operator.main() == status
    assert "not let in" in capsys.readouterr().err


def test_event_grid_is_told_once_the_trigger_has_its_key(cloud: Path) -> None:
    """Before the app's code runs the hook says what to deploy; after it subscribes, once."""
    early = _run(cloud, "postdeploy.sh")
    assert early.returncode == 1
    assert "azd deploy intake-blob-trigger" in early.stderr
    (cloud / "key").touch()
    assert _run(cloud, "postdeploy.sh").returncode == 0
    assert _run(cloud, "postdeploy.sh").returncode == 0
    calls = (cloud / "calls").read_text()
    assert calls.count("deployment group create") == 1
    assert "functionName=intake_blob_trigger watchedContainer=resumes" in calls


def test_hooks_speak_of_the_subscription_that_is_deployed_to(cloud: Path) -> None:
    """Azure's command line may be set to another subscription than azd; no call relies on it."""
    (cloud / "key").touch()
    assert _run(cloud, "postprovision.sh").returncode == 0
    assert _run(cloud, "postdeploy.sh").returncode == 0
    calls = (cloud / "calls").read_text().splitlines()
    assert {call.split()[0] for call in calls} >= {"keyvault", "eventgrid", "deployment"}
    for call in calls:
        # a call to an id names it there
        assert "--subscription ours" in call or "--url /subscriptions/s/app" in call, call
    for path in HOOKS.glob("*.sh"):
        lines = re.sub(r"\\\n\s*", "", path.read_text(encoding="utf-8")).splitlines()
        called = [
            line for line in lines
            if re.search(r"\baz (cosmosdb|deployment|eventgrid|functionapp|keyvault) ", line)
        ]  # fmt: skip
        told = [line for line in called if "echo" in line]
        assert all("--subscription" in line for line in called if line not in told), path.name


def test_an_app_goes_to_the_cloud_with_its_packages(tmp_path: Path) -> None:
    """The hook stages a flow with its packages, and azd has nothing built from it in the cloud,
    where a build ends after a minute and knows no ceiling."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").write_text('#!/bin/sh\necho "$*" >>calls\n', encoding="utf-8")
    (programs / "python3").chmod(0o755)
    told = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))
    assert told["requiredVersions"] == {"azd": ">= 1.24.0"}
    for service in told["services"].values():
        assert service["remoteBuild"] is False
        hook, flow = service["hooks"]["prepackage"]["run"].split()
        assert service["dist"] == f"dist/{flow}"
        environment = {"PATH": f"{programs}:{os.environ['PATH']}"}
        subprocess.run(["sh", str(ROOT / hook), flow], cwd=tmp_path, env=environment, check=True)
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    staged = [call for call in calls if call.startswith("tools/package.py")]
    assert staged == [f"tools/package.py --with-packages {flow}" for flow in flows()]
    assert [call for call in calls if call not in staged] == [
        "-m tools.house_openapi dist/accounts"
    ]


def test_the_app_behind_the_front_door_tells_of_the_whole_house(tmp_path: Path) -> None:
    """The app that answers for the house carries every route's description, not its own alone."""
    staged = stage("accounts", tmp_path)
    told = subprocess.run(
        [sys.executable, "-m", "tools.house_openapi", str(staged)],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr[-2000:]
    code = (
        "import function_app; from shared.http.description import document; print(len(document()))"
    )
    served = subprocess.run(
        [sys.executable, "-c", code], cwd=staged, capture_output=True, text=True, timeout=60
    )
    held = staged / "shared" / "http" / "house_openapi.json"
    assert served.stdout.strip() == str(len(held.read_bytes())), served.stderr[-2000:]
    paths = json.loads(held.read_text(encoding="utf-8"))["paths"]
    assert any("candidates" in path for path in paths)
    assert any("token" in path for path in paths)


def test_only_a_staged_app_is_written_to(tmp_path: Path) -> None:
    """A folder that is no staged app is refused, and nothing appears there."""
    ran = subprocess.run(
        [sys.executable, "-m", "tools.house_openapi", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 2
    assert list(tmp_path.iterdir()) == []
