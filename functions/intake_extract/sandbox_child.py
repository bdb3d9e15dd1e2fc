"""The child of the sandbox: ``python -m functions.intake_extract.sandbox_child``.

Arguments: the job (``module:function``), address space in bytes, processor
seconds for one file, longest answer in bytes. Frames as the parent describes.
"""

from __future__ import annotations

import ctypes
import json
import os
import queue
import resource
import signal
import struct
import sys
import threading
from importlib import import_module
from typing import Any

from functions.intake_extract.rules import ExtractionError, ExtractLimits, OutOfMemory, TooLarge
from functions.intake_extract.tesseract import announce_to

_PR_SET_PDEATHSIG = 1
_OPEN_FILES = 64


def _read_exactly(length: int) -> bytes:
    """Return that many bytes from the parent; end the process when the parent is gone.

    Runs in a thread of its own, so that the end of the parent ends the process
    even while a library is at work.
    """
    read = bytearray()
    while len(read) < length:
        chunk = os.read(0, min(length - len(read), 1 << 20))
        if not chunk:
            os._exit(0)
        read += chunk
    return bytes(read)


def _receive(jobs: queue.SimpleQueue[tuple[dict[str, Any], bytes]]) -> None:
    while True:
        try:
            (length,) = struct.unpack(">I", _read_exactly(4))
            header = json.loads(_read_exactly(length))
            (length,) = struct.unpack(">I", _read_exactly(4))
            jobs.put((header, _read_exactly(length)))
        except Exception:  # without this thread the process would never end
            os._exit(3)


def _confine(memory_bytes: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _allow_cpu(seconds: int) -> None:
    """Let the process compute for so many seconds from now on."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, hard))


def _answer(out: int, body: bytes) -> None:
    unsent = memoryview(struct.pack(">I", len(body)) + body)
    while unsent:
        unsent = unsent[os.write(out, unsent) :]


def _error(error: ExtractionError) -> bytes:
    return json.dumps({"error": error.code, "message": str(error)}).encode()


def _work(job: Any, header: dict[str, Any], data: bytes, longest: int) -> bytes:
    try:
        text = job(data, str(header["media_type"]), ExtractLimits(**header["limits"]))
        body: bytes = b'{"text":' + text.model_dump_json().encode() + b"}"
        if len(body) > longest:
            raise TooLarge("The file holds more text than the limit allows.")
        return body
    except ExtractionError as error:
        return _error(error)


def main() -> None:
    """Answer jobs until the parent closes the pipe or goes away."""
    name, memory_bytes, cpu_seconds, longest = sys.argv[1:5]
    # What a library prints must not get between the frames.
    out = os.dup(1)
    os.dup2(2, 1)
    module, function = name.split(":")
    job = getattr(import_module(module), function)
    announce_to(lambda: _answer(out, b'{"ocr": true}'))
    _confine(int(memory_bytes))
    jobs: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(jobs,), daemon=True).start()
    _answer(out, b'{"ready": true}')
    while True:
        header, data = jobs.get()
        _allow_cpu(int(cpu_seconds))
        try:
            body = _work(job, header, data, int(longest))
        except MemoryError:
            _answer(out, _error(OutOfMemory("Reading the file took more memory than allowed.")))
            os._exit(1)
        del data
        _answer(out, body)


if __name__ == "__main__":
    main()
