"""Runs the extraction of hostile files in child processes that can be lost.

Each child does one file at a time, under limits of memory, processor and wall
time; a child that exceeds one is killed and replaced, and its file gets a
typed error. Children hold no secrets: their environment is empty but for the
import path, and they inherit no file descriptors.

Frames on the pipes: four bytes length (big endian), then as many bytes. To
the child: a JSON header, then the file. From the child: one JSON object
``{"text": …}`` or ``{"error": code, "message": sentence}``; before it, at most once,
``{"ocr": true}`` when it begins to read images, which takes longer; first of all,
once, ``{"ready": true}``.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ValidationError

from functions.intake_extract.rules.errors import (
    BY_CODE,
    Crashed,
    ExtractionError,
    Killed,
    OutOfMemory,
    TimedOut,
)
from functions.intake_extract.rules.limits import ExtractLimits
from functions.intake_extract.rules.mail import MEDIA_TYPE as MAIL
from functions.intake_extract.rules.mail import UnpackedMail
from shared.models.text import ExtractedText

Answered = TypeVar("Answered", bound=BaseModel)

_CHUNK = 65_536
_GLANCE = 0.05
"""Seconds between two looks at a working child's memory."""
_JOB = "functions.intake_extract.reading:open_file"
_READS_IMAGES = {"ocr": True}
_MEMORY_SIGNALS = {signal.SIGABRT, signal.SIGTRAP, signal.SIGILL, signal.SIGSEGV, signal.SIGKILL}


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What one file may cost, and how many children there are."""

    extract: ExtractLimits = field(default_factory=ExtractLimits)
    wall_seconds: float = 20.0
    """For one file, from sending it to its answer; the parent enforces it."""
    ocr_wall_seconds: float = 120.0
    """In place of the above, once the child says that it reads images."""
    cpu_seconds: int = 25
    """For one file; a backstop that the system enforces, should the parent not."""
    memory_bytes: int = 1024**3
    """Address space of a child."""
    answer_bytes: int = 64 * 1024**2
    start_seconds: float = 60.0
    """For a new child to report ready."""
    files_per_child: int = 100
    children: int = 2
    """At most this many files are extracted at the same time."""


class Sandbox:
    """A pool of extraction children; safe to use from many threads."""

    def __init__(self, limits: SandboxLimits | None = None, *, job: str = _JOB) -> None:
        """Children start with the first files, not here.

        ``job`` names the function that a child runs, ``module:function``, with
        the signature of :func:`functions.intake_extract.rules.extract`.
        """
        self._limits = limits or SandboxLimits()
        self._job = job
        self._slots = threading.Semaphore(self._limits.children)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._closed = False
        # A child dies with the thread that started it, so that thread has to outlive callers.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="sandbox")

    def extract(self, data: bytes, media_type: str) -> ExtractedText:
        """Return the text of a file; waits while all children are busy.

        Raises what the reader of the format raises (an ``ExtractionError``),
        and :class:`TimedOut`, :class:`OutOfMemory` or :class:`Crashed` when the
        child did not survive. Raises ``RuntimeError`` once closed, and when a
        child cannot be started.
        """
        return self._ask(data, media_type, ExtractedText)

    def unpack(self, data: bytes) -> UnpackedMail:
        """Return the files of an e-mail; raises as :meth:`extract` does."""
        return self._ask(data, MAIL, UnpackedMail)

    def _ask(self, data: bytes, media_type: str, answered: type[Answered]) -> Answered:
        with self._slots:
            child = self._take()
            try:
                answer = child.ask(data, media_type)
                return _read(answer, answered)
            except Killed:
                child.kill()
                raise
            except ExtractionError:
                raise
            except BaseException:
                child.kill()
                raise
            finally:
                self._give_back(child)

    def close(self) -> None:
        """End all idle children; those at work end with their file."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for child in idle:
            child.kill()
        self._starter.shutdown(wait=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _take(self) -> _Child:
        while True:
            with self._lock:
                if self._closed:
                    raise RuntimeError("the sandbox is closed")
                child = self._idle.pop() if self._idle else None
            if child is None:
                return self._starter.submit(_Child, self._limits, self._job).result()
            if child.alive():
                return child
            child.kill()

    def _give_back(self, child: _Child) -> None:
        with self._lock:
            keep = not self._closed and child.alive() and child.files < self._limits.files_per_child
            if keep:
                self._idle.append(child)
        if not keep:
            child.kill()


def _read(answer: dict[str, Any], answered: type[Answered]) -> Answered:
    if "error" in answer:
        kind = BY_CODE.get(str(answer["error"]), Crashed)
        raise kind(str(answer.get("message", ""))[:500])
    try:
        return answered.model_validate(answer.get("text"))
    except ValidationError as error:
        raise Crashed("The reader of this file gave an unreadable answer.") from error


class _Child:
    """One child process and the pipes to it."""

    def __init__(self, limits: SandboxLimits, job: str) -> None:
        self._limits = limits
        self.files = 0
        self._memory = 0
        command = [
            sys.executable,
            "-m",
            "functions.intake_extract.sandbox_child",
            job,
            str(limits.memory_bytes),
            str(limits.cpu_seconds),
            str(limits.answer_bytes),
        ]
        paths = [path or os.getcwd() for path in sys.path]
        self._process = subprocess.Popen(  # noqa: S603  # our own module, no input in the command
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": os.pathsep.join(paths), "LANG": "C.UTF-8"},
            close_fds=True,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the child has no pipes")
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        try:
            self._exchange(b"", limits.start_seconds)
        except Killed as error:
            self.kill()
            # Not the file's fault: no verdict on it, but an error of the host's.
            raise RuntimeError("the extraction child did not start") from error

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.returncode is None and self._process.poll() is None

    def ask(self, data: bytes, media_type: str) -> dict[str, Any]:
        """Send one file and return the answer; raises a ``Killed`` when there is none."""
        self.files += 1
        self._memory = 0
        header = json.dumps(
            {"media_type": media_type, "limits": asdict(self._limits.extract)}
        ).encode()
        message = b"".join(
            (struct.pack(">I", len(header)), header, struct.pack(">I", len(data)), data)
        )
        return self._exchange(message, self._limits.wall_seconds)

    def _exchange(self, message: bytes, seconds: float) -> dict[str, Any]:
        """Write a message and read one answer within the time limit."""
        began = time.monotonic()
        unsent = memoryview(message)
        answer = bytearray()
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        if unsent:
            poll.register(self._in, select.POLLOUT)
        while True:
            left = began + seconds - time.monotonic()
            if left <= 0:
                raise TimedOut(f"Reading the file took longer than {seconds:g} seconds.")
            ready = poll.poll(min(left, _GLANCE) * 1000)
            self._note_memory()
            for descriptor, _ in ready:
                if descriptor == self._in:
                    unsent = self._write(unsent)
                    if not unsent:
                        poll.unregister(self._in)
                elif not self._fill(answer):
                    raise self._post_mortem()
            if len(answer) >= 4:
                (length,) = struct.unpack(">I", answer[:4])
                if length > self._limits.answer_bytes:
                    raise Crashed("The reader of this file gave too long an answer.")
                if len(answer) >= 4 + length:
                    decoded = _decoded(bytes(answer[4 : 4 + length]))
                    if decoded != _READS_IMAGES:
                        return decoded
                    del answer[: 4 + length]
                    seconds = max(seconds, self._limits.ocr_wall_seconds)

    def _note_memory(self) -> None:
        """Remember the most memory that the child was seen to hold, where the system tells."""
        try:
            with open(f"/proc/{self._process.pid}/statm", "rb") as pages:
                resident = int(pages.read().split()[1]) * resource.getpagesize()
        except (OSError, IndexError, ValueError):
            return
        self._memory = max(self._memory, resident)

    def _write(self, unsent: memoryview) -> memoryview:
        try:
            return unsent[os.write(self._in, unsent[:_CHUNK]) :]
        except BlockingIOError:
            return unsent
        except BrokenPipeError:
            return unsent[len(unsent) :]  # the end of its output tells why

    def _fill(self, answer: bytearray) -> bool:
        """Read what there is; False at the end of the child's output."""
        try:
            chunk = os.read(self._out, _CHUNK)
        except BlockingIOError:
            return True
        answer += chunk
        return bool(chunk)

    def _post_mortem(self) -> Killed:
        """Say what a child died of that closed its output without an answer."""
        self._process.kill()
        died_of = -self._process.wait()
        if died_of == signal.SIGXCPU:
            return TimedOut(
                f"Reading the file took more than {self._limits.cpu_seconds} seconds of computing."
            )
        # PDFium ends its process when an allocation fails; the memory it had tells that from a
        # fault. (The system's own peak for a dead child counts its parent's memory as well.)
        if died_of in _MEMORY_SIGNALS and self._memory > 0.5 * self._limits.memory_bytes:
            return OutOfMemory("Reading the file took more memory than the limit allows.")
        return Crashed("The reader of this file stopped unexpectedly.")

    def kill(self) -> None:
        """End the process, at once, and wait for its end."""
        if self._process.returncode is None:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue


def _decoded(answer: bytes) -> dict[str, Any]:
    try:
        decoded = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise Crashed("The reader of this file gave an unreadable answer.") from error
    if not isinstance(decoded, dict):
        raise Crashed("The reader of this file gave an unreadable answer.")
    return decoded
