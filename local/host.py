"""The local host: starts every function of the app and stops them cleanly."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.functions import QueueMessage
from azure.functions.servicebus import ServiceBusMessage
from azure.functions.timer import TimerRequest

from local.blob_driver import BlobDriver, DroppedBlob, QueueDriver
from local.bus_driver import BusDriver
from local.http_server import HttpServer, bound
from local.routes import Routes
from local.state import HostState
from local.timers import TimerDriver
from local.triggers import (
    BlobFunction,
    BusFunction,
    Function,
    HttpFunction,
    QueueFunction,
    TimerFunction,
    load,
)
from local.work import Work
from shared import runtime, telemetry, topology
from shared.blobs.files import FileBlobs
from shared.bus.sqlite import SqliteBus
from shared.documents.sqlite import SqliteDocuments
from shared.errors import Invalid, Missing, WaymarkError
from shared.settings import Settings

STOP_SECONDS = 30.0
HOUSEKEEPING_SECONDS = 60.0
SECRET_CHARACTERS = 32


class HostError(WaymarkError):
    """The host cannot start; the message says what to do."""


@dataclass(frozen=True)
class HostFile:
    """What host.json says and this host heeds."""

    route_prefix: str
    concurrent_calls: int
    concurrent_sessions: int

    @classmethod
    def read(cls, path: Path) -> HostFile:
        """Read host.json; what it leaves out is as the real host has it."""
        extensions = json.loads(path.read_text(encoding="utf-8")).get("extensions", {})
        bus = extensions.get("serviceBus", {})
        return cls(
            route_prefix=extensions.get("http", {}).get("routePrefix", "api"),
            concurrent_calls=bus.get("maxConcurrentCalls", 16),
            concurrent_sessions=bus.get("maxConcurrentSessions", 8),
        )


def settings_of(home: Path, port: int, environment: Mapping[str, str]) -> Settings:
    """The settings of a local host: embedded stores under ``home``, keys made once there."""
    home.mkdir(parents=True, exist_ok=True)
    defaults = {
        "WAYMARK_TOKEN_KEY": _kept_secret(home / "token.key"),
        "WAYMARK_PSEUDONYM_KEY": _kept_secret(home / "pseudonym.key"),
        "WAYMARK_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    fixed = {"WAYMARK_HOME": str(home), "WAYMARK_STORES": "embedded"}
    given = {name: value for name, value in environment.items() if value != ""}
    return Settings.read({**defaults, **given, **fixed})


def _kept_secret(path: Path) -> str:
    """A random secret in a file that only its owner reads, made when it is not there.

    It is there whole or not at all, whoever else starts or is killed meanwhile. One that is
    too short for a secret was left by such an end, and is made anew.
    """
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # or two hosts that start at once would make two
        kept = path.read_text(encoding="ascii").strip() if path.exists() else ""
        if len(kept) < SECRET_CHARACTERS:
            incoming = path.with_name(f".{path.name}.incoming")
            incoming.unlink(missing_ok=True)
            descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
            incoming.replace(path)
            os.fsync(folder)
            kept = path.read_text(encoding="ascii")
        return kept
    finally:
        os.close(folder)


def take_port(port: int) -> socket.socket:
    """Take a port of the loopback, any free one for 0. Raises :class:`HostError`."""
    try:
        return bound(port)
    except (OSError, OverflowError) as error:
        raise _cannot_listen(port, error) from error


def _cannot_listen(port: int, error: Exception) -> HostError:
    return HostError(
        f"cannot listen on port {port}: {error}. Is another host running? "
        "Name another port with --port."
    )


class Host:
    """Every function of the app in this process, on the embedded stores of ``settings``.

    ``taken`` is the socket it serves on, see :func:`take_port`.
    """

    def __init__(self, settings: Settings, *, taken: socket.socket, host_file: Path) -> None:
        running = runtime.start(settings)
        self.settings = settings
        self._config = HostFile.read(host_file)
        documents, blobs, bus = running.documents, running.blobs, running.bus
        if not (
            isinstance(documents, SqliteDocuments)
            and isinstance(blobs, FileBlobs)
            and isinstance(bus, SqliteBus)
        ):
            raise HostError("the local host runs on embedded stores only")
        self._documents, self._blobs, self._bus = documents, blobs, bus
        self.state = HostState(settings.home / "host.db")
        self._hold_home()
        self._functions: dict[str, Function] = {each.name: each for each in load()}
        # made when needed: a message must not wait for one under a lock that nobody renews
        self._work = Work(threads=256)
        self._drivers = [
            driver
            for function in self._functions.values()
            if (driver := self._driver(function)) is not None
        ]
        self._http = HttpServer(
            Routes(
                (f for f in self._functions.values() if isinstance(f, HttpFunction)),
                prefix=self._config.route_prefix,
            ),
            blobs,
            self.fire,
            taken=taken,
            host_key=_kept_secret(settings.home / "host.key"),
        )
        self._http_thread = threading.Thread(target=self._http.serve, name="http")

    def _hold_home(self) -> None:
        """Share the home with other hosts. The first one finds only dead hosts' locks: it
        lets go of them, so that nothing waits for a lease to run out after a crash."""
        self._lock = os.open(self.settings.home / "host.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            self._bus.expire_locks()
            self.state.expire_claims()
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def _driver(self, function: Function) -> Any:
        concurrency = self._config.concurrent_calls
        if isinstance(function, BusFunction):
            receiver = topology.load().receivers.get(function.entity)
            if receiver is None:
                raise HostError(f"{function.name}: {function.entity} is not in topology.json")
            if receiver.sessions:
                concurrency = self._config.concurrent_sessions
            return BusDriver(function, receiver, self._bus, self._work, concurrency=concurrency)
        if isinstance(function, BlobFunction):
            return BlobDriver(
                function,
                self.settings.home / "blobs",
                self.state,
                self._work,
                concurrency=concurrency,
            )
        if isinstance(function, QueueFunction):
            return QueueDriver(function, self.state, self._work)
        if isinstance(function, TimerFunction):
            try:
                return TimerDriver(function, self.state, self._work)
            except ValueError as error:
                raise HostError(f"{function.name}: {error}") from error
        return None

    @property
    def functions(self) -> list[str]:
        """The names of all functions."""
        return sorted(self._functions)

    @property
    def port(self) -> int:
        """The port it serves on."""
        return self._http.port

    def start(self) -> None:
        """Begin to serve. Raises :class:`HostError` when the port is taken."""
        try:
            self._http.prepare()
        except OSError as error:
            raise _cannot_listen(self.port, error) from error
        self._http_thread.start()
        for driver in self._drivers:
            driver.start()
        self._work.submit(self._housekeeping)

    def stop(self) -> bool:
        """Take nothing new, finish what runs; returns whether all of it ended in time."""
        self._work.stopping.set()
        for driver in self._drivers:
            driver.join()
        self._http.stop()
        self._http_thread.join(STOP_SECONDS)
        finished = self._work.stop(STOP_SECONDS)
        if finished:
            self._documents.close()
            self._bus.close()
            self.state.close()
        runtime.stop()
        os.close(self._lock)
        return finished

    def fire(self, name: str, text: str) -> None:
        """Run a function by hand, soon. ``text`` is the message's body, or ``container/blob``.

        Raises ``Missing`` for a function that is not there and ``Invalid`` for HTTP ones.
        """
        function = self._functions.get(name)
        if function is None:
            raise Missing(f"there is no function {name!r}")
        if isinstance(function, HttpFunction):
            raise Invalid(f"{name} has a route of its own: call that")
        argument = self._argument(function, text)
        self._work.submit(lambda: function.call(argument))

    def _argument(self, function: Function, text: str) -> object:
        if isinstance(function, TimerFunction):
            return TimerRequest(past_due=False)
        if isinstance(function, QueueFunction):
            return QueueMessage(body=text)
        if isinstance(function, BusFunction):
            return ServiceBusMessage(
                body=text.encode(),
                message_id=secrets.token_hex(16),
                delivery_count=1,
                application_properties={},
                user_properties={},
            )
        container, _, blob = text.partition("/")
        path = self._blobs.path(container, blob)
        if not path.is_file():
            raise Missing(f"there is no blob {text!r}")
        return DroppedBlob(path, text, path.stat().st_size)

    def _housekeeping(self) -> None:
        while not self._work.stopping.wait(HOUSEKEEPING_SECONDS):
            try:
                self._documents.purge_expired()
                self._bus.checkpoint()
                self.state.checkpoint()
            except Exception as error:
                telemetry.failure("stores.not_tidied", error)
