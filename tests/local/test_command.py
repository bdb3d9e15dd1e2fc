"""``python -m local`` as its users run it: started, stopped, killed, and two at a time."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from local.host import settings_of
from tests.local.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
PLAIN = b"Anna Probe\nanna.probe@example.org\n\nSkills\nPython, SQL\n"


class Command:
    """One process of the command."""

    def __init__(self, home: Path, *arguments: str, **variables: str) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("WAYMARK_")}
        self.process = subprocess.Popen(
            [
                sys.executable,
                *("-m", "local", "--home", str(home), "--no-samples"),
                *(arguments or ("--port", "0")),
            ],
            cwd=ROOT,
            env=environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: list[str] = []
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self._lines.extend(self.process.stdout)

    @property
    def output(self) -> str:
        return "".join(self._lines)

    @property
    def url(self) -> str:
        """Where it says that it serves, once it does."""
        wait_until(lambda: "Ctrl-C stops" in self.output or self.ended, "the command to serve")
        found = re.search(r"http://127\.0\.0\.1:\d+", self.output)
        assert found is not None, self.output
        return found[0]

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def get(self, path: str, **params: str) -> requests.Response:
        """Ask as the recruiter whose token the command printed."""
        url = self.url
        (token,) = re.findall(r"^ey[\w.-]+$", self.output, re.MULTILINE)
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{url}/api/{path}", params=params, headers=headers, timeout=30)

    def files(self) -> dict[str, str]:
        """Name and state of each file it has records of."""
        items = self.get("v1/intake", limit="100").json()["items"]
        return {item["file"]["name"].rsplit("/")[-1]: item["state"] for item in items}

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        self.process.wait(60)
        self._reading.join(60)
        return self.process.returncode


@contextmanager
def command(home: Path, *arguments: str, **variables: str) -> Iterator[Command]:
    """Run the command, and kill what is left of it at the end."""
    running = Command(home, *arguments, **variables)
    try:
        yield running
    finally:
        if not running.ended:
            running.end(signal.SIGKILL)


def drop(home: Path, name: str, content: bytes = PLAIN) -> None:
    target = home / "blobs" / "resumes" / "demo" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """It tells where it serves, answers there, and ends with status 0 when asked to stop,
    also while a connection is kept open."""
    with command(tmp_path) as running, requests.Session() as session:
        health = session.get(f"{running.url}/api/health", timeout=30)
        assert health.json()["status"] == "ok"
        assert ":0" not in running.url
        assert running.end(number) == 0
        assert "Traceback" not in running.output


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_a_signal_that_another_thread_is_given_stops_it_too(tmp_path: Path) -> None:
    """The system hands a signal to any thread; Python minds it in the first one only."""
    libc = ctypes.CDLL(None, use_errno=True)
    with command(tmp_path) as running:
        assert running.get("v1/intake").status_code == 200
        own = running.process.pid
        other = max(int(task.name) for task in Path(f"/proc/{own}/task").iterdir())
        assert other != own
        assert libc.tgkill(own, other, int(signal.SIGINT)) == 0
        assert running.process.wait(60) == 0


def test_links_point_to_the_port_that_was_taken(tmp_path: Path) -> None:
    """With any free port asked for, links to files are of the one it got."""
    with command(tmp_path) as running:
        drop(tmp_path, "one.txt")
        wait_until(lambda: running.files().get("one.txt") == "completed", "the file")
        (item,) = running.get("v1/intake").json()["items"]
        link = running.get(f"v1/intake/{item['intake_id']}/report").json()["original_url"]
        assert link.startswith(f"{running.url}/blobs/")
        assert requests.get(link, timeout=30).content == PLAIN


def test_a_killed_host_starts_again_at_once(tmp_path: Path) -> None:
    """After kill -9 the next start serves on the same port, knows what was done, and takes up
    what was not."""
    with command(tmp_path) as first:
        port = first.url.rpartition(":")[2]
        drop(tmp_path, "before.txt")
        wait_until(lambda: first.files().get("before.txt") == "completed", "the file")
        drop(tmp_path, "during.txt", PLAIN + b"Rust\n")
        wait_until(lambda: "during.txt" in first.files(), "the other file to be seen")
        first.end(signal.SIGKILL)
    with command(tmp_path, "--port", port) as second:
        wait_until(lambda: second.files().get("during.txt") == "completed", "the other file")
        assert set(second.files()) == {"before.txt", "during.txt"}
        assert second.end(signal.SIGINT) == 0


def test_two_hosts_on_one_home_share_the_work(tmp_path: Path) -> None:
    """Each file has one record and one profile, whichever of two hosts came to it."""
    with command(tmp_path) as one, command(tmp_path) as other:
        assert one.url != other.url
        for number in range(6):
            drop(tmp_path, f"{number}.txt", PLAIN.replace(b"anna", b"anna%d" % number))
        wait_until(lambda: list(one.files().values()) == ["completed"] * 6, "all files")
        assert one.files() == other.files()
        profiles = other.get("v1/candidates").json()["items"]
        assert len(profiles) == 6
        assert {profile["files"] for profile in profiles} == {1}
        for running in (one, other):
            assert running.end(signal.SIGINT) == 0


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    """When somebody listens on the port the command says so in a line, and ends with 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with command(tmp_path, "--port", str(port)) as refused:
            wait_until(lambda: refused.ended, "the end")
            assert refused.end(signal.SIGINT) == 2
            assert str(port) in refused.output
            assert "--port" in refused.output
            assert "Traceback" not in refused.output


