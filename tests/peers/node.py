"""Emulators from npm, installed once and run as processes: Azurite and a Cosmos server."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.peers.loopback import free_port, running

FOLDER = Path(__file__).resolve().parent
_INSTALL_SECONDS = 600
# The SDK may ask for a version of the protocol that is newer than this Azurite.
_AZURITE_OPTIONS = (
    "--silent",
    "--disableTelemetry",
    "--inMemoryPersistence",
    "--skipApiVersionCheck",
)


@contextmanager
def running_azurite(*options: str) -> Iterator[int]:
    """Azurite's blob service; gives its port."""
    port = free_port()
    program = _installed("azurite", "azurite-blob")
    command = [*program, *_AZURITE_OPTIONS, "--blobPort", str(port), *options]
    with running(command, port):
        yield port


@contextmanager
def running_cosmosdb_server() -> Iterator[int]:
    """``@vercel/cosmosdb-server``; gives its port."""
    port = free_port()
    program = _installed("@vercel/cosmosdb-server", "cosmosdb-server")
    with running([*program, "--no-ssl", "--host", "127.0.0.1", "--port", str(port)], port):
        yield port


def installed_file(package: str, name: str) -> Path:
    """A file of an installed package. Skips the test where there is no node."""
    _node_with(package)
    return FOLDER / "node_modules" / package / name


def _installed(package: str, program: str) -> list[str]:
    """The command of an installed package's program. Skips the test where there is no node."""
    node = _node_with(package)
    manifest = FOLDER / "node_modules" / package / "package.json"
    return [node, str(manifest.parent / json.loads(manifest.read_bytes())["bin"][program])]


def _node_with(package: str) -> str:
    """Node, once a package is installed.

    On a build server nothing is skipped: there the missing program is the failure.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        reason = f"install Node.js 20 or newer with npm, to run {package}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    _install(npm)
    return node


def _install(npm: str) -> None:
    """Install what package.json lists, unless a whole install of just that is there.

    Tests run in several processes: one installs, the others wait for it.
    """
    wanted = (FOLDER / "package.json").read_bytes()
    done = FOLDER / "node_modules" / ".installed.json"
    folder = os.open(FOLDER, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if done.exists() and done.read_bytes() == wanted:
            return
        # A lock file would hold the addresses of the registry that wrote it.
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"],
            cwd=FOLDER,
            check=True,
            timeout=_INSTALL_SECONDS,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        done.write_bytes(wanted)
    finally:
        os.close(folder)
