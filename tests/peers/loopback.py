"""Peers as processes of their own on loopback, ended with whoever started them."""

from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PARENT_DEATH_SIGNAL = 1
_START_SECONDS = 60.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends, from the time it listens on ``port``.

    Raises ``RuntimeError`` with what it printed when it ends before, or never listens.
    """
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=end_with_parent(),
    )
    try:
        _await_listening(process, port)
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _await_listening(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            ended = process.poll() is not None
            if ended or time.monotonic() > deadline:
                process.kill()
                printed = process.communicate()[0].decode(errors="replace")
                raise RuntimeError(f"{process.args!r} does not listen:\n{printed}") from None
            time.sleep(0.05)
        else:
            return


def end_with_parent() -> Callable[[], None] | None:
    """On Linux the kernel ends the child when a killed test run cannot."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
