"""What a process runs on: settings, stores, tokens and the clock, each made once.

The only place that chooses adapters, and it imports one when it is first asked for.
"""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared import telemetry, topology
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.auth import Tokens
    from shared.blobs.port import Blobs
    from shared.bus.port import Bus
    from shared.documents.port import Documents
    from shared.stores import Stores

_LOCK = threading.RLock()


class Runtime:
    """One process's settings and what is built from them, on first use."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._documents: Documents | None = None
        self._blobs: Blobs | None = None
        self._bus: Bus | None = None
        self._tokens: Tokens | None = None

    @property
    def documents(self) -> Documents:
        with _LOCK:
            if self._documents is None:
                self._documents = _documents(self.settings)
            return self._documents

    @property
    def blobs(self) -> Blobs:
        with _LOCK:
            if self._blobs is None:
                self._blobs = _blobs(self.settings)
            return self._blobs

    @property
    def bus(self) -> Bus:
        with _LOCK:
            if self._bus is None:
                self._bus = _bus(self.settings)
            return self._bus

    @property
    def tokens(self) -> Tokens:
        with _LOCK:
            if self._tokens is None:
                from shared.auth import Tokens

                self._tokens = Tokens(self.settings)
            return self._tokens


_runtime: Runtime | None = None


def start(settings: Settings) -> Runtime:
    """Run this process on these settings from now on."""
    global _runtime
    with _LOCK:
        telemetry.configure(settings.log_level)
        _runtime = Runtime(settings)
        return _runtime


def current() -> Runtime:
    """This process's runtime; the first call reads the environment.

    Raises ``SettingsError`` naming everything that is missing or wrong there.
    """
    with _LOCK:
        return _runtime or start(Settings.read(os.environ))


def stores() -> Stores:
    """The stores of this process."""
    return current()


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def _documents(settings: Settings) -> Documents:
    if settings.stores == "embedded":
        import time

        from shared.documents.sqlite import SqliteDocuments

        return SqliteDocuments(settings.home / "documents.db", topology.load(), time.time)
    raise NotImplementedError


def _blobs(settings: Settings) -> Blobs:
    if settings.stores == "embedded":
        from shared.blobs.files import FileBlobs

        return FileBlobs(
            settings.home / "blobs",
            link_base=f"{settings.public_url}/blobs",
            link_key=settings.token_key.get_secret_value().encode(),
        )
    raise NotImplementedError


def _bus(settings: Settings) -> Bus:
    if settings.stores == "embedded":
        import time

        from shared.bus.sqlite import SqliteBus

        return SqliteBus(settings.home / "bus.db", topology.load(), time.time)
    raise NotImplementedError