@pytest.mark.parametrize(
    ("arguments", "variables", "told"),
    [
        (("--port", "70000"), {}, "70000"),
        (("--port", "0"), {"WAYMARK_LOG_LEVEL": "LOUD"}, "WAYMARK_LOG_LEVEL"),
        (("--port", "0"), {"WAYMARK_TOKEN_KEY": "short"}, "WAYMARK_TOKEN_KEY"),
        (("--port", "0", "--home", "/proc/nowhere"), {}, "/proc/nowhere"),
    ],
)
def test_what_cannot_start_is_told(
    tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str], told: str
) -> None:
    """A wrong port, setting or home is named in a line, and the status is 2."""
    with command(tmp_path, *arguments, **variables) as refused:
        wait_until(lambda: refused.ended, "the end")
        assert refused.end(signal.SIGINT) == 2
        assert told in refused.output
        assert "Traceback" not in refused.output


def test_a_store_that_is_gone_without_its_log_is_told(tmp_path: Path) -> None:
    """After kill -9, with a file removed by hand: what to do is said, and nothing is begun anew."""
    with command(tmp_path) as first:
        assert first.url
        first.end(signal.SIGKILL)
    (tmp_path / "documents.db").rename(tmp_path / "kept.db")
    with command(tmp_path) as refused:
        wait_until(lambda: refused.ended, "the end")
        assert refused.end(signal.SIGINT) == 2
        assert "documents.db is gone" in refused.output
        assert "bring it back" in refused.output
        assert "Traceback" not in refused.output
    (tmp_path / "kept.db").rename(tmp_path / "documents.db")
    with command(tmp_path) as again:
        assert again.url
        assert again.end(signal.SIGINT) == 0


def test_empty_variables_change_nothing(tmp_path: Path) -> None:
    """A variable that is there but empty leaves the host's own default."""
    with command(tmp_path, WAYMARK_TOKEN_KEY="", WAYMARK_PUBLIC_URL="") as running:
        assert running.get("v1/intake").status_code == 200
        assert running.end(signal.SIGINT) == 0


def test_the_homes_secrets_are_the_owners(tmp_path: Path) -> None:
    """The keys that the host makes are read by nobody else, and stay from start to start."""
    with command(tmp_path) as running:
        assert running.url
    keys = {}
    for name in ("token.key", "host.key"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
        keys[name] = (tmp_path / name).read_text()
        assert len(keys[name]) >= 32
    with command(tmp_path) as running:
        assert running.url
    assert keys == {name: (tmp_path / name).read_text() for name in keys}


@pytest.mark.parametrize("left", [b"", b"half a secret"])
def test_a_secret_that_a_crash_left_unwritten_is_made_anew(tmp_path: Path, left: bytes) -> None:
    """Empty or half-written keys of a host that was killed while making them stop no start."""
    for name in ("token.key", "host.key"):
        (tmp_path / name).write_bytes(left)
    with command(tmp_path) as running:
        assert running.get("v1/intake").status_code == 200
    for name in ("token.key", "host.key"):
        assert len((tmp_path / name).read_text()) >= 32
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_hosts_that_start_at_once_have_one_secret(tmp_path: Path) -> None:
    """However many hosts find no key, all of them go by the same one."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda port: settings_of(tmp_path, port, {}), range(32)))
    assert len({settings.token_key.get_secret_value() for settings in made}) == 1


def test_a_kill_while_a_secret_is_written_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key's name is only given to a file whose content is on the disk."""

    def killed(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        settings_of(tmp_path, 1, {})
    assert not (tmp_path / "token.key").exists()
    monkeypatch.undo()
    assert len(settings_of(tmp_path, 1, {}).token_key.get_secret_value()) >= 32
