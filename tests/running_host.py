"""The local host as its users run it: ``python -m local`` in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import requests

from local.host import settings_of
from shared import runtime, topology
from shared.auth import Tokens
from shared.blobs.files import FileBlobs
from shared.bus.sqlite import SqliteBus
from shared.documents.port import Create, Filter
from shared.documents.sqlite import SqliteDocuments
from shared.errors import Exists
from shared.models.roles import Role
from shared.models.tenant import Tenant

ROOT = Path(__file__).resolve().parents[1]
WAIT_SECONDS = 120.0
T = TypeVar("T")


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RunningHost:
    """One host process on a home of its own, and what its users and operators can do."""

    def __init__(
        self, home: Path, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self.home = home
        self._environment = environment or {}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = arguments or ("--no-samples",)
        self._process: subprocess.Popen[bytes] | None = None
        self.settings = settings_of(home, self.port, {})
        self.documents = SqliteDocuments(home / "documents.db", topology.load(), time.time)
        self.bus = SqliteBus(home / "bus.db", topology.load(), time.time)
        self.blobs = FileBlobs(
            home / "blobs",
            link_base=f"{self.url}/blobs",
            link_key=runtime.link_key(self.settings),
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.documents.close()
        self.bus.close()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("WAYMARK_")}
        environment |= self._environment
        with (self.home / "host.out").open("ab") as out:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-m", "local", "--home", str(self.home),
                    "--port", str(self.port), *self._arguments,
                ],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.wait_for(self._answers, "the host to answer")

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError((self.home / "host.out").read_text(encoding="utf-8")[-4000:])
        try:
            return requests.get(f"{self.url}/api/health", timeout=5).ok
        except requests.ConnectionError:
            return False

    def kill(self) -> None:
        """Kill the process with signal 9."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def stop(self) -> int:
        """Stop as Ctrl-C does; returns the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(60)

    def wait_for(self, holds: Callable[[], T], what: str, seconds: float = WAIT_SECONDS) -> T:
        """Wait until something holds, and return it; fails the test when it does not in time."""
        deadline = time.monotonic() + seconds
        while not (found := holds()):
            assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
            time.sleep(0.05)
        return found

    def make_tenant(self, code: str) -> None:
        """Make a tenant, as an operator does."""
        try:
            self.documents.commit(
                "tenants", (code,), [Create(Tenant(tenant_id=code, name=code).stored())]
            )
        except Exists:
            return

    def token(self, *roles: Role, tenant: str = "demo", user: str = "somebody") -> str:
        """A token that this host accepts."""
        return Tokens(self.settings).issue(
            user_id=user,
            tenant_id=tenant,
            roles=roles or ("recruiter",),
            now=datetime.now(UTC),
            lifetime=timedelta(hours=1),
        )

    def call(
        self, method: str, path: str, *, token: str | None = None, **more: Any
    ) -> requests.Response:
        """Send a request to ``/api/…``; as a recruiter of the tenant demo unless told otherwise.

        An empty token sends none.
        """
        headers = dict(more.pop("headers", {}))
        given = self.token() if token is None else token
        if given:
            headers.setdefault("Authorization", f"Bearer {given}")
        return requests.request(
            method, f"{self.url}/api/{path}", headers=headers, timeout=30, **more
        )

    def get(self, path: str, *, token: str | None = None, **params: str) -> Any:
        """The JSON of a successful reading call."""
        answer = self.call("GET", path, token=token, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def all_of(self, path: str, *, token: str | None = None, **params: str) -> list[Any]:
        """Every item of a listing, page by page."""
        items: list[Any] = []
        while True:
            page = self.get(path, token=token, limit="100", **params)
            items += page["items"]
            if page["continuation"] is None:
                return items
            params["continuation"] = page["continuation"]

    def drop(self, name: str, data: bytes, *, tenant: str = "demo") -> None:
        """Drop a file into a tenant's folder as a person does."""
        target = self.home / "blobs" / "resumes" / tenant / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def intake_of(self, name: str, *, token: str | None = None) -> Any:
        """The intake of a dropped file once it has ended, by the file's name."""
        found: list[Any] = []

        def ended() -> bool:
            found[:] = [
                item
                for item in self.all_of("v1/intake", token=token)
                if item["file"]["name"].rsplit("/")[-1] == name
                and item["state"] in {"completed", "failed", "quarantined", "duplicate"}
            ]
            return bool(found)

        self.wait_for(ended, f"{name} to end")
        return found[0]

    def stored(self, container: str, *where: Filter) -> Iterator[dict[str, Any]]:
        """Documents of all tenants, read past the HTTP routes."""
        continuation = None
        while True:
            page = self.documents.query(
                container, (), where=where, limit=1000, continuation=continuation
            )
            yield from (item.body for item in page.items)
            continuation = page.continuation
            if continuation is None:
                return
