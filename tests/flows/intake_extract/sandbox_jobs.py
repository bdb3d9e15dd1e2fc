"""Jobs that a test puts into the sandbox instead of the extraction: each misbehaves in its way."""

from __future__ import annotations

import ctypes
import os
import tempfile
import time

from functions.intake_extract.rules import Damaged, ExtractLimits
from shared.models.text import ExtractedText, TextLine


def _text(*lines: str) -> ExtractedText:
    return ExtractedText(
        media_type="text/plain",
        page_count=1,
        lines=tuple(TextLine(text=line, page=1) for line in lines),
    )


def obey(data: bytes, media_type: str, limits: ExtractLimits) -> ExtractedText:
    """Do what the data says."""
    order = data.decode()
    if order == "hang":
        time.sleep(3600)
    elif order == "spin":
        while True:
            pass
    elif order == "eat":
        eaten = []
        while True:
            eaten.append(bytearray(16 * 1024 * 1024))
    elif order == "abort after eating":
        eaten = [bytearray(os.urandom(1) * (16 * 1024 * 1024)) for _ in range(10)]
        time.sleep(0.5)
        os.abort()
    elif order == "fault":
        ctypes.string_at(0)
    elif order == "leave":
        os._exit(0)
    elif order == "raise":
        raise ZeroDivisionError
    elif order == "refuse":
        raise Damaged("The file is damaged, says the job.")
    elif order == "print":
        print("noise " * 10_000)  # noqa: T201  # what a library might do
    elif order == "write":
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"x" * 100)
            file.flush()
    elif order == "long":
        return _text("x" * 3_000_000)
    elif order == "look around":
        descriptors = sorted(os.listdir("/proc/self/fd"))
        return _text(str(os.getpid()), *sorted(os.environ), f"descriptors {len(descriptors)}")
    return _text(str(os.getpid()), order, media_type, str(limits.max_pages))


def sleep_on(data: bytes, media_type: str, limits: ExtractLimits) -> ExtractedText:
    """Write the process id where the data says, then never come back."""
    with open(data.decode(), "wb", buffering=0) as file:  # a pipe, for files have no room here
        file.write(str(os.getpid()).encode())
    time.sleep(3600)
    return _text("never")
